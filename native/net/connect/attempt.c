/* SPDX-License-Identifier: MIT */
#include "net/connect/attempt.h"

#include <errno.h>

#include <uv.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/socket.h"
#include "net/base/system.h"
#include "net/connect/connect_error.h"

/*
 * One wait for a socket. Nothing is watched during a step, in which libpq may
 * close the socket and open another.
 */
struct hf_attempt_watch {
  uv_poll_t poll;
  struct hf_attempt *attempt;
};

static void submit(struct hf_attempt *attempt);

/* ---- waiting ------------------------------------------------------------- */

static void on_watch_closed(uv_handle_t *handle) {
  hf_free(handle->data);
}

static void stop_watching(struct hf_attempt *attempt) {
  struct hf_attempt_watch *watch = attempt->watch;
  if (watch != NULL) {
    attempt->watch = NULL;
    (void)uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  struct hf_attempt *attempt = ((struct hf_attempt_watch *)poll->data)->attempt;
  bool active = status < 0 || (events & UV_READABLE) != 0;
  bool newly = !attempt->connected && hf_connect_job_is_connected(attempt->job);
  stop_watching(attempt);
  submit(attempt); /* also after an error: libpq describes it */
  if (newly) {
    attempt->connected = true;
    attempt->active_ns = hf_clock_ns();
    attempt->on_connected(attempt);
  } else if (active) {
    attempt->active_ns = hf_clock_ns();
    attempt->on_activity(attempt);
  }
}

/* Returns 0, or the errno with which the socket could not be watched. */
static int watch(struct hf_attempt *attempt) {
  struct hf_attempt_watch *watch = hf_calloc(1, sizeof *watch);
  short events = attempt->job->events;
  int wanted = ((events & POLLIN) != 0 ? UV_READABLE : 0) |
               ((events & POLLOUT) != 0 ? UV_WRITABLE : 0);
  int failed;
  if (watch == NULL) {
    return ENOMEM;
  }
  watch->attempt = attempt;
  watch->poll.data = watch;
  failed = hf_system_watch_init(&attempt->loop->uv,
                                &watch->poll,
                                hf_connect_job_socket(attempt->job));
  if (failed != 0) {
    hf_free(watch);
    return failed;
  }
  attempt->watch = watch;
  failed = uv_poll_start(&watch->poll, wanted, on_ready);
  return failed == 0 ? 0 : hf_system_errno_of_uv(failed);
}

/* ---- steps --------------------------------------------------------------- */

/* On a worker's thread. */
static void on_step_done(struct hf_job *job) {
  struct hf_attempt *attempt =
      HF_CONTAINER_OF(job, struct hf_connect_job, job)->ctx;
  hf_loop_post_last(attempt->loop, &attempt->post);
}

static void attempt_free(struct hf_attempt *attempt) {
  struct hf_loop *loop = attempt->loop;
  hf_connect_job_free(attempt->job);
  hf_free(attempt);
  loop->pending--;
}

/* Ends the job: the system has refused what it needs. */
static void refuse(struct hf_attempt *attempt, int number, const char *what) {
  struct hf_connect_job *job = attempt->job;
  hf_connect_job_expire(job);
  job->status = hf_connect_error_system(&job->error, number, what);
}

static void on_step(struct hf_post *post) {
  struct hf_attempt *attempt = HF_CONTAINER_OF(post, struct hf_attempt, post);
  int failed = 0;
  attempt->working = false;
  if (attempt->owner == NULL) {
    attempt_free(attempt);
    return;
  }
  if (!attempt->job->over && !attempt->connected &&
      hf_connect_job_is_connected(attempt->job)) {
    attempt->connected = true;
    attempt->active_ns = hf_clock_ns();
    attempt->on_connected(attempt);
  }
  if (attempt->job->certificates != NULL) {
    attempt->active_ns = hf_clock_ns();
    attempt->on_certificates(attempt);
    return;
  }
  if (!attempt->job->over) {
    failed = watch(attempt);
  }
  if (failed != 0) {
    stop_watching(attempt);
    refuse(attempt, failed, HF_NO_WATCH);
  }
  if (attempt->job->over) {
    attempt->on_over(attempt);
  }
}

/* A job that cannot be submitted ends, which the loop reports. */
static void submit(struct hf_attempt *attempt) {
  hf_connect_job_rearm(attempt->job);
  attempt->working = true;
  if (hf_workers_submit(attempt->loop->connectors, &attempt->job->job, false) !=
      HF_OK) {
    refuse(attempt, errno, HF_NO_THREAD);
    attempt->refused = true;
    hf_loop_post(attempt->loop, &attempt->post);
  }
}

struct hf_attempt *hf_attempt_new(struct hf_loop *loop,
                                  struct hf_connect_job *job,
                                  void *owner) {
  struct hf_attempt *attempt = hf_calloc(1, sizeof *attempt);
  if (attempt != NULL) {
    attempt->loop = loop;
    attempt->job = job;
    attempt->owner = owner;
    attempt->post.run = on_step;
    attempt->active_ns = hf_clock_ns();
    job->job.done = on_step_done;
    job->ctx = attempt;
    loop->pending++;
  }
  return attempt;
}

enum hf_status hf_attempt_start(struct hf_attempt *attempt) {
  enum hf_status status =
      hf_workers_submit(attempt->loop->connectors, &attempt->job->job, false);
  attempt->working = status == HF_OK;
  return status;
}

void hf_attempt_accept(struct hf_attempt *attempt) {
  hf_connect_job_accept(attempt->job);
  attempt->active_ns = hf_clock_ns();
  submit(attempt);
}

void hf_attempt_refuse(struct hf_attempt *attempt, const char *message) {
  hf_connect_job_refuse(attempt->job, message);
  attempt->on_over(attempt);
}

void hf_attempt_close(struct hf_attempt *attempt) {
  attempt->owner = NULL;
  stop_watching(attempt);
  if (attempt->working) {
    if (attempt->refused ||
        !hf_workers_abandon(attempt->loop->connectors, &attempt->job->job)) {
      return; /* on_step follows and frees it */
    }
    attempt->job = NULL; /* frees itself */
  }
  attempt_free(attempt);
}

struct hf_connect_job *hf_attempt_take(struct hf_attempt *attempt) {
  struct hf_connect_job *job = attempt->job;
  attempt->job = NULL;
  hf_attempt_close(attempt);
  return job;
}
