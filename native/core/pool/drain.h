/* SPDX-License-Identifier: MIT */
/*
 * The end of a pool, and of one of its owners: what was asked for before is
 * finished, up to a moment at which the rest is cut short.
 *
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_DRAIN_H
#define HF_CORE_POOL_DRAIN_H

struct hf_pool;
struct hf_request;

/* The time for finishing is over for all that there is. */
void hf_drain_cut_all(struct hf_pool *pool);

/* Takes an owner's leases away, and ends its requests. */
void hf_drain_cut_owner(struct hf_pool *pool, const void *owner);

/* While draining: closes the connections that nobody waits for. */
void hf_drain_close_spare(struct hf_pool *pool);

#endif
