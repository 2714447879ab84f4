/* SPDX-License-Identifier: MIT */
/*
 * A few threads that run what would block the engine: opening connections and
 * sending cancel requests.
 *
 * Ownership: a job belongs to its submitter until it is submitted and again
 *            from `done` on; an abandoned job is its `drop`'s to free.
 * Threads:   every function may be called from any thread. `run` and `done`
 *            run on a worker thread.
 */
#ifndef HF_NET_BASE_WORKER_H
#define HF_NET_BASE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/list.h"
#include "holdfast.h"

/*
 *   NEW -> QUEUED -> RUNNING -> DONE
 *             |         |
 *             v         v
 *          DROPPED   ABANDONED -> DROPPED
 */
enum hf_job_state {
  HF_JOB_NEW,
  HF_JOB_QUEUED,
  HF_JOB_RUNNING,
  HF_JOB_ABANDONED, /* still running, nobody waits for it any more */
  HF_JOB_DONE,      /* `done` was called, or is being called */
  HF_JOB_DROPPED    /* `drop` was called, or is being called */
};

struct hf_workers;

struct hf_job {
  /* set by the submitter */
  void (*run)(struct hf_job *job);
  void (*done)(struct hf_job *job); /* after run: the job is yours again */
  void (*drop)(struct hf_job *job); /* instead of done: free the job */

  /* for run() to look at */
  int wake_fd;      /* readable from the moment run() ought to end; or -1 */
  atomic_bool stop; /* the same as a flag */

  /* changed by the workers under their lock */
  struct hf_link link;
  enum hf_job_state state;
  bool urgent;
  bool counted; /* as stuck */
};

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

/* Prepares a job for its first submission. Never fails. */
void hf_job_init(struct hf_job *job,
                 void (*run)(struct hf_job *job),
                 void (*done)(struct hf_job *job),
                 void (*drop)(struct hf_job *job));

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
