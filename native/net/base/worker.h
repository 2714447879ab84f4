/* SPDX-License-Identifier: MIT */
/*
 * A few threads that run what would block the engine: opening connections and
 * sending cancel requests.
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
  int busy;    /* of these, in run() of a job somebody waits for */
  int stuck;   /* of these, in run() of an abandoned job */
  int queued;  /* jobs */
};

/*
 * Makes the workers; threads start when there is work. At most
 * `max_threads` threads (not counting up to two stuck ones); at least
 * `reserve` of them are kept for urgent jobs. Returns HF_OK or HF_NO_MEMORY.
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
 * Gives a job up. Returns true when `drop` was called (the job was queued) or
 * will be called on its thread (it was running: it is told to stop, and its
 * thread is replaced, for at most two such jobs at a time). Returns false when
 * `done` has been called or is being called: the job is the caller's.
 */
HF_NODISCARD bool hf_workers_abandon(struct hf_workers *workers,
                                     struct hf_job *job);

/*
 * For the exit of the process: forbids new work, tells all to stop and waits
 * until each thread is asleep, at most `timeout_ms`. Neither `done` nor `drop`
 * is called from now on before hf_workers_finish. Returns whether all are
 * asleep.
 */
bool hf_workers_park(struct hf_workers *workers, int32_t timeout_ms);

/*
 * Drops all jobs, waits for the threads at most `timeout_ms`, joins those that
 * ended, gives up the others (their jobs are dropped when they return), and
 * takes ownership of `workers`. No `done` begins after this was called.
 * Accepts NULL.
 */
void hf_workers_finish(struct hf_workers *workers, int32_t timeout_ms);

/* Reads the counts. */
struct hf_workers_counts hf_workers_count(struct hf_workers *workers);

#endif
