/* SPDX-License-Identifier: MIT */
/*
 * The life of a worker thread.
 *
 * Ownership: every thread holds a reference on the workers, and so does their
 *            owner until hf_workers_finish: a thread may outlive the owner.
 * Threads:   see the header.
 */
#include "net/base/worker_thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "core/base/alloc.h"

enum {
  /* A TLS handshake and SCRAM need less than a quarter of it. */
  STACK_BYTES = 512 * 1024,
  NAME_BYTES = 16,
  NUMBERS = 1000 /* in a thread's name */
};

void hf_workers_lock(struct hf_workers *workers) {
  int failed = pthread_mutex_lock(&workers->lock);
  assert(failed == 0);
  (void)failed;
}

void hf_workers_unlock(struct hf_workers *workers) {
  int failed = pthread_mutex_unlock(&workers->lock);
  assert(failed == 0);
  (void)failed;
}

void hf_workers_unlock_and_unref(struct hf_workers *workers) {
  bool last = --workers->references == 0;
  hf_workers_unlock(workers);
  if (!last) {
    return;
  }
  (void)pthread_cond_destroy(&workers->changed);
  (void)pthread_cond_destroy(&workers->work);
  (void)pthread_mutex_destroy(&workers->lock);
  hf_free(workers);
}

struct hf_job *hf_job_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_job, link);
}

struct worker *hf_worker_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct worker, link);
}

void hf_worker_stop(struct worker *worker) {
  if (worker->job != NULL) {
    atomic_store(&worker->job->stop, true);
    hf_wakeup_signal(&worker->wakeup);
  }
}

int hf_workers_limit(const struct hf_workers *workers) {
  return workers->max_threads + workers->replaced;
}

static struct hf_job *take_job(struct hf_workers *workers) {
  struct hf_link *link;
  if (workers->parking || workers->closing) {
    return NULL;
  }
  link = hf_list_pop(&workers->urgent);
  if (link == NULL &&
      workers->busy_normal < workers->max_threads - workers->reserve) {
    link = hf_list_pop(&workers->normal);
  }
  return link == NULL ? NULL : hf_job_of(link);
}

static void wait_for_work(struct hf_workers *workers) {
  workers->asleep++;
  (void)pthread_cond_signal(&workers->changed);
  (void)pthread_cond_wait(&workers->work, &workers->lock);
  workers->asleep--;
}

/* Counts a job whose run() returned as neither busy nor stuck. */
static void count_job_end(struct hf_workers *workers,
                          const struct hf_job *job) {
  if (job->state == HF_JOB_ABANDONED) {
    workers->stuck--;
    workers->replaced -= job->replaced ? 1 : 0;
    if (job->replaced) {
      return;
    }
  } else {
    workers->busy--;
  }
  workers->busy_normal -= job->urgent ? 0 : 1;
}

/* Runs a job; the lock is held at entry and exit, not during its calls. */
static void run_job(struct worker *worker, struct hf_job *job) {
  struct hf_workers *workers = worker->workers;
  bool dropped;

  job->state = HF_JOB_RUNNING;
  job->wake_fd = worker->wakeup.read_fd;
  worker->job = job;
  workers->busy++;
  workers->busy_normal += job->urgent ? 0 : 1;
  hf_workers_unlock(workers);
  job->run(job);
  hf_workers_lock(workers);
  worker->job = NULL;
  job->wake_fd = -1;
  hf_wakeup_clear(&worker->wakeup);
  count_job_end(workers, job);
  while (workers->parking && !workers->closing) {
    wait_for_work(workers);
  }
  dropped = job->state == HF_JOB_ABANDONED || workers->closing;
  job->state = dropped ? HF_JOB_DROPPED : HF_JOB_DONE;
  hf_workers_unlock(workers);
  if (dropped) {
    job->drop(job);
  } else {
    job->done(job);
  }
  hf_workers_lock(workers);
}

static void end_worker(struct worker *worker) {
  struct hf_workers *workers = worker->workers;
  workers->running--;
  if (!worker->detached && !workers->closing) {
    /* A stuck thread that came back after it was replaced: one too many. */
    hf_list_remove(&workers->threads, &worker->link);
    (void)pthread_detach(worker->thread);
    worker->detached = true;
  }
  if (worker->detached) {
    hf_wakeup_close(&worker->wakeup);
    hf_free(worker);
  } else {
    worker->ended = true;
  }
  (void)pthread_cond_broadcast(&workers->changed);
  hf_workers_unlock_and_unref(workers);
}

static void *worker_main(void *arg) {
  struct worker *worker = arg;
  struct hf_workers *workers = worker->workers;
  char name[NAME_BYTES];

  (void)snprintf(name, sizeof name, "hf-connect-%d", worker->number % NUMBERS);
  hf_workers_lock(workers);
  hf_system_name_thread(name);
  while (!workers->closing && workers->running <= hf_workers_limit(workers)) {
    struct hf_job *job = take_job(workers);
    if (job != NULL) {
      run_job(worker, job);
    } else {
      wait_for_work(workers);
    }
  }
  end_worker(worker);
  return NULL;
}

int hf_worker_start(struct hf_workers *workers) {
  int failed = ENOMEM;
  struct worker *worker = hf_calloc(1, sizeof *worker);
  if (worker == NULL) {
    return failed;
  }
  worker->workers = workers;
  worker->number = ++workers->next_number;
  failed = hf_wakeup_open(&worker->wakeup);
  if (failed != 0) {
    goto fail_bell;
  }
  failed = hf_system_thread_create(&worker->thread,
                                   STACK_BYTES,
                                   worker_main,
                                   worker);
  if (failed != 0) {
    goto fail_thread;
  }
  hf_list_push(&workers->threads, &worker->link);
  workers->running++;
  workers->references++;
  return 0;

fail_thread:
  hf_wakeup_close(&worker->wakeup);
fail_bell:
  hf_free(worker);
  return failed;
}
