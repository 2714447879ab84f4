/* SPDX-License-Identifier: MIT */
/* A small cache whose payloads are numbers, counted. */
#ifndef HF_TEST_CACHE_SUPPORT_H
#define HF_TEST_CACHE_SUPPORT_H

#include "core/cache/cache.h"
#include "support.h"

enum { SECOND = 1000 * 1000, SIZE = 100, MAX = 16 * 1024 };

/* How many payloads are alive. */
int payloads_alive(void);

/* Makes a cache of `max_bytes`; nothing is alive yet. */
void open_cache_of(struct hf_cache *cache, uint64_t max_bytes);

/* The same with MAX. */
void open_cache(struct hf_cache *cache);

/* Finishes it and asserts that nothing is left. */
void close_cache(struct hf_cache *cache);

int payload_value(const struct hf_cache_entry *entry);

/* A question with a time to live of ten seconds. */
struct hf_cache_query query_for(const char *key);

/* Ends a flight with a number; returns whether it is kept. */
bool answer_flight(struct hf_cache *cache,
                   struct hf_cache_entry *entry,
                   int value,
                   size_t bytes,
                   const struct hf_cache_query *query,
                   uint64_t as_of_us);

#endif
