/* SPDX-License-Identifier: MIT */
/* The retry law around work that a driver does, not the engine. */
#include "core/policy/budget.h"
#include "core/policy/load.h"
#include "core/policy/retry.h"
#include "support.h"

static int fresh(void **state) {
  (void)state;
  hf_budget_init(hf_retry_budget());
  hf_load_init(hf_retry_load());
  return 0;
}

static struct hf_evidence driver(const char *code, const char *message) {
  struct hf_evidence evidence = {.phase = HF_PHASE_UNKNOWN,
                                 .severity = HF_SEVERITY_ERROR,
                                 .code = code,
                                 .message = message};
  return evidence;
}

/* Follows a failure to its end; returns how often it is repeated. */
static int follow(const struct hf_retry_policy *policy,
                  const struct hf_evidence *evidence,
                  int32_t delays[16]) {
  struct hf_retry_state history = {0};
  int n = 0;

  while (n < 16) {
    struct hf_verdict verdict =
        hf_retry_next(policy, &history, evidence, 1000, UINT32_MAX);

    if (!verdict.again) {
      break;
    }
    delays[n++] = verdict.delay_ms;
  }
  return n;
}

static void errors_about_statement_names_follow_the_linear_preset(
    void **state) {
  static const struct {
    const char *code, *message;
  } rows[] = {
      {"42P05", "prepared statement \"s0\" already exists"},
      {"26000", "prepared statement \"s0\" does not exist"},
      {"08P01",
       "bind message supplies 3 parameters, but prepared statement \"s0\" "
       "requires 1"},
      {"0A000", "cached plan must not change result type"},
      {NULL, "prepared statement \"s0\" already exists"},
      {NULL, "unnamed prepared statement does not exist"},
      {"P2010",
       "Raw query failed. Code: `42P05`. Message: `prepared statement "
       "\"s0\" already exists`"}};
  struct hf_retry_policy policy;
  int32_t delays[16];
  size_t i;

  (void)state;
  hf_retry_policy_init(&policy);
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_evidence evidence = driver(rows[i].code, rows[i].message);

    assert_int_equal(hf_classify(&evidence).outcome, HF_OUTCOME_ROLLED_BACK);
    assert_int_equal(follow(&policy, &evidence, delays), 3);
    assert_int_equal(delays[0], 100);
    assert_int_equal(delays[1], 200);
    assert_int_equal(delays[2], 300);
  }
}

static void a_given_count_or_given_delays_are_kept(void **state) {
  struct hf_evidence evidence = driver("42P05", "x");
  struct hf_retry_policy policy;
  int32_t delays[16];

  (void)state;
  hf_retry_policy_init(&policy);
  policy.count_given = true;
  policy.max_retries = 7;
  assert_int_equal(follow(&policy, &evidence, delays), 7);
  assert_int_equal(delays[0], 50);
  hf_retry_policy_init(&policy);
  policy.delays_given = true;
  policy.base_ms = 1;
  assert_int_equal(follow(&policy, &evidence, delays), 3);
  assert_int_equal(delays[0], 1);
  assert_true(hf_retry_preset("serverless", &policy));
  assert_int_equal(follow(&policy, &evidence, delays), 2);
  assert_int_equal(delays[1], 1000);
}

static void a_wrong_number_of_parameters_is_permanent(void **state) {
  struct hf_evidence evidence =
      driver("08P01",
             "bind message supplies 2 parameters, but prepared statement "
             "\"\" requires 1");

  (void)state;
  assert_int_equal(hf_classify(&evidence).outcome, HF_OUTCOME_PERMANENT);
}

static void a_refused_connect_is_retried_until_the_deadline(void **state) {
  struct hf_evidence evidence = driver("ECONNREFUSED", NULL);
  struct hf_retry_state history = {.deadline_at = 9000};
  struct hf_retry_policy policy;
  double now = 1000;
  int32_t before = 0;
  int n = 0;

  (void)state;
  hf_retry_policy_init(&policy);
  for (;;) {
    struct hf_verdict verdict =
        hf_retry_next(&policy, &history, &evidence, now, 0);

    if (!verdict.again) {
      break;
    }
    assert_true(verdict.waits);
    assert_in_range(verdict.delay_ms, 10, 1000);
    assert_true(verdict.delay_ms >= before || now > 8000);
    before = verdict.delay_ms;
    now += verdict.delay_ms;
    n++;
  }
  assert_true(n > 5);
  assert_true(now > 8900 && now < 9000);
  assert_int_equal(history.waits, n);
  /* What comes next has all its repetitions left. */
  evidence = driver("40001", NULL);
  assert_true(hf_retry_next(&policy, &history, &evidence, 1000, 0).again);
}

static void without_a_deadline_retries_of_a_connect_are_limited(void **state) {
  struct hf_evidence evidence = driver("ECONNREFUSED", NULL);
  struct hf_retry_policy policy;
  int32_t delays[16];

  (void)state;
  hf_retry_policy_init(&policy);
  assert_int_equal(follow(&policy, &evidence, delays), 2);
  assert_true(delays[0] > 0);
  policy.count_given = true;
  policy.max_retries = 5;
  assert_int_equal(follow(&policy, &evidence, delays), 5);
}

static void a_name_that_does_not_exist_is_not_waited_for(void **state) {
  struct hf_evidence evidence = driver("ENOTFOUND", NULL);
  struct hf_retry_state history = {.deadline_at = 9000};
  struct hf_retry_policy policy;
  int n = 0;

  (void)state;
  hf_retry_policy_init(&policy);
  while (hf_retry_next(&policy, &history, &evidence, 1000, 0).again) {
    n++;
  }
  assert_int_equal(n, policy.max_retries);
}

static void failures_that_left_nothing_are_not_limited_by_the_budget(
    void **state) {
  static const char *const codes[] = {"42P05", "ECONNREFUSED"};
  struct hf_retry_policy policy;
  size_t i;
  int n;

  (void)state;
  hf_retry_policy_init(&policy);
  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    struct hf_evidence evidence = driver(codes[i], NULL);

    for (n = 0; n < 1000; n++) {
      struct hf_retry_state history = {0};

      assert_true(hf_retry_next(&policy, &history, &evidence, 1000, 0).again);
    }
  }
}

static void an_overloaded_server_limits_all_retries(void **state) {
  struct hf_evidence evidence = driver("53300", NULL);
  struct hf_retry_policy policy;
  struct hf_verdict verdict;
  double before = hf_retry_cuts();
  int again = 0;
  int n;

  (void)state;
  hf_retry_policy_init(&policy);
  for (n = 0; n < 200; n++) {
    struct hf_retry_state history = {0};

    verdict = hf_retry_next(&policy, &history, &evidence, 1000, 0);
    again += verdict.again;
  }
  assert_in_range(again, HF_BUDGET_IDLE_CAP, HF_BUDGET_IDLE_CAP + 1);
  assert_true(verdict.cut);
  assert_int_equal((int)(hf_retry_cuts() - before), 200 - again);
  policy.unbudgeted = true;
  {
    struct hf_retry_state history = {0};

    assert_true(hf_retry_next(&policy, &history, &evidence, 1000, 0).again);
  }
}

static void the_budget_limits_a_storm_of_conflicts(void **state) {
  struct hf_evidence evidence = driver("40001", NULL);
  struct hf_retry_policy policy;
  int again = 0;
  int n;

  (void)state;
  hf_retry_policy_init(&policy);
  for (n = 0; n < 200; n++) {
    hf_retry_count_call(1000);
  }
  for (n = 0; n < 1000; n++) {
    struct hf_retry_state history = {0};

    again += hf_retry_next(&policy, &history, &evidence, 1000, 0).again;
  }
  /* As many as succeed, and the budget's own. */
  assert_in_range(again, 300, 330);
}

static void a_lost_read_is_retried_when_its_error_shows_that_it_reads(
    void **state) {
  struct hf_evidence evidence = driver("ECONNRESET", NULL);
  struct hf_retry_state history = {0};
  struct hf_retry_policy policy;

  (void)state;
  hf_retry_policy_init(&policy);
  assert_false(hf_retry_next(&policy, &history, &evidence, 1000, 0).again);
  evidence.only_reads = true;
  assert_true(hf_retry_next(&policy, &history, &evidence, 1000, 0).again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(
          errors_about_statement_names_follow_the_linear_preset,
          fresh),
      cmocka_unit_test_setup(a_given_count_or_given_delays_are_kept, fresh),
      cmocka_unit_test_setup(a_wrong_number_of_parameters_is_permanent, fresh),
      cmocka_unit_test_setup(a_refused_connect_is_retried_until_the_deadline,
                             fresh),
      cmocka_unit_test_setup(
          without_a_deadline_retries_of_a_connect_are_limited,
          fresh),
      cmocka_unit_test_setup(a_name_that_does_not_exist_is_not_waited_for,
                             fresh),
      cmocka_unit_test_setup(
          failures_that_left_nothing_are_not_limited_by_the_budget,
          fresh),
      cmocka_unit_test_setup(an_overloaded_server_limits_all_retries, fresh),
      cmocka_unit_test_setup(the_budget_limits_a_storm_of_conflicts, fresh),
      cmocka_unit_test_setup(
          a_lost_read_is_retried_when_its_error_shows_that_it_reads,
          fresh),
  };

  return cmocka_run_group_tests_name("retry outside", tests, NULL, NULL);
}
