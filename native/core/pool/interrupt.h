/* SPDX-License-Identifier: MIT */
/*
 * Ending a request before its answer: for a deadline, a time-out, an abort.
 * What waits ends at once. What runs alone is cancelled on the server and
 * waits up to a second for the truth; what shares its connection is answered
 * at once, for a cancel could hit a neighbour.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_INTERRUPT_H
#define HF_CORE_POOL_INTERRUPT_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

enum {
  /* How long a cancelled statement may take to say what became of it. */
  HF_CANCEL_GRACE_US = 1000 * 1000
};

/* Ends a live request for the reason `status`. */
void hf_interrupt_request(struct hf_pool *pool,
                          struct hf_request *request,
                          enum hf_status status);

/* Nobody reads it any more: cancelled if it still runs after a second. */
void hf_interrupt_orphan(struct hf_pool *pool, struct hf_request *request);

/* Sends a cancel, and has the request looked at once more before the grace
 * ends.
 */
void hf_interrupt_cancel(struct hf_pool *pool, struct hf_request *request);

/* Counts a request that is ended for this reason. */
void hf_interrupt_count(struct hf_pool *pool, enum hf_status status);

/* Answers the user now; the request stays until its answer was read. */
void hf_interrupt_answer(struct hf_pool *pool,
                         struct hf_request *request,
                         enum hf_status status);

#endif
