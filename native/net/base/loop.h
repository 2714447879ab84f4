/* SPDX-License-Identifier: MIT */
/*
 * The engine's event loop, with what everything on it needs: posts from other
 * threads, worker threads for calls that would block it, random numbers.
 *
 * Ownership: part of the engine.
 * Threads: stated at each function.
 */
#ifndef HF_NET_BASE_LOOP_H
#define HF_NET_BASE_LOOP_H

#include <stdint.h>

#include <uv.h>

#include "core/base/list.h"
#include "holdfast.h"
#include "net/base/worker.h"

struct hf_loop;

/* A call to be made on the loop's thread, embedded in its object. */
struct hf_post {
  struct hf_link link;
  void (*run)(struct hf_post *post);
};

struct hf_loop {
  /* set at init, read-only */
  uv_loop_t uv;
  uv_async_t wake;
  void (*on_wake)(struct hf_loop *loop); /* before posts are run */
  void (*on_turn)(struct hf_loop *loop); /* hf_loop_turn */
  struct hf_workers *connectors;         /* for steps of opening connections */
  struct hf_workers *resolvers;          /* for looking names up */
  struct hf_workers *cancelers;          /* for cancel requests */

  /* under lock */
  uv_mutex_t lock;
  struct hf_list posts;

  /* the loop's thread only */
  struct hf_list unflushed; /* hf_conn.dirty: connections with output */
  struct hf_list growing;   /* hf_conn.growing: with a portion that is not full
                             */
  struct hf_list lookups;   /* hf_resolve.of_loop, under way */
  int32_t pending; /* cancel requests and connects under way: the loop must
                      not end before they have */
  uint64_t seed[2];
};

/*
 * Makes a loop. `turn_cb` is called by hf_loop_turn. Returns HF_OK or
 * HF_NO_MEMORY. The thread that will run the loop, or the one that starts it.
 */
HF_NODISCARD enum hf_status hf_loop_init(struct hf_loop *loop,
                                         void (*wake_cb)(struct hf_loop *loop),
                                         void (*turn_cb)(struct hf_loop *loop));

/*
 * Closes the loop's own handles. When the caller has closed the others and
 * uv_run() has returned, hf_loop_finish may be called.
 */
void hf_loop_close(struct hf_loop *loop);

/* Waits up to `timeout_ms` for the worker threads and frees everything. */
void hf_loop_finish(struct hf_loop *loop, int32_t timeout_ms);

/* Calls hf_workers_park for all workers, before the process exits. Any thread.
 */
void hf_loop_park_workers(struct hf_loop *loop, int32_t timeout_ms);

/* Has post->run called on the loop's thread. Any thread. */
void hf_loop_post(struct hf_loop *loop, struct hf_post *post);

/*
 * As hf_loop_post, for a post after which the loop may end: does not touch the
 * loop once the post can have run. Any thread.
 */
void hf_loop_post_last(struct hf_loop *loop, struct hf_post *post);

/* Returns 32 random bits, not suitable for secrets. The loop's thread. */
uint32_t hf_loop_random(struct hf_loop *loop);

/*
 * Ends a turn: does what was deferred during a callback of the loop. To be
 * called at the end of every callback. The loop's thread.
 */
void hf_loop_turn(struct hf_loop *loop);

#endif
