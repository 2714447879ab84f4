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
#ifndef HF_CORE_BEHIND_H
#define HF_CORE_BEHIND_H

#include <stdbool.h>

#include "holdfast.h"

struct hf_pool;
struct hf_request;
struct hf_slot;

/*
 * Notes a failed attempt that was running on its slot. Returns true when the
 * pooler turned it away for want of a server: it never reached one.
 */
bool hf_behind_turned_away(struct hf_pool *pool,
                           const struct hf_request *request,
                           const struct hf_classification *why);

/*
 * Notes a new connection. Returns false when it is no proof that the server
 * is there: it was begun before there was doubt.
 */
bool hf_behind_proved(struct hf_pool *pool, const struct hf_slot *slot);

#endif
