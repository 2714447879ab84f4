/* SPDX-License-Identifier: MIT */
/* Asks a cache, checking it each time, and fills it. */
#ifndef HF_TEST_CACHE_FILL_H
#define HF_TEST_CACHE_FILL_H

#include "cache_support.h"
#include "core/cache/cache.h"

static inline enum hf_cache_verdict ask(struct hf_cache *cache,
                                        const struct hf_cache_query *query,
                                        uint64_t now_us,
                                        struct hf_cache_entry **entry) {
  enum hf_cache_verdict verdict = hf_cache_lookup(cache, query, now_us, entry);
  hf_cache_assert(cache);
  return verdict;
}

static inline enum hf_cache_verdict verdict_of(struct hf_cache *cache,
                                               const char *key,
                                               uint64_t now_us) {
  struct hf_cache_query query = query_for(key);
  struct hf_cache_entry *entry;
  return ask(cache, &query, now_us, &entry);
}

/* Asks and answers. */
static inline void keep_with(struct hf_cache *cache,
                             const struct hf_cache_query *query,
                             int value,
                             uint64_t now_us) {
  struct hf_cache_entry *entry;
  assert_int_equal(ask(cache, query, now_us, &entry), HF_CACHE_FILL);
  assert_true(answer_flight(cache, entry, value, SIZE, query, now_us));
}

static inline void keep(struct hf_cache *cache,
                        const char *key,
                        int value,
                        uint64_t now_us) {
  struct hf_cache_query query = query_for(key);
  keep_with(cache, &query, value, now_us);
}

#endif
