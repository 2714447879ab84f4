/* SPDX-License-Identifier: MIT */
/*
 * A thread that hangs in an abandoned job cannot be stopped: it is replaced by
 * a new one, and ends when its call returns.
 *
 * Ownership and threads: see the header and worker_thread.h.
 */
#include "net/base/worker.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "core/base/alloc.h"
#include "net/base/system.h"
#include "net/base/worker_thread.h"

enum { STUCK_MAX = 2, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static size_t queued(const struct hf_workers *workers) {
  return workers->urgent.count + workers->normal.count;
}

/* Starts a thread when queued jobs need one and the limit allows it. */
static int start_thread_if_needed(struct hf_workers *workers) {
  int failed = 0;
  if ((size_t)workers->asleep < queued(workers) &&
      workers->running < hf_workers_limit(workers)) {
    failed = hf_worker_start(workers);
  }
  (void)pthread_cond_broadcast(&workers->work);
  return failed;
}

static void drop_queued(struct hf_workers *workers, struct hf_list *list) {
  struct hf_link *link;
  while ((link = hf_list_pop(list)) != NULL) {
    struct hf_job *job = hf_job_of(link);
    job->state = HF_JOB_DROPPED;
    hf_workers_unlock(workers);
    job->drop(job);
    hf_workers_lock(workers);
  }
}

static struct timespec deadline_in(int32_t timeout_ms) {
  struct timespec when;
  uint64_t ns = (uint64_t)timeout_ms * NS_PER_MS;
  (void)clock_gettime(hf_system_wait_clock(), &when);
  ns += (uint64_t)when.tv_nsec;
  when.tv_sec += (time_t)(ns / NS_PER_S);
  when.tv_nsec = (long)(ns % NS_PER_S);
  return when;
}

static void stop_all(struct hf_workers *workers) {
  struct hf_link *link;
  HF_LIST_EACH(link, &workers->threads) {
    hf_worker_stop(hf_worker_of(link));
  }
  (void)pthread_cond_broadcast(&workers->work);
}

enum hf_status hf_workers_new(int max_threads,
                              int reserve,
                              struct hf_workers **workers) {
  pthread_condattr_t waits;
  struct hf_workers *made = hf_calloc(1, sizeof *made);

  assert(max_threads > reserve && reserve >= 0);
  *workers = NULL;
  if (made == NULL) {
    return HF_NO_MEMORY;
  }
  if (pthread_condattr_init(&waits) != 0) {
    hf_free(made);
    return HF_NO_MEMORY;
  }
  hf_system_set_wait_clock(&waits);
  (void)pthread_cond_init(&made->work, &waits);
  (void)pthread_cond_init(&made->changed, &waits);
  (void)pthread_condattr_destroy(&waits);
  (void)pthread_mutex_init(&made->lock, NULL);
  hf_list_init(&made->urgent);
  hf_list_init(&made->normal);
  hf_list_init(&made->threads);
  made->max_threads = max_threads;
  made->reserve = reserve;
  made->references = 1;
  *workers = made;
  return HF_OK;
}

enum hf_status hf_workers_submit(struct hf_workers *workers,
                                 struct hf_job *job,
                                 bool urgent) {
  struct hf_list *list = urgent ? &workers->urgent : &workers->normal;
  int failed;

  assert(job->state == HF_JOB_NEW);
  hf_workers_lock(workers);
  if (workers->parking || workers->closing) {
    hf_workers_unlock(workers);
    errno = ECANCELED;
    return HF_POOL_CLOSED;
  }
  job->urgent = urgent;
  job->state = HF_JOB_QUEUED;
  hf_list_push(list, &job->link);
  failed = start_thread_if_needed(workers);
  if (failed != 0 && workers->running == 0) {
    hf_list_remove(list, &job->link);
    job->state = HF_JOB_NEW;
    hf_workers_unlock(workers);
    errno = failed;
    return HF_SOCKET_ERROR;
  }
  hf_workers_unlock(workers);
  return HF_OK;
}

static void abandon_running(struct hf_workers *workers, struct hf_job *job) {
  struct hf_link *link;
  job->state = HF_JOB_ABANDONED;
  workers->busy--;
  workers->stuck++;
  if (workers->replaced < STUCK_MAX) {
    job->replaced = true;
    workers->replaced++;
    workers->busy_normal -= job->urgent ? 0 : 1;
  }
  HF_LIST_EACH(link, &workers->threads) {
    if (hf_worker_of(link)->job == job) {
      hf_worker_stop(hf_worker_of(link));
    }
  }
  (void)start_thread_if_needed(
      workers); /* without a thread the queue waits for this one */
}

bool hf_workers_abandon(struct hf_workers *workers, struct hf_job *job) {
  bool abandoned = false;
  bool drop_now = false;

  hf_workers_lock(workers);
  switch (job->state) {
  case HF_JOB_QUEUED:
    hf_list_remove(job->urgent ? &workers->urgent : &workers->normal,
                   &job->link);
    job->state = HF_JOB_DROPPED;
    abandoned = drop_now = true;
    break;
  case HF_JOB_RUNNING:
    abandon_running(workers, job);
    abandoned = true;
    break;
  case HF_JOB_DONE:
    break;
  case HF_JOB_NEW:
  case HF_JOB_ABANDONED:
  case HF_JOB_DROPPED:
    /* A job is abandoned once, after it was submitted. */
    assert(job->state == HF_JOB_QUEUED);
    break;
  }
  hf_workers_unlock(workers);
  if (drop_now) {
    job->drop(job);
  }
  return abandoned;
}

bool hf_workers_park(struct hf_workers *workers, int32_t timeout_ms) {
  struct timespec limit = deadline_in(timeout_ms);
  bool asleep;

  hf_workers_lock(workers);
  workers->parking = true;
  stop_all(workers);
  while (workers->asleep < workers->running &&
         pthread_cond_timedwait(&workers->changed, &workers->lock, &limit) ==
             0) {
  }
  asleep = workers->asleep == workers->running;
  hf_workers_unlock(workers);
  return asleep;
}

/* Joins the threads that ended, detaches the others. Unlocks to join. */
static void join_ended(struct hf_workers *workers) {
  struct hf_link *link;
  while ((link = hf_list_pop(&workers->threads)) != NULL) {
    struct worker *worker = hf_worker_of(link);
    if (!worker->ended) {
      worker->detached = true;
      (void)pthread_detach(worker->thread);
      continue;
    }
    hf_workers_unlock(workers);
    (void)pthread_join(worker->thread, NULL);
    hf_wakeup_close(&worker->wakeup);
    hf_free(worker);
    hf_workers_lock(workers);
  }
}

void hf_workers_finish(struct hf_workers *workers, int32_t timeout_ms) {
  struct timespec limit;
  if (workers == NULL) {
    return;
  }
  limit = deadline_in(timeout_ms);
  hf_workers_lock(workers);
  workers->closing = true;
  drop_queued(workers, &workers->urgent);
  drop_queued(workers, &workers->normal);
  stop_all(workers);
  while (workers->running > 0 &&
         pthread_cond_timedwait(&workers->changed, &workers->lock, &limit) ==
             0) {
  }
  join_ended(workers);
  hf_workers_unlock_and_unref(workers);
}

struct hf_workers_counts hf_workers_count(struct hf_workers *workers) {
  struct hf_workers_counts counts;
  hf_workers_lock(workers);
  counts.threads = workers->running;
  counts.busy = workers->busy;
  counts.stuck = workers->stuck;
  counts.queued = (int)queued(workers);
  hf_workers_unlock(workers);
  return counts;
}
