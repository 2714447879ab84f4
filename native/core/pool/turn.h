/* SPDX-License-Identifier: MIT */
/*
 * The frame of every entry into the pool: the clock is advanced at the
 * beginning, and DONE requests are delivered at the very end, when the state is
 * consistent.
 *
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_TURN_H
#define HF_CORE_POOL_TURN_H

#include <stdint.h>

struct hf_pool;

/* Advances the pool's clock. It never goes back. */
void hf_turn_enter(struct hf_pool *pool, uint64_t now_us);

/*
 * Serves waiting requests once the events of this turn have been handled. Idle
 * connections in doubt are pinged first.
 */
void hf_turn_serve(struct hf_pool *pool);

/*
 * Delivers DONE requests and ended leases, publishes the gauges and detects the
 * end of the pool.
 */
void hf_turn_leave(struct hf_pool *pool);

#endif
