/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/stats.h"
#include "support.h"

static struct hf_stats *stats;

static int make(void **state) {
  (void)state;
  stats = malloc(sizeof(*stats));
  if (stats == NULL) {
    return -1;
  }
  hf_stats_init(stats);
  return 0;
}

static int drop(void **state) {
  (void)state;
  free(stats);
  return 0;
}

static double read(const char *name) {
  const char *const *names = hf_stats_names();
  double values[HF_STATS_VALUES];
  size_t i;

  hf_stats_read(stats, values, HF_STATS_VALUES);
  for (i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) {
      return values[i];
    }
  }
  fail_msg("no statistic %s", name);
  return 0;
}

static void there_is_a_distinct_name_for_every_number(void **state) {
  const char *const *names = hf_stats_names();
  size_t n, i;

  (void)state;
  for (n = 0; names[n] != NULL; n++) {
    for (i = 0; i < n; i++) {
      assert_string_not_equal(names[i], names[n]);
    }
  }
  assert_int_equal(n, HF_STATS_VALUES);
  assert_int_equal(hf_stats_read(stats, NULL, 0), HF_STATS_ALL_VALUES);
}

static void new_statistics_are_all_zero(void **state) {
  double values[HF_STATS_VALUES];
  size_t i;

  (void)state;
  hf_stats_read(stats, values, HF_STATS_VALUES);
  for (i = 0; i < HF_STATS_VALUES; i++) {
    assert_true(values[i] == 0);
  }
}

static void counters_add_up(void **state) {
  (void)state;
  hf_stats_add(stats, HF_STAT_QUERIES, 2);
  hf_stats_add(stats, HF_STAT_QUERIES, 3);
  assert_int_equal(hf_stats_get(stats, HF_STAT_QUERIES), 5);
  assert_true(read("queries") == 5);
  assert_true(read("succeeded") == 0);
}

static void outcomes_have_a_counter_each(void **state) {
  (void)state;
  hf_stats_add_outcome(stats, HF_OUTCOME_NONE);
  hf_stats_add_outcome(stats, HF_OUTCOME_NOT_EXECUTED);
  hf_stats_add_outcome(stats, HF_OUTCOME_ROLLED_BACK);
  hf_stats_add_outcome(stats, HF_OUTCOME_AMBIGUOUS);
  hf_stats_add_outcome(stats, HF_OUTCOME_PERMANENT);
  assert_true(read("succeeded") == 1);
  assert_true(read("failedNotExecuted") == 1);
  assert_true(read("failedRolledBack") == 1);
  assert_true(read("failedAmbiguous") == 1);
  assert_true(read("failedPermanent") == 1);
}

static void gauges_are_read_as_they_were_set(void **state) {
  struct hf_gauges gauges = {.total = 1,
                             .busy = 2,
                             .idle = 3,
                             .waiting = 4,
                             .connecting = 5,
                             .leased = 6,
                             .breaker = 2,
                             .proxied = 1,
                             .suspended = 1};
  struct hf_gauges back = {0};

  (void)state;
  hf_stats_set_gauges(stats, &gauges);
  hf_stats_get_gauges(stats, &back);
  assert_memory_equal(&gauges, &back, sizeof(gauges));
  assert_true(read("total") == 1);
  assert_true(read("waiting") == 4);
  assert_true(read("leased") == 6);
  assert_true(read("breaker") == 2);
}

static void small_values_are_exact(void **state) {
  uint64_t value;

  (void)state;
  for (value = 1; value <= 15; value++) {
    hf_stats_record(stats, HF_HISTOGRAM_QUERY_TIME, value);
  }
  assert_true(read("queryTimeCount") == 15);
  assert_true(read("queryTimeSum") == 120);
  assert_true(read("queryTimeP50") == 8);
  assert_true(read("queryTimeMax") == 15);
  assert_true(read("acquireWaitCount") == 0);
}

static void quantiles_are_off_by_less_than_seven_percent(void **state) {
  uint64_t value;

  (void)state;
  for (value = 1; value < (uint64_t)1 << 39; value = value * 3 + 1) {
    double p50;

    hf_stats_init(stats);
    hf_stats_record(stats, HF_HISTOGRAM_CONNECT_TIME, value);
    hf_stats_record(stats, HF_HISTOGRAM_CONNECT_TIME, value * 100);
    p50 = read("connectTimeP50");
    assert_true(p50 >= (double)value * 0.93);
    assert_true(p50 <= (double)value * 1.07);
    assert_true(read("connectTimeMax") == (double)(value * 100));
  }
}

static void every_quantile_of_one_value_is_that_value(void **state) {
  (void)state;
  hf_stats_record(stats, HF_HISTOGRAM_LEASE_TIME, 1000);
  assert_true(read("leaseTimeP50") <= 1000);
  assert_true(read("leaseTimeP50") > 930);
  assert_true(read("leaseTimeP99") <= 1000);
  assert_true(read("leaseTimeMax") == 1000);
}

static void the_99th_percentile_ignores_the_last_percent(void **state) {
  int i;

  (void)state;
  for (i = 0; i < 990; i++) {
    hf_stats_record(stats, HF_HISTOGRAM_ACQUIRE_WAIT, 10);
  }
  for (i = 0; i < 10; i++) {
    hf_stats_record(stats, HF_HISTOGRAM_ACQUIRE_WAIT, 100000);
  }
  assert_true(read("acquireWaitP99") == 10);
  hf_stats_record(stats, HF_HISTOGRAM_ACQUIRE_WAIT, 100000);
  assert_true(read("acquireWaitP99") > 90000);
}

static void the_largest_number_fits_into_a_bucket(void **state) {
  (void)state;
  hf_stats_record(stats, HF_HISTOGRAM_QUERY_TIME, UINT64_MAX);
  hf_stats_record(stats, HF_HISTOGRAM_QUERY_TIME, 0);
  assert_true(read("queryTimeCount") == 2);
  assert_true(read("queryTimeP50") == 0);
}

static void successes_are_counted_by_the_attempt_that_brought_them(
    void **state) {
  int32_t retries;

  (void)state;
  for (retries = 0; retries < 10; retries++) {
    hf_stats_add_success(stats, retries);
  }
  assert_true(read("succeeded") == 10);
  assert_true(read("retriesSucceeded") == 9);
  assert_true(read("succeededOnAttempt1") == 1);
  assert_true(read("succeededOnAttempt2") == 1);
  assert_true(read("succeededOnAttempt3") == 1);
  assert_true(read("succeededOnAttempt4") == 7);
}

static void retries_are_counted_by_the_outcome_before_them(void **state) {
  (void)state;
  hf_stats_add_retry(stats, HF_OUTCOME_NOT_EXECUTED);
  hf_stats_add_retry(stats, HF_OUTCOME_ROLLED_BACK);
  hf_stats_add_retry(stats, HF_OUTCOME_ROLLED_BACK);
  hf_stats_add_retry(stats, HF_OUTCOME_AMBIGUOUS);
  assert_true(read("retries") == 4);
  assert_true(read("retriesNotExecuted") == 1);
  assert_true(read("retriesRolledBack") == 2);
  assert_true(read("retriesAmbiguous") == 1);
}

static void refusals_are_counted_by_their_class(void **state) {
  (void)state;
  hf_stats_add_sqlstate(stats, "08006");
  hf_stats_add_sqlstate(stats, "42P05");
  hf_stats_add_sqlstate(stats, "42601");
  hf_stats_add_sqlstate(stats, "XX000");
  hf_stats_add_sqlstate(stats, "P0001");
  hf_stats_add_sqlstate(stats, "");
  assert_true(read("sqlState08") == 1);
  assert_true(read("sqlState42") == 2);
  assert_true(read("sqlStateXX") == 1);
  assert_true(read("sqlStateOther") == 1);
}

static void every_class_is_found_by_its_name(void **state) {
  const char *const *names = hf_stats_names();
  int stat;

  (void)state;
  for (stat = HF_STAT_CLASS_08; stat < HF_STAT_CLASS_OTHER; stat++) {
    hf_stats_add_sqlstate(stats, names[stat] + strlen("sqlState"));
    assert_int_equal(hf_stats_get(stats, (enum hf_stat)stat), 1);
  }
}

/* How often a SQLSTATE was counted; "" asks for the others. */
static double count_of(const char *sqlstate) {
  double values[HF_STATS_ALL_VALUES];
  double code = (double)strtoul(sqlstate, NULL, 36);
  size_t i;

  assert_int_equal(hf_stats_read(stats, values, HF_STATS_ALL_VALUES),
                   hf_stats_value_count());
  if (sqlstate[0] == '\0') {
    return values[HF_STATS_VALUES];
  }
  for (i = HF_STATS_VALUES + 1; i < HF_STATS_ALL_VALUES; i += 2) {
    if (values[i] == code) {
      return values[i + 1];
    }
  }
  return 0;
}

static void refusals_are_counted_by_their_code(void **state) {
  (void)state;
  assert_true(count_of("40001") == 0);
  hf_stats_add_sqlstate(stats, "40001");
  hf_stats_add_sqlstate(stats, "42P05");
  hf_stats_add_sqlstate(stats, "40001");
  hf_stats_add_sqlstate(stats, "ZZZZZ");
  hf_stats_add_sqlstate(stats, "");
  assert_true(count_of("40001") == 2);
  assert_true(count_of("42P05") == 1);
  assert_true(count_of("ZZZZZ") == 1);
  assert_true(count_of("") == 0);
}

static void a_code_that_is_no_sqlstate_is_counted_as_other(void **state) {
  static const char *const wrong[] = {"00000",
                                      "4000",
                                      "42p05",
                                      "4 001",
                                      "\"}1"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    hf_stats_add_sqlstate(stats, wrong[i]);
  }
  assert_true(count_of("") == (double)(sizeof wrong / sizeof wrong[0]));
}

static void a_full_table_keeps_its_codes_and_counts_new_ones_as_other(
    void **state) {
  enum { MORE = 3 };
  char sqlstate[6];
  int i;

  (void)state;
  for (i = 0; i < HF_SQLSTATES + MORE; i++) {
    assert_int_equal(snprintf(sqlstate, sizeof sqlstate, "HV%03d", i), 5);
    hf_stats_add_sqlstate(stats, sqlstate);
  }
  hf_stats_add_sqlstate(stats, "HV000");
  hf_stats_add_sqlstate(stats, sqlstate);
  assert_true(count_of("HV000") == 2);
  assert_true(count_of("HV063") == 1);
  assert_true(count_of("HV064") == 0);
  assert_true(count_of("") == MORE + 1);
}

static void buckets_count_the_values_below_their_bound(void **state) {
  double counts[HF_HISTOGRAM_COUNT * HF_HISTOGRAM_BOUNDS];
  size_t n = 0;
  const double *bounds = hf_stats_bounds(&n);
  size_t first = HF_HISTOGRAM_QUERY_TIME * HF_HISTOGRAM_BOUNDS;
  size_t i;

  (void)state;
  assert_int_equal(n, HF_HISTOGRAM_BOUNDS);
  for (i = 0; i < n; i++) {
    hf_stats_record(stats, HF_HISTOGRAM_QUERY_TIME, (uint64_t)bounds[i] - 1);
    hf_stats_record(stats, HF_HISTOGRAM_QUERY_TIME, (uint64_t)bounds[i]);
  }
  assert_int_equal(
      hf_stats_read_buckets(stats, counts, hf_stats_bucket_count()),
      hf_stats_bucket_count());
  for (i = 0; i < n; i++) {
    assert_true(counts[first + i] == (double)(2 * i + 1));
    assert_true(counts[i] == 0); /* the first histogram has no values */
  }
  assert_int_equal(hf_stats_read_buckets(stats, NULL, 0),
                   hf_stats_bucket_count());
}

static void a_short_array_is_not_overrun(void **state) {
  double values[3] = {-1, -1, -1};

  (void)state;
  hf_stats_add(stats, HF_STAT_QUERIES, 1);
  assert_int_equal(hf_stats_read(stats, values, 2), HF_STATS_ALL_VALUES);
  assert_true(values[0] == 1);
  assert_true(values[1] == 0);
  assert_true(values[2] == -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(there_is_a_distinct_name_for_every_number,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(new_statistics_are_all_zero, make, drop),
      cmocka_unit_test_setup_teardown(counters_add_up, make, drop),
      cmocka_unit_test_setup_teardown(outcomes_have_a_counter_each, make, drop),
      cmocka_unit_test_setup_teardown(gauges_are_read_as_they_were_set,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(small_values_are_exact, make, drop),
      cmocka_unit_test_setup_teardown(
          quantiles_are_off_by_less_than_seven_percent,
          make,
          drop),
      cmocka_unit_test_setup_teardown(every_quantile_of_one_value_is_that_value,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(
          the_99th_percentile_ignores_the_last_percent,
          make,
          drop),
      cmocka_unit_test_setup_teardown(the_largest_number_fits_into_a_bucket,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(
          successes_are_counted_by_the_attempt_that_brought_them,
          make,
          drop),
      cmocka_unit_test_setup_teardown(
          retries_are_counted_by_the_outcome_before_them,
          make,
          drop),
      cmocka_unit_test_setup_teardown(refusals_are_counted_by_their_class,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(every_class_is_found_by_its_name,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(refusals_are_counted_by_their_code,
                                      make,
                                      drop),
      cmocka_unit_test_setup_teardown(
          a_code_that_is_no_sqlstate_is_counted_as_other,
          make,
          drop),
      cmocka_unit_test_setup_teardown(
          a_full_table_keeps_its_codes_and_counts_new_ones_as_other,
          make,
          drop),
      cmocka_unit_test_setup_teardown(
          buckets_count_the_values_below_their_bound,
          make,
          drop),
      cmocka_unit_test_setup_teardown(a_short_array_is_not_overrun, make, drop),
  };

  return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
