/* SPDX-License-Identifier: MIT */
/*
 * Who goes next and where: gives waiting requests to idle connections, lets
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

/* Serves the queue as far as connections allow, then opens what is missing. */
void hf_scheduler_run(struct hf_pool *pool);

/* Returns whether one more would be opened now, were it not for the breaker. */
bool hf_scheduler_wants_connection(const struct hf_pool *pool);

/*
 * Brings the next probe forward for a request that does not wait for it in
 * peace: a health probe, and one whose answer may have changed by now.
 */
void hf_scheduler_probe_soon(struct hf_pool *pool,
                             const struct hf_request *request);

/*
 * After a failed connect: fails what waits when waiting is of no use, because
 * the failure is permanent or the caller asked for it.
 */
void hf_scheduler_fail_fast(struct hf_pool *pool);

/*
 * Returns when hf_scheduler_run would open a connection that the breaker keeps
 * it from opening now; UINT64_MAX when never.
 */
uint64_t hf_scheduler_next_us(const struct hf_pool *pool);

/*
 * Fails what waits when no connection can come in time. Walks the queue only
 * when the next probe is later than it was the last time.
 */
void hf_scheduler_fail_unreachable(struct hf_pool *pool);

/* The same for one request that has just begun to wait. O(1). */
void hf_scheduler_fail_unreachable_one(struct hf_pool *pool,
                                       struct hf_request *request);

/*
 * After a connect that began at `began_us` has failed: notes it for
 * hf_pool_is_unreachable when the breaker is open and no connection lives, and
 * answers the probes that wait to which it is an answer. `transient`: the
 * failure may be over in a moment, though nothing changes but the time.
 */
void hf_scheduler_fail_probes(struct hf_pool *pool,
                              uint64_t began_us,
                              bool transient);

#endif
