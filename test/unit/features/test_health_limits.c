/* SPDX-License-Identifier: MIT */
/* health(): how long a check waits, and for what. */
#include "health_support.h"

/*
 * ---- limits ---------------------------------------------------------------
 */

static void a_check_without_an_answer_ends_at_its_limit(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(1);
  call = check();
  features_advance(&features, LIMIT_MS - 1);
  /* The probe was cancelled, and nothing came of that. */
  assert_int_equal(features.sim.counts[SIM_CANCEL], 1);
  expect_unanswered(call);
  features_advance(&features, 1);
  expect_down(call, HF_OBSTACLE_SILENT);
  assert_int_equal(call->error, HF_OK);
  features_close(&features);
}

static void a_cancelled_probe_says_that_the_server_is_silent(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(1);
  call = check();
  features_advance(&features, LIMIT_MS - HF_HEALTH_MARGIN_MS);
  sim_fail(&features.sim, features.probing, "57014", 'I');
  expect_down(call, HF_OBSTACLE_SILENT);
  assert_int_equal(call->error, HF_DEADLINE);
  features_close(&features);
}

static void an_answer_at_the_limit_counts(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(1);
  call = features_check(&features, 20);
  sim_advance(&features.sim, 20);
  features_answer(&features);
  expect_up(call);
  features_close(&features);
}

static void each_check_has_a_limit_of_its_own(void **state) {
  struct health_call *brief;
  struct health_call *patient;
  (void)state;
  open_connected(1);
  patient = check();
  brief = features_check(&features, 50);
  assert_int_equal(features.probes, 1);
  features_advance(&features, 50);
  expect_down(brief, HF_OBSTACLE_SILENT);
  features_answer(&features);
  expect_health(patient, HF_HEALTH_UP, HF_OBSTACLE_NONE);
  features_close(&features);
}

static void when_the_application_uses_all_connections_it_is_degraded(
    void **state) {
  struct health_call *call;
  struct call *lease;
  (void)state;
  open_connected(1);
  lease = sim_acquire(&features.sim);
  call = check();
  features_advance(&features, LIMIT_MS);
  expect_health(call, HF_HEALTH_DEGRADED, HF_OBSTACLE_IN_USE);
  assert_int_equal(call->error, HF_DEADLINE);
  sim_release(&features.sim, lease, HF_RELEASE_KEEP);
  features_close(&features);
}

static void all_connections_in_use_on_a_silent_server_is_down(void **state) {
  struct health_call *call;
  struct call *stuck;
  (void)state;
  open_connected(1);
  (void)check();
  features_advance(&features, LIMIT_MS);
  /* The connection of the unanswered probe is being given up. */
  features_advance(&features, LIMIT_MS);
  sim_connect(&features.sim);
  stuck = sim_write(&features.sim);
  sim_connect(&features.sim);
  call = check();
  features_advance(&features, LIMIT_MS);
  expect_down(call, HF_OBSTACLE_SILENT);
  sim_answer(&features.sim, stuck, 'I');
  features_close(&features);
}

static void a_success_ends_the_silence(void **state) {
  struct health_call *call;
  struct call *lease;
  (void)state;
  open_connected(1);
  (void)check();
  features_advance(&features, 2 * LIMIT_MS);
  sim_connect(&features.sim);
  (void)sim_read(&features.sim);
  sim_connect(&features.sim);
  sim_answer(&features.sim, features.sim.calls, 'I');
  lease = sim_acquire(&features.sim);
  call = check();
  features_advance(&features, LIMIT_MS);
  expect_health(call, HF_HEALTH_DEGRADED, HF_OBSTACLE_IN_USE);
  sim_release(&features.sim, lease, HF_RELEASE_KEEP);
  features_close(&features);
}

/*
 * ---- what nobody is asked about -------------------------------------------
 */

static void a_suspended_pool_is_degraded_at_once(void **state) {
  (void)state;
  open_connected(MANY);
  sim_suspend(&features.sim);
  expect_health(check(), HF_HEALTH_DEGRADED, HF_OBSTACLE_SUSPENDED);
  assert_int_equal(features.probes, 0);
  features_close(&features);
}

static void a_pool_that_was_ended_is_down_at_once(void **state) {
  (void)state;
  open_connected(MANY);
  sim_end(&features.sim);
  expect_down(check(), HF_OBSTACLE_ENDED);
  assert_int_equal(features.probes, 0);
  features_close(&features);
}

static void the_end_for_an_owner_answers_only_its_checks(void **state) {
  struct health_call *mine;
  struct health_call *theirs;
  (void)state;
  open_connected(MANY);
  mine = check();
  theirs = check();
  theirs->check.owner = &theirs;
  hf_health_end_owner(&features.health, &features);
  expect_down(mine, HF_OBSTACLE_ENDED);
  features_answer(&features);
  expect_up(theirs);
  features_close(&features);
}

/*
 * ---- a warm-up under way --------------------------------------------------
 */

static void a_check_waits_for_a_warm_up(void **state) {
  struct health_call *call;
  (void)state;
  features_open_max(&features, MANY);
  (void)features_warm(&features, 0, false);
  call = check();
  assert_string_equal(hf_check_state_name(call->check.state), "held");
  assert_int_equal(features.probes, 0);
  sim_connect(&features.sim);
  features_settle(&features);
  assert_int_equal(features.probes, 1);
  features_answer(&features);
  expect_up(call);
  assert_true(call->warmed);
  features_close(&features);
}

static void a_check_waits_for_a_warm_up_for_half_of_its_time(void **state) {
  struct health_call *call;
  (void)state;
  features_open_max(&features, MANY);
  (void)features_warm(&features, 0, false);
  call = check();
  features_advance(&features, LIMIT_MS / 2 - 1);
  assert_int_equal(features.probes, 0);
  features_advance(&features, 1);
  assert_int_equal(features.probes, 1);
  features_advance(&features, LIMIT_MS / 2);
  assert_int_equal(call->answered, 1);
  assert_int_equal(call->verdict.status, HF_HEALTH_DOWN);
  assert_false(call->warmed);
  features_close(&features);
}

static void a_check_that_waits_for_a_warm_up_is_ended_with_it(void **state) {
  struct health_call *call;
  (void)state;
  features_open_max(&features, MANY);
  (void)features_warm(&features, 0, false);
  call = check();
  sim_end(&features.sim);
  features_settle(&features);
  expect_down(call, HF_OBSTACLE_ENDED);
  features_close(&features);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_check_without_an_answer_ends_at_its_limit),
      cmocka_unit_test(a_cancelled_probe_says_that_the_server_is_silent),
      cmocka_unit_test(an_answer_at_the_limit_counts),
      cmocka_unit_test(each_check_has_a_limit_of_its_own),
      cmocka_unit_test(
          when_the_application_uses_all_connections_it_is_degraded),
      cmocka_unit_test(all_connections_in_use_on_a_silent_server_is_down),
      cmocka_unit_test(a_success_ends_the_silence),
      cmocka_unit_test(a_suspended_pool_is_degraded_at_once),
      cmocka_unit_test(a_pool_that_was_ended_is_down_at_once),
      cmocka_unit_test(the_end_for_an_owner_answers_only_its_checks),
      cmocka_unit_test(a_check_waits_for_a_warm_up),
      cmocka_unit_test(a_check_waits_for_a_warm_up_for_half_of_its_time),
      cmocka_unit_test(a_check_that_waits_for_a_warm_up_is_ended_with_it),
  };

  return cmocka_run_group_tests_name("health limits", tests, NULL, NULL);
}
