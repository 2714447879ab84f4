/* SPDX-License-Identifier: MIT */
#include "sim.h"

enum { THREE = 3, LONG_MS = 20000, REFUSALS = 100, DEADLINE_US = 50000 };

static struct sim sim;

static void a_suspended_pool_holds_no_idle_connection(void **state) {
  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, 2);
  hf_pool_warm(&sim.pool, THREE, sim.now_us);
  sim_suspend(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_EMPTY), THREE);
  assert_int_equal(hf_pool_next_us(&sim.pool), UINT64_MAX);
  sim_close(&sim);
}

static void calls_wait_while_the_pool_is_suspended(void **state) {
  struct call *waiting, *lease, *call;

  (void)state;
  sim_open_max(&sim, 1);
  waiting = sim_write(&sim);
  sim_suspend(&sim);
  lease = sim_acquire(&sim);
  sim_advance(&sim, LONG_MS);
  expect_pending(waiting);
  expect_pending(lease);
  sim_resume(&sim);
  sim_connect(&sim);
  sim_answer(&sim, waiting, 'I');
  expect_success(waiting);
  expect_success(lease);
  call = sim_statement(&sim, lease, HF_SQL_SELECT);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_call_to_a_suspended_pool_fails_by_its_deadline(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_suspend(&sim);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + DEADLINE_US;
  sim_submit(&sim, call);
  sim_advance(&sim, LONG_MS);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  sim_close(&sim);
}

static void a_running_request_is_finished_and_its_connection_closed(
    void **state) {
  struct call *call, *lease, *statement;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_write(&sim);
  lease = sim_acquire(&sim);
  sim_suspend(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  sim_answer(&sim, statement, 'I');
  expect_success(statement);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim_count(&sim, HF_SLOT_EMPTY), 2);
  sim_close(&sim);
}

static void a_request_that_fails_in_a_suspended_pool_is_retried_later(
    void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_read(&sim);
  sim_suspend(&sim);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  expect_pending(call);
  sim_resume(&sim);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_resumed_pool_is_as_warm_as_before(void **state) {
  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, 2);
  sim_suspend(&sim);
  sim_resume(&sim);
  sim_connect(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void warming_waits_for_the_end_of_a_suspension(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  sim_suspend(&sim);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  assert_int_equal(sim.counts[SIM_CONNECT], 0);
  sim_resume(&sim);
  assert_int_equal(sim.counts[SIM_CONNECT], 2);
  sim_close(&sim);
}

static void suspending_and_resuming_twice_changes_nothing(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_resume(&sim);
  sim_suspend(&sim);
  sim_suspend(&sim);
  call = sim_write(&sim);
  sim_resume(&sim);
  sim_resume(&sim);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_suspended_pool_can_be_ended(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_suspend(&sim);
  call = sim_write(&sim);
  sim_end(&sim);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_true(sim.closed);
  sim_resume(&sim);
  assert_int_equal(sim.pool.state, HF_POOL_STATE_CLOSED);
  sim_close(&sim);
}

static void a_connect_stopped_by_suspension_frees_the_breakers_probe(
    void **state) {
  struct call *call;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  for (i = 0; i < REFUSALS && sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0;
       i++) {
    sim_refuse(&sim, NULL);
  }
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_suspend(&sim);
  sim_advance(&sim, LONG_MS);
  sim_resume(&sim);
  sim_advance(&sim, LONG_MS);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_suspended_pool_holds_no_idle_connection),
      cmocka_unit_test(calls_wait_while_the_pool_is_suspended),
      cmocka_unit_test(a_call_to_a_suspended_pool_fails_by_its_deadline),
      cmocka_unit_test(a_running_request_is_finished_and_its_connection_closed),
      cmocka_unit_test(
          a_request_that_fails_in_a_suspended_pool_is_retried_later),
      cmocka_unit_test(a_resumed_pool_is_as_warm_as_before),
      cmocka_unit_test(warming_waits_for_the_end_of_a_suspension),
      cmocka_unit_test(suspending_and_resuming_twice_changes_nothing),
      cmocka_unit_test(a_suspended_pool_can_be_ended),
      cmocka_unit_test(
          a_connect_stopped_by_suspension_frees_the_breakers_probe)};

  return cmocka_run_group_tests_name("suspension", tests, NULL, NULL);
}
