/* SPDX-License-Identifier: MIT */
#include "net/base/loop.h"

#include <string.h>

#include "net/base/clock.h"

enum {
  /* These only compute: more than there are processors would not help. */
  CONNECTOR_THREADS = 4,
  /* These block while a resolver or a server does not answer. */
  RESOLVER_THREADS = 16,
  CANCEL_THREADS = 8
};

/* xorshift128+: jitter needs spread, not secrecy. */
uint32_t hf_loop_random(struct hf_loop *loop) {
  uint64_t a = loop->seed[0];
  uint64_t b = loop->seed[1];
  loop->seed[0] = b;
  a ^= a << 23;
  a ^= a >> 17;
  a ^= b ^ (b >> 26);
  loop->seed[1] = a;
  return (uint32_t)((a + b) >> 32);
}

/* Without random numbers of the system: what differs from run to run. */
static void seed(struct hf_loop *loop) {
  if (uv_random(NULL, NULL, loop->seed, sizeof loop->seed, 0, NULL) != 0) {
    loop->seed[0] = hf_clock_ns() | 1;
    loop->seed[1] = (uint64_t)(uintptr_t)loop;
  }
}

/* ---- posts --------------------------------------------------------------- */

/* Sent under the lock, the wake-up would have the loop wait for the lock. */
void hf_loop_post(struct hf_loop *loop, struct hf_post *post) {
  uv_mutex_lock(&loop->lock);
  hf_list_push(&loop->posts, &post->link);
  uv_mutex_unlock(&loop->lock);
  (void)uv_async_send(&loop->wake);
}

void hf_loop_post_last(struct hf_loop *loop, struct hf_post *post) {
  uv_mutex_lock(&loop->lock);
  hf_list_push(&loop->posts, &post->link);
  (void)uv_async_send(&loop->wake);
  uv_mutex_unlock(&loop->lock);
}

static struct hf_post *next_post(struct hf_loop *loop) {
  struct hf_link *link;
  uv_mutex_lock(&loop->lock);
  link = hf_list_pop(&loop->posts);
  uv_mutex_unlock(&loop->lock);
  return link == NULL ? NULL : HF_CONTAINER_OF(link, struct hf_post, link);
}

static void on_wake(uv_async_t *wake) {
  struct hf_loop *loop = wake->data;
  struct hf_post *post;
  loop->on_wake(loop);
  while ((post = next_post(loop)) != NULL) {
    post->run(post);
  }
}

void hf_loop_turn(struct hf_loop *loop) {
  loop->on_turn(loop);
}

/* ---- beginning and end --------------------------------------------------- */

static void finish_workers(struct hf_loop *loop, int32_t timeout_ms) {
  hf_workers_finish(loop->connectors, timeout_ms);
  hf_workers_finish(loop->resolvers, timeout_ms);
  hf_workers_finish(loop->cancelers, timeout_ms);
}

void hf_loop_park_workers(struct hf_loop *loop, int32_t timeout_ms) {
  (void)hf_workers_park(loop->connectors, timeout_ms);
  (void)hf_workers_park(loop->resolvers, timeout_ms);
  (void)hf_workers_park(loop->cancelers, timeout_ms);
}

/* Threads start when there is work for them. */
static enum hf_status make_workers(struct hf_loop *loop) {
  enum hf_status status =
      hf_workers_new(CONNECTOR_THREADS, 0, &loop->connectors);
  if (status == HF_OK) {
    status = hf_workers_new(RESOLVER_THREADS, 0, &loop->resolvers);
  }
  if (status == HF_OK) {
    status = hf_workers_new(CANCEL_THREADS, 0, &loop->cancelers);
  }
  return status;
}

enum hf_status hf_loop_init(struct hf_loop *loop,
                            void (*wake_cb)(struct hf_loop *loop),
                            void (*turn_cb)(struct hf_loop *loop)) {
  memset(loop, 0, sizeof *loop);
  loop->on_wake = wake_cb;
  loop->on_turn = turn_cb;
  hf_list_init(&loop->posts);
  hf_list_init(&loop->unflushed);
  hf_list_init(&loop->growing);
  hf_list_init(&loop->lookups);
  seed(loop);
  if (uv_mutex_init(&loop->lock) != 0) {
    return HF_NO_MEMORY;
  }
  if (uv_loop_init(&loop->uv) != 0) {
    goto fail_loop;
  }
  if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
    goto fail_wake;
  }
  loop->wake.data = loop;
  if (make_workers(loop) != HF_OK) {
    goto fail_workers;
  }
  return HF_OK;

fail_workers:
  finish_workers(loop, 0);
  hf_loop_close(loop);
  (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
fail_wake:
  (void)uv_loop_close(&loop->uv);
fail_loop:
  uv_mutex_destroy(&loop->lock);
  return HF_NO_MEMORY;
}

void hf_loop_close(struct hf_loop *loop) {
  uv_close((uv_handle_t *)&loop->wake, NULL);
}

void hf_loop_finish(struct hf_loop *loop, int32_t timeout_ms) {
  finish_workers(loop, timeout_ms);
  (void)uv_loop_close(&loop->uv);
  uv_mutex_destroy(&loop->lock);
}
