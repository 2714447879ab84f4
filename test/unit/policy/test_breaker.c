/* SPDX-License-Identifier: MIT */
#include "core/policy/breaker.h"
#include "support.h"

static void fail_times(struct hf_breaker *breaker, int n, uint64_t now_ms) {
  while (n-- > 0) {
    hf_breaker_failure(breaker, now_ms, HF_PACE_NORMAL, 0);
  }
}

static void it_opens_after_five_failures_in_a_row(void **state) {
  struct hf_breaker breaker;

  (void)state;
  hf_breaker_init(&breaker);
  fail_times(&breaker, 4, 100);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_CLOSED);
  assert_int_equal(hf_breaker_next_at(&breaker), 0);
  assert_true(hf_breaker_allow(&breaker, 100));
  fail_times(&breaker, 1, 100);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_OPEN);
  assert_false(hf_breaker_allow(&breaker, 100));
}

static void a_success_resets_the_count_of_failures(void **state) {
  struct hf_breaker breaker;

  (void)state;
  hf_breaker_init(&breaker);
  fail_times(&breaker, 4, 100);
  hf_breaker_success(&breaker);
  fail_times(&breaker, 4, 100);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_CLOSED);
}

static void half_open_lets_exactly_one_probe_through(void **state) {
  struct hf_breaker breaker;
  uint64_t at;

  (void)state;
  hf_breaker_init(&breaker);
  fail_times(&breaker, 5, 100);
  at = hf_breaker_next_at(&breaker);
  assert_in_range(at, 101, 100 + HF_BREAKER_PACE_MAX_MS);
  assert_false(hf_breaker_allow(&breaker, at - 1));
  assert_true(hf_breaker_allow(&breaker, at));
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_HALF_OPEN);
  assert_false(hf_breaker_allow(&breaker, at));
  hf_breaker_success(&breaker);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_CLOSED);
  assert_true(hf_breaker_allow(&breaker, at));
}

static void failed_probes_are_at_most_250_ms_apart(void **state) {
  struct hf_breaker breaker;
  uint64_t now = 1000;
  uint64_t longest = 0;
  uint32_t seed = 3;
  int i;

  (void)state;
  hf_breaker_init(&breaker);
  fail_times(&breaker, 5, now);
  for (i = 0; i < 200; i++) {
    uint64_t wait = hf_breaker_next_at(&breaker) - now;

    assert_in_range(wait, 1, HF_BREAKER_PACE_MAX_MS);
    longest = wait > longest ? wait : longest;
    now += wait;
    assert_true(hf_breaker_allow(&breaker, now));
    hf_breaker_failure(&breaker, now, HF_PACE_NORMAL, next_random(&seed));
    assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_OPEN);
  }
  assert_true(longest > HF_BREAKER_PACE_MAX_MS / 2);
}

static void a_full_server_is_not_probed_for_a_second(void **state) {
  struct hf_breaker breaker;

  (void)state;
  hf_breaker_init(&breaker);
  hf_breaker_failure(&breaker, 100, HF_PACE_SLOW, 0);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_OPEN);
  assert_int_equal(hf_breaker_next_at(&breaker), 100 + HF_BREAKER_SLOW_MS);
  assert_true(hf_breaker_allow(&breaker, 1100));
  hf_breaker_failure(&breaker, 1100, HF_PACE_SLOW, UINT32_MAX);
  assert_in_range(hf_breaker_next_at(&breaker), 2100, 2600);
}

static void a_refused_password_is_retried_after_five_seconds(void **state) {
  struct hf_breaker breaker;

  (void)state;
  hf_breaker_init(&breaker);
  hf_breaker_failure(&breaker, 100, HF_PACE_REFUSED, 0);
  assert_false(hf_breaker_allow(&breaker, 5099));
  assert_true(hf_breaker_allow(&breaker, 5100));
}

static void late_failures_do_not_bring_the_probe_forward(void **state) {
  struct hf_breaker breaker;
  uint64_t at;

  (void)state;
  hf_breaker_init(&breaker);
  hf_breaker_failure(&breaker, 100, HF_PACE_REFUSED, 0);
  at = hf_breaker_next_at(&breaker);
  hf_breaker_failure(&breaker, 101, HF_PACE_NORMAL, 0);
  hf_breaker_failure(&breaker, 101, HF_PACE_SLOW, 0);
  assert_int_equal(hf_breaker_next_at(&breaker), at);
  hf_breaker_failure(&breaker, 200, HF_PACE_REFUSED, 0);
  assert_int_equal(hf_breaker_next_at(&breaker), at + 100);
}

static void a_probe_can_be_brought_forward_to_a_tenth_of_a_second(
    void **state) {
  struct hf_breaker breaker;

  (void)state;
  hf_breaker_init(&breaker);
  hf_breaker_probe_soon(&breaker, 50);
  assert_true(hf_breaker_allow(&breaker, 50));
  hf_breaker_failure(&breaker, 100, HF_PACE_SLOW, 0);
  hf_breaker_probe_soon(&breaker, 101);
  assert_int_equal(hf_breaker_next_at(&breaker),
                   100 + HF_BREAKER_PROBE_SOON_MS);
  hf_breaker_probe_soon(&breaker, 400);
  assert_int_equal(hf_breaker_next_at(&breaker),
                   100 + HF_BREAKER_PROBE_SOON_MS);
  assert_true(hf_breaker_allow(&breaker, 400));
  hf_breaker_failure(&breaker, 401, HF_PACE_REFUSED, 0);
  hf_breaker_probe_soon(&breaker, 402);
  assert_int_equal(hf_breaker_next_at(&breaker),
                   401 + HF_BREAKER_PROBE_SOON_REFUSED_MS);
}

static void a_dropped_probe_may_be_replaced_at_once(void **state) {
  struct hf_breaker breaker;
  uint64_t at;

  (void)state;
  hf_breaker_init(&breaker);
  hf_breaker_probe_dropped(&breaker);
  assert_int_equal(hf_breaker_state(&breaker), HF_CIRCUIT_CLOSED);
  fail_times(&breaker, 5, 100);
  at = hf_breaker_next_at(&breaker);
  assert_true(hf_breaker_allow(&breaker, at));
  hf_breaker_probe_dropped(&breaker);
  assert_true(hf_breaker_allow(&breaker, at));
}

static void the_pace_follows_the_classification(void **state) {
  struct hf_classification why = {.outcome = HF_OUTCOME_PERMANENT};

  (void)state;
  assert_int_equal(hf_breaker_pace_of(&why), HF_PACE_REFUSED);
  why.outcome = HF_OUTCOME_NOT_EXECUTED;
  assert_int_equal(hf_breaker_pace_of(&why), HF_PACE_NORMAL);
  why.slow = true;
  assert_int_equal(hf_breaker_pace_of(&why), HF_PACE_SLOW);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_opens_after_five_failures_in_a_row),
      cmocka_unit_test(a_success_resets_the_count_of_failures),
      cmocka_unit_test(half_open_lets_exactly_one_probe_through),
      cmocka_unit_test(failed_probes_are_at_most_250_ms_apart),
      cmocka_unit_test(a_full_server_is_not_probed_for_a_second),
      cmocka_unit_test(a_refused_password_is_retried_after_five_seconds),
      cmocka_unit_test(late_failures_do_not_bring_the_probe_forward),
      cmocka_unit_test(a_probe_can_be_brought_forward_to_a_tenth_of_a_second),
      cmocka_unit_test(a_dropped_probe_may_be_replaced_at_once),
      cmocka_unit_test(the_pace_follows_the_classification),
  };

  return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
