/* SPDX-License-Identifier: MIT */
/*
 * The loop of the engine's thread and what everything on it needs: posts from
 * other threads, threads for what would block it, chance.
 *
 * Ownership: the struct is the engine's memory.
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

/* Something to do on the loop's thread, embedded in what it is about. */
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
  struct hf_workers *connectors;         /* steps of opening connections */
  struct hf_workers *resolvers;          /* look-ups of names */
  struct hf_workers *cancelers;          /* cancel requests */

  /* under lock */
  uv_mutex_t lock;
  struct hf_list posts;

  /* the loop's thread only */
  struct hf_list unflushed; /* hf_conn.dirty: with output of this turn */
  struct hf_list lookups;   /* hf_resolve.of_loop, under way */
  int32_t pending; /* what comes back by itself: cancel requests, connections
                      being opened; the loop must not end before */
  uint64_t seed[2];
};

/*
 * Makes a loop without anything to do. HF_NO_MEMORY. The thread that will run
 * it, or the one that starts that.
 */
HF_NODISCARD enum hf_status hf_loop_init(struct hf_loop *loop,
                                         void (*wake_cb)(struct hf_loop *loop),
                                         void (*turn_cb)(struct hf_loop *loop));

/*
 * Closes the wake handle; when the caller has closed its own and the loop has
 * run out, hf_loop_finish may follow.
 */
void hf_loop_close(struct hf_loop *loop);

/* Waits up to `timeout_ms` for the threads and frees what the loop has. */
void hf_loop_finish(struct hf_loop *loop, int32_t timeout_ms);

/* For the exit of the process: hf_workers_park for all threads. Any thread. */
void hf_loop_park_workers(struct hf_loop *loop, int32_t timeout_ms);

/* Has post->run called on the loop's thread. Any thread. */
void hf_loop_post(struct hf_loop *loop, struct hf_post *post);

/*
 * The same for a post after which the loop may end, as of whatever counts as
 * pending: the loop is not touched once the post can have run. Any thread.
 */
void hf_loop_post_last(struct hf_loop *loop, struct hf_post *post);

/* Returns 32 random bits; not for secrets. The loop's thread. */
uint32_t hf_loop_random(struct hf_loop *loop);

/*
 * Ends a turn: what was put off during a callback of the loop is done now.
 * Called after every kind of callback. The loop's thread.
 */
void hf_loop_turn(struct hf_loop *loop);

#endif
