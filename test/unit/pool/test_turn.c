/* SPDX-License-Identifier: MIT */
#include "core/pool/turn.h"
#include "world.h"

enum { DAY_US = 86400000 };

static struct world world;
static int looked;

static void look(struct world *at, struct call *call) {
  (void)call;
  assert_int_equal(at->pool.done.count, 0);
  looked++;
}

static void answers_come_when_the_state_is_in_order(void **state) {
  struct call *first, *second;

  (void)state;
  looked = 0;
  world_open_max(&world, 1);
  first = world_write(&world);
  second = world_write(&world);
  world_connect(&world);
  world.on_answer = look;
  world_answer(&world, first, 'I');
  assert_int_equal(looked, 1);
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void time_never_goes_back(void **state) {
  uint64_t before;

  (void)state;
  world_open_max(&world, 1);
  hf_turn_enter(&world.pool, world.now_us + DAY_US);
  before = world.pool.now_us;
  hf_turn_enter(&world.pool, world.now_us);
  assert_int_equal(world.pool.now_us, before);
  hf_turn_leave(&world.pool);
  world_close(&world);
}

static void gauges_are_published_with_every_turn(void **state) {
  struct hf_gauges gauges;

  (void)state;
  world_open_max(&world, 2);
  world_write(&world);
  hf_stats_get_gauges(&world.pool.stats, &gauges);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.waiting, 1);
  world_connect(&world);
  hf_stats_get_gauges(&world.pool.stats, &gauges);
  assert_int_equal(gauges.busy, 1);
  assert_int_equal(gauges.waiting, 0);
  world_close(&world);
}

static void a_pool_with_nothing_to_do_needs_no_tick(void **state) {
  (void)state;
  world_open_max(&world, 2);
  assert_int_equal(hf_pool_next_us(&world.pool), UINT64_MAX);
  world_close(&world);
}

static void the_end_is_told_once_and_last(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  world_connect(&world);
  world_end(&world);
  assert_false(world.closed);
  world_answer(&world, call, 'I');
  assert_int_equal(call->returned, 1);
  assert_true(world.closed);
  world_advance(&world, DAY_US / 1000);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_come_when_the_state_is_in_order),
      cmocka_unit_test(time_never_goes_back),
      cmocka_unit_test(gauges_are_published_with_every_turn),
      cmocka_unit_test(a_pool_with_nothing_to_do_needs_no_tick),
      cmocka_unit_test(the_end_is_told_once_and_last)};

  return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
