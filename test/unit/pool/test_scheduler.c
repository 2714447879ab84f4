/* SPDX-License-Identifier: MIT */
#include "scheduler_support.h"

enum {
  AT_ONCE = 4, /* connects under way */
  MANY = 30
};

static void no_connection_is_opened_before_it_is_needed(void **state) {
  (void)state;
  sim_open_max(&sim, TEN);
  sim_advance(&sim, 1000);
  assert_int_equal(sim.counts[SIM_CONNECT], 0);
  sim_close(&sim);
}

static void one_call_opens_one_connection(void **state) {
  (void)state;
  sim_open_max(&sim, TEN);
  sim_write(&sim);
  assert_int_equal(opening(), 1);
  sim_close(&sim);
}

static void an_idle_connection_is_used_before_a_new_one(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, TEN);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 1);
  assert_int_equal(opening(), 0);
  sim_close(&sim);
}

static void at_most_four_connections_are_opened_at_once(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < MANY; i++) {
    sim_write(&sim);
    assert_in_range(opening(), 1, AT_ONCE);
  }
  assert_int_equal(opening(), AT_ONCE);
  sim_connected(&sim, sim_slot_in(&sim, HF_SLOT_CONNECTING));
  assert_int_equal(opening(), AT_ONCE);
  sim_close(&sim);
}

static void there_are_never_more_connections_than_max(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, 3);
  for (i = 0; i < MANY; i++) {
    sim_write(&sim);
  }
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim.counts[SIM_CONNECT], 3);
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), 3);
  sim_close(&sim);
}

static void a_closing_connection_still_counts_towards_max(void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim.manual_close = true;
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  sim_release(&sim, lease, HF_RELEASE_CLOSE);
  sim_write(&sim);
  assert_int_equal(opening(), 0);
  sim_finish_closing(&sim);
  assert_int_equal(opening(), 1);
  sim.manual_close = false;
  sim_close(&sim);
}

static void a_freed_connection_serves_a_call_that_waited_for_a_new_one(
    void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 2);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_connected(&sim, sim_slot_in(&sim, HF_SLOT_CONNECTING));
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void a_dead_idle_connection_is_found_before_use(void **state) {
  struct call *call;
  size_t i;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  for (i = 0; i < 2; i++) {
    sim.conns[i].dead = true;
  }
  sim_advance(&sim, 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 0);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), 2);
  sim_advance(&sim, 0);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_connection_is_opened_before_it_is_needed),
      cmocka_unit_test(one_call_opens_one_connection),
      cmocka_unit_test(an_idle_connection_is_used_before_a_new_one),
      cmocka_unit_test(at_most_four_connections_are_opened_at_once),
      cmocka_unit_test(there_are_never_more_connections_than_max),
      cmocka_unit_test(a_closing_connection_still_counts_towards_max),
      cmocka_unit_test(
          a_freed_connection_serves_a_call_that_waited_for_a_new_one),
      cmocka_unit_test(a_dead_idle_connection_is_found_before_use)};

  return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
