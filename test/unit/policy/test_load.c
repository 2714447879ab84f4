/* SPDX-License-Identifier: MIT */
#include "core/policy/load.h"
#include "support.h"

static struct hf_load load;

static int fresh(void **state) {
  (void)state;
  hf_load_init(&load);
  return 0;
}

static void load_is_high_when_more_attempts_fail_than_calls_succeed(
    void **state) {
  (void)state;
  assert_false(hf_load_is_high(&load, 5000));
  hf_load_call(&load, 5000);
  hf_load_call(&load, 5050);
  hf_load_failure(&load, 5060, false);
  hf_load_failure(&load, 5150, false);
  assert_false(hf_load_is_high(&load, 5200));
  hf_load_failure(&load, 5250, false);
  assert_true(hf_load_is_high(&load, 5300));
}

static void a_call_that_is_given_up_does_not_count_as_a_success(void **state) {
  (void)state;
  hf_load_call(&load, 5000);
  hf_load_failure(&load, 5000, true);
  assert_true(hf_load_is_high(&load, 5000));
}

static void counts_older_than_a_second_are_ignored(void **state) {
  int i;

  (void)state;
  for (i = 0; i < 9; i++) {
    hf_load_failure(&load, 5000, false);
  }
  assert_true(hf_load_is_high(&load, 5900));
  assert_false(hf_load_is_high(&load, 6000));
  hf_load_call(&load, 6600); /* the same slot of the ring, a round later */
  assert_false(hf_load_is_high(&load, 6600));
}

static void an_overload_reported_by_the_server_lasts_a_second(void **state) {
  (void)state;
  hf_load_call(&load, 5000);
  hf_load_overloaded(&load, 5000);
  assert_true(hf_load_is_high(&load, 5999));
  assert_false(hf_load_is_high(&load, 6000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(
          load_is_high_when_more_attempts_fail_than_calls_succeed,
          fresh),
      cmocka_unit_test_setup(
          a_call_that_is_given_up_does_not_count_as_a_success,
          fresh),
      cmocka_unit_test_setup(counts_older_than_a_second_are_ignored, fresh),
      cmocka_unit_test_setup(an_overload_reported_by_the_server_lasts_a_second,
                             fresh),
  };

  return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
