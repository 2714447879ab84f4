/* SPDX-License-Identifier: MIT */
/* New connections that are prepared before they serve anybody. */
#include "world.h"

enum { TWO = 2, THREE = 3, LATE_MS = 10 * 1000, LITTLE_MS = 300 };

static struct world world;

static void open_greeted(int32_t max) {
  world_open_max(&world, max);
  world.greets = true;
}

static void a_connection_is_prepared_before_it_serves(void **state) {
  struct call *waiting;
  struct call *setting;
  struct hf_gauges gauges;

  (void)state;
  open_greeted(1);
  waiting = world_write(&world);
  world_connect(&world);
  assert_non_null(world.greeting);
  setting = world_statement(&world, world.greeting, HF_SQL_SET);
  assert_int_equal(setting->sent, 1);
  assert_int_equal(waiting->sent, 0);
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.leased, 0);
  world_release(&world, world.greeting, HF_RELEASE_KEEP);
  assert_int_equal(waiting->sent, 0);
  world_answer(&world, setting, 'I');
  assert_int_equal(waiting->sent, 1);
  world_close(&world);
}

static void preparing_is_part_of_connecting(void **state) {
  (void)state;
  open_greeted(THREE);
  (void)world_write(&world);
  world_connect(&world);
  /* One call waits, and one connection is on its way: no second one. */
  assert_int_equal(world.counts[WORLD_CONNECT], 1);
  (void)world_write(&world);
  assert_int_equal(world.counts[WORLD_CONNECT], TWO);
  world_close(&world);
}

static void a_hook_that_fails_refuses_one_call_that_waits(void **state) {
  struct call *first;
  struct call *second;
  uint32_t serial;

  (void)state;
  open_greeted(1);
  first = world_write(&world);
  second = world_write(&world);
  world_connect(&world);
  serial = world.greeting->lease.slot->serial;
  world_release(&world, world.greeting, HF_RELEASE_FAIL);
  expect_status(first, HF_HOOK_FAILED);
  expect_outcome(first, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(first->request.serial, serial);
  assert_int_equal(second->answered, 0);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(world.pool.hook_refusals, 1);
  world_connect(&world);
  world_release(&world, world.greeting, HF_RELEASE_KEEP);
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void hooks_that_fail_are_paced_as_connects_that_fail(void **state) {
  int i;

  (void)state;
  open_greeted(1);
  hf_pool_warm(&world.pool, 1, world.now_us);
  for (i = 0; i < HF_BREAKER_THRESHOLD; i++) {
    world_connect(&world);
    world_release(&world, world.greeting, HF_RELEASE_FAIL);
  }
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 0);
  assert_int_equal(hf_breaker_state(&world.pool.breaker), HF_CIRCUIT_OPEN);
  world_advance(&world, LITTLE_MS);
  world_connect(&world);
  world_release(&world, world.greeting, HF_RELEASE_KEEP);
  assert_int_equal(hf_breaker_state(&world.pool.breaker), HF_CIRCUIT_CLOSED);
  world_close(&world);
}

static void a_connection_that_dies_while_prepared_is_replaced(void **state) {
  struct call *waiting;
  struct call *lost;

  (void)state;
  open_greeted(1);
  waiting = world_write(&world);
  world_connect(&world);
  lost = world.greeting;
  world_lose(&world, lost->lease.slot);
  assert_int_equal(waiting->answered, 0);
  world_release(&world, lost, HF_RELEASE_FAIL);
  assert_true(lost->over);
  assert_int_equal(waiting->answered, 0);
  world_connect(&world);
  world_release(&world, world.greeting, HF_RELEASE_KEEP);
  assert_int_equal(waiting->sent, 1);
  world_close(&world);
}

static void a_hook_that_does_not_end_is_given_up(void **state) {
  struct call *waiting;
  struct call *late;

  (void)state;
  open_greeted(1);
  waiting = world_write(&world);
  world_connect(&world);
  late = world.greeting;
  world_advance(&world, LATE_MS);
  expect_status(waiting, HF_HOOK_FAILED);
  assert_int_equal(waiting->cause.status, HF_CONNECT_TIMEOUT);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_release(&world, late, HF_RELEASE_KEEP);
  assert_true(late->over);
  world_close(&world);
}

static void what_nobody_prepares_any_more_does_not_serve(void **state) {
  struct call *waiting;

  (void)state;
  open_greeted(1);
  waiting = world_write(&world);
  world_connect(&world);
  world.greets = false;
  world_release(&world, world.greeting, HF_RELEASE_CUT);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_connect(&world);
  assert_int_equal(waiting->sent, 1);
  world_close(&world);
}

static void a_transaction_left_open_by_a_hook_is_rolled_back(void **state) {
  struct call *waiting;

  (void)state;
  open_greeted(1);
  waiting = world_write(&world);
  world_connect(&world);
  world_answer(&world,
               world_statement(&world, world.greeting, HF_SQL_BEGIN),
               'T');
  world_release(&world, world.greeting, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_ROLLBACK], 1);
  world_checked(&world, world_slot_in(&world, HF_SLOT_CHECKING));
  assert_int_equal(waiting->sent, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_connection_is_prepared_before_it_serves),
      cmocka_unit_test(preparing_is_part_of_connecting),
      cmocka_unit_test(a_hook_that_fails_refuses_one_call_that_waits),
      cmocka_unit_test(hooks_that_fail_are_paced_as_connects_that_fail),
      cmocka_unit_test(a_connection_that_dies_while_prepared_is_replaced),
      cmocka_unit_test(a_hook_that_does_not_end_is_given_up),
      cmocka_unit_test(what_nobody_prepares_any_more_does_not_serve),
      cmocka_unit_test(a_transaction_left_open_by_a_hook_is_rolled_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
