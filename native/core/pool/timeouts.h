/* SPDX-License-Identifier: MIT */
/*
 * The timers of requests: deadlines, timeouts, delays before retries and the
 * grace period of cancels.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_TIMEOUTS_H
#define HF_CORE_POOL_TIMEOUTS_H

struct hf_pool;

/* Handles every timer that is due. */
void hf_timeouts_tick(struct hf_pool *pool);

#endif
