/* SPDX-License-Identifier: MIT */
#include "sim.h"

enum {
  IDLE_MS = 10000,
  SILENCE_MS = 8000,
  PROBE_MS = 5000,
  SECOND_MS = 1000,
  LIFE_S = 100,
  FOUR = 4,
  HOUR_MS = 3600000
};

static struct sim sim;

static struct call *run(void) {
  struct call *call;

  sim_open_max(&sim, 2);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  return call;
}

/*
 * ---- idleness, age, use ---------------------------------------------------
 */

static void an_idle_connection_is_closed_after_its_time(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  sim_write(&sim);
  sim_connect(&sim);
  sim_answer(&sim, sim.calls, 'I');
  sim_advance(&sim, IDLE_MS - 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(hf_pool_next_us(&sim.pool), UINT64_MAX);
  sim_close(&sim);
}

static void min_connections_are_kept(void **state) {
  struct hf_config config = sim_config(FOUR);

  (void)state;
  config.min = 2;
  sim_open(&sim, &config);
  sim_warm(&sim, FOUR);
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void connections_warmed_beyond_min_are_closed_when_idle(void **state) {
  size_t connects;

  (void)state;
  sim_open_max(&sim, FOUR);
  sim_warm(&sim, FOUR);
  connects = sim.counts[SIM_CONNECT];
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim.counts[SIM_CONNECT], connects);
  assert_int_equal(sim_count(&sim, HF_SLOT_EMPTY), FOUR);
  sim_close(&sim);
}

static void an_idle_connection_is_not_closed_for_one_being_opened(
    void **state) {
  struct hf_config config = sim_config(2);

  (void)state;
  config.min = 1;
  sim_open(&sim, &config);
  sim_warm(&sim, 1);
  sim_advance(&sim, IDLE_MS);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  sim_advance(&sim, IDLE_MS);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void without_an_idle_timeout_connections_stay_open(void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  sim_open(&sim, &config);
  sim_warm(&sim, 1);
  sim_advance(&sim, HOUR_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void lifetimes_are_shortened_by_jitter(void **state) {
  struct hf_config config = sim_config(2);
  const struct hf_slot *first, *second;

  (void)state;
  config.max_lifetime_s = LIFE_S;
  config.idle_timeout_ms = 0;
  sim_open(&sim, &config);
  sim.random = UINT32_MAX;
  sim_warm(&sim, 1);
  sim.random = 0;
  sim_write(&sim);
  sim_write(&sim);
  sim_connect(&sim);
  first = hf_pool_slot(&sim.pool, 0);
  second = hf_pool_slot(&sim.pool, 1);
  assert_int_not_equal(first->expires_us, second->expires_us);
  sim_answer(&sim, sim.calls->next, 'I');
  sim_answer(&sim, sim.calls, 'I');
  sim_advance(&sim, (uint64_t)(LIFE_S - LIFE_S / 10 - 1) * SECOND_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_advance(&sim, (uint64_t)(LIFE_S / 10 + 2) * SECOND_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 2);
  sim_close(&sim);
}

static void an_expired_connection_finishes_what_it_runs(void **state) {
  struct hf_config config = sim_config(1);
  struct call *call;

  (void)state;
  config.max_lifetime_s = 2;
  config.silence_ms = 0;
  sim_open(&sim, &config);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  sim_advance(&sim, HOUR_MS);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void shared_reads_do_not_keep_an_expired_connection_open(void **state) {
  struct hf_config config = sim_config(1);
  struct call *first, *second;
  int i;

  (void)state;
  config.max_lifetime_s = 2;
  sim_open(&sim, &config);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  for (i = 0; i < 200 && sim.counts[SIM_CLOSE] == 0; i++) {
    sim_advance(&sim, 20);
    second = sim_read(&sim);
    sim_answer(&sim, first, 'I');
    first = second;
  }
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_connection_is_closed_after_max_uses(void **state) {
  struct hf_config config = sim_config(1);
  int i;

  (void)state;
  config.max_uses = 3;
  sim_open(&sim, &config);
  for (i = 0; i < 3; i++) {
    assert_int_equal(sim.counts[SIM_CLOSE], 0);
    sim_write(&sim);
    sim_connect(&sim);
    sim_answer(&sim, sim.calls, 'I');
  }
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

/*
 * ---- silence --------------------------------------------------------------
 */

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

/*
 * ---- the end of a connection's life ---------------------------------------
 */

static void a_retired_connection_finishes_what_it_runs(void **state) {
  struct call *call = run();

  (void)state;
  hf_slot_retire(call->request.slot);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void direct_connections_are_closed_once_a_pooler_is_detected(
    void **state) {
  struct call *call = run();

  (void)state;
  hf_pool_retire_direct(&sim.pool);
  sim_answer(&sim, call, 'I');
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
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

/*
 * ---- refusals -------------------------------------------------------------
 */

static void a_refused_password_fails_waiting_calls(void **state) {
  struct call *query, *lease;

  (void)state;
  sim_open_max(&sim, 1);
  query = sim_write(&sim);
  lease = sim_acquire(&sim);
  sim_refuse(&sim, "28P01");
  expect_sqlstate(query, "28P01");
  expect_outcome(query, HF_OUTCOME_PERMANENT);
  assert_int_equal(query->error.phase, HF_PHASE_CONNECT);
  expect_sqlstate(lease, "28P01");
  sim_close(&sim);
}

static void a_refused_password_fails_no_call_while_a_connection_lives(
    void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 1);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_refuse(&sim, "28P01");
  expect_pending(second);
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_idle_connection_is_closed_after_its_time),
      cmocka_unit_test(min_connections_are_kept),
      cmocka_unit_test(connections_warmed_beyond_min_are_closed_when_idle),
      cmocka_unit_test(an_idle_connection_is_not_closed_for_one_being_opened),
      cmocka_unit_test(without_an_idle_timeout_connections_stay_open),
      cmocka_unit_test(lifetimes_are_shortened_by_jitter),
      cmocka_unit_test(an_expired_connection_finishes_what_it_runs),
      cmocka_unit_test(shared_reads_do_not_keep_an_expired_connection_open),
      cmocka_unit_test(a_connection_is_closed_after_max_uses),
      cmocka_unit_test(a_silent_server_is_probed),
      cmocka_unit_test(a_probe_that_cannot_begin_is_retried),
      cmocka_unit_test(a_retired_connection_finishes_what_it_runs),
      cmocka_unit_test(direct_connections_are_closed_once_a_pooler_is_detected),
      cmocka_unit_test(a_slow_query_is_not_interrupted_while_probes_succeed),
      cmocka_unit_test(two_failed_probes_close_the_connection),
      cmocka_unit_test(a_successful_probe_resets_the_failed_one_before),
      cmocka_unit_test(one_probe_runs_at_a_time),
      cmocka_unit_test(a_probe_may_answer_after_its_connection_is_gone),
      cmocka_unit_test(a_server_that_sends_is_not_silent),
      cmocka_unit_test(an_idle_lease_is_not_probed),
      cmocka_unit_test(probing_can_be_turned_off),
      cmocka_unit_test(a_refused_password_fails_waiting_calls),
      cmocka_unit_test(
          a_refused_password_fails_no_call_while_a_connection_lives)};

  return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
