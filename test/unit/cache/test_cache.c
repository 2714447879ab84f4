/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cache_fill.h"

/* ---- asking -------------------------------------------------------------- */

static void the_first_call_asks_the_server_and_the_next_is_a_hit(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  keep(&cache, "a", 7, SECOND);
  assert_int_equal(ask(&cache, &query, 2 * SECOND, &entry), HF_CACHE_HIT);
  assert_int_equal(payload_value(entry), 7);
  close_cache(&cache);
}

static void a_call_during_a_flight_joins_it(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_entry *same;
  struct hf_cache_query query = query_for("a");
  struct hf_cache_waiter waiters[2] = {0};
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  assert_int_equal(ask(&cache, &query, 0, &same), HF_CACHE_JOIN);
  assert_ptr_equal(entry, same);
  hf_cache_wait(&cache, entry, &waiters[0], 0);
  hf_cache_wait(&cache, entry, &waiters[1], 0);
  assert_ptr_equal(hf_cache_next_waiter(&cache, entry), &waiters[0]);
  assert_ptr_equal(hf_cache_next_waiter(&cache, entry), &waiters[1]);
  assert_null(hf_cache_next_waiter(&cache, entry));
  assert_true(answer_flight(&cache, entry, 1, SIZE, &query, 0));
  close_cache(&cache);
}

static void only_calls_with_the_same_timeout_join_a_flight(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  query.timeout_us = 5;
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_BYPASS);
  close_cache(&cache);
}

static void keys_are_compared_byte_by_byte(void **state) {
  static const char one[] = "a\0b";
  static const char other[] = "a\0c";
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  query.key = one;
  query.key_bytes = sizeof one;
  keep_with(&cache, &query, 1, 0);
  query.key = other;
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  query.key = one;
  query.key_bytes = sizeof one - 1;
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  close_cache(&cache);
}

/* ---- time ---------------------------------------------------------------- */

static void a_result_expires_after_its_time_to_live(void **state) {
  struct hf_cache cache;
  (void)state;
  open_cache(&cache);
  keep(&cache, "a", 1, SECOND);
  assert_int_equal(verdict_of(&cache, "a", 11 * SECOND - 1), HF_CACHE_HIT);
  assert_int_equal(verdict_of(&cache, "a", 11 * SECOND), HF_CACHE_FILL);
  close_cache(&cache);
}

static void the_shorter_of_two_times_to_live_counts(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  keep(&cache, "a", 1, 0);
  query.max_age.ttl_us = 20 * SECOND;
  assert_int_equal(ask(&cache, &query, 9 * SECOND, &entry), HF_CACHE_HIT);
  query.max_age.ttl_us = 2 * SECOND;
  assert_int_equal(ask(&cache, &query, 3 * SECOND, &entry), HF_CACHE_FILL);
  /* While that is under way, others still take what is there. */
  assert_int_equal(verdict_of(&cache, "a", 3 * SECOND), HF_CACHE_HIT);
  query.max_age.ttl_us = 20 * SECOND;
  assert_int_equal(ask(&cache, &query, 11 * SECOND, &entry), HF_CACHE_JOIN);
  hf_cache_failed(&cache, entry);
  close_cache(&cache);
}

static void a_stale_result_is_only_for_calls_that_accept_one(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  query.max_age.stale_us = 60 * SECOND;
  keep_with(&cache, &query, 1, 0);
  assert_int_equal(ask(&cache, &query, 15 * SECOND, &entry), HF_CACHE_FILL);
  assert_true(hf_cache_accepts(entry, &query.max_age, 15 * SECOND));
  assert_true(hf_cache_accepts(entry, &query.max_age, 70 * SECOND - 1));
  assert_false(hf_cache_accepts(entry, &query.max_age, 70 * SECOND));
  query.unreachable = true;
  assert_int_equal(ask(&cache, &query, 15 * SECOND, &entry), HF_CACHE_STALE);
  query.max_age.stale_us = 0;
  assert_false(hf_cache_accepts(entry, &query.max_age, 15 * SECOND));
  assert_int_equal(ask(&cache, &query, 15 * SECOND, &entry), HF_CACHE_JOIN);
  hf_cache_failed(&cache, entry);
  assert_int_equal(entry->state, HF_CACHE_STORED);
  close_cache(&cache);
}

static void infinite_times_to_live_do_not_overflow(void **state) {
  struct hf_cache cache;
  struct hf_cache_query query = query_for("a");
  struct hf_cache_entry *entry;
  (void)state;
  open_cache(&cache);
  query.max_age.ttl_us = UINT64_MAX;
  query.max_age.stale_us = UINT64_MAX;
  keep_with(&cache, &query, 1, 100 * SECOND);
  /* Earlier than it was made: clocks of two threads. */
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_HIT);
  assert_int_equal(ask(&cache, &query, UINT64_MAX - 1, &entry), HF_CACHE_HIT);
  assert_true(hf_cache_accepts(entry, &query.max_age, UINT64_MAX - 1));
  close_cache(&cache);
}

/* ---- waiting ------------------------------------------------------------- */

static void waiters_time_out_in_order_of_their_deadlines(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_entry *of;
  struct hf_cache_query query = query_for("a");
  struct hf_cache_waiter waiters[3] = {0};
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  hf_cache_wait(&cache, entry, &waiters[0], 30);
  hf_cache_wait(&cache, entry, &waiters[1], 10);
  hf_cache_wait(&cache, entry, &waiters[2], 0);
  hf_cache_assert(&cache);
  assert_int_equal(hf_cache_next_us(&cache), 10);
  assert_null(hf_cache_due(&cache, 9, &of));
  assert_ptr_equal(hf_cache_due(&cache, 10, &of), &waiters[1]);
  assert_ptr_equal(of, entry);
  assert_int_equal(hf_cache_next_us(&cache), 30);
  hf_cache_leave(&cache, &waiters[0]);
  hf_cache_leave(&cache, &waiters[0]);
  assert_true(hf_cache_next_us(&cache) == UINT64_MAX);
  assert_ptr_equal(hf_cache_next_waiter(&cache, entry), &waiters[2]);
  hf_cache_failed(&cache, entry);
  close_cache(&cache);
}

static void an_orphaned_flight_continues_with_another_leader(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  int first;
  int second;
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  entry->leader = &first;
  assert_null(hf_cache_first_orphan(&cache));
  hf_cache_orphan(&cache, entry);
  hf_cache_assert(&cache);
  assert_int_equal(verdict_of(&cache, "a", 0), HF_CACHE_JOIN);
  assert_ptr_equal(hf_cache_first_orphan(&cache), entry);
  hf_cache_adopt(&cache, entry, &second);
  assert_null(hf_cache_first_orphan(&cache));
  assert_true(answer_flight(&cache, entry, 1, SIZE, &query, 0));
  close_cache(&cache);
}

static void a_failed_flight_leaves_no_entry(void **state) {
  struct hf_cache cache;
  struct hf_cache_entry *entry;
  struct hf_cache_query query = query_for("a");
  (void)state;
  open_cache(&cache);
  assert_int_equal(ask(&cache, &query, 0, &entry), HF_CACHE_FILL);
  hf_cache_failed(&cache, entry);
  hf_cache_assert(&cache);
  assert_int_equal(cache.entries.count, 0);
  assert_int_equal(verdict_of(&cache, "a", 0), HF_CACHE_FILL);
  close_cache(&cache);
}

/* ---- failures ------------------------------------------------------------ */

static struct hf_error failed_with(enum hf_status status,
                                   enum hf_outcome outcome,
                                   const char *sqlstate) {
  struct hf_error error;
  hf_error_init(&error);
  error.status = status;
  error.outcome = outcome;
  (void)snprintf(error.sqlstate, sizeof error.sqlstate, "%s", sqlstate);
  return error;
}

static void an_unreachable_server_is_told_apart_from_an_sql_error(
    void **state) {
  static const struct {
    enum hf_status status;
    enum hf_outcome outcome;
    const char *sqlstate;
    bool unreachable, own;
  } rows[] = {
      {HF_SOCKET_ERROR, HF_OUTCOME_NOT_EXECUTED, "", true, false},
      {HF_SOCKET_ERROR, HF_OUTCOME_AMBIGUOUS, "", true, false},
      {HF_SILENT, HF_OUTCOME_AMBIGUOUS, "", true, false},
      {HF_DEADLINE, HF_OUTCOME_NOT_EXECUTED, "", true, true},
      {HF_BREAKER_OPEN, HF_OUTCOME_NOT_EXECUTED, "", true, true},
      {HF_ACQUIRE_TIMEOUT, HF_OUTCOME_NOT_EXECUTED, "", true, true},
      {HF_QUERY_TIMEOUT, HF_OUTCOME_ROLLED_BACK, "57014", false, false},
      {HF_QUERY_TIMEOUT, HF_OUTCOME_AMBIGUOUS, "", true, false},
      {HF_ABORTED, HF_OUTCOME_NOT_EXECUTED, "", false, true},
      {HF_POOL_CLOSED, HF_OUTCOME_NOT_EXECUTED, "", false, false},
      {HF_RESULT_TOO_LARGE, HF_OUTCOME_AMBIGUOUS, "", false, false},
      {HF_SOCKET_ERROR, HF_OUTCOME_PERMANENT, "", false, false},
      {HF_SERVER_ERROR, HF_OUTCOME_ROLLED_BACK, "57P01", true, false},
      {HF_SERVER_ERROR, HF_OUTCOME_NOT_EXECUTED, "53300", true, false},
      {HF_SERVER_ERROR, HF_OUTCOME_NOT_EXECUTED, "08P01", true, false},
      {HF_SERVER_ERROR, HF_OUTCOME_PERMANENT, "42P01", false, false},
      {HF_SERVER_ERROR, HF_OUTCOME_ROLLED_BACK, "40001", false, false},
      {HF_AUTH_ERROR, HF_OUTCOME_PERMANENT, "28P01", false, false},
  };
  size_t i;
  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct hf_error error =
        failed_with(rows[i].status, rows[i].outcome, rows[i].sqlstate);
    assert_int_equal(hf_cache_is_unreachable(&error), rows[i].unreachable);
    assert_int_equal(hf_cache_is_leaders_own(&error), rows[i].own);
  }
}

/* ---- memory -------------------------------------------------------------- */

static void without_memory_nothing_is_cached_and_nothing_leaks(void **state) {
  static const char *const labels[] = {"ka", "tb"};
  struct hf_cache_query query = query_for("a");
  size_t n;
  bool failed = true;
  (void)state;
  query.tags = labels;
  query.n_tags = 2;
  for (n = 0; failed; n++) {
    struct hf_cache cache;
    struct hf_cache_entry *entry;
    enum hf_cache_verdict verdict;
    open_cache(&cache);
    fail_allocations_after(n);
    verdict = hf_cache_lookup(&cache, &query, 0, &entry);
    failed = allocations_were_failed();
    assert_int_equal(verdict, failed ? HF_CACHE_BYPASS : HF_CACHE_FILL);
    assert_int_equal(cache.entries.count, failed ? 0 : 1);
    assert_int_equal(cache.tags.table.count, failed ? 0 : 2);
    close_cache(&cache);
  }
  assert_true(n > 4);
}

static void a_cache_whose_table_cannot_grow_still_finds_entries(void **state) {
  struct hf_cache cache;
  char key[16];
  int i;
  (void)state;
  open_cache_of(&cache, 1024 * 1024);
  for (i = 0; i < 64; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    keep(&cache, key, i, 0);
  }
  /* The entry is had, the larger array is not. */
  fail_allocations_after(1);
  keep(&cache, "one more", 64, 0);
  assert_true(allocations_were_failed());
  keep(&cache, "and another", 65, 0);
  for (i = 0; i < 64; i++) {
    (void)snprintf(key, sizeof key, "k%d", i);
    assert_int_equal(verdict_of(&cache, key, 0), HF_CACHE_HIT);
  }
  assert_int_equal(verdict_of(&cache, "one more", 0), HF_CACHE_HIT);
  close_cache(&cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_call_asks_the_server_and_the_next_is_a_hit),
      cmocka_unit_test(a_call_during_a_flight_joins_it),
      cmocka_unit_test(only_calls_with_the_same_timeout_join_a_flight),
      cmocka_unit_test(keys_are_compared_byte_by_byte),
      cmocka_unit_test(a_result_expires_after_its_time_to_live),
      cmocka_unit_test(the_shorter_of_two_times_to_live_counts),
      cmocka_unit_test(a_stale_result_is_only_for_calls_that_accept_one),
      cmocka_unit_test(infinite_times_to_live_do_not_overflow),
      cmocka_unit_test(waiters_time_out_in_order_of_their_deadlines),
      cmocka_unit_test(an_orphaned_flight_continues_with_another_leader),
      cmocka_unit_test(a_failed_flight_leaves_no_entry),
      cmocka_unit_test(an_unreachable_server_is_told_apart_from_an_sql_error),
      cmocka_unit_test(without_memory_nothing_is_cached_and_nothing_leaks),
      cmocka_unit_test(a_cache_whose_table_cannot_grow_still_finds_entries)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
