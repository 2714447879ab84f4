/* SPDX-License-Identifier: MIT */
#include "core/policy/budget.h"
#include "support.h"

static void drain(struct hf_budget *budget, uint64_t now_ms) {
  while (hf_budget_take(budget, now_ms, 1)) {
  }
}

static void a_new_budget_allows_a_bounded_burst(void **state) {
  struct hf_budget budget;
  int taken = 0;

  (void)state;
  hf_budget_init(&budget);
  while (hf_budget_take(&budget, 1000, 1)) {
    taken++;
  }
  assert_int_equal(taken, HF_BUDGET_IDLE_CAP);
}

static void ten_calls_earn_one_retry(void **state) {
  struct hf_budget budget;
  int i;

  (void)state;
  hf_budget_init(&budget);
  drain(&budget, 1000);
  for (i = 0; i < 9; i++) {
    hf_budget_deposit(&budget);
  }
  assert_false(hf_budget_take(&budget, 1000, 1));
  hf_budget_deposit(&budget);
  assert_true(hf_budget_take(&budget, 1000, 1));
  assert_false(hf_budget_take(&budget, 1000, 1));
}

static void five_tokens_are_added_per_second(void **state) {
  struct hf_budget budget;
  int taken = 0;

  (void)state;
  hf_budget_init(&budget);
  drain(&budget, 1000);
  assert_false(hf_budget_take(&budget, 1199, 1));
  assert_true(hf_budget_take(&budget, 1200, 1));
  while (hf_budget_take(&budget, 2200, 1)) {
    taken++;
  }
  assert_int_equal(taken, 5);
}

static void small_steps_of_time_add_up(void **state) {
  struct hf_budget budget;
  uint64_t now;
  int taken = 0;

  (void)state;
  hf_budget_init(&budget);
  drain(&budget, 1000);
  for (now = 1000; now <= 11000; now += 7) {
    taken += hf_budget_take(&budget, now, 1) ? 1 : 0;
  }
  assert_in_range(taken, 49, 50);
}

static void a_long_idle_time_adds_no_more_than_the_idle_cap(void **state) {
  struct hf_budget budget;
  int taken = 0;

  (void)state;
  hf_budget_init(&budget);
  drain(&budget, 1000);
  while (hf_budget_take(&budget, UINT64_MAX, 1)) {
    taken++;
  }
  assert_int_equal(taken, HF_BUDGET_IDLE_CAP);
}

static void calls_save_up_to_the_cap(void **state) {
  struct hf_budget budget;
  int i;

  (void)state;
  hf_budget_init(&budget);
  for (i = 0; i < 100000; i++) {
    hf_budget_deposit(&budget);
  }
  assert_int_equal(hf_budget_tokens(&budget), HF_BUDGET_CAP);
  assert_true(hf_budget_take(&budget, 1000, 1));
  assert_true(hf_budget_take(&budget, 100000, 1));
  assert_int_equal(hf_budget_tokens(&budget), HF_BUDGET_CAP - 2);
}

static void a_timeout_costs_two_tokens(void **state) {
  struct hf_budget budget;

  (void)state;
  hf_budget_init(&budget);
  assert_true(hf_budget_take(&budget, 1000, 2));
  assert_int_equal(hf_budget_tokens(&budget), HF_BUDGET_IDLE_CAP - 2);
  drain(&budget, 1000);
  assert_false(hf_budget_take(&budget, 1200, 2));
  assert_int_equal(hf_budget_tokens(&budget), 1);
}

static void a_clock_that_goes_back_adds_no_tokens(void **state) {
  struct hf_budget budget;

  (void)state;
  hf_budget_init(&budget);
  drain(&budget, 10000);
  assert_false(hf_budget_take(&budget, 5000, 1));
  assert_false(hf_budget_take(&budget, 10000, 1));
  assert_true(hf_budget_take(&budget, 10200, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_budget_allows_a_bounded_burst),
      cmocka_unit_test(ten_calls_earn_one_retry),
      cmocka_unit_test(five_tokens_are_added_per_second),
      cmocka_unit_test(small_steps_of_time_add_up),
      cmocka_unit_test(a_long_idle_time_adds_no_more_than_the_idle_cap),
      cmocka_unit_test(calls_save_up_to_the_cap),
      cmocka_unit_test(a_timeout_costs_two_tokens),
      cmocka_unit_test(a_clock_that_goes_back_adds_no_tokens),
  };

  return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
