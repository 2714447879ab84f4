/* SPDX-License-Identifier: MIT */
/*
 * The pool's queue: bounded, first in first out, O(1) removal from anywhere. A
 * request that is retried at once re-enters at the head.
 *
 * Ownership: borrows requests.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_QUEUE_H
#define HF_CORE_POOL_QUEUE_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

/* Puts a request that is retried at the head of the queue. Never refuses. */
void hf_queue_reenter(struct hf_pool *pool, struct hf_request *request);

/*
 * Appends a new request and sets its timer. Returns HF_OK, HF_QUEUE_FULL or
 * HF_POOL_CLOSED; the request is unchanged unless HF_OK.
 */
HF_NODISCARD enum hf_status hf_queue_enter(struct hf_pool *pool,
                                           struct hf_request *request);

/* Removes a request from the queue. Its state is left to the caller. */
void hf_queue_leave(struct hf_pool *pool, struct hf_request *request);

/* Returns the first request, or NULL. */
struct hf_request *hf_queue_first(const struct hf_pool *pool);

#endif
