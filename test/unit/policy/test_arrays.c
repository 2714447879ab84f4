/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "holdfast.h"
#include "support.h"

static const char *no_texts[HF_EVIDENCE_COUNT];

static void evidence_is_read_from_its_numbers_and_texts(void **state) {
  int32_t facts[HF_FACT_COUNT] = {0};
  const char *texts[HF_EVIDENCE_COUNT] = {NULL};
  struct hf_evidence evidence;

  (void)state;
  facts[HF_FACT_PHASE] = HF_PHASE_AWAIT;
  facts[HF_FACT_SPEAKER] = HF_SPEAKER_POOLER;
  facts[HF_FACT_ONLY_READS] = 1;
  texts[HF_EVIDENCE_SQLSTATE] = "40001";
  texts[HF_EVIDENCE_MESSAGE] = "could not serialize";
  assert_true(hf_evidence_read(facts, texts, &evidence));
  assert_int_equal(evidence.phase, HF_PHASE_AWAIT);
  assert_int_equal(evidence.speaker, HF_SPEAKER_POOLER);
  assert_true(evidence.only_reads);
  assert_false(evidence.commit_sent);
  assert_string_equal(evidence.sqlstate, "40001");
  assert_string_equal(evidence.message, "could not serialize");
  assert_null(evidence.name);
}

static void evidence_with_a_number_outside_its_enum_is_refused(void **state) {
  static const struct {
    enum hf_fact place;
    int32_t last;
  } cases[] = {{HF_FACT_PHASE, HF_PHASE_UNKNOWN},
               {HF_FACT_STATUS, HF_STATUS_COUNT - 1},
               {HF_FACT_SEVERITY, HF_SEVERITY_PANIC},
               {HF_FACT_SPEAKER, HF_SPEAKER_POOLER},
               {HF_FACT_KNOWN, HF_OUTCOME_PERMANENT}};
  struct hf_evidence evidence;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    int32_t facts[HF_FACT_COUNT] = {0};

    facts[cases[i].place] = cases[i].last;
    assert_true(hf_evidence_read(facts, no_texts, &evidence));
    facts[cases[i].place] = cases[i].last + 1;
    assert_false(hf_evidence_read(facts, no_texts, &evidence));
    facts[cases[i].place] = -1;
    assert_false(hf_evidence_read(facts, no_texts, &evidence));
  }
}

static void a_policy_written_and_read_is_the_same(void **state) {
  int32_t words[HF_POLICY_COUNT];
  struct hf_retry_policy policy;
  struct hf_retry_policy again;

  (void)state;
  assert_true(hf_retry_preset("linear", &policy));
  policy.retry_ambiguous = true;
  policy.unbudgeted = true;
  hf_retry_policy_write(&policy, words);
  assert_true(hf_retry_policy_read(words, &again));
  assert_int_equal(again.max_retries, policy.max_retries);
  assert_int_equal(again.base_ms, policy.base_ms);
  assert_int_equal(again.cap_ms, policy.cap_ms);
  assert_int_equal(again.jitter, policy.jitter);
  assert_int_equal(again.growth, policy.growth);
  assert_true(again.retry_ambiguous);
  assert_int_equal(again.count_given, policy.count_given);
  assert_int_equal(again.delays_given, policy.delays_given);
  assert_true(again.unbudgeted);
  assert_int_equal(again.name_retries, policy.name_retries);
}

static void a_policy_with_an_unknown_growth_is_refused(void **state) {
  int32_t words[HF_POLICY_COUNT] = {0};
  struct hf_retry_policy policy;

  (void)state;
  words[HF_POLICY_GROWTH] = HF_GROWTH_LINEAR + 1;
  assert_false(hf_retry_policy_read(words, &policy));
}

static void a_run_written_and_read_is_the_same(void **state) {
  double numbers[HF_RUN_AT_COUNT] = {0};
  struct hf_run run = {
      .state = HF_RUN_GRACE,
      .ended = HF_ABORTED,
      .failed = true,
      .due_at = 12.5,
      .history = {.retries = 3, .used_once = true, .waits = 2}};
  struct hf_run again;
  struct hf_run_event event;

  (void)state;
  hf_run_write(&run, numbers);
  assert_true(hf_run_read(numbers, &again, &event));
  assert_int_equal(again.state, HF_RUN_GRACE);
  assert_int_equal(again.ended, HF_ABORTED);
  assert_true(again.failed);
  assert_true(again.due_at > 12.4 && again.due_at < 12.6);
  assert_int_equal(again.history.retries, 3);
  assert_true(again.history.used_once);
  assert_int_equal(again.history.waits, 2);
}

static void a_limit_that_is_no_count_means_no_limit(void **state) {
  double numbers[HF_RUN_AT_COUNT] = {0};
  struct hf_run run;
  struct hf_run_event event;

  (void)state;
  numbers[HF_RUN_AT_RETRIES_LEFT] = 1e300;
  numbers[HF_RUN_AT_NAMES_LEFT] = 2;
  assert_true(hf_run_read(numbers, &run, &event));
  assert_int_equal(event.retries_left, -1);
  assert_int_equal(event.names_left, 2);
}

static void a_run_with_a_number_outside_its_enum_is_refused(void **state) {
  static const struct {
    enum hf_run_number place;
    double value;
  } wrong[] = {{HF_RUN_AT_STATE, HF_RUN_STATES},
               {HF_RUN_AT_STATE, -1},
               {HF_RUN_AT_ENDED, HF_STATUS_COUNT},
               {HF_RUN_AT_EVENT, HF_RUN_EVENTS},
               {HF_RUN_AT_RETRIES, -1},
               {HF_RUN_AT_RETRIES, 1e10},
               {HF_RUN_AT_WAITS, -1},
               {HF_RUN_AT_RANDOM, 1e10}};
  struct hf_run run;
  struct hf_run_event event;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    double numbers[HF_RUN_AT_COUNT] = {0};

    assert_true(hf_run_read(numbers, &run, &event));
    numbers[wrong[i].place] = wrong[i].value;
    assert_false(hf_run_read(numbers, &run, &event));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(evidence_is_read_from_its_numbers_and_texts),
      cmocka_unit_test(evidence_with_a_number_outside_its_enum_is_refused),
      cmocka_unit_test(a_policy_written_and_read_is_the_same),
      cmocka_unit_test(a_policy_with_an_unknown_growth_is_refused),
      cmocka_unit_test(a_run_written_and_read_is_the_same),
      cmocka_unit_test(a_limit_that_is_no_count_means_no_limit),
      cmocka_unit_test(a_run_with_a_number_outside_its_enum_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
