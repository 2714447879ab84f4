/* SPDX-License-Identifier: MIT */
/*
 * Runs queries that may be answered from the cache.
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

/* Refuses to cache a statement. */
void hf_query_cache_refuse(struct hf_port *port, const struct hf_op *op);

/*
 * Aborts a call that waits for another call's answer, or whose answer others
 * wait for. Returns false when it is neither: the pool aborts it.
 */
bool hf_query_cache_abort(struct hf_call *call);

/*
 * Invalidates results with this label, all if it is NULL, in the caches of all
 * handles of a pool. Returns how many.
 */
int32_t hf_query_cache_invalidate(struct hf_netpool *pool, const char *label);

#endif
