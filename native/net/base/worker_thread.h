/* SPDX-License-Identifier: MIT */
/*
 * The threads of workers, and the state that they share.
 *
 * Threads: everything below `lock` is read and written under it; functions
 *          that do not say otherwise are called with it held.
 */
#ifndef HF_NET_BASE_WORKER_THREAD_H
#define HF_NET_BASE_WORKER_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "core/base/list.h"
#include "net/base/job.h"
#include "net/base/system.h"

struct worker {
  struct hf_link link;
  struct hf_workers *workers;
  pthread_t thread;
  struct hf_wakeup wakeup;
  int number;
  struct hf_job *job; /* in run() */
  bool ended;         /* to be joined */
  bool detached;      /* frees itself */
};

struct hf_workers {
  /* set by hf_workers_new */
  int max_threads;
  int reserve;

  pthread_mutex_t lock;
  pthread_cond_t work;    /* threads wait for something to do */
  pthread_cond_t changed; /* park and finish wait for threads */
  struct hf_list urgent;
  struct hf_list normal;
  struct hf_list threads;
  int references;
  int running; /* threads that have not ended */
  int asleep;  /* of these, in pthread_cond_wait */
  int busy;    /* of these, in a job that was not abandoned */
  int busy_normal;
  int stuck;    /* of these, in an abandoned job */
  int replaced; /* of these, replaced */
  int next_number;
  bool parking;
  bool closing;
};

/* Locks. */
void hf_workers_lock(struct hf_workers *workers);

/* Unlocks. */
void hf_workers_unlock(struct hf_workers *workers);

/* Unlocks and gives a reference back; the last one frees the workers. */
void hf_workers_unlock_and_unref(struct hf_workers *workers);

/* Asks the job that the worker runs, if any, to stop. */
void hf_worker_stop(struct worker *worker);

/* Starts a thread. Returns 0 or an errno. */
int hf_worker_start(struct hf_workers *workers);

/* Returns how many threads there may be now. */
int hf_workers_limit(const struct hf_workers *workers);

struct hf_job *hf_job_of(struct hf_link *link);
struct worker *hf_worker_of(struct hf_link *link);

#endif
