/* SPDX-License-Identifier: MIT */
#include "janitor_support.h"

enum { IDLE_MS = 10000, LIFE_S = 100, FOUR = 4 };

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
      cmocka_unit_test(a_retired_connection_finishes_what_it_runs),
      cmocka_unit_test(direct_connections_are_closed_once_a_pooler_is_detected),
      cmocka_unit_test(a_refused_password_fails_waiting_calls),
      cmocka_unit_test(
          a_refused_password_fails_no_call_while_a_connection_lives)};

  return cmocka_run_group_tests_name("janitor", tests, NULL, NULL);
}
