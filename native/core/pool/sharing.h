/* SPDX-License-Identifier: MIT */
/*
 * Sharing: a read is sent on a connection whose earlier request, the head,
 * still runs, when no connection is idle or can be opened. Only on proven paths
 * (reset.h), and only when everything on the connection is usually short,
 * because a read waits for the head.
 *
 * When a head takes longer than SHARE_HEAD_LIMIT_US after all, the reads behind
 * it are moved to other connections, which counts as a retry. What the first
 * connection answers later is read and dropped.
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

/* Returns true when a request may share a connection. */
bool hf_sharing_allows(const struct hf_pool *pool,
                       const struct hf_request *request);

/*
 * Returns a busy connection that a read may join, or NULL. Connections are
 * taken in turn, which spreads the load.
 */
struct hf_slot *hf_sharing_find(struct hf_pool *pool,
                                const struct hf_request *request);

/*
 * Notes how long a request ran at the head of its connection (request.ran_us).
 * Called after it has left the slot.
 */
void hf_sharing_note_end(struct hf_pool *pool, struct hf_request *request);

/* Moves the reads behind heads that take too long. */
void hf_sharing_tick(struct hf_pool *pool);

/* Returns when hf_sharing_tick() is due; UINT64_MAX = never. */
uint64_t hf_sharing_next_us(const struct hf_pool *pool);

#endif
