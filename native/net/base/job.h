/* SPDX-License-Identifier: MIT */
/*
 * Something for a worker's thread to do, embedded in what it is about.
 *
 * Ownership: a job belongs to its submitter until it is submitted and again
 *            from `done` on; an abandoned job is its `drop`'s to free.
 * Threads:   `run` and `done` run on a worker thread.
 */
#ifndef HF_NET_BASE_JOB_H
#define HF_NET_BASE_JOB_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/list.h"

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
  bool replaced; /* as stuck */
};

/* Prepares a job for its first submission. Never fails. */
void hf_job_init(struct hf_job *job,
                 void (*run)(struct hf_job *job),
                 void (*done)(struct hf_job *job),
                 void (*drop)(struct hf_job *job));

#endif
