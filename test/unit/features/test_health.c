/* SPDX-License-Identifier: MIT */
/* health() on virtual time: who asks the server, who waits, until when. */
#include <string.h>

#include "feature_sim.h"

enum { US_PER_MS = 1000, MANY = 8, LIMIT_MS = 2000, LOOKS = 5 };

static struct features features;

static void open_connected(int32_t max) {
  features_open_max(&features, max);
  sim_warm(&features.sim, 1);
}

static struct health_call *check(void) {
  return features_check(&features, LIMIT_MS);
}

static void expect_up(const struct health_call *call) {
  expect_health(call, HF_HEALTH_UP, HF_OBSTACLE_NONE);
  assert_int_equal(call->verdict.issues, 0);
}

static void expect_unanswered(const struct health_call *call) {
  assert_int_equal(call->answered, 0);
}

static void expect_down(const struct health_call *call,
                        enum hf_health_obstacle obstacle) {
  expect_health(call, HF_HEALTH_DOWN, obstacle);
}

/* A query succeeds. */
static void succeed(void) {
  struct call *call = sim_read(&features.sim);
  sim_answer(&features.sim, call, 'I');
  features_settle(&features);
}

/*
 * ---- asking ---------------------------------------------------------------
 */

static void a_server_that_answers_is_up(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(MANY);
  call = check();
  expect_unanswered(call);
  assert_string_equal(hf_check_state_name(call->check.state), "asking");
  features_answer(&features);
  expect_up(call);
  assert_int_equal(call->verdict.role, HF_HEALTH_ROLE_PRIMARY);
  assert_int_equal(call->error, HF_OK);
  features_close(&features);
}

static void checks_at_the_same_time_share_one_probe(void **state) {
  struct health_call *calls[LOOKS];
  int i;
  (void)state;
  open_connected(MANY);
  for (i = 0; i < LOOKS; i++) {
    calls[i] = check();
    features_advance(&features, 10);
  }
  assert_int_equal(features.probes, 1);
  features_answer(&features);
  for (i = 0; i < LOOKS; i++) {
    expect_up(calls[i]);
  }
  features_close(&features);
}

static void an_older_probe_is_not_shared(void **state) {
  (void)state;
  open_connected(MANY);
  (void)check();
  features_advance(&features, HF_HEALTH_FRESH_MS);
  (void)check();
  assert_int_equal(features.probes, 2);
  features_close(&features);
}

static void a_probe_with_a_much_earlier_limit_is_not_shared(void **state) {
  (void)state;
  open_connected(MANY);
  (void)features_check(&features, 500);
  (void)features_check(&features, 500 + HF_HEALTH_FRESH_MS);
  assert_int_equal(features.probes, 1);
  (void)features_check(&features, 501 + HF_HEALTH_FRESH_MS);
  assert_int_equal(features.probes, 2);
  features_close(&features);
}

static void checks_that_share_a_probe_get_the_same_verdict(void **state) {
  struct health_call *one;
  struct health_call *other;
  struct call *query;
  (void)state;
  open_connected(MANY);
  query = sim_write(&features.sim);
  sim_lose(&features.sim, query->request.slot);
  one = check();
  other = check();
  sim_connect(&features.sim);
  features_answer(&features);
  assert_int_equal(one->verdict.issues, HF_ISSUE_LOST);
  assert_int_equal(one->verdict.lost, 1);
  assert_memory_equal(&one->verdict, &other->verdict, sizeof(one->verdict));
  features_close(&features);
}

static void a_lost_connection_is_reported_once(void **state) {
  struct health_call *call;
  struct call *query;
  (void)state;
  open_connected(MANY);
  query = sim_write(&features.sim);
  sim_lose(&features.sim, query->request.slot);
  call = check();
  sim_connect(&features.sim);
  features_answer(&features);
  expect_health(call, HF_HEALTH_DEGRADED, HF_OBSTACLE_NONE);
  features_advance(&features, LIMIT_MS);
  call = check();
  features_answer(&features);
  expect_up(call);
  features_close(&features);
}

static void a_probe_that_the_server_refuses_is_an_answer(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(MANY);
  call = check();
  sim_fail(&features.sim, features.probing, "42501", 'I');
  expect_up(call);
  assert_int_equal(call->verdict.role, HF_HEALTH_ROLE_UNKNOWN);
  features_close(&features);
}

static void a_failed_probe_is_down_with_its_error(void **state) {
  struct health_call *call;
  (void)state;
  features_open_max(&features, MANY);
  call = check();
  sim_refuse(&features.sim, "28P01");
  expect_down(call, HF_OBSTACLE_FAILED);
  assert_int_equal(call->error, HF_SERVER_ERROR);
  assert_false(call->warmed);
  features_close(&features);
}

static void without_memory_for_a_probe_the_pool_is_down(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(MANY);
  features.no_memory = true;
  call = check();
  expect_down(call, HF_OBSTACLE_FAILED);
  assert_int_equal(call->error, HF_NO_MEMORY);
  features_close(&features);
}

/*
 * ---- proof ----------------------------------------------------------------
 */

static void a_query_that_has_just_succeeded_replaces_a_probe(void **state) {
  (void)state;
  open_connected(MANY);
  (void)check();
  features_answer(&features);
  features_advance(&features, LIMIT_MS / 4);
  succeed();
  features_advance(&features, HF_HEALTH_FRESH_MS - 1);
  expect_up(check());
  assert_int_equal(features.probes, 1);
  features_advance(&features, 1);
  expect_unanswered(check());
  assert_int_equal(features.probes, 2);
  features_close(&features);
}

static void a_success_does_not_prove_an_old_role(void **state) {
  (void)state;
  open_connected(MANY);
  (void)check();
  features_answer(&features);
  features_advance(&features, HF_HEALTH_ROLE_MS + 1);
  succeed();
  expect_unanswered(check());
  features_close(&features);
}

static void a_success_does_not_prove_the_role_of_other_connections(
    void **state) {
  (void)state;
  open_connected(MANY);
  (void)check();
  features_answer(&features);
  sim_lose(&features.sim, sim_slot_in(&features.sim, HF_SLOT_IDLE));
  sim_warm(&features.sim, 1);
  succeed();
  expect_unanswered(check());
  features_close(&features);
}

static void a_success_proves_nothing_before_the_role_is_known(void **state) {
  (void)state;
  open_connected(MANY);
  succeed();
  expect_unanswered(check());
  features_close(&features);
}

static void a_probe_without_checks_still_teaches_the_role(void **state) {
  struct health_call *call;
  (void)state;
  open_connected(MANY);
  features.role = HF_HEALTH_ROLE_STANDBY;
  call = check();
  hf_health_end_owner(&features.health, &features);
  expect_down(call, HF_OBSTACLE_ENDED);
  features_answer(&features);
  succeed();
  call = check();
  expect_up(call);
  assert_int_equal(call->verdict.role, HF_HEALTH_ROLE_STANDBY);
  features_close(&features);
}

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
      cmocka_unit_test(a_server_that_answers_is_up),
      cmocka_unit_test(checks_at_the_same_time_share_one_probe),
      cmocka_unit_test(an_older_probe_is_not_shared),
      cmocka_unit_test(a_probe_with_a_much_earlier_limit_is_not_shared),
      cmocka_unit_test(checks_that_share_a_probe_get_the_same_verdict),
      cmocka_unit_test(a_lost_connection_is_reported_once),
      cmocka_unit_test(a_probe_that_the_server_refuses_is_an_answer),
      cmocka_unit_test(a_failed_probe_is_down_with_its_error),
      cmocka_unit_test(without_memory_for_a_probe_the_pool_is_down),
      cmocka_unit_test(a_query_that_has_just_succeeded_replaces_a_probe),
      cmocka_unit_test(a_success_does_not_prove_an_old_role),
      cmocka_unit_test(a_success_does_not_prove_the_role_of_other_connections),
      cmocka_unit_test(a_success_proves_nothing_before_the_role_is_known),
      cmocka_unit_test(a_probe_without_checks_still_teaches_the_role),
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

  return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
