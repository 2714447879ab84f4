/* SPDX-License-Identifier: MIT */
/* Which ends of connections count as losses. */
#include "world.h"

enum { LONG_MS = 3000 };

static struct world world;

static void expect_losses(uint64_t n) {
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST), n);
}

static void a_connection_closed_after_a_slow_cancel_is_not_lost(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&call->request, HF_SQL_INSERT);
  call->request.timeout_us = 100 * 1000;
  world_submit(&world, call);
  world_advance(&world, LONG_MS);
  expect_status(call, HF_QUERY_TIMEOUT);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  expect_losses(0);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST_BUSY), 0);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_CLOSED), 1);
  assert_int_equal(world.events[HF_EVENT_ERROR], 0);
  world_close(&world);
}

static void an_aborted_call_loses_no_connection(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_write(&world);
  world_abort(&world, call);
  world_advance(&world, LONG_MS);
  expect_status(call, HF_ABORTED);
  expect_losses(0);
  world_close(&world);
}

static void a_broken_connection_is_lost(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_write(&world);
  world_lose(&world, call->request.slot);
  expect_losses(1);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST_BUSY), 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_connection_closed_after_a_slow_cancel_is_not_lost),
      cmocka_unit_test(an_aborted_call_loses_no_connection),
      cmocka_unit_test(a_broken_connection_is_lost)};

  return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
