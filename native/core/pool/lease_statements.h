/* SPDX-License-Identifier: MIT */
/*
 * The statements of a lease on their way in: in call order, but for a ROLLBACK,
 * which may end what is in its way.
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
 * Queues a statement; sends it when it is its turn. A whole ROLLBACK ends what
 * is in its way: at once when it is urgent, else once that has run for a while.
 */
void hf_lease_submit(struct hf_pool *pool, struct hf_request *request);

/* A statement has waited long enough: for its deadline or as a ROLLBACK. */
void hf_lease_due(struct hf_pool *pool, struct hf_request *request);

/*
 * Its caller has given up on a request, or its time is over: ends it. One that
 * is to end a transaction, and was not sent, rolls it back instead, before what
 * is in its way.
 */
void hf_lease_interrupt(struct hf_pool *pool,
                        struct hf_request *request,
                        enum hf_status status);

#endif
