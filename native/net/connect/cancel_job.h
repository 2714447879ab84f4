/* SPDX-License-Identifier: MIT */
/*
 * A job that sends a cancel request and waits until the server has closed the
 * request's socket: after that it cannot cancel a later statement any more.
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
  bool reached; /* the server has read the request */

  /* of the job */
  void *request;
};

/*
 * Makes a job for the statement that runs on the connection; does not change
 * the connection. The submitter calls hf_workers_abandon when it takes too
 * long. Returns NULL when out of memory, or when the connection is broken.
 */
struct hf_cancel_job *hf_cancel_job_new(PGconn *connection,
                                        void (*done)(struct hf_job *job),
                                        void *ctx);

/* Frees a job that was not submitted, or is done. Accepts NULL. */
void hf_cancel_job_free(struct hf_cancel_job *cancel);

#endif
