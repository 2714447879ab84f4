/* SPDX-License-Identifier: MIT */
/*
 * Reads that share a connection: sent behind one that still runs, the head,
 * when no connection is idle or can be opened. Only on proven paths
 * (checkup.h), and only where everything on it is usually short: what stands
 * behind a head waits for it.
 *
 * A head that is not short after all holds up the reads behind it no longer
 * than SHARE_HEAD_LIMIT_US: they go elsewhere, which is a repetition. What the
 * first connection answers them later is read and dropped.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_SHARING_H
#define HF_CORE_POOL_SHARING_H

#include <stdbool.h>
#include <stdint.h>

struct hf_pool;
struct hf_request;
struct hf_slot;

/* Returns whether a request may run where others do. */
bool hf_sharing_allows(const struct hf_pool *pool,
                       const struct hf_request *request);

/*
 * Returns a busy connection that a read may join, or NULL. The list turns as
 * it is used, so that the load spreads without being counted.
 */
struct hf_slot *hf_sharing_find(struct hf_pool *pool,
                                const struct hf_request *request);

/*
 * A request ended: how long it ran once nothing was before it on its
 * connection is noted in `ran_us`. To be called when it has left the slot.
 */
void hf_sharing_note_end(struct hf_pool *pool, struct hf_request *request);

/* Moves the reads behind heads that take too long. */
void hf_sharing_tick(struct hf_pool *pool);

/* Returns when hf_sharing_tick is due, UINT64_MAX when never. */
uint64_t hf_sharing_next_us(const struct hf_pool *pool);

#endif
