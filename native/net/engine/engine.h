/* SPDX-License-Identifier: MIT */
/*
 * The engine: one thread per process with a libuv loop of its own. Everything
 * that happens to pools and connections happens on it; other threads reach it
 * by posting.
 *
 * Starts with the first port, ends by itself when the last port is closed and
 * every pool it served has closed its connections.
 *
 * Ownership: the process has at most one that takes ports; hf_engine_attach
 * makes it, the engine frees itself.
 * Threads: stated at each function.
 */
#ifndef HF_NET_ENGINE_ENGINE_H
#define HF_NET_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/base/list.h"
#include "holdfast.h"
#include "net/base/worker.h"
#include "net/conn/statement.h"

/* Something to do on the engine's thread, embedded in what it is about. */
struct hf_post {
  struct hf_link link;
  void (*run)(struct hf_post *post);
};

struct hf_engine {
  /* set at start, read-only */
  uv_loop_t loop;
  uv_async_t wake;
  uv_timer_t timer;
  uv_check_t turn;
  struct hf_workers *workers;   /* steps of opening connections */
  struct hf_workers *resolvers; /* look-ups of names */
  struct hf_workers *cancelers; /* cancel requests */
  struct hf_hash_key hash_key;  /* of this process's tables */

  /* under lock */
  uv_mutex_t lock;
  struct hf_list posts;

  /* under the lock of engine.c's registry */
  struct hf_link of_process;
  int32_t ports;

  /* the engine's thread only */
  struct hf_list pools;       /* hf_netpool.of_engine */
  struct hf_list dirty_ports; /* with messages to hand over this turn */
  struct hf_list dirty_conns; /* with output to flush this turn */
  struct hf_list lookups;     /* hf_resolve.of_engine, under way */
  int32_t visitors;  /* what is under way and comes back: cancel requests,
                        connections being opened */
  uint64_t timer_us; /* when the timer is set to, 0 = not */
  uint64_t slept_us; /* of the machine, so far */
  uint64_t seed[2];
  struct hf_statement_source statements;
  bool detached; /* its last port is gone */
  bool stopping;
};

/*
 * Returns the engine of this process with one more port, starting it when
 * there is none. HF_NO_MEMORY, or HF_SOCKET_ERROR when no thread can be made.
 * Any thread.
 */
HF_NODISCARD enum hf_status hf_engine_attach(struct hf_engine **engine);

/*
 * Takes a port away. The engine must not be used by that port any more.
 * The engine's thread.
 */
void hf_engine_detach(struct hf_engine *engine);

/* Has post->run called on the engine's thread. Any thread. */
void hf_engine_post(struct hf_engine *engine, struct hf_post *post);

/*
 * The same for a post after which the engine may end, as of whoever counts as
 * a visitor: the engine is not touched once the post can have run. Any thread.
 */
void hf_engine_post_last(struct hf_engine *engine, struct hf_post *post);

/* Returns 32 random bits; not for secrets. The engine's thread. */
uint32_t hf_engine_random(struct hf_engine *engine);

/*
 * Ends a turn: flushes connections, hands messages over, frees what closed and
 * sets the timer. Called after every kind of callback of the loop. The
 * engine's thread.
 */
void hf_engine_turn(struct hf_engine *engine);

#endif
