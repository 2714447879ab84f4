/* SPDX-License-Identifier: MIT */
/*
 * Runs the statements of a lease one after the other and ends it when the last
 * of them is over.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_LEASE_RELEASE_H
#define HF_CORE_POOL_LEASE_RELEASE_H

#include "core/pool/lease.h"

struct hf_pool;
struct hf_request;

/*
 * Sends the next statement when nothing is in flight, or ends the lease when it
 * was released and nothing waits.
 */
void hf_lease_advance(struct hf_pool *pool, struct hf_lease *lease);

/*
 * Releases the lease: now, or when the statements submitted before have ended.
 */
void hf_lease_release(struct hf_pool *pool,
                      struct hf_lease *lease,
                      enum hf_release how);

/*
 * Replaces the COMMIT of a request by ROLLBACK. The engine reads request.end to
 * send the right statement.
 */
void hf_lease_turn_into_rollback(struct hf_request *request);

#endif
