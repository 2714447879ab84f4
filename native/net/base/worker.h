/* SPDX-License-Identifier: MIT */
/*
 * A small pool of threads for calls that would block the engine: opening
 * connections, looking names up, sending cancel requests.
 *
 * Ownership: of jobs, see job.h.
 * Threads:   every function may be called from any thread.
 */
#ifndef HF_NET_BASE_WORKER_H
#define HF_NET_BASE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"
#include "net/base/job.h"

struct hf_workers;

struct hf_workers_counts {
  int threads; /* running, stuck ones included */
  int busy;    /* of these, in run() of a job that was not abandoned */
  int stuck;   /* of these, in run() of an abandoned job */
  int queued;  /* jobs */
};

/*
 * Makes workers with at most `max_threads` threads, not counting up to two that
 * are stuck; `reserve` of them run urgent jobs only. Threads are started when
 * there is work. Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_workers_new(int max_threads,
                                           int reserve,
                                           struct hf_workers **workers);

/*
 * Queues a job; urgent ones go first. Returns HF_OK; HF_POOL_CLOSED after
 * hf_workers_finish or hf_workers_park; HF_SOCKET_ERROR when there is no
 * thread and none can be made (errno says why). On failure the job is still
 * the caller's and neither `done` nor `drop` is called.
 */
HF_NODISCARD enum hf_status hf_workers_submit(struct hf_workers *workers,
                                              struct hf_job *job,
                                              bool urgent);

/*
 * Abandons a job. Returns true when `drop` was called, because the job was
 * queued, or will be called on its thread: a running job is asked to stop, and
 * its thread is replaced, for at most two such jobs at a time. Returns false
 * when `done` has been called or is being called: the job is the caller's.
 */
HF_NODISCARD bool hf_workers_abandon(struct hf_workers *workers,
                                     struct hf_job *job);

/*
 * Stops all work before the process exits: refuses new jobs, asks running ones
 * to stop and waits up to `timeout_ms` until every thread is asleep. `done` and
 * `drop` are not called again before hf_workers_finish. Returns whether all
 * threads are asleep.
 */
bool hf_workers_park(struct hf_workers *workers, int32_t timeout_ms);

/*
 * Frees the workers: drops all jobs, waits up to `timeout_ms` for the threads
 * and joins those that ended. The others end by themselves and drop their jobs.
 * No `done` is called after this was. Accepts NULL.
 */
void hf_workers_finish(struct hf_workers *workers, int32_t timeout_ms);

/* Returns the counts. */
struct hf_workers_counts hf_workers_count(struct hf_workers *workers);

#endif
