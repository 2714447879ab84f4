/* SPDX-License-Identifier: MIT */
/*
 * The course of a lease: its statements one after the other, and its end when
 * what it was given has ended.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_LEASE_RELEASE_H
#define HF_CORE_POOL_LEASE_RELEASE_H

#include "core/pool/lease.h"

struct hf_pool;
struct hf_request;

/* Sends the next statement when nothing is in flight, or ends the lease. */
void hf_lease_advance(struct hf_pool *pool, struct hf_lease *lease);

/* Ends the lease when what it was given has ended. */
void hf_lease_release(struct hf_pool *pool,
                      struct hf_lease *lease,
                      enum hf_release how);

/* Makes a ROLLBACK of what was to be COMMIT; the engine sees it by request.end.
 */
void hf_lease_turn_into_rollback(struct hf_request *request);

#endif
