/* SPDX-License-Identifier: MIT */
/*
 * The number of connections a pool may have. The limit may change while the
 * pool lives: slots are added when it grows and kept when it shrinks, because
 * others hold pointers to them.
 *
 * Ownership: the pool owns its slots.
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_SIZE_H
#define HF_CORE_POOL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_pool;
struct hf_slot;

/* Adds `count` slots. Returns HF_OK, or HF_NO_MEMORY with nothing changed. */
HF_NODISCARD enum hf_status hf_size_add(struct hf_pool *pool, int32_t count);

/* Frees all slots. */
void hf_size_finish(struct hf_pool *pool);

/* Returns the slot with an index from 0 to pool->n_slots - 1. */
struct hf_slot *hf_pool_slot(const struct hf_pool *pool, int32_t index);

/* Returns true when the limit allows another connection. */
bool hf_size_has_room(const struct hf_pool *pool);

/* Returns true when there are more connections than the limit allows. */
bool hf_size_is_over(const struct hf_pool *pool);

#endif
