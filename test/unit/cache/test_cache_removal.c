/* SPDX-License-Identifier: MIT */
/* What leaves the cache: results that are invalidated, discarded or evicted. */
#include <stdio.h>
#include <string.h>

#include "cache_fill.h"

/* ---- invalidation -------------------------------------------------------- */

static void invalidating_a_tag_drops_the_entries_that_carry_it(void **state) {
  static const char *const both[] = {"tusers", "tposts"};
  static const char *const users[] = {"tusers"};
  struct hf_cache cache;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  query.tags = both;
  query.n_tags = 2;
  keep_with(&cache, &query, 1, 0);
  query = query_for("b");
  query.tags = users;
  query.n_tags = 1;
  keep_with(&cache, &query, 2, 0);
  keep(&cache, "c", 3, 0);
  assert_int_equal(hf_cache_invalidate(&cache, "tposts"), 1);
  hf_cache_assert(&cache);
  assert_int_equal(hf_cache_invalidate(&cache, "tposts"), 0);
  assert_int_equal(verdict_of(&cache, "b", 0), HF_CACHE_HIT);
  assert_int_equal(hf_cache_invalidate(&cache, "tusers"), 1);
  assert_int_equal(verdict_of(&cache, "c", 0), HF_CACHE_HIT);
  assert_int_equal(hf_cache_invalidate(&cache, NULL), 1);
  assert_int_equal(cache.bytes, 0);
  assert_int_equal(cache.tags.table.count, 0);
  close_cache(&cache);
}

static void an_invalidated_flight_is_neither_stored_nor_joined(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *old;
  struct hf_cache_entry *new;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &old), HF_CACHE_FILL);
  assert_int_equal(hf_cache_invalidate(&cache, NULL), 1);
  hf_cache_assert(&cache);
  assert_int_equal(hf_cache_invalidate(&cache, NULL), 0);
  assert_int_equal(ask(&cache, &query, 0, &new), HF_CACHE_FILL);
  assert_ptr_not_equal(old, new);
  assert_true(answer_flight(&cache, new, 2, SIZE, &query, 0));
  assert_false(answer_flight(&cache, old, 1, SIZE, &query, 0));
  assert_int_equal(ask(&cache, &query, 0, &new), HF_CACHE_HIT);
  assert_int_equal(payload_value(new), 2);
  close_cache(&cache);
}

static void an_invalidated_result_is_not_served_stale(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  query.max_age.stale_us = 60 * SECOND;
  keep_with(&cache, &query, 1, 0);
  assert_int_equal(ask(&cache, &query, 15 * SECOND, &entry), HF_CACHE_FILL);
  assert_int_equal(hf_cache_invalidate(&cache, NULL), 1);
  assert_false(hf_cache_accepts(entry, &query.max_age, 15 * SECOND));
  hf_cache_failed(&cache, entry);
  assert_int_equal(payloads_alive(), 0);
  close_cache(&cache);
}

static void a_discarded_result_is_asked_for_again(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  keep(&cache, "a", 1, 0);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_HIT);
  hf_cache_discard_payload(&cache, entry);
  hf_cache_assert(&cache);
  keep(&cache, "a", 2, 0);
  assert_int_equal(ask(&cache, &query, 20 * SECOND, &entry), HF_CACHE_FILL);
  hf_cache_discard_payload(&cache, entry);
  hf_cache_assert(&cache);
  hf_cache_discard_payload(&cache, entry);
  assert_int_equal(entry->state, HF_CACHE_FILLING);
  close_cache(&cache);
}

/* ---- space --------------------------------------------------------------- */

static void long_tags_count_towards_the_limit(void **state) {
  static char name[MAX / 4];
  const char *labels[] = {name};
  struct hf_cache cache;
  int i;
  (void)state;
  memset(name, 'l', sizeof name - 1);
  open_cache(&cache);
  for (i = 0; i < 40; i++) {
    char key[16];
    struct hf_cache_query query;
    struct hf_cache_entry *entry = NULL;
    (void)snprintf(key, sizeof key, "k%d", i);
    name[0] = (char)('A' + i); /* another label each time */
    query = query_for(key);
    query.tags = labels;
    query.n_tags = 1;
    assert_int_equal(hf_cache_lookup(&cache, &query, 0, &entry), HF_CACHE_FILL);
    (void)answer_flight(&cache, entry, i, SIZE, &query, 0);
  }
  assert_true(cache.bytes <= MAX);
  assert_in_range(cache.tags.table.count, 0, 4);
  close_cache(&cache);
}

static void the_least_recently_used_entry_is_evicted(void **state) {
  struct hf_cache cache;
  char key[16];
  int i;
  (void)state;
  open_cache(&cache);
  keep(&cache, "first", 1, 0);
  keep(&cache, "second", 2, 0);
  for (i = 0; cache.evictions == 0; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    keep(&cache, key, i, 0);
    assert_int_equal(verdict_of(&cache, "first", 0), HF_CACHE_HIT);
  }
  assert_true(cache.bytes <= MAX);
  assert_int_equal(verdict_of(&cache, "first", 0), HF_CACHE_HIT);
  assert_int_equal(verdict_of(&cache, "second", 0), HF_CACHE_FILL);
  close_cache(&cache);
}

static void a_large_result_is_delivered_and_not_stored(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  assert_false(
      answer_flight(&cache, entry, 1, MAX / HF_CACHE_SHARE, &query, 0));
  assert_int_equal(cache.entries.count, 0);
  assert_int_equal(payloads_alive(), 0);
  close_cache(&cache);
}

static void a_cache_without_space_still_shares_flights(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache_of(&cache, 0);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_JOIN);
  assert_false(answer_flight(&cache, entry, 1, 1, &query, 0));
  close_cache(&cache);
}

static void an_entry_that_is_being_refilled_is_not_evicted(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("old");
  char key[16];
  int i;
  (void)state;
  open_cache(&cache);
  keep(&cache, "old", 1, 0);
  assert_int_equal(ask(&cache, &query, 20 * SECOND, &entry), HF_CACHE_FILL);
  for (i = 0; cache.evictions < 3; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    keep(&cache, key, i, 20 * SECOND);
  }
  assert_int_equal(payload_value(entry), 1);
  assert_true(answer_flight(&cache, entry, 2, SIZE, &query, 20 * SECOND));
  close_cache(&cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(invalidating_a_tag_drops_the_entries_that_carry_it),
      cmocka_unit_test(an_invalidated_flight_is_neither_stored_nor_joined),
      cmocka_unit_test(an_invalidated_result_is_not_served_stale),
      cmocka_unit_test(a_discarded_result_is_asked_for_again),
      cmocka_unit_test(long_tags_count_towards_the_limit),
      cmocka_unit_test(the_least_recently_used_entry_is_evicted),
      cmocka_unit_test(a_large_result_is_delivered_and_not_stored),
      cmocka_unit_test(a_cache_without_space_still_shares_flights),
      cmocka_unit_test(an_entry_that_is_being_refilled_is_not_evicted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
