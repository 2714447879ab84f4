/* SPDX-License-Identifier: MIT */
/*
 * Cached queries: from operations to answers that were there already, or to
 * flights (query_cache_flight.h).
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_QUERY_CACHE_H
#define HF_NET_ENGINE_QUERY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_netpool;
struct hf_port;

/* Runs an HF_OP_QUERY with HF_FLAG_CACHE. */
void hf_query_cache_query(struct hf_handle *handle,
                          const struct hf_op *op,
                          const char *const *fields);

/* Says that a statement cannot be cached. */
void hf_query_cache_refuse(struct hf_port *port, const struct hf_op *op);

/*
 * Aborts a call that waits for another, or that others wait for; false when
 * that is the pool's to do.
 */
bool hf_query_cache_abort(struct hf_call *call);

/* Forgets what carries the label, all when NULL, in every handle of a pool. */
int32_t hf_query_cache_invalidate(struct hf_netpool *pool, const char *label);

#endif
