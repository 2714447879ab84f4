/* SPDX-License-Identifier: MIT */
/*
 * How a request ends: what it is answered with, and what is counted for it.
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
 * Settles a request that waits, or never started, with one of our own codes.
 * The last failure of connecting, or of an earlier attempt, is its cause.
 */
void hf_outcome_refuse(struct hf_pool *pool,
                       struct hf_request *request,
                       enum hf_status status);

/* Settles with request->error as it stands. It must be on no list. */
void hf_outcome_settle(struct hf_pool *pool, struct hf_request *request);

/* Counts a health probe whose user is answered now; others it leaves alone. */
void hf_outcome_count_health(struct hf_pool *pool,
                             const struct hf_request *request);

#endif
