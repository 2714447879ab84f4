/* SPDX-License-Identifier: MIT */
/*
 * Upkeep of connections: what happens when they die, grow old, stay unused or
 * fall silent.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_JANITOR_H
#define HF_CORE_POOL_JANITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pool/silence.h"
#include "holdfast.h"

struct hf_error;
struct hf_pool;
struct hf_slot;

/*
 * A live connection is gone: fails or repeats what it ran, tells its lease,
 * and has the world close it.
 */
void hf_janitor_lose(struct hf_pool *pool,
                     struct hf_slot *slot,
                     const struct hf_error *error);

/* The same for a reason of our own. */
void hf_janitor_lose_with(struct hf_pool *pool,
                          struct hf_slot *slot,
                          enum hf_status status);

/* The server refuses us for good: fails what waits if no connection lives. */
void hf_janitor_refuse_all(struct hf_pool *pool);

/* Returns when a connection opened now must be replaced; 0 = never. */
uint64_t hf_janitor_lifetime(struct hf_pool *pool);

/* Takes the answer to a probe made for a silent connection. */
void hf_janitor_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server);

/* Looks through all connections. */
void hf_janitor_sweep(struct hf_pool *pool);

/* Sets the time of the next sweep. Cheap: called after every change. */
void hf_janitor_plan(struct hf_pool *pool);

#endif
