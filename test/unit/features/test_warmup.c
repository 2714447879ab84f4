/* SPDX-License-Identifier: MIT */
/* warmup() on virtual time. */
#include <string.h>

#include "feature_sim.h"

enum { US_PER_MS = 1000, MANY = 8 };

static struct features features;

static void open_with(int32_t max, int32_t min) {
  struct hf_config config = sim_config(max);
  config.min = min;
  features_open(&features, &config);
}

static int connect_all(void) {
  int n = sim_connect(&features.sim);
  features_settle(&features);
  return n;
}

static int refuse_all(const char *sqlstate) {
  int n = sim_refuse(&features.sim, sqlstate);
  features_settle(&features);
  return n;
}

static void expect_state(enum hf_warmup_state state) {
  assert_string_equal(hf_warmup_state_name(features.warmup.state),
                      hf_warmup_state_name(state));
}

static void a_warm_up_opens_min_connections_and_waits_for_all(void **state) {
  struct warmup_call *call;
  struct hf_slot *slot;
  (void)state;
  open_with(MANY, 2);
  expect_state(HF_WARMUP_COLD);
  call = features_warm(&features, 0, false);
  expect_state(HF_WARMUP_OPENING);
  assert_int_equal(sim_count(&features.sim, HF_SLOT_CONNECTING), 2);
  slot = sim_slot_in(&features.sim, HF_SLOT_CONNECTING);
  sim_connected(&features.sim, slot);
  features_settle(&features);
  assert_int_equal(call->answered, 0);
  assert_false(hf_warmup_is_warm(&features.warmup));
  connect_all();
  expect_warm(call);
  expect_state(HF_WARMUP_WARM);
  assert_true(hf_warmup_is_warm(&features.warmup));
  features_close(&features);
}

static void without_min_one_connection_is_opened(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 0);
  call = features_warm(&features, 0, false);
  assert_int_equal(connect_all(), 1);
  expect_warm(call);
  features_close(&features);
}

static void enough_open_connections_answer_at_once(void **state) {
  (void)state;
  open_with(MANY, 2);
  sim_warm(&features.sim, 2);
  expect_warm(features_warm(&features, 0, false));
  features_close(&features);
}

static void calls_share_one_warm_up(void **state) {
  struct warmup_call *calls[3];
  int i;
  (void)state;
  open_with(MANY, 3);
  for (i = 0; i < 3; i++) {
    calls[i] = features_warm(&features, 0, false);
  }
  assert_int_equal(connect_all(), 3);
  for (i = 0; i < 3; i++) {
    expect_warm(calls[i]);
  }
  assert_int_equal(features.sim.counts[SIM_CONNECT], 3);
  features_close(&features);
}

static void each_call_has_its_own_time_limit(void **state) {
  struct warmup_call *brief;
  struct warmup_call *patient;
  (void)state;
  open_with(MANY, 1);
  brief = features_warm(&features, 20, false);
  patient = features_warm(&features, 60000, false);
  features_advance(&features, 19);
  assert_int_equal(brief->answered, 0);
  features_advance(&features, 1);
  expect_refused(brief, HF_DEADLINE);
  expect_state(HF_WARMUP_OPENING);
  connect_all();
  expect_warm(patient);
  features_close(&features);
}

static void at_its_limit_a_call_reports_the_connect_error(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 1);
  call = features_warm(&features, 200, false);
  refuse_all(NULL);
  features_advance(&features, 200);
  expect_refused(call, HF_DEADLINE);
  assert_int_equal(call->why, HF_SOCKET_ERROR);
  expect_state(HF_WARMUP_COLD);
  features_close(&features);
}

static void connections_are_opened_after_all_calls_gave_up(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 2);
  call = features_warm(&features, 10, false);
  refuse_all(NULL);
  features_advance(&features, 10);
  expect_refused(call, HF_DEADLINE);
  while (!hf_warmup_is_warm(&features.warmup)) {
    features_advance(&features, 1);
    connect_all();
  }
  expect_state(HF_WARMUP_WARM);
  assert_int_equal(sim_count(&features.sim, HF_SLOT_IDLE), 2);
  features_close(&features);
}

static void a_refused_login_ends_a_warm_up_at_once(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 2);
  call = features_warm(&features, 0, false);
  refuse_all("28P01");
  expect_refused(call, HF_SERVER_ERROR);
  expect_state(HF_WARMUP_COLD);
  features_close(&features);
}

/* Fails every connect, for as long as it takes. */
static void fail_for(uint64_t ms, const char *sqlstate) {
  uint64_t end_us = features.sim.now_us + ms * US_PER_MS;
  refuse_all(sqlstate);
  while (features.sim.now_us < end_us) {
    features_advance(&features, 1);
    refuse_all(sqlstate);
  }
}

static void a_call_that_fails_fast_ends_with_the_first_failures(void **state) {
  struct warmup_call *quick;
  struct warmup_call *patient;
  (void)state;
  open_with(MANY, 1);
  quick = features_warm(&features, 0, true);
  patient = features_warm(&features, 0, false);
  fail_for(1000, NULL);
  expect_refused(quick, HF_SOCKET_ERROR);
  assert_int_equal(patient->answered, 0);
  features_close(&features);
}

static void an_earlier_failure_does_not_answer_a_call_that_fails_fast(
    void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 1);
  (void)features_warm(&features, 0, false);
  fail_for(1000, NULL);
  call = features_warm(&features, 0, true);
  assert_int_equal(call->answered, 0);
  /* It does not wait for the breaker's next turn: a tenth of a second. */
  fail_for(100, NULL);
  expect_refused(call, HF_SOCKET_ERROR);
  features_close(&features);
}

static void a_starting_server_is_waited_for_most_of_a_second(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 1);
  call = features_warm(&features, 0, true);
  fail_for(900, "57P03");
  assert_int_equal(call->answered, 0);
  fail_for(2000, "57P03");
  expect_refused(call, HF_SERVER_ERROR);
  assert_true(call->answered_us - call->call.begun_us >= 950 * US_PER_MS);
  features_close(&features);
}

static void the_end_of_the_pool_refuses_waiting_calls(void **state) {
  struct warmup_call *call;
  (void)state;
  open_with(MANY, 1);
  call = features_warm(&features, 0, false);
  sim_end(&features.sim);
  features_settle(&features);
  expect_refused(call, HF_POOL_CLOSED);
  expect_refused(features_warm(&features, 0, false), HF_POOL_CLOSED);
  features_close(&features);
}

static void an_abort_ends_only_its_call(void **state) {
  struct warmup_call *one;
  struct warmup_call *other;
  (void)state;
  open_with(MANY, 1);
  one = features_warm(&features, 0, false);
  other = features_warm(&features, 0, false);
  hf_warmup_refuse(&features.warmup, &one->call, HF_ABORTED);
  features_settle(&features);
  expect_refused(one, HF_ABORTED);
  assert_int_equal(other->answered, 0);
  hf_warmup_refuse(&features.warmup, &other->call, HF_ABORTED);
  expect_refused(other, HF_ABORTED);
  expect_state(HF_WARMUP_COLD);
  features_close(&features);
}

static void the_end_for_an_owner_ends_only_its_calls(void **state) {
  struct warmup_call *mine;
  struct warmup_call *theirs;
  (void)state;
  open_with(MANY, 1);
  mine = features_warm(&features, 0, false);
  theirs = features_warm(&features, 0, false);
  theirs->call.owner = &theirs;
  hf_warmup_end_owner(&features.warmup, &features);
  expect_refused(mine, HF_POOL_CLOSED);
  assert_int_equal(theirs->answered, 0);
  connect_all();
  expect_warm(theirs);
  features_close(&features);
}

static void a_pool_stays_warm_when_connections_close(void **state) {
  struct warmup_call *again;
  (void)state;
  open_with(MANY, 1);
  (void)features_warm(&features, 0, false);
  connect_all();
  sim_lose(&features.sim, sim_slot_in(&features.sim, HF_SLOT_IDLE));
  features_settle(&features);
  assert_true(hf_warmup_is_warm(&features.warmup));
  again = features_warm(&features, 0, false);
  expect_state(HF_WARMUP_REOPENING);
  assert_int_equal(again->answered, 0);
  assert_true(hf_warmup_is_warm(&features.warmup));
  connect_all();
  expect_warm(again);
  expect_state(HF_WARMUP_WARM);
  features_close(&features);
}

static void giving_up_a_second_warm_up_leaves_the_pool_warm(void **state) {
  struct warmup_call *again;
  (void)state;
  open_with(MANY, 1);
  (void)features_warm(&features, 0, false);
  connect_all();
  sim_lose(&features.sim, sim_slot_in(&features.sim, HF_SLOT_IDLE));
  again = features_warm(&features, 10, false);
  features_advance(&features, 10);
  expect_refused(again, HF_DEADLINE);
  expect_state(HF_WARMUP_WARM);
  features_close(&features);
}

static void queries_that_opened_enough_connections_warm_the_pool(void **state) {
  (void)state;
  open_with(MANY, 2);
  (void)sim_read(&features.sim);
  (void)sim_read(&features.sim);
  assert_false(hf_warmup_is_warm(&features.warmup));
  connect_all();
  assert_true(hf_warmup_is_warm(&features.warmup));
  expect_state(HF_WARMUP_WARM);
  features_close(&features);
}

static void the_time_of_a_warm_up_is_recorded_once(void **state) {
  double values[HF_STATS_ALL_VALUES];
  size_t first = HF_STAT_COUNT + HF_GAUGE_COUNT +
                 (size_t)HF_HISTOGRAM_WARMUP_TIME * HF_HISTOGRAM_VALUES;
  (void)state;
  open_with(MANY, 1);
  (void)features_warm(&features, 0, false);
  features_advance(&features, 100);
  (void)features_warm(&features, 0, false);
  features_advance(&features, 200);
  connect_all();
  (void)hf_stats_read(&features.sim.pool.stats, values, HF_STATS_ALL_VALUES);
  assert_int_equal((int)values[first], 1);
  assert_int_equal((int)values[first + 1], 300 * US_PER_MS);
  features_close(&features);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_warm_up_opens_min_connections_and_waits_for_all),
      cmocka_unit_test(without_min_one_connection_is_opened),
      cmocka_unit_test(enough_open_connections_answer_at_once),
      cmocka_unit_test(calls_share_one_warm_up),
      cmocka_unit_test(each_call_has_its_own_time_limit),
      cmocka_unit_test(at_its_limit_a_call_reports_the_connect_error),
      cmocka_unit_test(connections_are_opened_after_all_calls_gave_up),
      cmocka_unit_test(a_refused_login_ends_a_warm_up_at_once),
      cmocka_unit_test(a_call_that_fails_fast_ends_with_the_first_failures),
      cmocka_unit_test(
          an_earlier_failure_does_not_answer_a_call_that_fails_fast),
      cmocka_unit_test(a_starting_server_is_waited_for_most_of_a_second),
      cmocka_unit_test(the_end_of_the_pool_refuses_waiting_calls),
      cmocka_unit_test(an_abort_ends_only_its_call),
      cmocka_unit_test(the_end_for_an_owner_ends_only_its_calls),
      cmocka_unit_test(a_pool_stays_warm_when_connections_close),
      cmocka_unit_test(giving_up_a_second_warm_up_leaves_the_pool_warm),
      cmocka_unit_test(queries_that_opened_enough_connections_warm_the_pool),
      cmocka_unit_test(the_time_of_a_warm_up_is_recorded_once),
  };

  return cmocka_run_group_tests_name("warmup", tests, NULL, NULL);
}
