/* SPDX-License-Identifier: MIT */
/* Cancel requests, between a connection and the workers. */
#include "net/conn/cancel.h"

#include "core/base/alloc.h"
#include "net/base/loop.h"
#include "net/connect/cancel_job.h"

/*
 * After the first limit an answer no longer waits for the request's end: it is
 * told, and the connection given up. Less than the core's patience
 * (core/pool/timeouts.c). After the second the request itself is given up.
 */
enum { ANSWER_LIMIT_MS = 800, LIMIT_MS = 2000 };

struct hf_cancel {
  struct hf_post post;
  struct hf_cancel_job *job;
  struct hf_loop *loop;
  void (*over)(void *ctx, bool reached); /* NULL once it was let go */
  void *ctx;
  bool awaited; /* an answer waits for its end */
  bool late;    /* the first limit is over */
  uv_timer_t timer;
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_cancel *canceller = handle->data;
  struct hf_loop *loop = canceller->loop;
  hf_free(canceller);
  loop->pending--;
  hf_loop_turn(loop);
}

/* The request is over, one way or the other. */
static void end(struct hf_cancel *canceller, bool reached) {
  uv_close((uv_handle_t *)&canceller->timer, on_timer_closed);
  if (canceller->over != NULL) {
    canceller->over(canceller->ctx, reached);
  }
}

static void on_over(struct hf_post *post) {
  struct hf_cancel *canceller = HF_CONTAINER_OF(post, struct hf_cancel, post);
  bool reached = canceller->job->reached;
  hf_cancel_job_free(canceller->job);
  end(canceller, reached);
}

static void on_limit(uv_timer_t *timer) {
  struct hf_cancel *canceller = timer->data;
  struct hf_loop *loop = canceller->loop;
  if (!canceller->late && !canceller->awaited) {
    canceller->late = true;
    (void)uv_timer_start(timer, on_limit, LIMIT_MS - ANSWER_LIMIT_MS, 0);
    return;
  }
  if (hf_workers_abandon(loop->cancelers, &canceller->job->job)) {
    end(canceller, false);
    hf_loop_turn(loop);
  }
}

bool hf_cancel_await(struct hf_cancel *canceller) {
  canceller->awaited = true;
  return !canceller->late;
}

/* On a worker's thread. */
static void on_done(struct hf_job *job) {
  struct hf_cancel *canceller =
      HF_CONTAINER_OF(job, struct hf_cancel_job, job)->ctx;
  hf_loop_post_last(canceller->loop, &canceller->post);
}

struct hf_cancel *hf_cancel_start(struct hf_loop *loop,
                                  PGconn *pg,
                                  void (*over)(void *ctx, bool reached),
                                  void *ctx) {
  struct hf_cancel *canceller = hf_calloc(1, sizeof *canceller);
  if (canceller == NULL) {
    return NULL;
  }
  canceller->post.run = on_over;
  canceller->loop = loop;
  canceller->over = over;
  canceller->ctx = ctx;
  canceller->job = hf_cancel_job_new(pg, on_done, canceller);
  if (canceller->job == NULL) {
    goto fail_job;
  }
  if (hf_workers_submit(loop->cancelers, &canceller->job->job, true) != HF_OK) {
    goto fail_submit;
  }
  loop->pending++;
  canceller->timer.data = canceller;
  (void)uv_timer_init(&loop->uv, &canceller->timer);
  (void)uv_timer_start(&canceller->timer, on_limit, ANSWER_LIMIT_MS, 0);
  return canceller;

fail_submit:
  hf_cancel_job_free(canceller->job);
fail_job:
  hf_free(canceller);
  return NULL;
}

void hf_cancel_forget(struct hf_cancel *canceller) {
  if (canceller != NULL) {
    canceller->over = NULL;
    canceller->awaited = false;
  }
}
