/* SPDX-License-Identifier: MIT */
/*
 * The end of a turn for a pool: what was deferred, and what is due by time,
 * except for the core.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_POOL_TURN_H
#define HF_NET_ENGINE_POOL_TURN_H

#include <stdint.h>

struct hf_netpool;

/* Does what is due; frees the pool once it has ended. */
void hf_pool_turn_end(struct hf_netpool *pool);

/*
 * Returns when hf_pool_turn_end, or hf_pool_tick, is due; UINT64_MAX = never.
 */
uint64_t hf_pool_turn_next_us(const struct hf_netpool *pool);

#endif
