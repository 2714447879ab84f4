/* SPDX-License-Identifier: MIT */
/*
 * Matches waiting requests to connections: gives them idle connections, lets
 * reads share a busy one when there is no other way, and decides how many
 * connections to open.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_SCHEDULER_H
#define HF_CORE_POOL_SCHEDULER_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;
struct hf_slot;

/*
 * Sends waiting requests while there are connections for them, then opens the
 * connections that are missing.
 */
void hf_scheduler_run(struct hf_pool *pool);

/*
 * Returns true when one more connection would be opened now if the breaker
 * allowed it.
 */
bool hf_scheduler_wants_connection(const struct hf_pool *pool);

/*
 * Brings the next attempt to connect forward for a request that must not wait
 * for it: a health probe, or one that would be refused by the last failure.
 */
void hf_scheduler_probe_soon(struct hf_pool *pool,
                             const struct hf_request *request);

/*
 * Called after a failed connect. Fails requests that need not wait: the failure
 * is permanent, or the caller asked to fail fast.
 */
void hf_scheduler_fail_fast(struct hf_pool *pool);

/*
 * Returns when hf_scheduler_run() will open a connection that the breaker
 * delays now; UINT64_MAX = never.
 */
uint64_t hf_scheduler_next_us(const struct hf_pool *pool);

/*
 * Fails waiting requests whose deadline is before the next attempt to connect.
 * Walks the queue only when that attempt is later than last time.
 */
void hf_scheduler_fail_unreachable(struct hf_pool *pool);

/* The same for one request that has just been queued. O(1). */
void hf_scheduler_fail_unreachable_one(struct hf_pool *pool,
                                       struct hf_request *request);

/*
 * Called after a connect that began at `began_us` has failed. When the breaker
 * is open and no connection is live, notes it for hf_pool_is_unreachable() and
 * answers the waiting health probes that it answers. `transient`: the failure
 * may pass in a moment without anybody's doing.
 */
void hf_scheduler_fail_probes(struct hf_pool *pool,
                              uint64_t began_us,
                              bool transient);

#endif
