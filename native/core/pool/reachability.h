/* SPDX-License-Identifier: MIT */
/*
 * Tracks whether the server behind a pooler can be reached. A pooler accepts
 * connections while its server is down, so a successful connect proves nothing:
 * every call would be sent, fail and use up its retries. Once the pooler has
 * reported that it has no server, calls wait as they do for a server that
 * refuses connections: a connect counts only when the server itself has
 * answered, the breaker paces connects, idle connections are pinged, and
 * requests that the pooler refused return to the queue as if they had not been
 * sent.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_REACHABILITY_H
#define HF_CORE_POOL_REACHABILITY_H

#include <stdbool.h>

#include "holdfast.h"

struct hf_pool;
struct hf_request;
struct hf_slot;

/*
 * Reports to the breaker that the server was, or was not, reached, and emits an
 * event when that closes or opens the breaker. The error of a failure is
 * hf_pool.connect_error.
 */
void hf_reachability_note_success(struct hf_pool *pool, struct hf_slot *slot);
void hf_reachability_note_failure(struct hf_pool *pool,
                                  struct hf_slot *slot,
                                  const struct hf_classification *why);

/*
 * Notes a failed attempt that ran on its slot. Returns true when the pooler
 * refused it because it has no server: it never reached one.
 */
bool hf_reachability_turned_away(struct hf_pool *pool,
                                 const struct hf_request *request,
                                 const struct hf_classification *why);

/*
 * Notes a statement that succeeded: if the pooler had no server before, it has
 * one now.
 */
void hf_reachability_answered(struct hf_pool *pool,
                              const struct hf_request *request);

/*
 * Notes a new connection. Returns false when it does not prove that the server
 * is reachable.
 */
bool hf_reachability_proved(struct hf_pool *pool, const struct hf_slot *slot);

#endif
