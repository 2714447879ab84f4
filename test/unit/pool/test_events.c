/* SPDX-License-Identifier: MIT */
#include "sim.h"

enum { AGE_MS = 1 };

static struct sim sim;

static struct call *run(enum hf_sql_kind kind) {
  struct call *call;

  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, kind);
  sim_submit(&sim, call);
  return call;
}

/*
 * ---- answers --------------------------------------------------------------
 */

static void an_sql_error_keeps_its_connection(void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  sim_fail(&sim, call, "23505", 'I');
  expect_sqlstate(call, "23505");
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_connection_to_a_read_only_server_is_closed(void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  sim_fail(&sim, call, "25006", 'I');
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_advance(&sim, 2000);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_read_only_server_is_left_after_its_reads_have_ended(
    void **state) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = sim_read(&sim);

  (void)state;
  assert_int_equal(second->sent, 1);
  sim_fail(&sim, first, "25006", 'I');
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  assert_int_equal(first->sent, 1);
  sim_answer(&sim, second, 'I');
  expect_success(second);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_query_that_leaves_a_transaction_open_is_refused(void **state) {
  struct call *call = run(HF_SQL_BEGIN);
  struct call *next = sim_write(&sim);

  (void)state;
  sim_answer(&sim, call, 'T');
  expect_status(call, HF_TRANSACTION_OPEN);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  assert_int_equal(next->sent, 0);
  sim_checked(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  assert_int_equal(next->sent, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void a_query_that_fails_in_its_transaction_keeps_its_error(void **s) {
  struct call *call = run(HF_SQL_BEGIN);

  (void)s;
  sim_fail(&sim, call, "42601", 'E');
  expect_sqlstate(call, "42601");
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  sim_close(&sim);
}

/*
 * ---- connections ----------------------------------------------------------
 */

static void connect_and_remove_events_come_in_pairs(void **state) {
  (void)state;
  sim_open_max(&sim, 3);
  sim_warm(&sim, 3);
  assert_int_equal(sim.events[HF_EVENT_CONNECT], 3);
  sim_lose(&sim, hf_pool_slot(&sim.pool, 1));
  assert_int_equal(sim.events[HF_EVENT_REMOVE], 1);
  sim_end(&sim);
  assert_int_equal(sim.events[HF_EVENT_REMOVE], sim.events[HF_EVENT_CONNECT]);
  sim_close(&sim);
}

static void a_failed_connect_emits_no_connect_event(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  sim_refuse(&sim, NULL);
  assert_int_equal(sim.events[HF_EVENT_CONNECT], 0);
  assert_int_equal(sim.events[HF_EVENT_REMOVE], 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTS_FAILED), 1);
  sim_close(&sim);
}

static void the_loss_of_an_idle_connection_is_an_error_event(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_advance(&sim, AGE_MS);
  sim_lose_as(&sim, hf_pool_slot(&sim.pool, 0), "57P01");
  assert_int_equal(sim.events[HF_EVENT_ERROR], 1);
  assert_int_equal(sim.event_status, HF_SERVER_ERROR);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST_BUSY), 0);
  sim_close(&sim);
}

static void the_loss_of_a_busy_connection_is_reported_to_its_call(
    void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  sim_lose(&sim, call->request.slot);
  assert_int_equal(sim.events[HF_EVENT_ERROR], 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST_BUSY), 1);
  expect_status(call, HF_SOCKET_ERROR);
  sim_close(&sim);
}

static void reads_that_shared_a_lost_connection_keep_their_order(void **s) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = sim_read(&sim);
  struct call *third = sim_write(&sim);

  (void)s;
  first->request.max_retries = 5;
  sim.random = 0;
  assert_int_equal(second->sent, 1);
  sim_lose(&sim, first->request.slot);
  sim_connect(&sim);
  assert_int_equal(first->sent, 2);
  /* Guarded now, they share no more. */
  assert_int_equal(second->sent, 1);
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 2);
  assert_int_equal(third->sent, 0);
  sim_answer(&sim, second, 'I');
  assert_int_equal(third->sent, 1);
  sim_close(&sim);
}

static void a_lost_read_whose_caller_left_is_not_retried(void **state) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = sim_read(&sim);

  (void)state;
  sim_abort(&sim, second);
  sim_lose(&sim, first->request.slot);
  assert_int_equal(second->returned, 1);
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_sql_error_keeps_its_connection),
      cmocka_unit_test(a_connection_to_a_read_only_server_is_closed),
      cmocka_unit_test(a_read_only_server_is_left_after_its_reads_have_ended),
      cmocka_unit_test(a_query_that_leaves_a_transaction_open_is_refused),
      cmocka_unit_test(a_query_that_fails_in_its_transaction_keeps_its_error),
      cmocka_unit_test(connect_and_remove_events_come_in_pairs),
      cmocka_unit_test(a_failed_connect_emits_no_connect_event),
      cmocka_unit_test(the_loss_of_an_idle_connection_is_an_error_event),
      cmocka_unit_test(the_loss_of_a_busy_connection_is_reported_to_its_call),
      cmocka_unit_test(reads_that_shared_a_lost_connection_keep_their_order),
      cmocka_unit_test(a_lost_read_whose_caller_left_is_not_retried)};

  return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
