/* SPDX-License-Identifier: MIT */
/*
 * The engine: a thread with a libuv loop, one per process, that runs all pools
 * and connections. Other threads reach it by posts.
 *
 * It is started for the first port. It ends when the last port is closed and
 * all pools have closed their connections.
 *
 * Ownership: frees itself. Only one engine takes new ports; others may be
 * ending.
 *
 * Threads: stated at each function.
 */
#ifndef HF_NET_ENGINE_ENGINE_H
#define HF_NET_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/base/list.h"
#include "holdfast.h"
#include "net/base/loop.h"
#include "net/engine/netpool.h"

struct hf_engine {
  /* set at start, read-only */
  struct hf_loop loop; /* first */
  uv_timer_t timer;
  uv_check_t turn;

  /* under the lock of engine.c's registry */
  struct hf_link of_process;
  int32_t ports;

  /* the engine's thread only */
  struct hf_netpools pools;
  struct hf_list filled_outboxes; /* with messages of this turn */
  uint64_t timer_us;              /* when the timer fires; 0 = not set */
  uint64_t growth_ends_us;        /* of portions; 0 = none grows */
  uint64_t slept_us; /* how long the machine was suspended so far */
  bool detached;     /* its last port is closed */
  bool stopping;
};

/*
 * Adds a port to the engine of this process, starting it if there is none.
 * Returns HF_OK, HF_NO_MEMORY, or HF_SOCKET_ERROR when no thread can be
 * started. Any thread.
 */
HF_NODISCARD enum hf_status hf_engine_attach(struct hf_engine **engine);

/*
 * Removes a port, which must not use the engine any more. The engine's thread.
 */
void hf_engine_detach(struct hf_engine *engine);

#endif
