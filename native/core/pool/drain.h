/* SPDX-License-Identifier: MIT */
/*
 * Ends a pool, or the work of one of its owners: what was submitted is finished
 * until the drain time is over, then the rest is cut short.
 *
 * Threads: the engine's thread only. Part of the pool.
 */
#ifndef HF_CORE_POOL_DRAIN_H
#define HF_CORE_POOL_DRAIN_H

struct hf_pool;
struct hf_request;

/* Cuts short everything that still waits or runs. */
void hf_drain_cut_all(struct hf_pool *pool);

/* Takes an owner's leases away and interrupts its requests. */
void hf_drain_cut_owner(struct hf_pool *pool, const void *owner);

/* Closes connections that no request waits for. Called while draining. */
void hf_drain_close_spare(struct hf_pool *pool);

#endif
