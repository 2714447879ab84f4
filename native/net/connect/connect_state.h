/* SPDX-License-Identifier: MIT */
/*
 * One attempt to open a connection: what it is told, how far it is, and what
 * came of it. Its steps are in connect_job.c.
 *
 * Ownership: see connect_job.h.
 * Threads:   made, read and freed where it is submitted; in between the worker
 *            owns it and its PGconn.
 */
#ifndef HF_NET_CONNECT_CONNECT_STATE_H
#define HF_NET_CONNECT_CONNECT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/error.h"
#include "net/base/job.h"
#include "net/base/system.h"
#include "net/connect/target.h"

enum { HF_CONNECT_VALUE_BYTES = 128 };

struct hf_connect_job {
  struct hf_job job;

  /* set before the first submission */
  struct hf_target *target; /* a reference of the job's own */
  bool with_settings;       /* with the settings of hf_target_session */
  bool detect_proxy;        /* ask for pg_backend_pid() */
  bool pid_is_optional;     /* its refusal is no failure */
  const char *role;         /* instead of target_session_attrs; or NULL */
  void *ctx;                /* the submitter's */

  /* of the job; set through the functions below */
  char *host, *address, *port;
  char *password;
  struct hf_secret_file files[HF_TARGET_FILES]; /* where the target's cannot
                                                   be opened by this account */
  char *question;

  /* after every step */
  bool over;    /* else wait for hf_connect_job_socket() and submit again */
  short events; /* what to wait for, as in poll() */

  /* of the steps */
  int step, statement;
  bool sent, socket_ready;
  enum hf_status statement_status;
  char value[HF_CONNECT_VALUE_BYTES]; /* the last statement's first value */

  /* the result, once it is over */
  enum hf_status status; /* HF_OK: connection is set, else error is */
  PGconn *connection;    /* set it to NULL when taking it */
  struct hf_error error;
  bool wrong_role;     /* it is not what target_session_attrs asks for */
  int32_t backend_pid; /* the server's own when detected */
  bool pid_detected;
  bool proxied; /* the two process ids differ */
};

/*
 * Fails the attempt with a status of our own and its default sentence; returns
 * the status.
 */
enum hf_status hf_connect_fail(struct hf_connect_job *job,
                               enum hf_status status);

/* Fails it with what libpq says of its connection. */
enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job);

/* The same, of a connection that failed before it asked anybody. */
enum hf_status hf_connect_fail_at_start(struct hf_connect_job *job);

#endif
