/* SPDX-License-Identifier: MIT */
/*
 * A job that sends one cancel request and waits until the server closed the
 * request's socket: only then can the cancel no longer hit a later statement.
 *
 * Ownership: as any job.
 * Threads:   made on the connection's thread; runs on a worker, as urgent.
 */
#ifndef HF_NET_CONNECT_CANCEL_JOB_H
#define HF_NET_CONNECT_CANCEL_JOB_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/base/worker.h"

struct hf_cancel_job {
  struct hf_job job;
  void *ctx; /* the submitter's */

  /* the result, from `done` on */
  bool reached; /* the server read the request and closed the socket */

  /* of the job */
  void *request;
};

/*
 * Makes a job for the statement now running on the connection, which is only
 * read here. The submitter watches the deadline and calls hf_workers_abandon.
 * Returns NULL when out of memory or the connection is broken.
 */
struct hf_cancel_job *hf_cancel_job_new(PGconn *connection,
                                        void (*done)(struct hf_job *job),
                                        void *ctx);

/* Frees a job that is not submitted, or is done. Accepts NULL. */
void hf_cancel_job_free(struct hf_cancel_job *cancel);

#endif
