/* SPDX-License-Identifier: MIT */
#include "sim.h"

enum {
  THREE = 3,
  DRAIN_MS = 5000,
  GRACE_MS = 1000,
  LONG_MS = 20000,
  READS = 100
};

static struct sim sim;
static int owner;

/*
 * ---- end ------------------------------------------------------------------
 */

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

/*
 * ---- reset ----------------------------------------------------------------
 */

static void a_reset_replaces_every_connection_when_it_is_free(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_write(&sim);
  serial = sim.pool.last_serial;
  hf_pool_reset(&sim.pool, sim.now_us);
  sim_finish_closing(&sim);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_CLOSE], 2);
  sim_write(&sim);
  sim_connect(&sim);
  assert_true(sim_slot_in(&sim, HF_SLOT_BUSY)->serial > serial);
  sim_close(&sim);
}

static void a_connect_begun_before_a_reset_is_replaced_too(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  serial = sim.pool.last_serial;
  hf_pool_reset(&sim.pool, sim.now_us);
  sim_connect(&sim);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  assert_true(call->request.slot->serial > serial);
  sim_close(&sim);
}

static void a_reset_does_not_interrupt_a_lease(void **state) {
  struct call *lease, *statement;

  (void)state;
  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  hf_pool_reset(&sim.pool, sim.now_us);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  sim_answer(&sim, statement, 'I');
  expect_success(statement);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void shared_reads_cannot_postpone_a_reset_for_ever(void **state) {
  struct call *first, *second;
  uint32_t serial;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  serial = sim.pool.last_serial;
  first = sim_read(&sim);
  hf_pool_reset(&sim.pool, sim.now_us);
  for (i = 0; i < READS; i++) {
    second = sim_read(&sim);
    sim_answer(&sim, first, 'I');
    sim_connect(&sim);
    first = second;
  }
  assert_true(first->request.slot->serial > serial);
  sim_close(&sim);
}

/*
 * ---- warm-up --------------------------------------------------------------
 */

static void warming_opens_connections_without_demand(void **state) {
  (void)state;
  sim_open_max(&sim, 10);
  sim_warm(&sim, 6);
  assert_int_equal(sim.counts[SIM_CONNECT], 6);
  sim_close(&sim);
}

static void warming_stops_at_max(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  hf_pool_warm(&sim.pool, 10, sim.now_us);
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void warming_continues_after_an_outage(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, 2);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  for (i = 0; i < 20; i++) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 100);
  }
  sim_advance(&sim, 300);
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void calls_wait_for_the_connections_being_warmed(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 4);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  call = sim_write(&sim);
  assert_int_equal(sim.counts[SIM_CONNECT], 2);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

/*
 * ---- owners ---------------------------------------------------------------
 */

static void dropping_an_owner_ends_only_its_waiting_calls(void **state) {
  struct call *running, *mine, *other;

  (void)state;
  sim_open_max(&sim, 1);
  running = sim_make(&sim, HF_REQUEST_QUERY);
  running->request.owner = &owner;
  sim_submit(&sim, running);
  sim_connect(&sim);
  other = sim_write(&sim);
  mine = sim_make(&sim, HF_REQUEST_QUERY);
  mine->request.owner = &owner;
  sim_submit(&sim, mine);
  hf_pool_drop_owner(&sim.pool, &owner, false, sim.now_us);
  expect_status(mine, HF_POOL_CLOSED);
  expect_pending(running);
  expect_pending(other);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_answer(&sim, running, 'I');
  expect_success(running);
  sim_close(&sim);
}

/*
 * ---- statistics -----------------------------------------------------------
 */

static void every_settled_call_is_counted_once(void **state) {
  struct call *read, *shared, *write;
  uint64_t sum;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  read = sim_read(&sim);
  shared = sim_read(&sim);
  sim_abort(&sim, shared);
  sim_answer(&sim, read, 'I');
  sim_answer(&sim, shared, 'I');
  sim_fail(&sim, sim_write(&sim), "23505", 'I');
  write = sim_write(&sim);
  sim_lose(&sim, write->request.slot);
  sim_abort(&sim, sim_write(&sim));
  sim_warm(&sim, 1);
  sim_release(&sim, sim_acquire(&sim), HF_RELEASE_KEEP);
  sum = sim_stat(&sim, HF_STAT_SUCCEEDED) +
        sim_stat(&sim, HF_STAT_FAILED_NOT_EXECUTED) +
        sim_stat(&sim, HF_STAT_FAILED_ROLLED_BACK) +
        sim_stat(&sim, HF_STAT_FAILED_AMBIGUOUS) +
        sim_stat(&sim, HF_STAT_FAILED_PERMANENT);
  assert_int_equal(sim.lent, 1);
  assert_int_equal(sum, sim.answers - sim.lent);
  assert_int_equal(sim_stat(&sim, HF_STAT_QUERIES), 5);
  assert_int_equal(sum, 5);
  assert_int_equal(sim_stat(&sim, HF_STAT_FAILED_AMBIGUOUS), 2);
  sim_close(&sim);
}

static void gauges_show_the_state_of_the_pool(void **state) {
  struct hf_gauges gauges;

  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, 2);
  sim_acquire(&sim);
  sim_write(&sim);
  sim_write(&sim);
  sim_write(&sim);
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.total, THREE);
  assert_int_equal(gauges.busy, 2);
  assert_int_equal(gauges.leased, 1);
  assert_int_equal(gauges.idle, 0);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.waiting, 2);
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
      cmocka_unit_test(ending_twice_is_ending_once),
      cmocka_unit_test(a_reset_replaces_every_connection_when_it_is_free),
      cmocka_unit_test(a_connect_begun_before_a_reset_is_replaced_too),
      cmocka_unit_test(a_reset_does_not_interrupt_a_lease),
      cmocka_unit_test(shared_reads_cannot_postpone_a_reset_for_ever),
      cmocka_unit_test(warming_opens_connections_without_demand),
      cmocka_unit_test(warming_stops_at_max),
      cmocka_unit_test(warming_continues_after_an_outage),
      cmocka_unit_test(calls_wait_for_the_connections_being_warmed),
      cmocka_unit_test(dropping_an_owner_ends_only_its_waiting_calls),
      cmocka_unit_test(every_settled_call_is_counted_once),
      cmocka_unit_test(gauges_show_the_state_of_the_pool)};

  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
