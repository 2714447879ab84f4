/* SPDX-License-Identifier: MIT */
/* deallocateBeforeUse: statements are dropped after each use. */
#include "sim.h"

static struct sim sim;

static void open_with(enum hf_deallocate deallocate, bool proxied) {
  struct hf_config config = sim_config(1);

  config.deallocate = deallocate;
  sim_open(&sim, &config);
  sim.proxied = proxied;
}

/* Runs one query and returns how often statements were dropped so far. */
static size_t deallocations_after_a_query(void) {
  struct call *call = sim_write(&sim);

  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_check_all(&sim);
  return sim.counts[SIM_DEALLOCATE];
}

static void by_default_nothing_is_deallocated(void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_OFF, false);
  assert_int_equal(deallocations_after_a_query(), 0);
  sim_close(&sim);
}

static void a_direct_connection_deallocates_after_each_use(void **state) {
  struct call *lease;

  (void)state;
  open_with(HF_DEALLOCATE_ON, false);
  assert_int_equal(deallocations_after_a_query(), 1);
  assert_int_equal(deallocations_after_a_query(), 2);
  lease = sim_acquire(&sim);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 3);
  sim_check_all(&sim);
  sim_close(&sim);
}

static void a_call_waits_until_the_statements_before_are_deallocated(
    void **state) {
  struct call *first, *second;

  (void)state;
  open_with(HF_DEALLOCATE_ON, false);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_connect(&sim);
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 0);
  sim_check_all(&sim);
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void behind_a_pooler_nothing_is_deallocated_and_one_warning_given(
    void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_ON, true);
  assert_int_equal(deallocations_after_a_query(), 0);
  assert_int_equal(sim.events[HF_EVENT_WARNING], 1);
  assert_int_equal(sim.event_status, HF_SESSION_REQUIRED);
  sim_lose(&sim, sim_slot_in(&sim, HF_SLOT_IDLE));
  assert_int_equal(deallocations_after_a_query(), 0);
  assert_int_equal(sim.events[HF_EVENT_WARNING], 1);
  sim_close(&sim);
}

static void with_force_statements_are_deallocated_behind_a_pooler(
    void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_FORCE, true);
  assert_int_equal(deallocations_after_a_query(), 1);
  assert_int_equal(sim.events[HF_EVENT_WARNING], 0);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_default_nothing_is_deallocated),
      cmocka_unit_test(a_direct_connection_deallocates_after_each_use),
      cmocka_unit_test(
          a_call_waits_until_the_statements_before_are_deallocated),
      cmocka_unit_test(
          behind_a_pooler_nothing_is_deallocated_and_one_warning_given),
      cmocka_unit_test(with_force_statements_are_deallocated_behind_a_pooler)};

  return cmocka_run_group_tests_name("deallocate", tests, NULL, NULL);
}
