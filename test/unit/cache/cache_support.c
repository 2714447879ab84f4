/* SPDX-License-Identifier: MIT */
#include "cache_support.h"

#include <stdlib.h>
#include <string.h>

static int payloads; /* alive */

static void *new_payload(int value) {
  int *payload = malloc(sizeof *payload);
  *payload = value;
  payloads++;
  return payload;
}

static void free_payload(void *payload) {
  payloads--;
  free(payload);
}

int payload_value(const struct hf_cache_entry *entry) {
  return *(const int *)entry->payload;
}

int payloads_alive(void) {
  return payloads;
}

void open_cache_of(struct hf_cache *cache, uint64_t max_bytes) {
  static const struct hf_hash_key key = {4, 2};
  payloads = 0;
  hf_cache_init(cache, max_bytes, &key, free_payload);
}

void open_cache(struct hf_cache *cache) {
  open_cache_of(cache, MAX);
}

void close_cache(struct hf_cache *cache) {
  hf_cache_assert(cache);
  hf_cache_finish(cache);
  assert_int_equal(payloads, 0);
}

struct hf_cache_query query_for(const char *key) {
  struct hf_cache_query query = {0};
  query.key = key;
  query.key_bytes = strlen(key) + 1;
  query.max_age.ttl_us = 10 * SECOND;
  return query;
}

bool answer_flight(struct hf_cache *cache,
                   struct hf_cache_entry *entry,
                   int value,
                   size_t bytes,
                   const struct hf_cache_query *query,
                   uint64_t as_of_us) {
  bool kept = hf_cache_answered(cache,
                                entry,
                                new_payload(value),
                                bytes,
                                &query->max_age,
                                as_of_us);
  hf_cache_assert(cache);
  return kept;
}
