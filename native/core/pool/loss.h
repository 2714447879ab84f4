/* SPDX-License-Identifier: MIT */
/*
 * A connection that is gone, and a server that refuses us: what becomes of the
 * requests and the lease that were on it, and of those that wait.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_LOSS_H
#define HF_CORE_POOL_LOSS_H

#include "holdfast.h"

struct hf_error;
struct hf_pool;
struct hf_slot;

/*
 * A live connection is gone: fails or repeats what it ran, tells its lease,
 * and has the engine close it.
 */
void hf_loss_lose(struct hf_pool *pool,
                  struct hf_slot *slot,
                  const struct hf_error *error);

/* The same for a reason of our own. */
void hf_loss_lose_with(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_status status);

/* The server refuses us for good: fails what waits if no connection lives. */
void hf_loss_refuse_all(struct hf_pool *pool);

#endif
