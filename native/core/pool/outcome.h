/* SPDX-License-Identifier: MIT */
/*
 * What becomes of an attempt: whether the request goes again or is settled,
 * and by what words.
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
 * Judges request->error after an attempt (HF_OK = success): settles the
 * request, sends it again at once, or puts it to sleep. It must be RUNNING and
 * on no list. Returns whether its connection must not be used again.
 */
bool hf_outcome_judge(struct hf_pool *pool, struct hf_request *request);

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

/*
 * A read that stands behind a head that takes too long runs elsewhere, if the
 * law of repetition lets it; its place is taken by a request that nobody
 * reads. Returns whether it does.
 */
bool hf_outcome_go_elsewhere(struct hf_pool *pool, struct hf_request *request);

#endif
