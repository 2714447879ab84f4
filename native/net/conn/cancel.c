/* SPDX-License-Identifier: MIT */
#include "net/conn/cancel.h"

#include "core/base/alloc.h"
#include "net/base/loop.h"
#include "net/connect/cancel_job.h"

/*
 * After the first limit a unit does not wait for the request any more: it is
 * finished, and the connection fails. The limit is less than the core's own
 * (core/pool/timeouts.c). After the second the request is abandoned.
 */
enum { ANSWER_LIMIT_MS = 800, LIMIT_MS = 2000 };

struct hf_cancel {
  struct hf_post post;
  struct hf_cancel_job *job;
  struct hf_loop *loop;
  void (*done)(void *ctx, bool reached); /* NULL once detached */
  void *ctx;
  bool awaited; /* a unit waits for its end */
  bool late;    /* after the first limit */
  uv_timer_t timer;
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_cancel *cancel = handle->data;
  struct hf_loop *loop = cancel->loop;
  hf_free(cancel);
  loop->pending--;
  hf_loop_turn(loop);
}

static void end(struct hf_cancel *cancel, bool reached) {
  uv_close((uv_handle_t *)&cancel->timer, on_timer_closed);
  if (cancel->done != NULL) {
    cancel->done(cancel->ctx, reached);
  }
}

static void on_job_done(struct hf_post *post) {
  struct hf_cancel *cancel = HF_CONTAINER_OF(post, struct hf_cancel, post);
  bool reached = cancel->job->reached;
  hf_cancel_job_free(cancel->job);
  end(cancel, reached);
}

static void on_limit(uv_timer_t *timer) {
  struct hf_cancel *cancel = timer->data;
  struct hf_loop *loop = cancel->loop;
  if (!cancel->late && !cancel->awaited) {
    cancel->late = true;
    (void)uv_timer_start(timer, on_limit, LIMIT_MS - ANSWER_LIMIT_MS, 0);
    return;
  }
  if (hf_workers_abandon(loop->cancelers, &cancel->job->job)) {
    end(cancel, false);
    hf_loop_turn(loop);
  }
}

bool hf_cancel_await(struct hf_cancel *cancel) {
  cancel->awaited = true;
  return !cancel->late;
}

/* On a worker's thread. */
static void on_worker_done(struct hf_job *job) {
  struct hf_cancel *cancel =
      HF_CONTAINER_OF(job, struct hf_cancel_job, job)->ctx;
  hf_loop_post_last(cancel->loop, &cancel->post);
}

struct hf_cancel *hf_cancel_start(struct hf_loop *loop,
                                  PGconn *pg,
                                  void (*done)(void *ctx, bool reached),
                                  void *ctx) {
  struct hf_cancel *cancel = hf_calloc(1, sizeof *cancel);
  if (cancel == NULL) {
    return NULL;
  }
  cancel->post.run = on_job_done;
  cancel->loop = loop;
  cancel->done = done;
  cancel->ctx = ctx;
  cancel->job = hf_cancel_job_new(pg, on_worker_done, cancel);
  if (cancel->job == NULL) {
    goto fail_job;
  }
  if (hf_workers_submit(loop->cancelers, &cancel->job->job, true) != HF_OK) {
    goto fail_submit;
  }
  loop->pending++;
  cancel->timer.data = cancel;
  (void)uv_timer_init(&loop->uv, &cancel->timer);
  (void)uv_timer_start(&cancel->timer, on_limit, ANSWER_LIMIT_MS, 0);
  return cancel;

fail_submit:
  hf_cancel_job_free(cancel->job);
fail_job:
  hf_free(cancel);
  return NULL;
}

void hf_cancel_detach(struct hf_cancel *cancel) {
  if (cancel != NULL) {
    cancel->done = NULL;
    cancel->awaited = false;
  }
}
