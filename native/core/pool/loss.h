/* SPDX-License-Identifier: MIT */
/*
 * Handles lost connections and servers that refuse us: what becomes of the
 * requests and the lease on the connection, and of those that wait.
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
 * Handles the loss of a live connection: fails or retries its requests, tells
 * its lease, and has the engine close it.
 */
void hf_loss_lose(struct hf_pool *pool,
                  struct hf_slot *slot,
                  const struct hf_error *error);

/* The same with an error of our own. */
void hf_loss_lose_with(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_status status);

/*
 * Fails everything that waits with the last connect error, unless a connection
 * is live. For refusals that are permanent.
 */
void hf_loss_refuse_all(struct hf_pool *pool);

#endif
