/* SPDX-License-Identifier: MIT */
/*
 * Accepts statements of a lease. They run in call order, except that a ROLLBACK
 * may end the statements in front of it.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_LEASE_STATEMENTS_H
#define HF_CORE_POOL_LEASE_STATEMENTS_H

#include "holdfast.h"

struct hf_pool;
struct hf_request;

/*
 * Queues a statement and sends it when it is its turn. A plain ROLLBACK ends
 * the statements in front of it: at once when it is urgent, else when the one
 * that runs has taken longer than a short time.
 */
void hf_lease_submit(struct hf_pool *pool, struct hf_request *request);

/*
 * Handles the timer of a waiting statement: its deadline, or the time after
 * which a ROLLBACK stops waiting.
 */
void hf_lease_due(struct hf_pool *pool, struct hf_request *request);

/*
 * Ends a request whose caller gave up or whose time is over. A request that
 * ends a transaction and was not sent is turned into a ROLLBACK instead, which
 * runs before everything in front of it.
 */
void hf_lease_interrupt(struct hf_pool *pool,
                        struct hf_request *request,
                        enum hf_status status);

#endif
