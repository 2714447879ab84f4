/* SPDX-License-Identifier: MIT */
/* Waiting calls while connecting fails, and the breaker. */
#include "scheduler_support.h"

enum { US = 1000 };

/* Fails connects until the breaker opens. */
static void open_breaker(void) {
  int rounds;

  for (rounds = 0; sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0; rounds++) {
    assert_in_range(rounds, 0, TEN);
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 1);
  }
  sim_refuse(&sim, NULL);
}

static void an_open_breaker_lets_one_probe_through(void **state) {
  size_t before;
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < TEN; i++) {
    sim_write(&sim);
  }
  open_breaker();
  assert_int_equal(opening(), 0);
  before = sim.counts[SIM_CONNECT];
  sim_advance(&sim, 250);
  assert_int_equal(opening(), 1);
  sim_advance(&sim, 2000);
  assert_int_equal(sim.counts[SIM_CONNECT], before + 1);
  sim_close(&sim);
}

static void calls_survive_an_outage_shorter_than_their_deadline(void **state) {
  struct call *calls[TEN];
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < TEN; i++) {
    calls[i] = sim_make(&sim, HF_REQUEST_QUERY);
    calls[i]->request.deadline_us = sim.now_us + (uint64_t)5000 * US;
    sim_submit(&sim, calls[i]);
  }
  for (i = 0; i < 40; i++) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 100);
  }
  assert_true(sim_stat(&sim, HF_STAT_BREAKER_OPENED) > 0);
  for (i = 0; i < TEN; i++) {
    expect_pending(calls[i]);
  }
  sim_advance(&sim, 250);
  while (sim_connect(&sim) > 0) {
  }
  for (i = 0; i < TEN; i++) {
    assert_int_equal(calls[i]->sent, 1);
    assert_int_equal(calls[i]->request.attempts, 1);
    sim_answer(&sim, calls[i], 'I');
    expect_success(calls[i]);
  }
  assert_int_equal(sim_stat(&sim, HF_STAT_RETRIES), 0);
  sim_close(&sim);
}

static void a_call_fails_at_once_when_the_next_probe_is_too_late(void **state) {
  struct call *patient, *hasty;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_make(&sim, HF_REQUEST_QUERY);
  patient->request.deadline_us = sim.now_us + (uint64_t)9000 * US;
  sim_submit(&sim, patient);
  open_breaker();
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.deadline_us = sim.now_us + 1 * US;
  sim_submit(&sim, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  sim_close(&sim);
}

static void a_permanent_connect_error_answers_every_call_at_once(void **state) {
  struct call *call;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_refuse(&sim, "28P01");
  expect_sqlstate(call, "28P01");
  for (i = 0; i < 5; i++) {
    call = sim_write(&sim);
    expect_sqlstate(call, "28P01");
    expect_outcome(call, HF_OUTCOME_PERMANENT);
  }
  assert_int_equal(sim.counts[SIM_CONNECT], 1);
  /* A second later it is tried again: the password may have been mended. */
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_REFUSED_MS);
  call = sim_write(&sim);
  expect_pending(call);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_call_that_fails_fast_ends_with_the_first_failed_connect(
    void **state) {
  struct call *hasty, *patient;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_write(&sim);
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.flags = HF_FLAG_FAIL_FAST;
  sim_submit(&sim, hasty);
  sim_refuse(&sim, NULL);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  sim_close(&sim);
}

static void an_open_breaker_does_not_stop_live_connections(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 2);
  first = sim_write(&sim);
  sim_connect(&sim);
  second = sim_make(&sim, HF_REQUEST_QUERY);
  second->request.deadline_us = sim.now_us + (uint64_t)9000 * US;
  sim_submit(&sim, second);
  open_breaker();
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

/* What waited was held against the probe once; what comes is, as it comes. */
static void the_queue_is_checked_against_each_probe_once(void **state) {
  struct call *patient, *hasty;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_make(&sim, HF_REQUEST_QUERY);
  patient->request.deadline_us = sim.now_us + (uint64_t)60000 * US;
  sim_submit(&sim, patient);
  while (sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 1);
  }
  assert_true(sim.pool.queue_checked_us > sim.now_us);
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.deadline_us = sim.now_us + 1;
  sim_submit(&sim, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  assert_int_equal(patient->answered, 0);
  sim_close(&sim);
}

static void a_full_server_is_probed_more_slowly(void **state) {
  size_t before;

  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  while (sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0) {
    sim_refuse(&sim, "53300");
    sim_advance(&sim, 1);
  }
  before = sim.counts[SIM_CONNECT];
  sim_advance(&sim, 900);
  assert_int_equal(sim.counts[SIM_CONNECT], before);
  sim_advance(&sim, 1100);
  assert_int_equal(sim.counts[SIM_CONNECT], before + 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_queue_is_checked_against_each_probe_once),
      cmocka_unit_test(an_open_breaker_lets_one_probe_through),
      cmocka_unit_test(calls_survive_an_outage_shorter_than_their_deadline),
      cmocka_unit_test(a_call_fails_at_once_when_the_next_probe_is_too_late),
      cmocka_unit_test(a_permanent_connect_error_answers_every_call_at_once),
      cmocka_unit_test(
          a_call_that_fails_fast_ends_with_the_first_failed_connect),
      cmocka_unit_test(an_open_breaker_does_not_stop_live_connections),
      cmocka_unit_test(a_full_server_is_probed_more_slowly)};

  return cmocka_run_group_tests_name("scheduler breaker", tests, NULL, NULL);
}
