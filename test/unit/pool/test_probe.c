/* SPDX-License-Identifier: MIT */
/* Health probes: what they set in motion and when they are answered. */
#include "core/policy/breaker.h"
#include "sim.h"

enum { US = 1000, BACKOFF_MS = 100 };

static struct sim sim;

static enum hf_circuit circuit(void) {
  return hf_breaker_state(&sim.pool.breaker);
}

/* Fails connects until the breaker is open and a call still waits. */
static struct call *break_it(const char *sqlstate) {
  struct call *waiting = sim_write(&sim);

  while (circuit() != HF_CIRCUIT_OPEN) {
    sim_refuse(&sim, sqlstate);
  }
  return waiting;
}

static void a_health_probe_brings_the_next_connect_forward(void **state) {
  uint64_t opened_us;

  (void)state;
  sim_open_max(&sim, 1);
  break_it("53300");
  opened_us = sim.now_us;
  assert_true(hf_breaker_next_at(&sim.pool.breaker) * US >=
              opened_us + HF_BREAKER_SLOW_MS * US);
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS / 2);
  sim_probe(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 0);
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS / 2);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  assert_int_equal(sim_last(&sim, SIM_CONNECT)->at_us,
                   opened_us + HF_BREAKER_PROBE_SOON_MS * US);
  sim_connect(&sim);
  sim_close(&sim);
}

static void a_health_probe_long_after_the_last_connect_connects_at_once(
    void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  break_it("53300");
  sim_advance(&sim, HF_BREAKER_SLOW_MS / 2);
  sim_probe(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_close(&sim);
}

static void a_refused_password_is_not_tried_ten_times_a_second(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  break_it("28P01");
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS);
  sim_probe(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 0);
  sim_advance(&sim,
              HF_BREAKER_PROBE_SOON_REFUSED_MS - HF_BREAKER_PROBE_SOON_MS);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_connect(&sim);
  sim_close(&sim);
}

static void a_failed_connect_answers_only_the_health_probe(void **state) {
  struct call *waiting, *probe;

  (void)state;
  sim_open_max(&sim, 1);
  waiting = break_it(NULL);
  sim_advance(&sim, HF_BREAKER_PACE_MAX_MS);
  sim_refuse(&sim, NULL);
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS);
  while (sim_count(&sim, HF_SLOT_CONNECTING) > 0) {
    sim_refuse(&sim, NULL);
  }
  probe = sim_probe(&sim);
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS);
  expect_pending(probe);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_refuse(&sim, NULL);
  expect_status(probe, HF_SOCKET_ERROR);
  expect_outcome(probe, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(waiting);
  sim_close(&sim);
}

static void a_connect_begun_before_the_probe_does_not_answer_it(void **state) {
  struct call *probe;

  (void)state;
  sim_open_max(&sim, 1);
  break_it(NULL);
  sim_advance(&sim, HF_BREAKER_PACE_MAX_MS);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_advance(&sim, 1);
  probe = sim_probe(&sim);
  sim_refuse(&sim, NULL);
  expect_pending(probe);
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_MS);
  sim_connect(&sim);
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  sim_close(&sim);
}

static void a_transient_failure_is_retried_for_most_of_a_second(void **state) {
  struct call *probe;
  size_t tries;

  (void)state;
  sim_open_max(&sim, 1);
  break_it("57P03");
  sim_advance(&sim, HF_BREAKER_PACE_MAX_MS);
  sim_refuse(&sim, "57P03");
  probe = sim_probe(&sim);
  tries = sim.counts[SIM_CONNECT];
  while (probe->answered == 0) {
    sim_advance(&sim, 1);
    sim_refuse(&sim, "57P03");
  }
  expect_sqlstate(probe, "57P03");
  assert_in_range(sim.now_us - probe->request.submitted_us,
                  900 * US,
                  1050 * US);
  assert_in_range(sim.counts[SIM_CONNECT] - tries, 5, 12);
  sim_close(&sim);
}

static void one_failed_connect_is_not_yet_an_answer(void **state) {
  struct call *probe;

  (void)state;
  sim_open_max(&sim, 1);
  probe = sim_probe(&sim);
  sim_refuse(&sim, NULL);
  expect_pending(probe);
  sim_connect(&sim);
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  sim_close(&sim);
}

static void a_health_probe_waits_for_a_busy_connection(void **state) {
  struct call *busy, *probe;

  (void)state;
  sim_open_max(&sim, 2);
  busy = sim_write(&sim);
  sim_connect(&sim);
  probe = sim_probe(&sim);
  while (circuit() != HF_CIRCUIT_OPEN) {
    sim_refuse(&sim, NULL);
  }
  expect_pending(probe);
  sim_answer(&sim, busy, 'I');
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  sim_close(&sim);
}

static void a_connection_lost_by_a_probe_has_the_idle_ones_pinged(
    void **state) {
  struct call *probe;

  (void)state;
  sim_open_max(&sim, 3);
  sim_warm(&sim, 3);
  probe = sim_probe(&sim);
  assert_int_equal(probe->sent, 1);
  sim_lose(&sim, probe->request.slot);
  assert_int_equal(sim.counts[SIM_PING], 2);
  sim_advance(&sim, BACKOFF_MS);
  assert_int_equal(probe->sent, 1);
  sim_check_all(&sim);
  assert_int_equal(probe->sent, 2);
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  sim_close(&sim);
}

static void a_connection_lost_by_a_query_has_none_pinged(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 3);
  sim_warm(&sim, 3);
  call = sim_read(&sim);
  sim_lose(&sim, call->request.slot);
  assert_int_equal(sim.counts[SIM_PING], 0);
  sim_advance(&sim, BACKOFF_MS);
  sim_answer(&sim, call, 'I');
  sim_close(&sim);
}

static void health_probes_are_counted_by_result(void **state) {
  struct call *probe;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_answer(&sim, sim_probe(&sim), 'I');
  assert_int_equal(sim_stat(&sim, HF_STAT_HEALTH_CHECKS), 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_HEALTH_FAILURES), 0);
  probe = sim_probe(&sim);
  sim_fail(&sim, probe, "57014", 'I');
  sim_answer(&sim, sim_read(&sim), 'I');
  assert_int_equal(sim_stat(&sim, HF_STAT_HEALTH_CHECKS), 2);
  assert_int_equal(sim_stat(&sim, HF_STAT_HEALTH_FAILURES), 1);
  sim_close(&sim);
}

static void a_pool_knows_when_a_query_last_succeeded(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_read(&sim);
  sim_connect(&sim);
  assert_int_equal(sim.pool.answered_us, 0);
  sim_advance(&sim, 7);
  sim_answer(&sim, call, 'I');
  assert_int_equal(sim.pool.answered_us, sim.now_us);
  call = sim_write(&sim);
  sim_advance(&sim, 7);
  sim_fail(&sim, call, "23505", 'I');
  assert_int_equal(sim.pool.answered_us, sim.now_us - 7 * US);
  sim_lose(&sim, sim_slot_in(&sim, HF_SLOT_IDLE));
  assert_int_equal(sim.pool.answered_us, 0);
  sim_close(&sim);
}

static void the_gauges_show_suspension_pooler_and_breaker(void **state) {
  struct hf_gauges gauges;

  (void)state;
  sim_open_max(&sim, 1);
  sim_suspend(&sim);
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.suspended, 1);
  sim_resume(&sim);
  break_it("57P03");
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.suspended, 0);
  assert_int_equal(gauges.breaker, HF_CIRCUIT_OPEN);
  assert_int_equal(gauges.proxied, 0);
  sim.proxied = true;
  sim_advance(&sim, HF_BREAKER_PACE_MAX_MS);
  sim_connect(&sim);
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.breaker, HF_CIRCUIT_CLOSED);
  assert_int_equal(gauges.proxied, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_health_probe_brings_the_next_connect_forward),
      cmocka_unit_test(
          a_health_probe_long_after_the_last_connect_connects_at_once),
      cmocka_unit_test(a_refused_password_is_not_tried_ten_times_a_second),
      cmocka_unit_test(a_failed_connect_answers_only_the_health_probe),
      cmocka_unit_test(a_connect_begun_before_the_probe_does_not_answer_it),
      cmocka_unit_test(a_transient_failure_is_retried_for_most_of_a_second),
      cmocka_unit_test(one_failed_connect_is_not_yet_an_answer),
      cmocka_unit_test(a_health_probe_waits_for_a_busy_connection),
      cmocka_unit_test(a_connection_lost_by_a_probe_has_the_idle_ones_pinged),
      cmocka_unit_test(a_connection_lost_by_a_query_has_none_pinged),
      cmocka_unit_test(health_probes_are_counted_by_result),
      cmocka_unit_test(a_pool_knows_when_a_query_last_succeeded),
      cmocka_unit_test(the_gauges_show_suspension_pooler_and_breaker)};

  return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
