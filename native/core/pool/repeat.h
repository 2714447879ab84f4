/* SPDX-License-Identifier: MIT */
/*
 * Whether a request goes again after an attempt, when and on what connection:
 * the retry law applied to the pool's requests.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_REPEAT_H
#define HF_CORE_POOL_REPEAT_H

#include <stdbool.h>

struct hf_pool;
struct hf_request;

/*
 * Judges request->error after an attempt (HF_OK = success): settles the
 * request, sends it again at once, or puts it to sleep. It must be RUNNING and
 * on no list. Returns whether its connection must not be used again.
 */
bool hf_repeat_judge(struct hf_pool *pool, struct hf_request *request);

/*
 * A read that stands behind a head that takes too long runs elsewhere, if the
 * law of repetition lets it; its place is taken by a request that nobody
 * reads. Returns whether it does.
 */
bool hf_repeat_elsewhere(struct hf_pool *pool, struct hf_request *request);

#endif
