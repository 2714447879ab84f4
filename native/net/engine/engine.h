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
  struct hf_list filled_outboxes; /* with messages to hand over this turn */
  uint64_t timer_us;              /* when the timer is set to, 0 = not */
  uint64_t slept_us;              /* of the machine, so far */
  bool detached;                  /* its last port is gone */
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

#endif
