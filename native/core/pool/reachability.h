/* SPDX-License-Identifier: MIT */
/*
 * The server behind a pooler. A pooler accepts connections while its server
 * is away, so that a connect proves nothing: every call would travel, fail and
 * use up its attempts. Once the pooler has said that it has no server, calls
 * wait as they do for a server that refuses connections: every connect must
 * bring an answer of the server's, the breaker paces them, idle connections
 * are pinged, and what was turned away returns to the queue as if unsent.
 *
 * Threads: the pool's.
 */
#ifndef HF_CORE_POOL_REACHABILITY_H
#define HF_CORE_POOL_REACHABILITY_H

#include <stdbool.h>

#include "holdfast.h"

struct hf_pool;
struct hf_request;
struct hf_slot;

/*
 * Tells the breaker of a success or a failure of reaching the server, and
 * whoever listens, by way of the slot, when that closed or opened it. A
 * failure's error is the pool's connect_error.
 */
void hf_reachability_note_success(struct hf_pool *pool, struct hf_slot *slot);
void hf_reachability_note_failure(struct hf_pool *pool,
                                  struct hf_slot *slot,
                                  const struct hf_classification *why);

/*
 * Notes a failed attempt that was running on its slot. Returns true when the
 * pooler turned it away for want of a server: it never reached one.
 */
bool hf_reachability_turned_away(struct hf_pool *pool,
                                 const struct hf_request *request,
                                 const struct hf_classification *why);

/*
 * Notes a statement that went well: the pooler that had no server a while
 * ago has one now.
 */
void hf_reachability_answered(struct hf_pool *pool,
                              const struct hf_request *request);

/*
 * Notes a new connection. Returns false when it is no proof that the server
 * is there: it was begun before there was doubt.
 */
bool hf_reachability_proved(struct hf_pool *pool, const struct hf_slot *slot);

#endif
