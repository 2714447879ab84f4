/* SPDX-License-Identifier: MIT */
/*
 * The pool's waiting line: bounded, first in first out, O(1) to leave from
 * anywhere. A request that goes again at once re-enters at its head, ahead of
 * those that came later.
 *
 * Ownership: borrows requests.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_QUEUE_H
#define HF_CORE_POOL_QUEUE_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

/* Puts a request that goes again at the head; never refuses. */
void hf_queue_reenter(struct hf_pool *pool, struct hf_request *request);

/*
 * Puts a new request at the end and arms its deadline. HF_QUEUE_FULL, or
 * HF_POOL_CLOSED; the request is untouched then.
 */
HF_NODISCARD enum hf_status hf_queue_enter(struct hf_pool *pool,
                                           struct hf_request *request);

/* Takes a request out of the line, leaving its state to the caller. */
void hf_queue_leave(struct hf_pool *pool, struct hf_request *request);

/* Returns the first request, or NULL. */
struct hf_request *hf_queue_first(const struct hf_pool *pool);

#endif
