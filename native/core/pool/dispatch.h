/* SPDX-License-Identifier: MIT */
/*
 * What is done with a live connection: send a request on it, keep it idle, or
 * close it.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_DISPATCH_H
#define HF_CORE_POOL_DISPATCH_H

#include <stdbool.h>

#include "core/pool/slot.h"

struct hf_pool;
struct hf_request;

/*
 * Sends a request on a slot that is BUSY or LEASED. The request must be on no
 * list.
 */
void hf_dispatch_start(struct hf_pool *pool,
                       struct hf_slot *slot,
                       struct hf_request *request);

/*
 * Returns true when a connection must be closed as soon as it is free: it is of
 * an older generation, past its lifetime or its number of uses, above the
 * limit, or no longer needed.
 */
bool hf_dispatch_is_spent(const struct hf_pool *pool,
                          const struct hf_slot *slot);

/* Makes a connection IDLE, or closes it when hf_dispatch_is_spent() says so. */
void hf_dispatch_free_slot(struct hf_pool *pool, struct hf_slot *slot);

/* Closes a live slot that has nothing in flight. */
void hf_dispatch_close_slot(struct hf_pool *pool, struct hf_slot *slot);

/* Closes every slot of a state, CONNECTING or IDLE. */
void hf_dispatch_close_all(struct hf_pool *pool, enum hf_slot_state state);

#endif
