/* SPDX-License-Identifier: MIT */
/* The end of a pool: what may finish, and until when. */
#include "sim.h"

enum { DRAIN_MS = 5000, GRACE_MS = 1000 };

static struct sim sim;

static void an_unused_pool_closes_at_once(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  sim_end(&sim);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_finishes_waiting_requests(void **state) {
  struct call *running, *waiting, *lease;

  (void)state;
  sim_open_max(&sim, 1);
  running = sim_write(&sim);
  sim_connect(&sim);
  waiting = sim_write(&sim);
  lease = sim_acquire(&sim);
  sim_end(&sim);
  expect_pending(waiting);
  sim_answer(&sim, running, 'I');
  sim_answer(&sim, waiting, 'I');
  expect_success(waiting);
  expect_success(lease);
  assert_false(sim.closed);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_opens_connections_for_waiting_requests(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_end(&sim);
  sim_connect(&sim);
  sim_answer(&sim, first, 'I');
  sim_answer(&sim, second, 'I');
  expect_success(first);
  expect_success(second);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void a_request_that_waits_too_long_after_end_is_refused(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_finishes_requests_between_two_attempts(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_connect(&sim);
  sim_fail(&sim, call, "40001", 'I');
  sim_end(&sim);
  sim_advance(&sim, GRACE_MS);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_without_drain_time_refuses_waiting_requests_at_once(
    void **state) {
  struct hf_config config = sim_config(1);
  struct call *call;

  (void)state;
  config.drain_ms = 0;
  sim_open(&sim, &config);
  call = sim_write(&sim);
  sim_end(&sim);
  expect_status(call, HF_POOL_CLOSED);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_lets_work_in_flight_finish(void **state) {
  struct call *query, *lease, *statement;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  query = sim_write(&sim);
  lease = sim_acquire(&sim);
  sim_end(&sim);
  sim_answer(&sim, query, 'I');
  expect_success(query);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  sim_answer(&sim, statement, 'I');
  expect_success(statement);
  assert_false(sim.closed);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void after_its_time_draining_is_cut_short(void **state) {
  struct call *query, *lease, *statement;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  query = sim_write(&sim);
  lease = sim_acquire(&sim);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS - 1);
  expect_pending(query);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  expect_status(statement, HF_POOL_CLOSED);
  expect_outcome(statement, HF_OUTCOME_AMBIGUOUS);
  sim_advance(&sim, GRACE_MS);
  expect_status(query, HF_POOL_CLOSED);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void shared_reads_do_not_keep_a_pool_from_closing(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS + GRACE_MS);
  assert_int_equal(first->answered, 1);
  assert_int_equal(second->answered, 1);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void an_abandoned_read_does_not_keep_a_pool_open(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  sim_abort(&sim, second);
  sim_answer(&sim, first, 'I');
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS + GRACE_MS);
  assert_int_equal(second->returned, 1);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void end_stops_connects_that_no_request_waits_for(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  sim_end(&sim);
  assert_int_equal(sim.counts[SIM_CLOSE], 2);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void an_ended_pool_refuses_calls(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 2);
  sim_end(&sim);
  call = sim_write(&sim);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  sim_close(&sim);
}

static void ending_twice_is_ending_once(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  sim_connect(&sim);
  sim_end(&sim);
  sim_advance(&sim, 1);
  sim_end(&sim);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_unused_pool_closes_at_once),
      cmocka_unit_test(end_finishes_waiting_requests),
      cmocka_unit_test(end_opens_connections_for_waiting_requests),
      cmocka_unit_test(a_request_that_waits_too_long_after_end_is_refused),
      cmocka_unit_test(end_finishes_requests_between_two_attempts),
      cmocka_unit_test(end_without_drain_time_refuses_waiting_requests_at_once),
      cmocka_unit_test(end_lets_work_in_flight_finish),
      cmocka_unit_test(after_its_time_draining_is_cut_short),
      cmocka_unit_test(shared_reads_do_not_keep_a_pool_from_closing),
      cmocka_unit_test(an_abandoned_read_does_not_keep_a_pool_open),
      cmocka_unit_test(end_stops_connects_that_no_request_waits_for),
      cmocka_unit_test(an_ended_pool_refuses_calls),
      cmocka_unit_test(ending_twice_is_ending_once)};

  return cmocka_run_group_tests_name("pool end", tests, NULL, NULL);
}
