/* SPDX-License-Identifier: MIT */
/*
 * The state of a connect job: what to open, how far it is, and the result.
 *
 * Ownership: see connect_job.h.
 * Threads:   the submitter's; during a step the worker's.
 */
#ifndef HF_NET_CONNECT_CONNECT_STATE_H
#define HF_NET_CONNECT_CONNECT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/error.h"
#include "net/base/file.h"
#include "net/base/job.h"
#include "net/connect/target.h"

enum { HF_CONNECT_VALUE_BYTES = 128 };

struct hf_connect_job {
  struct hf_job job;

  /* set before the first submission */
  struct hf_target *target; /* a reference of the job's own */
  bool with_settings;       /* with the settings of hf_target_session */
  bool detect_proxy;        /* ask the server for its process id */
  bool pid_is_optional;     /* the server may refuse to tell it */
  const char *role;         /* instead of target_session_attrs; or NULL */
  void *ctx;                /* the submitter's */

  /* set by functions of connect_job.h */
  char *host, *address, *port;
  char *password;
  struct hf_secret_file files[HF_TARGET_FILES]; /* copies that this account
                                                   may open */
  char *question;

  /* after every step */
  bool over;          /* else the socket has to be waited for */
  char *certificates; /* or, if set, hf_connect_job_accept has to be called:
                         the chain of the server, as PEM text */
  short events;       /* for that, as in poll() */

  /* changed by the steps */
  int step, statement;
  bool sent, socket_ready, identified;
  enum hf_status statement_status;
  char
      value[HF_CONNECT_VALUE_BYTES]; /* the first value of the last statement */

  /* the result, once it is over */
  enum hf_status status; /* HF_OK: connection is set, else error is */
  PGconn *connection;    /* NULL once it was taken */
  struct hf_error error;
  bool wrong_role;     /* not the one of target_session_attrs */
  int32_t backend_pid; /* the server's process id */
  bool pid_detected;
  bool proxied; /* process ids of server and login differ */
};

/*
 * Fails the job with a status and its default message. Returns the status.
 */
enum hf_status hf_connect_fail(struct hf_connect_job *job,
                               enum hf_status status);

/* Fails the job: the server's certificate was not accepted. */
enum hf_status hf_connect_fail_identity(struct hf_connect_job *job,
                                        const char *message);

/* Fails the job with the error of its PGconn. */
enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job);

/*
 * The same, as hf_connect_error_read_start; `number` is the errno that libpq
 * left, 0 = none.
 */
enum hf_status hf_connect_fail_at_start(struct hf_connect_job *job, int number);

#endif
