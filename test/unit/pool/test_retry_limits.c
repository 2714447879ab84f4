/* SPDX-License-Identifier: MIT */
/* What ends the retries of a request: their number, time, the budget. */
#include "outcome_support.h"

enum { DRAIN_MS = 5000, FLOOR_TOKENS = 100 };

static void retries_end_with_max_retries(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);
  int i;

  (void)state;
  for (i = 0; i < call->request.max_retries; i++) {
    sim_fail(&sim, call, "40001", 'I');
    expect_pending(call);
    sim_advance(&sim, LONG_MS);
  }
  assert_int_equal(call->sent, 1 + call->request.max_retries);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  sim_close(&sim);
}

static void without_retries_the_first_failure_is_the_answer(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.max_retries = 0;
  sim_submit(&sim, call);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void no_delay_of_a_retry_ends_past_the_deadline(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + 40 * US;
  sim_submit(&sim, call);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void no_request_is_retried_past_its_deadline(void **state) {
  static const char *const sqlstates[] = {"25006", "42P05", "26000"};
  struct call *call;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
    sim_open_max(&sim, 2);
    sim_warm(&sim, 2);
    call = sim_make(&sim, HF_REQUEST_QUERY);
    call->request.deadline_us = sim.now_us + 40 * US;
    sim_submit(&sim, call);
    sim_advance(&sim, 100);
    expect_pending(call);
    sim_fail(&sim, call, sqlstates[i], 'I');
    expect_sqlstate(call, sqlstates[i]);
    assert_int_equal(call->sent, 1);
    sim_close(&sim);
  }
}

static void a_deadline_during_the_delay_keeps_the_first_error(void **state) {
  struct call *call, *blocker;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + 80 * US;
  sim_submit(&sim, call);
  blocker = sim_write(&sim);
  sim_fail(&sim, call, "40001", 'I');
  assert_int_equal(blocker->sent, 1);
  sim_advance(&sim, 80);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_string_equal(call->cause.sqlstate, "40001");
  sim_close(&sim);
}

static void the_acquire_limit_does_not_include_running_time(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.acquire_us = sim.now_us + 500 * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 2000);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, 100);
  expect_pending(call);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void an_empty_budget_ends_retries(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  while (hf_budget_take(hf_retry_budget(), sim.now_us / US, 1)) {
  }
  hf_load_overloaded(hf_retry_load(), sim.now_us / US);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  assert_true(call->error.retryable);
  assert_non_null(hf_error_field(&call->error, 'b'));
  assert_int_equal(hf_stats_get(&sim.pool.stats, HF_STAT_RETRIES_CUT), 1);
  sim_close(&sim);
  hf_load_init(hf_retry_load());
}

static void an_empty_budget_allows_retries_of_what_left_nothing(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  hf_load_init(hf_retry_load());
  while (hf_budget_take(hf_retry_budget(), sim.now_us / US, 1)) {
  }
  sim_fail(&sim, call, "40001", 'I');
  sim_advance(&sim, 1000);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  sim_close(&sim);
}

static void only_requests_that_reached_a_server_cost_budget(void **state) {
  int before;

  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  before = hf_budget_tokens(hf_retry_budget());
  assert_true(before >= FLOOR_TOKENS);
  sim_refuse(&sim, NULL);
  sim_refuse(&sim, NULL);
  assert_int_equal(hf_budget_tokens(hf_retry_budget()), before);
  sim_close(&sim);
}

static void when_draining_is_over_nothing_is_retried(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void a_failed_call_reports_its_attempts(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  sim_fail(&sim, call, "40P01", 'I');
  sim_advance(&sim, LONG_MS);
  sim_fail(&sim, call, "23505", 'I');
  expect_sqlstate(call, "23505");
  expect_outcome(call, HF_OUTCOME_PERMANENT);
  assert_int_equal(call->request.attempts, 2);
  assert_int_equal(call->request.retries, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(retries_end_with_max_retries),
      cmocka_unit_test(without_retries_the_first_failure_is_the_answer),
      cmocka_unit_test(no_delay_of_a_retry_ends_past_the_deadline),
      cmocka_unit_test(no_request_is_retried_past_its_deadline),
      cmocka_unit_test(a_deadline_during_the_delay_keeps_the_first_error),
      cmocka_unit_test(the_acquire_limit_does_not_include_running_time),
      cmocka_unit_test(an_empty_budget_ends_retries),
      cmocka_unit_test(an_empty_budget_allows_retries_of_what_left_nothing),
      cmocka_unit_test(only_requests_that_reached_a_server_cost_budget),
      cmocka_unit_test(when_draining_is_over_nothing_is_retried),
      cmocka_unit_test(a_failed_call_reports_its_attempts)};

  return cmocka_run_group_tests_name("retry limits", tests, NULL, NULL);
}
