/* SPDX-License-Identifier: MIT */
/*
 * What happens to a connection that is live: a request is sent on it, it is
 * kept when it is free, or closed.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_DISPATCH_H
#define HF_CORE_POOL_DISPATCH_H

#include <stdbool.h>

struct hf_pool;
struct hf_request;
struct hf_slot;

/* Sends a request that is on no list on `slot`, BUSY or LEASED. */
void hf_dispatch_start(struct hf_pool *pool,
                       struct hf_slot *slot,
                       struct hf_request *request);

/*
 * Returns whether a connection is to end when it is free: it is of an older
 * generation, at the end of its life or used up, there are too many, or nobody
 * needs one.
 */
bool hf_dispatch_is_spent(const struct hf_pool *pool,
                          const struct hf_slot *slot);

/* A connection is free: keeps it, or closes it when it is spent. */
void hf_dispatch_free_slot(struct hf_pool *pool, struct hf_slot *slot);

/* Closes a live slot with nothing in flight. */
void hf_dispatch_close_slot(struct hf_pool *pool, struct hf_slot *slot);

#endif
