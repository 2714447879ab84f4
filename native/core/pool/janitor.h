/* SPDX-License-Identifier: MIT */
/*
 * Closes connections that are old or unused, gives up those that do not
 * respond, and has the server of a silent one probed.
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

/* Handles the result of a probe of a silent connection. */
void hf_janitor_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server);

/* Checks every connection. Called when hf_pool.sweep_us is due. */
void hf_janitor_sweep(struct hf_pool *pool);

/* Sets the time of the next sweep. Cheap: called after every change. */
void hf_janitor_plan(struct hf_pool *pool);

#endif
