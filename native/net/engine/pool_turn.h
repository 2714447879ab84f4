/* SPDX-License-Identifier: MIT */
/*
 * What is due of a pool at the end of a turn: of its handles that warm it up or
 * end, of its cached queries, of what was put off.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_POOL_TURN_H
#define HF_NET_ENGINE_POOL_TURN_H

#include <stdint.h>

struct hf_netpool;

/* Does what was put off; frees the pool when nothing is left of it. */
void hf_pool_turn_end(struct hf_netpool *pool);

/* Returns when hf_pool_turn_end has to be called. */
uint64_t hf_pool_turn_next_us(const struct hf_netpool *pool);

#endif
