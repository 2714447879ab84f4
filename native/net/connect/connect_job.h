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

#include <libpq-fe.h>

#include "net/connect/connect_state.h"

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
void hf_connect_job_rearm(struct hf_connect_job *job);

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

#endif
