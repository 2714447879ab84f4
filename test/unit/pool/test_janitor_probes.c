/* SPDX-License-Identifier: MIT */
/* Connections whose server is silent: probed, and closed when it is gone. */
#include "janitor_support.h"

enum { SILENCE_MS = 8000, PROBE_MS = 5000 };

static void a_silent_server_is_probed(void **state) {
  struct call *call = run();

  (void)state;
  sim_advance(&sim, SILENCE_MS - SECOND_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  sim_advance(&sim, 2 * SECOND_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_PROBES), 1);
  expect_pending(call);
  sim_close(&sim);
}

static void a_probe_that_cannot_begin_is_retried(void **state) {
  struct call *call = run();

  (void)state;
  sim.cannot_probe = true;
  sim_advance(&sim, SILENCE_MS + SECOND_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 1);
  sim.cannot_probe = false;
  sim_advance(&sim, PROBE_MS + SECOND_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 2);
  expect_pending(call);
  sim_close(&sim);
}

static void a_slow_query_is_not_interrupted_while_probes_succeed(void **state) {
  struct call *call = run();
  int i;

  (void)state;
  for (i = 0; i < 100; i++) {
    sim_advance(&sim, PROBE_MS + SECOND_MS);
    if (sim_conn(&sim, call->request.slot)->probing) {
      sim_probed(&sim, call->request.slot, true);
    }
  }
  assert_in_range(sim.counts[SIM_PROBE], 90, 110);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void two_failed_probes_close_the_connection(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;

  (void)state;
  sim_advance(&sim, SILENCE_MS + SECOND_MS);
  sim_probed(&sim, slot, false);
  expect_pending(call);
  sim_advance(&sim, PROBE_MS + SECOND_MS);
  sim_probed(&sim, slot, false);
  expect_status(call, HF_SILENT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_successful_probe_resets_the_failed_one_before(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;
  bool alive = false;
  int i;

  (void)state;
  sim_advance(&sim, SILENCE_MS + SECOND_MS);
  for (i = 0; i < 6; i++) {
    sim_probed(&sim, slot, alive);
    alive = !alive;
    sim_advance(&sim, PROBE_MS + SECOND_MS);
  }
  expect_pending(call);
  sim_close(&sim);
}

static void one_probe_runs_at_a_time(void **state) {
  struct call *call = run();

  (void)state;
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 1);
  expect_pending(call);
  sim_close(&sim);
}

static void a_probe_may_answer_after_its_connection_is_gone(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;

  (void)state;
  sim_advance(&sim, SILENCE_MS + SECOND_MS);
  sim_lose(&sim, slot);
  sim_probed(&sim, slot, false);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_server_that_sends_is_not_silent(void **state) {
  struct call *call = run();
  int i;

  (void)state;
  for (i = 0; i < 100; i++) {
    sim_advance(&sim, SILENCE_MS / 2);
    call->request.slot->last_byte_us = sim.now_us;
  }
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  sim_close(&sim);
}

static void an_idle_lease_is_not_probed(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_acquire(&sim);
  sim_connect(&sim);
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void probing_can_be_turned_off(void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.silence_ms = 0;
  sim_open(&sim, &config);
  sim_write(&sim);
  sim_connect(&sim);
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_silent_server_is_probed),
      cmocka_unit_test(a_probe_that_cannot_begin_is_retried),
      cmocka_unit_test(a_slow_query_is_not_interrupted_while_probes_succeed),
      cmocka_unit_test(two_failed_probes_close_the_connection),
      cmocka_unit_test(a_successful_probe_resets_the_failed_one_before),
      cmocka_unit_test(one_probe_runs_at_a_time),
      cmocka_unit_test(a_probe_may_answer_after_its_connection_is_gone),
      cmocka_unit_test(a_server_that_sends_is_not_silent),
      cmocka_unit_test(an_idle_lease_is_not_probed),
      cmocka_unit_test(probing_can_be_turned_off)};

  return cmocka_run_group_tests_name("janitor probes", tests, NULL, NULL);
}
