/* SPDX-License-Identifier: MIT */
#include "core/policy/budget.h"
#include "core/policy/load.h"
#include "core/policy/retry.h"
#include "support.h"

static struct hf_evidence sqlstate(const char *code) {
  struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                 .status = HF_SERVER_ERROR,
                                 .severity = HF_SEVERITY_ERROR,
                                 .speaker = HF_SPEAKER_SERVER,
                                 .sqlstate = code};
  return evidence;
}

static struct hf_evidence refused(const char *code) {
  struct hf_evidence evidence = sqlstate(code);
  evidence.progress = HF_PROGRESS_UNPARSED;
  return evidence;
}

static const struct hf_evidence lost = {.phase = HF_PHASE_AWAIT,
                                        .status = HF_SOCKET_ERROR};

static int fresh_budget(void **state) {
  (void)state;
  hf_budget_init(hf_retry_budget());
  hf_load_init(hf_retry_load());
  return 0;
}

static void the_default_policy_is_two_retries_from_50_ms(void **state) {
  struct hf_retry_policy policy;

  (void)state;
  hf_retry_policy_init(&policy);
  assert_int_equal(policy.max_retries, 2);
  assert_int_equal(policy.base_ms, 50);
  assert_int_equal(policy.cap_ms, 2000);
  assert_int_equal(policy.jitter, HF_JITTER_FULL);
  assert_int_equal(policy.growth, HF_GROWTH_EXPONENTIAL);
  assert_false(policy.retry_ambiguous);
}

static void presets_wait_exactly_as_promised(void **state) {
  static const struct {
    const char *name;
    int n;
    int32_t delays[3];
  } rows[] = {{"fast", 1, {20}},
              {"linear", 3, {100, 200, 300}},
              {"serverless", 2, {500, 1000}}};
  struct hf_evidence evidence = refused("08001");
  size_t i;
  int n;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_retry_policy policy;
    struct hf_retry_state history = {0};

    assert_true(hf_retry_preset(rows[i].name, &policy));
    for (n = 0; n < rows[i].n; n++) {
      struct hf_verdict verdict =
          hf_retry_next(&policy, &history, &evidence, 1000, 12345);

      assert_true(verdict.again);
      assert_int_equal(verdict.delay_ms, rows[i].delays[n]);
    }
    assert_false(
        hf_retry_next(&policy, &history, &evidence, 1000, 12345).again);
  }
}

static void an_unknown_preset_is_refused(void **state) {
  struct hf_retry_policy policy;

  (void)state;
  assert_false(hf_retry_preset("slow", &policy));
}

static void a_failure_that_was_not_executed_is_retried_at_once(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_evidence evidence = refused("08001");
  struct hf_verdict verdict;

  (void)state;
  hf_retry_policy_init(&policy);
  verdict = hf_retry_next(&policy, &history, &evidence, 1000, UINT32_MAX);
  assert_true(verdict.again);
  assert_int_equal(verdict.delay_ms, 0);
  verdict = hf_retry_next(&policy, &history, &evidence, 1000, UINT32_MAX);
  assert_true(verdict.again);
  assert_int_equal(verdict.delay_ms, 100);
  verdict = hf_retry_next(&policy, &history, &evidence, 1000, UINT32_MAX);
  assert_false(verdict.again);
  assert_non_null(verdict.refused);
}

static void an_overloaded_server_is_not_retried_at_once(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_evidence evidence = sqlstate("53300");

  (void)state;
  hf_retry_policy_init(&policy);
  assert_int_equal(
      hf_retry_next(&policy, &history, &evidence, 1000, 0).delay_ms,
      125);
}

static void a_failure_that_was_rolled_back_is_retried_after_a_delay(
    void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_evidence evidence = sqlstate("40001");
  struct hf_verdict verdict;

  (void)state;
  hf_retry_policy_init(&policy);
  evidence.in_transaction = true;
  verdict = hf_retry_next(&policy, &history, &evidence, 1000, UINT32_MAX);
  assert_true(verdict.again);
  assert_int_equal(verdict.delay_ms, 50);
  assert_int_equal(verdict.why.unit, HF_UNIT_TRANSACTION);
  assert_int_equal(history.retries, 1);
}

static void an_ambiguous_failure_is_retried_only_when_allowed(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};

  (void)state;
  hf_retry_policy_init(&policy);
  assert_false(hf_retry_next(&policy, &history, &lost, 1000, 0).again);
  assert_int_equal(history.retries, 0);
  policy.retry_ambiguous = true;
  assert_true(hf_retry_next(&policy, &history, &lost, 1000, 0).again);
}

static void a_permanent_failure_is_never_retried(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_evidence unknown = {.phase = HF_PHASE_UNKNOWN, .name = "TypeError"};
  struct hf_evidence constraint = sqlstate("23505");
  struct hf_evidence cancelled = sqlstate("57014");

  (void)state;
  hf_retry_policy_init(&policy);
  policy.retry_ambiguous = true;
  assert_false(hf_retry_next(&policy, &history, &unknown, 1, 0).again);
  assert_false(hf_retry_next(&policy, &history, &constraint, 1, 0).again);
  assert_false(hf_retry_next(&policy, &history, &cancelled, 1, 0).again);
}

static void a_success_is_not_retried(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_classification why = {0};

  (void)state;
  hf_retry_policy_init(&policy);
  assert_false(hf_retry_judge(&policy, &history, &why, false, 1000, 0).again);
}

static void the_engine_retries_at_most_once_where_the_rule_says_so(
    void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {0};
  struct hf_evidence evidence = sqlstate("26000");
  struct hf_classification why = hf_classify(&evidence);

  (void)state;
  hf_retry_policy_init(&policy);
  policy.max_retries = 9;
  assert_true(why.unnamed && why.once);
  assert_true(hf_retry_judge(&policy, &history, &why, false, 1000, 0).again);
  assert_false(hf_retry_judge(&policy, &history, &why, false, 1000, 0).again);
}

static void no_delay_ends_past_the_deadline(void **state) {
  struct hf_retry_policy policy;
  struct hf_retry_state history = {.deadline_at = 1050};
  struct hf_evidence evidence = sqlstate("40001");
  struct hf_verdict verdict;

  (void)state;
  hf_retry_policy_init(&policy);
  verdict = hf_retry_next(&policy, &history, &evidence, 1000, UINT32_MAX);
  assert_false(verdict.again);
  assert_int_equal(verdict.delay_ms, 0);
  assert_int_equal(hf_budget_tokens(hf_retry_budget()), HF_BUDGET_IDLE_CAP);
  assert_true(
      hf_retry_next(&policy, &history, &evidence, 999, UINT32_MAX).again);
}

static void the_budget_of_the_process_limits_all_calls_together(void **state) {
  struct hf_retry_policy policy;
  int again = 0;
  int i;

  (void)state;
  hf_retry_policy_init(&policy);
  policy.retry_ambiguous = true;
  for (i = 0; i < 1000; i++) {
    struct hf_retry_state history = {0};

    again += hf_retry_next(&policy, &history, &lost, 1000, 0).again;
  }
  assert_int_equal(again, HF_BUDGET_IDLE_CAP);
  for (i = 0; i < HF_BUDGET_TENTHS; i++) {
    hf_retry_count_call(1000);
  }
  {
    struct hf_retry_state history = {0};

    assert_true(hf_retry_next(&policy, &history, &lost, 1000, 0).again);
    assert_false(hf_retry_next(&policy, &history, &lost, 1000, 0).again);
  }
}

static void timeouts_cost_two_tokens(void **state) {
  static const enum hf_status costly[] = {HF_QUERY_TIMEOUT, HF_SILENT};
  struct hf_retry_policy policy;
  size_t i;

  (void)state;
  hf_retry_policy_init(&policy);
  policy.retry_ambiguous = true;
  for (i = 0; i < sizeof(costly) / sizeof(costly[0]); i++) {
    struct hf_retry_state history = {0};
    struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                   .status = costly[i]};

    hf_budget_init(hf_retry_budget());
    assert_true(hf_retry_next(&policy, &history, &evidence, 0, 0).again);
    assert_int_equal(hf_budget_tokens(hf_retry_budget()),
                     HF_BUDGET_IDLE_CAP - 2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_default_policy_is_two_retries_from_50_ms,
                             fresh_budget),
      cmocka_unit_test_setup(presets_wait_exactly_as_promised, fresh_budget),
      cmocka_unit_test_setup(an_unknown_preset_is_refused, fresh_budget),
      cmocka_unit_test_setup(a_failure_that_was_not_executed_is_retried_at_once,
                             fresh_budget),
      cmocka_unit_test_setup(an_overloaded_server_is_not_retried_at_once,
                             fresh_budget),
      cmocka_unit_test_setup(
          a_failure_that_was_rolled_back_is_retried_after_a_delay,
          fresh_budget),
      cmocka_unit_test_setup(an_ambiguous_failure_is_retried_only_when_allowed,
                             fresh_budget),
      cmocka_unit_test_setup(a_permanent_failure_is_never_retried,
                             fresh_budget),
      cmocka_unit_test_setup(a_success_is_not_retried, fresh_budget),
      cmocka_unit_test_setup(
          the_engine_retries_at_most_once_where_the_rule_says_so,
          fresh_budget),
      cmocka_unit_test_setup(no_delay_ends_past_the_deadline, fresh_budget),
      cmocka_unit_test_setup(
          the_budget_of_the_process_limits_all_calls_together,
          fresh_budget),
      cmocka_unit_test_setup(timeouts_cost_two_tokens, fresh_budget),
  };

  return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
