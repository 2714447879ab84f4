/* SPDX-License-Identifier: MIT */
/*
 * Ending a request before its answer: deadlines, time-outs, aborts, orphans.
 * What waits ends at once. What runs alone is cancelled on the server and
 * waits up to a second for the truth; what shares its connection is answered
 * at once, for a cancel could hit a neighbour.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_TIMEOUTS_H
#define HF_CORE_POOL_TIMEOUTS_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

/* Ends a live request for the reason `status`. */
void hf_timeouts_end(struct hf_pool *pool,
                     struct hf_request *request,
                     enum hf_status status);

/* Nobody reads it any more: cancelled if it still runs after a second. */
void hf_timeouts_orphan(struct hf_pool *pool, struct hf_request *request);

/* Handles every timer that is due. */
void hf_timeouts_tick(struct hf_pool *pool);

#endif
