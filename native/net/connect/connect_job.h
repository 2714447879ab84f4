/* SPDX-License-Identifier: MIT */
/*
 * Opens a connection to one address, in steps. A step is run by a worker thread
 * and never waits for a socket: between two steps the submitter watches the
 * socket and submits the job again when that is ready.
 *
 *     START -> POLL (TCP, TLS, authentication) -> SET_UP -> over
 *
 * Where the target has ssl_identity, it stops between TLS and authentication
 * until hf_connect_job_accept or _refuse is called.
 *
 * Ownership: the submitter's, as any job.
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
 * thread after each step. An abandoned job frees itself. NULL when out of
 * memory.
 */
struct hf_connect_job *hf_connect_job_new(struct hf_target *target,
                                          void (*done)(struct hf_job *job),
                                          void *ctx);

/*
 * Sets the address; copies. NULL or "" leaves a keyword to libpq's default. It
 * has to be one address only: libpq has no time limit for each of several.
 */
HF_NODISCARD enum hf_status hf_connect_job_set_place(struct hf_connect_job *job,
                                                     const char *host,
                                                     const char *address,
                                                     const char *port);

/* Sets SQL to run when the session is set up; its first value is `value`. */
HF_NODISCARD enum hf_status hf_connect_job_set_question(
    struct hf_connect_job *job,
    const char *sql);

/* Prepares the job to be submitted for its next step. */
void hf_connect_job_rearm(struct hf_connect_job *job);

/* Returns the socket to watch, or -1. Between steps only. */
int hf_connect_job_socket(const struct hf_connect_job *job);

/* Returns whether the socket is connected. Between steps only. */
bool hf_connect_job_is_connected(const struct hf_connect_job *job);

/*
 * Accepts the certificates: the job is to be submitted for its next step. To be
 * called only while they are set, between steps.
 */
void hf_connect_job_accept(struct hf_connect_job *job);

/* Ends the job with HF_TLS_ERROR and a message, likewise. */
void hf_connect_job_refuse(struct hf_connect_job *job, const char *message);

/* Ends the job with HF_CONNECT_TIMEOUT. Between steps only. */
void hf_connect_job_expire(struct hf_connect_job *job);

/* Sets the password, instead of the target's; copies. */
HF_NODISCARD enum hf_status hf_connect_job_set_password(
    struct hf_connect_job *job,
    const char *password);

/*
 * Returns the connection, which the caller owns. Its notice receiver drops all
 * notices.
 */
PGconn *hf_connect_job_take(struct hf_connect_job *job);

/* Frees the job, with a connection that was not taken. Accepts NULL. */
void hf_connect_job_free(struct hf_connect_job *job);

/*
 * Has `hook` called once per process, on a worker thread, when OpenSSL has been
 * initialised. To be set before the first job is submitted.
 */
void hf_connect_job_on_first_tls(void (*hook)(void));

#endif
