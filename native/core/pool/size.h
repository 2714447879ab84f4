/* SPDX-License-Identifier: MIT */
/*
 * How many connections a pool may have. The limit may change while the pool
 * lives: places are added as it grows and stay when it shrinks, since others
 * point to them.
 *
 * Ownership: the pool's.
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_SIZE_H
#define HF_CORE_POOL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_pool;
struct hf_slot;

/* Makes places for `count` connections more. HF_NO_MEMORY changes nothing. */
HF_NODISCARD enum hf_status hf_size_add(struct hf_pool *pool, int32_t count);

/* Frees all places. */
void hf_size_finish(struct hf_pool *pool);

/* Returns the slot of a number from 0 to pool->n_slots - 1. */
struct hf_slot *hf_pool_slot(const struct hf_pool *pool, int32_t index);

/* Returns whether the limit allows one connection more. */
bool hf_size_has_room(const struct hf_pool *pool);

/* Returns whether there are more connections than the limit allows. */
bool hf_size_is_over(const struct hf_pool *pool);

#endif
