/* SPDX-License-Identifier: MIT */
/* New connections that are prepared before they serve anybody. */
#include "sim.h"

enum { TWO = 2, THREE = 3, LATE_MS = 10 * 1000, LITTLE_MS = 300 };

static struct sim sim;

static void open_with_hook(int32_t max) {
  sim_open_max(&sim, max);
  sim.has_hook = true;
}

static void a_connection_is_prepared_before_it_serves(void **state) {
  struct call *waiting;
  struct call *setting;
  struct hf_gauges gauges;

  (void)state;
  open_with_hook(1);
  waiting = sim_write(&sim);
  sim_connect(&sim);
  assert_non_null(sim.hook);
  setting = sim_statement(&sim, sim.hook, HF_SQL_SET);
  assert_int_equal(setting->sent, 1);
  assert_int_equal(waiting->sent, 0);
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.leased, 0);
  sim_release(&sim, sim.hook, HF_RELEASE_KEEP);
  assert_int_equal(waiting->sent, 0);
  sim_answer(&sim, setting, 'I');
  assert_int_equal(waiting->sent, 1);
  sim_close(&sim);
}

static void a_hook_counts_as_part_of_connecting(void **state) {
  (void)state;
  open_with_hook(THREE);
  (void)sim_write(&sim);
  sim_connect(&sim);
  /* One call waits, and one connection is on its way: no second one. */
  assert_int_equal(sim.counts[SIM_CONNECT], 1);
  (void)sim_write(&sim);
  assert_int_equal(sim.counts[SIM_CONNECT], TWO);
  sim_close(&sim);
}

static void a_failed_hook_refuses_one_waiting_call(void **state) {
  struct call *first;
  struct call *second;
  uint32_t serial;

  (void)state;
  open_with_hook(1);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_connect(&sim);
  serial = sim.hook->lease.slot->serial;
  sim_release(&sim, sim.hook, HF_RELEASE_FAIL);
  expect_status(first, HF_HOOK_FAILED);
  expect_outcome(first, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(first->request.serial, serial);
  assert_int_equal(second->answered, 0);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(sim.pool.hook_refusals, 1);
  sim_connect(&sim);
  sim_release(&sim, sim.hook, HF_RELEASE_KEEP);
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void failed_hooks_are_paced_like_failed_connects(void **state) {
  int i;

  (void)state;
  open_with_hook(1);
  hf_pool_warm(&sim.pool, 1, sim.now_us);
  for (i = 0; i < HF_BREAKER_THRESHOLD; i++) {
    sim_connect(&sim);
    sim_release(&sim, sim.hook, HF_RELEASE_FAIL);
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 0);
  assert_int_equal(hf_breaker_state(&sim.pool.breaker), HF_CIRCUIT_OPEN);
  sim_advance(&sim, LITTLE_MS);
  sim_connect(&sim);
  sim_release(&sim, sim.hook, HF_RELEASE_KEEP);
  assert_int_equal(hf_breaker_state(&sim.pool.breaker), HF_CIRCUIT_CLOSED);
  sim_close(&sim);
}

static void a_connection_lost_during_its_hook_is_replaced(void **state) {
  struct call *waiting;
  struct call *lost;

  (void)state;
  open_with_hook(1);
  waiting = sim_write(&sim);
  sim_connect(&sim);
  lost = sim.hook;
  sim_lose(&sim, lost->lease.slot);
  assert_int_equal(waiting->answered, 0);
  sim_release(&sim, lost, HF_RELEASE_FAIL);
  assert_true(lost->over);
  assert_int_equal(waiting->answered, 0);
  sim_connect(&sim);
  sim_release(&sim, sim.hook, HF_RELEASE_KEEP);
  assert_int_equal(waiting->sent, 1);
  sim_close(&sim);
}

static void a_hook_that_does_not_end_times_out(void **state) {
  struct call *waiting;
  struct call *late;

  (void)state;
  open_with_hook(1);
  waiting = sim_write(&sim);
  sim_connect(&sim);
  late = sim.hook;
  sim_advance(&sim, LATE_MS);
  expect_status(waiting, HF_HOOK_FAILED);
  assert_int_equal(waiting->cause.status, HF_CONNECT_TIMEOUT);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_release(&sim, late, HF_RELEASE_KEEP);
  assert_true(late->over);
  sim_close(&sim);
}

static void a_connection_whose_hook_was_cut_does_not_serve(void **state) {
  struct call *waiting;

  (void)state;
  open_with_hook(1);
  waiting = sim_write(&sim);
  sim_connect(&sim);
  sim.has_hook = false;
  sim_release(&sim, sim.hook, HF_RELEASE_CUT);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_connect(&sim);
  assert_int_equal(waiting->sent, 1);
  sim_close(&sim);
}

static void a_transaction_left_open_by_a_hook_is_rolled_back(void **state) {
  struct call *waiting;

  (void)state;
  open_with_hook(1);
  waiting = sim_write(&sim);
  sim_connect(&sim);
  sim_answer(&sim, sim_statement(&sim, sim.hook, HF_SQL_BEGIN), 'T');
  sim_release(&sim, sim.hook, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  sim_checked(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  assert_int_equal(waiting->sent, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_connection_is_prepared_before_it_serves),
      cmocka_unit_test(a_hook_counts_as_part_of_connecting),
      cmocka_unit_test(a_failed_hook_refuses_one_waiting_call),
      cmocka_unit_test(failed_hooks_are_paced_like_failed_connects),
      cmocka_unit_test(a_connection_lost_during_its_hook_is_replaced),
      cmocka_unit_test(a_hook_that_does_not_end_times_out),
      cmocka_unit_test(a_connection_whose_hook_was_cut_does_not_serve),
      cmocka_unit_test(a_transaction_left_open_by_a_hook_is_rolled_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
