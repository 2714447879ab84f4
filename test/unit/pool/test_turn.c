/* SPDX-License-Identifier: MIT */
#include "core/pool/turn.h"
#include "sim.h"

enum { DAY_US = 86400000 };

static struct sim sim;
static int looked;

static void look(struct sim *at, struct call *call) {
  (void)call;
  assert_int_equal(at->pool.done.count, 0);
  looked++;
}

static void answers_are_delivered_when_the_state_is_consistent(void **state) {
  struct call *first, *second;

  (void)state;
  looked = 0;
  sim_open_max(&sim, 1);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_connect(&sim);
  sim.on_answer = look;
  sim_answer(&sim, first, 'I');
  assert_int_equal(looked, 1);
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void time_never_goes_back(void **state) {
  uint64_t before;

  (void)state;
  sim_open_max(&sim, 1);
  hf_turn_enter(&sim.pool, sim.now_us + DAY_US);
  before = sim.pool.now_us;
  hf_turn_enter(&sim.pool, sim.now_us);
  assert_int_equal(sim.pool.now_us, before);
  hf_turn_leave(&sim.pool);
  sim_close(&sim);
}

static void gauges_are_published_with_every_turn(void **state) {
  struct hf_gauges gauges;

  (void)state;
  sim_open_max(&sim, 2);
  sim_write(&sim);
  hf_stats_get_gauges(&sim.pool.stats, &gauges);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.waiting, 1);
  sim_connect(&sim);
  hf_stats_get_gauges(&sim.pool.stats, &gauges);
  assert_int_equal(gauges.busy, 1);
  assert_int_equal(gauges.waiting, 0);
  sim_close(&sim);
}

static void a_pool_with_nothing_to_do_needs_no_tick(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  assert_int_equal(hf_pool_next_us(&sim.pool), UINT64_MAX);
  sim_close(&sim);
}

static void the_end_is_reported_once_and_last(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_connect(&sim);
  sim_end(&sim);
  assert_false(sim.closed);
  sim_answer(&sim, call, 'I');
  assert_int_equal(call->returned, 1);
  assert_true(sim.closed);
  sim_advance(&sim, DAY_US / 1000);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_are_delivered_when_the_state_is_consistent),
      cmocka_unit_test(time_never_goes_back),
      cmocka_unit_test(gauges_are_published_with_every_turn),
      cmocka_unit_test(a_pool_with_nothing_to_do_needs_no_tick),
      cmocka_unit_test(the_end_is_reported_once_and_last)};

  return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
