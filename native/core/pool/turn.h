/* SPDX-License-Identifier: MIT */
/*
 * The frame of every entry of the pool: time moves at its beginning, and what
 * became DONE is delivered at its very end, once the state is in order.
 *
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_TURN_H
#define HF_CORE_POOL_TURN_H

#include <stdint.h>

struct hf_pool;

/* Brings the pool's clock up to date; it never goes back. */
void hf_turn_enter(struct hf_pool *pool, uint64_t now_us);

/*
 * Serves what waits, once nothing that happened in this turn is left to act on:
 * connections that it cast doubt on are pinged before they are used.
 */
void hf_turn_serve(struct hf_pool *pool);

/* Delivers what is DONE, publishes the gauges and notices the end. */
void hf_turn_leave(struct hf_pool *pool);

#endif
