/* SPDX-License-Identifier: MIT */
/*
 * Work for a worker thread, embedded in the object that it works on.
 *
 * Ownership: a job belongs to its submitter until it is submitted, and again
 *            from `done` on. `drop` frees an abandoned job.
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
  HF_JOB_ABANDONED, /* still running, but nobody waits for it */
  HF_JOB_DONE,      /* `done` was called, or is being called */
  HF_JOB_DROPPED    /* `drop` was called, or is being called */
};

struct hf_job {
  /* set by the submitter */
  void (*run)(struct hf_job *job);
  void (*done)(struct hf_job *job); /* after run */
  void (*drop)(struct hf_job *job); /* instead of done: free the job */

  /* for run() to read */
  int wake_fd;      /* readable once run() should return; -1 = none */
  atomic_bool stop; /* true from then on */

  /* changed by the workers under their lock */
  struct hf_link link;
  enum hf_job_state state;
  bool urgent;
  bool replaced; /* abandoned, and its thread was replaced */
};

/* Prepares a job for its first submission. Never fails. */
void hf_job_init(struct hf_job *job,
                 void (*run)(struct hf_job *job),
                 void (*done)(struct hf_job *job),
                 void (*drop)(struct hf_job *job));

#endif
