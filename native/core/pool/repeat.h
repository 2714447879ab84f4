/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a request is retried after an attempt, when, and on which
 * connection: the retry policy applied to the requests of a pool.
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
 * request, retries it at once, or schedules the retry. The request must be
 * RUNNING and on no list. Returns true when its connection must not be used
 * again.
 */
bool hf_repeat_judge(struct hf_pool *pool, struct hf_request *request);

/*
 * Moves a read that is stuck behind a slow head to another connection if it may
 * be retried. A request that nobody reads takes its place on the old one.
 * Returns true if it was moved.
 */
bool hf_repeat_elsewhere(struct hf_pool *pool, struct hf_request *request);

#endif
