/* SPDX-License-Identifier: MIT */
/* Running jobs in tests: see the header. */
#include "support_run.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/error.h"
#include "net/base/clock.h"
#include "net/connect/target.h"

enum { WAIT_S = 10, NS_PER_MS = 1000000 };

struct support_gate {
  pthread_mutex_t lock;
  pthread_cond_t opened;
  bool is_open;
};

static void must(bool ok, const char *what) {
  if (!ok) {
    (void)fprintf(stderr, "test support: %s failed\n", what);
    abort();
  }
}

struct support_gate *support_gate_new(void) {
  struct support_gate *gate = calloc(1, sizeof *gate);
  must(gate != NULL, "calloc");
  (void)pthread_mutex_init(&gate->lock, NULL);
  (void)pthread_cond_init(&gate->opened, NULL);
  return gate;
}

void support_gate_open(struct support_gate *gate) {
  (void)pthread_mutex_lock(&gate->lock);
  gate->is_open = true;
  (void)pthread_cond_broadcast(&gate->opened);
  (void)pthread_mutex_unlock(&gate->lock);
}

void support_gate_wait(struct support_gate *gate) {
  struct timespec limit;
  int failed = 0;
  (void)clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += WAIT_S;
  (void)pthread_mutex_lock(&gate->lock);
  while (!gate->is_open && failed == 0) {
    failed = pthread_cond_timedwait(&gate->opened, &gate->lock, &limit);
  }
  (void)pthread_mutex_unlock(&gate->lock);
  must(failed == 0, "waiting for a gate");
}

bool support_gate_is_open(struct support_gate *gate) {
  bool is_open;
  (void)pthread_mutex_lock(&gate->lock);
  is_open = gate->is_open;
  (void)pthread_mutex_unlock(&gate->lock);
  return is_open;
}

void support_gate_free(struct support_gate *gate) {
  (void)pthread_cond_destroy(&gate->opened);
  (void)pthread_mutex_destroy(&gate->lock);
  free(gate);
}

/* What a job's ctx is while it runs here. */
struct run {
  struct support_gate *gate;
  uint64_t end_ns;
};

static void on_done(struct hf_job *job) {
  struct hf_connect_job *connect =
      HF_CONTAINER_OF(job, struct hf_connect_job, job);
  struct run *run = connect->ctx;
  if (run != NULL && run->gate != NULL) {
    support_gate_open(run->gate);
  }
}

struct hf_connect_job *support_connect_job(struct hf_target *target,
                                           int timeout_ms) {
  struct run *run = calloc(1, sizeof *run);
  struct hf_connect_job *job = hf_connect_job_new(target, on_done, run);
  must(run != NULL && job != NULL, "hf_connect_job_new");
  run->end_ns = hf_clock_ns() + (uint64_t)timeout_ms * NS_PER_MS;
  must(hf_connect_job_set_place(job,
                                hf_target_get(target, "host"),
                                NULL,
                                hf_target_get(target, "port")) == HF_OK,
       "hf_connect_job_set_place");
  return job;
}

/* Waits for the job's socket; false when the time is up. */
static bool wait_for_socket(struct hf_connect_job *job, uint64_t end_ns) {
  struct pollfd polled = {.fd = hf_connect_job_socket(job),
                          .events = job->events};
  uint64_t now_ns = hf_clock_ns();
  int left_ms = now_ns < end_ns ? (int)((end_ns - now_ns) / NS_PER_MS) : 0;
  return left_ms > 0 && poll(&polled, 1, left_ms) == 1;
}

struct hf_connect_job *support_connect(struct hf_workers *workers,
                                       struct hf_connect_job *job) {
  struct run *run = job->ctx;
  do {
    run->gate = support_gate_new();
    must(hf_workers_submit(workers, &job->job, false) == HF_OK, "submit");
    support_gate_wait(run->gate);
    support_gate_free(run->gate);
    if (!job->over && job->certificates == NULL &&
        !wait_for_socket(job, run->end_ns)) {
      hf_connect_job_expire(job);
    }
    hf_connect_job_rearm(job);
  } while (!job->over && job->certificates == NULL);
  free(run);
  job->ctx = NULL;
  return job;
}

void support_set(struct hf_target *target, const char *key, const char *value) {
  struct hf_error error = {0};
  must(hf_target_set(target, key, value, &error) == HF_OK, key);
  hf_error_finish(&error);
}

struct hf_target *support_target(int port) {
  struct hf_target *target = hf_target_new();
  char text[16];
  must(target != NULL, "hf_target_new");
  (void)snprintf(text, sizeof text, "%d", port);
  support_set(target, "host", "127.0.0.1");
  support_set(target, "port", text);
  support_set(target, "user", "somebody");
  support_set(target, "dbname", "something");
  support_set(target, "sslmode", "disable");
  return target;
}
