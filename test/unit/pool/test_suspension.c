/* SPDX-License-Identifier: MIT */
#include "world.h"

enum { THREE = 3, LONG_MS = 20000, REFUSALS = 100, DEADLINE_US = 50000 };

static struct world world;

static void a_suspended_pool_holds_no_idle_connection(void **state) {
  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, 2);
  hf_pool_warm(&world.pool, THREE, world.now_us);
  world_suspend(&world);
  assert_int_equal(world_count(&world, HF_SLOT_EMPTY), THREE);
  assert_int_equal(hf_pool_next_us(&world.pool), UINT64_MAX);
  world_close(&world);
}

static void calls_wait_while_the_pool_is_suspended(void **state) {
  struct call *waiting, *lease, *call;

  (void)state;
  world_open_max(&world, 1);
  waiting = world_write(&world);
  world_suspend(&world);
  lease = world_acquire(&world);
  world_advance(&world, LONG_MS);
  expect_pending(waiting);
  expect_pending(lease);
  world_resume(&world);
  world_connect(&world);
  world_answer(&world, waiting, 'I');
  expect_success(waiting);
  expect_success(lease);
  call = world_statement(&world, lease, HF_SQL_SELECT);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void a_call_to_a_suspended_pool_fails_by_its_deadline(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_suspend(&world);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.deadline_us = world.now_us + DEADLINE_US;
  world_submit(&world, call);
  world_advance(&world, LONG_MS);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  world_close(&world);
}

static void what_runs_is_finished_and_its_connection_closed(void **state) {
  struct call *call, *lease, *statement;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  call = world_write(&world);
  lease = world_acquire(&world);
  world_suspend(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  statement = world_statement(&world, lease, HF_SQL_INSERT);
  world_answer(&world, statement, 'I');
  expect_success(statement);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world_count(&world, HF_SLOT_EMPTY), 2);
  world_close(&world);
}

static void what_fails_in_a_suspended_pool_goes_again_after_it(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_read(&world);
  world_suspend(&world);
  world_lose(&world, call->request.slot);
  world_advance(&world, LONG_MS);
  expect_pending(call);
  world_resume(&world);
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(call->sent, 2);
  world_close(&world);
}

static void a_resumed_pool_is_as_warm_as_before(void **state) {
  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, 2);
  world_suspend(&world);
  world_resume(&world);
  world_connect(&world);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 2);
  world_close(&world);
}

static void warming_waits_for_the_end_of_a_suspension(void **state) {
  (void)state;
  world_open_max(&world, 2);
  world_suspend(&world);
  hf_pool_warm(&world.pool, 2, world.now_us);
  assert_int_equal(world.counts[WORLD_CONNECT], 0);
  world_resume(&world);
  assert_int_equal(world.counts[WORLD_CONNECT], 2);
  world_close(&world);
}

static void suspending_and_resuming_twice_is_doing_it_once(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_resume(&world);
  world_suspend(&world);
  world_suspend(&world);
  call = world_write(&world);
  world_resume(&world);
  world_resume(&world);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void a_suspended_pool_can_be_ended(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_suspend(&world);
  call = world_write(&world);
  world_end(&world);
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_true(world.closed);
  world_resume(&world);
  assert_int_equal(world.pool.state, HF_POOL_STATE_CLOSED);
  world_close(&world);
}

static void a_connect_stopped_by_suspension_leaves_the_breaker_able(
    void **state) {
  struct call *call;
  int i;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  for (i = 0; i < REFUSALS && world_stat(&world, HF_STAT_BREAKER_OPENED) == 0;
       i++) {
    world_refuse(&world, NULL);
  }
  world_advance(&world, LONG_MS);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  world_suspend(&world);
  world_advance(&world, LONG_MS);
  world_resume(&world);
  world_advance(&world, LONG_MS);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_suspended_pool_holds_no_idle_connection),
      cmocka_unit_test(calls_wait_while_the_pool_is_suspended),
      cmocka_unit_test(a_call_to_a_suspended_pool_fails_by_its_deadline),
      cmocka_unit_test(what_runs_is_finished_and_its_connection_closed),
      cmocka_unit_test(what_fails_in_a_suspended_pool_goes_again_after_it),
      cmocka_unit_test(a_resumed_pool_is_as_warm_as_before),
      cmocka_unit_test(warming_waits_for_the_end_of_a_suspension),
      cmocka_unit_test(suspending_and_resuming_twice_is_doing_it_once),
      cmocka_unit_test(a_suspended_pool_can_be_ended),
      cmocka_unit_test(
          a_connect_stopped_by_suspension_leaves_the_breaker_able)};

  return cmocka_run_group_tests_name("suspension", tests, NULL, NULL);
}
