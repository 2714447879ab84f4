/* SPDX-License-Identifier: MIT */
/* health(): when the server is asked, and who shares a probe. */
#include "health_support.h"

enum { LOOKS = 5 };

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
  };

  return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
