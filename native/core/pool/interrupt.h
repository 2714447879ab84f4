/* SPDX-License-Identifier: MIT */
/*
 * Ends a request before its answer: deadline, timeout or abort. A waiting
 * request ends at once. One that runs alone is cancelled on the server and
 * given a second to report what became of it. One that shares its connection is
 * answered at once, because a cancel could hit another request.
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
  /* How long a cancelled statement may take to report how it ended. */
  HF_CANCEL_GRACE_US = 1000 * 1000
};

/* Ends a live request with `status`. */
void hf_interrupt_request(struct hf_pool *pool,
                          struct hf_request *request,
                          enum hf_status status);

/*
 * Marks a request whose answer nobody reads. It is cancelled if it still runs
 * after a second.
 */
void hf_interrupt_orphan(struct hf_pool *pool, struct hf_request *request);

/*
 * Sends a cancel request, and sets the request's timer to the next cancel or to
 * the end of the grace period.
 */
void hf_interrupt_cancel(struct hf_pool *pool, struct hf_request *request);

/* Counts a request that was ended with `status`. */
void hf_interrupt_count(struct hf_pool *pool, enum hf_status status);

/*
 * Answers the user now. The request stays on its connection until the server
 * has answered.
 */
void hf_interrupt_answer(struct hf_pool *pool,
                         struct hf_request *request,
                         enum hf_status status);

#endif
