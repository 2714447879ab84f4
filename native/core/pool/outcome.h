/* SPDX-License-Identifier: MIT */
/*
 * Settles requests: what they are answered with, and what is counted for them.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_OUTCOME_H
#define HF_CORE_POOL_OUTCOME_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

/*
 * Settles a request that waits, or was never sent, with one of our own codes.
 * Its cause is the last connect error or the error of an earlier attempt.
 */
void hf_outcome_refuse(struct hf_pool *pool,
                       struct hf_request *request,
                       enum hf_status status);

/*
 * Settles a request with request->error as it is. The request must be on no
 * list.
 */
void hf_outcome_settle(struct hf_pool *pool, struct hf_request *request);

/*
 * Counts a health probe that is being answered; does nothing for other
 * requests.
 */
void hf_outcome_count_health(struct hf_pool *pool,
                             const struct hf_request *request);

#endif
