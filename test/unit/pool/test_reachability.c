/* SPDX-License-Identifier: MIT */
#include "core/pool/reachability.h"
#include "sim.h"

enum { PACE_MAX_MS = 250 };

static struct sim sim;

static void open_proxied(int32_t max, int32_t warm) {
  sim_open_max(&sim, max);
  sim.proxied = true;
  sim_warm(&sim, warm);
}

/* The pooler's last words to a statement. */
static void turn_away(struct call *call, const char *sentence) {
  struct hf_error error;

  hf_error_init(&error);
  error.status = HF_SERVER_ERROR;
  error.phase = HF_PHASE_AWAIT;
  hf_error_add(&error, 'S', "FATAL");
  hf_error_add(&error, 'C', "08P01");
  hf_error_add(&error, 'M', sentence);
  sim_finish(&sim, call, &error, 'I');
  hf_error_finish(&error);
}

static void a_request_that_the_pooler_refused_waits_at_no_cost(void **state) {
  struct call *call;

  (void)state;
  open_proxied(1, 1);
  call = sim_write(&sim);
  turn_away(call, "server login has been failing, try again later");
  expect_pending(call);
  assert_true(sim.pool.pooler_has_no_server);
  assert_int_equal(call->request.retries, 0);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_RETRIES), 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_refuse(&sim, NULL);
  expect_pending(call);
  sim_close(&sim);
}

static void idle_connections_are_pinged_before_they_are_used(void **state) {
  struct call *call;

  (void)state;
  open_proxied(3, 3);
  call = sim_write(&sim);
  turn_away(call, "pgbouncer cannot connect to server");
  expect_pending(call);
  assert_int_equal(sim_count(&sim, HF_SLOT_CHECKING), 2);
  assert_int_equal(call->sent, 1);
  sim_check_all(&sim);
  assert_false(sim.pool.pooler_has_no_server);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_connect_without_an_answer_from_the_server_proves_nothing(
    void **state) {
  struct call *call;

  (void)state;
  open_proxied(1, 1);
  call = sim_write(&sim);
  turn_away(call, "server login has been failing, try again later");
  assert_int_equal(sim_connect(&sim), 1);
  assert_true(sim.pool.pooler_has_no_server);
  assert_int_equal(call->sent, 1);
  assert_int_equal(sim_count(&sim, HF_SLOT_CHECKING), 1);
  sim_check_all(&sim);
  assert_false(sim.pool.pooler_has_no_server);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void connects_keep_the_breakers_pace(void **state) {
  struct call *call;
  size_t before;
  int i;

  (void)state;
  open_proxied(1, 1);
  call = sim_write(&sim);
  turn_away(call, "server login has been failing, try again later");
  for (i = 0; i < HF_BREAKER_THRESHOLD; i++) {
    sim_refuse(&sim, "57P03");
  }
  assert_int_equal(hf_breaker_state(&sim.pool.breaker), HF_CIRCUIT_OPEN);
  before = sim.counts[SIM_CONNECT];
  sim_refuse(&sim, "57P03");
  assert_int_equal(sim.counts[SIM_CONNECT], before);
  sim_advance(&sim, PACE_MAX_MS);
  assert_true(sim.counts[SIM_CONNECT] > before);
  expect_pending(call);
  sim_close(&sim);
}

static void changes_of_the_breaker_are_emitted_as_events(void **state) {
  struct call *calls[HF_BREAKER_THRESHOLD];
  int i;

  (void)state;
  open_proxied(HF_BREAKER_THRESHOLD, HF_BREAKER_THRESHOLD);
  for (i = 0; i < HF_BREAKER_THRESHOLD; i++) {
    calls[i] = sim_write(&sim);
  }
  for (i = 0; i < HF_BREAKER_THRESHOLD; i++) {
    assert_int_equal(sim.events[HF_EVENT_BREAKER], 0);
    turn_away(calls[i], "server login has been failing, try again later");
  }
  assert_int_equal(hf_breaker_state(&sim.pool.breaker), HF_CIRCUIT_OPEN);
  assert_int_equal(sim.events[HF_EVENT_BREAKER], 1);
  sim_advance(&sim, PACE_MAX_MS);
  sim_connect(&sim);
  sim_check_all(&sim);
  assert_int_equal(hf_breaker_state(&sim.pool.breaker), HF_CIRCUIT_CLOSED);
  assert_int_equal(sim.events[HF_EVENT_BREAKER], 2);
  sim_close(&sim);
}

static void a_code_raised_by_sql_on_a_direct_connection_is_reported(
    void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  call->request.max_retries = 0;
  turn_away(call, "server login has been failing, try again later");
  expect_sqlstate(call, "08P01");
  assert_false(sim.pool.pooler_has_no_server);
  sim_close(&sim);
}

static void a_permanent_refusal_by_the_pooler_is_reported(void **state) {
  struct call *call;

  (void)state;
  open_proxied(1, 1);
  call = sim_write(&sim);
  turn_away(call, "no such database: nope");
  expect_outcome(call, HF_OUTCOME_PERMANENT);
  assert_false(sim.pool.pooler_has_no_server);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_that_the_pooler_refused_waits_at_no_cost),
      cmocka_unit_test(idle_connections_are_pinged_before_they_are_used),
      cmocka_unit_test(
          a_connect_without_an_answer_from_the_server_proves_nothing),
      cmocka_unit_test(connects_keep_the_breakers_pace),
      cmocka_unit_test(changes_of_the_breaker_are_emitted_as_events),
      cmocka_unit_test(a_code_raised_by_sql_on_a_direct_connection_is_reported),
      cmocka_unit_test(a_permanent_refusal_by_the_pooler_is_reported),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
