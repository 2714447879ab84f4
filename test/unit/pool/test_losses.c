/* SPDX-License-Identifier: MIT */
/* Which ends of connections count as losses. */
#include "sim.h"

enum { LONG_MS = 3000 };

static struct sim sim;

static void expect_losses(uint64_t n) {
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), n);
}

static void a_connection_closed_after_a_slow_cancel_is_not_lost(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_INSERT);
  call->request.timeout_us = 100 * 1000;
  sim_submit(&sim, call);
  sim_advance(&sim, LONG_MS);
  expect_status(call, HF_QUERY_TIMEOUT);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  expect_losses(0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST_BUSY), 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_CLOSED), 1);
  assert_int_equal(sim.events[HF_EVENT_ERROR], 0);
  sim_close(&sim);
}

static void an_aborted_call_loses_no_connection(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  sim_abort(&sim, call);
  sim_advance(&sim, LONG_MS);
  expect_status(call, HF_ABORTED);
  expect_losses(0);
  sim_close(&sim);
}

static void a_broken_connection_is_lost(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  sim_lose(&sim, call->request.slot);
  expect_losses(1);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST_BUSY), 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_connection_closed_after_a_slow_cancel_is_not_lost),
      cmocka_unit_test(an_aborted_call_loses_no_connection),
      cmocka_unit_test(a_broken_connection_is_lost)};

  return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
