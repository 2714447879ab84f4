/* SPDX-License-Identifier: MIT */
/*
 * Looks after connections: closes what is old or unused, gives up what does not
 * answer, and has the server of a silent one asked.
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

struct hf_pool;
struct hf_slot;

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
