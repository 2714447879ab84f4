/* SPDX-License-Identifier: MIT */
#include "core/policy/backoff.h"
#include "support.h"

static const struct hf_retry_policy full = {.base_ms = 50,
                                            .cap_ms = 2000,
                                            .jitter = HF_JITTER_FULL};
static const struct hf_retry_policy none = {.base_ms = 50,
                                            .cap_ms = 2000,
                                            .jitter = HF_JITTER_NONE};

static void full_jitter_spans_from_zero_to_the_ceiling(void **state) {
  static const int32_t ceilings[] = {50, 100, 200, 400, 800, 1600, 2000, 2000};
  int32_t n;

  (void)state;
  for (n = 0; n < 8; n++) {
    assert_int_equal(hf_backoff_delay(&full, n, HF_BACKOFF_FULL, 0), 0);
    assert_int_equal(hf_backoff_delay(&full, n, HF_BACKOFF_FULL, UINT32_MAX),
                     ceilings[n]);
  }
}

static void without_jitter_delays_are_exact(void **state) {
  (void)state;
  assert_int_equal(hf_backoff_delay(&none, 0, HF_BACKOFF_FULL, 123), 50);
  assert_int_equal(hf_backoff_delay(&none, 1, HF_BACKOFF_FULL, 456), 100);
  assert_int_equal(hf_backoff_delay(&none, 9, HF_BACKOFF_FULL, 789), 2000);
  assert_int_equal(hf_backoff_delay(&none, 0, HF_BACKOFF_SLOW, 123), 50);
}

static void linear_growth_adds_the_base_each_time(void **state) {
  struct hf_retry_policy policy = none;

  (void)state;
  policy.growth = HF_GROWTH_LINEAR;
  policy.cap_ms = 120;
  assert_int_equal(hf_backoff_delay(&policy, 0, HF_BACKOFF_FULL, 0), 50);
  assert_int_equal(hf_backoff_delay(&policy, 1, HF_BACKOFF_FULL, 0), 100);
  assert_int_equal(hf_backoff_delay(&policy, 2, HF_BACKOFF_FULL, 0), 120);
}

static void an_overloaded_server_is_given_at_least_half_the_delay(
    void **state) {
  struct hf_retry_policy policy = full;

  (void)state;
  assert_int_equal(hf_backoff_delay(&full, 0, HF_BACKOFF_SLOW, 0), 125);
  assert_int_equal(hf_backoff_delay(&full, 0, HF_BACKOFF_SLOW, UINT32_MAX),
                   250);
  assert_int_equal(hf_backoff_delay(&full, 1, HF_BACKOFF_SLOW, 0), 250);
  assert_int_equal(hf_backoff_delay(&full, 9, HF_BACKOFF_SLOW, UINT32_MAX),
                   2000);
  policy.cap_ms = 10;
  assert_int_equal(hf_backoff_delay(&policy, 0, HF_BACKOFF_SLOW, 0), 125);
}

static void extreme_settings_do_not_overflow(void **state) {
  struct hf_retry_policy policy = {.base_ms = INT32_MAX,
                                   .cap_ms = INT32_MAX,
                                   .jitter = HF_JITTER_FULL};

  (void)state;
  assert_int_equal(
      hf_backoff_delay(&policy, INT32_MAX, HF_BACKOFF_SLOW, UINT32_MAX),
      INT32_MAX);
  policy.growth = HF_GROWTH_LINEAR;
  assert_int_equal(
      hf_backoff_delay(&policy, INT32_MAX, HF_BACKOFF_FULL, UINT32_MAX),
      INT32_MAX);
  policy.base_ms = -5;
  assert_int_equal(hf_backoff_delay(&policy, 3, HF_BACKOFF_FULL, UINT32_MAX),
                   0);
  policy.base_ms = 5;
  policy.cap_ms = -1;
  assert_int_equal(hf_backoff_delay(&policy, 3, HF_BACKOFF_FULL, UINT32_MAX),
                   0);
  assert_int_equal(hf_backoff_delay(&full, -3, HF_BACKOFF_FULL, UINT32_MAX),
                   50);
}

static void spread_includes_both_ends(void **state) {
  (void)state;
  assert_int_equal(hf_backoff_spread(0, UINT32_MAX), 0);
  assert_int_equal(hf_backoff_spread(-1, UINT32_MAX), 0);
  assert_int_equal(hf_backoff_spread(9, 0), 0);
  assert_int_equal(hf_backoff_spread(9, UINT32_MAX), 9);
  assert_int_equal(hf_backoff_spread(INT32_MAX, UINT32_MAX), INT32_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(full_jitter_spans_from_zero_to_the_ceiling),
      cmocka_unit_test(without_jitter_delays_are_exact),
      cmocka_unit_test(linear_growth_adds_the_base_each_time),
      cmocka_unit_test(an_overloaded_server_is_given_at_least_half_the_delay),
      cmocka_unit_test(extreme_settings_do_not_overflow),
      cmocka_unit_test(spread_includes_both_ends),
  };

  return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
