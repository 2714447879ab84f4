/* SPDX-License-Identifier: MIT */
/* What the files of the query cache share. */
#ifndef HF_NET_ENGINE_QUERY_CACHE_INTERNAL_H
#define HF_NET_ENGINE_QUERY_CACHE_INTERNAL_H

#include <stdbool.h>

#include "net/engine/cached_result.h"
#include "net/engine/query_cache.h"

/* The first letters of labels. */
enum { HF_LABEL_KEY = 'k' };

/* Returns whether no statement would be sent now: calls wait for a server. */
bool hf_query_cache_is_away(const struct hf_netpool *pool);

/* Brings the pool's statistics up to date. */
void hf_query_cache_publish(struct hf_query_cache *cached);

/* Fails a call that waits no more, for a reason of its own; frees it. */
void hf_query_cache_give_up(struct hf_call *call, enum hf_status status);

#endif
