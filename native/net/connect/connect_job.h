/* SPDX-License-Identifier: MIT */
/*
 * One attempt to open a connection at one address, in steps: a step is a job
 * that never waits for a socket. Between two steps the PGconn is nobody's and
 * its socket may be watched; when it is ready the job is submitted again.
 *
 *     START -> POLL (TCP, TLS, authentication) -> SET UP -> over
 *
 * Ownership: the submitter's, as any job; hf_connect_job_free also closes a
 *            connection that nobody took.
 * Threads:   made, read and freed where it is submitted; in between the worker
 *            owns it and its PGconn.
 */
#ifndef HF_NET_CONNECT_CONNECT_JOB_H
#define HF_NET_CONNECT_CONNECT_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/error.h"
#include "net/base/system.h"
#include "net/base/worker.h"
#include "net/connect/target.h"

enum { HF_CONNECT_VALUE_BYTES = 128 };

struct hf_connect_job {
  struct hf_job job;

  /* set before the first submission */
  struct hf_target *target; /* a reference of the job's own */
  bool at_start;            /* with the settings of hf_target_session */
  bool detect_proxy;        /* ask for pg_backend_pid() */
  bool pid_is_optional;     /* its refusal is no failure */
  const char *role;         /* instead of target_session_attrs; or NULL */
  void *ctx;                /* the submitter's */

  /* of the job; set through the functions below */
  char *host, *address, *port;
  char *password;
  char *setup_sql;
  struct hf_secret_file files[HF_TARGET_FILES]; /* where the target's cannot
                                                   be opened by this account */
  char *question;

  /* after every step */
  bool over;    /* else wait for hf_connect_job_socket() and submit again */
  short events; /* what to wait for, as in poll() */

  /* of the steps */
  int step, statement;
  bool asked, ready;
  enum hf_status verdict;
  char value[HF_CONNECT_VALUE_BYTES]; /* the last statement's first value */

  /* the result, once it is over */
  enum hf_status status; /* HF_OK: connection is set, else error is */
  PGconn *connection;    /* set it to NULL when taking it */
  struct hf_error error;
  bool wrong_role;     /* it is not what target_session_attrs asks for */
  int32_t backend_pid; /* the server's own when detected */
  bool pid_detected;
  bool proxied; /* the two process ids differ */
  bool uses_tls;
  int32_t server_version; /* as PQserverVersion() */
  /*
   * Notices received meanwhile: each is its fields (letter, text, NUL) and one
   * more NUL. At most 16 KB are kept.
   */
  char *notices;
  size_t notices_bytes;
};

/*
 * Makes a job; takes a reference on the target. `done` is called on a worker
 * thread after every step and must hand the job over; an abandoned job frees
 * itself. Returns NULL when out of memory.
 */
struct hf_connect_job *hf_connect_job_new(struct hf_target *target,
                                          void (*done)(struct hf_job *job),
                                          void *ctx);

/*
 * Says where to go; copies. NULL or "" leaves a keyword to libpq, which then
 * does what it does by default. One place only: libpq has no limit per place.
 */
HF_NODISCARD enum hf_status hf_connect_job_set_place(struct hf_connect_job *job,
                                                     const char *host,
                                                     const char *address,
                                                     const char *port);

/* Asks this, once everything else is done; the answer is in `value`. */
HF_NODISCARD enum hf_status hf_connect_job_set_question(
    struct hf_connect_job *job,
    const char *sql);

/* Makes the job ready to be submitted for its next step. */
void hf_connect_job_again(struct hf_connect_job *job);

/* Returns the socket to wait for, or -1. Between steps. */
int hf_connect_job_socket(const struct hf_connect_job *job);

/* Returns whether the socket is connected. Between steps. */
bool hf_connect_job_is_connected(const struct hf_connect_job *job);

/* Ends the job with HF_CONNECT_TIMEOUT. Between steps. */
void hf_connect_job_expire(struct hf_connect_job *job);

/* Uses this password instead of the target's; copies it. */
HF_NODISCARD enum hf_status hf_connect_job_set_password(
    struct hf_connect_job *job,
    const char *password);

/* Runs this SQL (one or more statements) on the new session; copies it. */
HF_NODISCARD enum hf_status hf_connect_job_set_setup(struct hf_connect_job *job,
                                                     const char *sql);

/*
 * Returns the job's connection; from now on the caller closes it. Its notice
 * receiver drops everything until the caller sets another.
 */
PGconn *hf_connect_job_take(struct hf_connect_job *job);

/* Closes what was not taken, wipes the password, frees. Accepts NULL. */
void hf_connect_job_free(struct hf_connect_job *job);

/*
 * Has `hook` called once per process, on a worker thread, right after the
 * first attempt that may have initialised TLS ended. Set it before the first
 * submission.
 */
void hf_connect_job_on_first_tls(void (*hook)(void));

/*
 * Reads what a failed connection's libpq text says: fills `error` with phase
 * HF_PHASE_CONNECT. `text` is that of PQerrorMessage in verbose mode. Returns
 * the status. Pure; for tests and for connections that break later.
 */
enum hf_status hf_connect_error_read(struct hf_error *error, const char *text);

/*
 * The same for a connection that failed before it asked anybody: what is not
 * about a server is about the settings, and nobody but the user can mend it.
 */
enum hf_status hf_connect_error_read_start(struct hf_error *error,
                                           const char *text);

#endif
