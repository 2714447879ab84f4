/* SPDX-License-Identifier: MIT */
#include "core/policy/classify_error.h"
#include "support.h"

static void classifying_writes_the_judgement_into_the_error(void **state) {
  struct hf_evidence context = {.in_transaction = true};
  struct hf_error error = {0};
  struct hf_classification why;

  (void)state;
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "m");
  hf_error_add(&error, 'V', "ERROR");
  hf_error_add(&error, 'C', "40001");
  why = hf_classify_error(&error, &context);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(error.unit, HF_UNIT_TRANSACTION);
  assert_true(error.retryable);
  assert_ptr_equal(error.reason, why.reason);
  hf_classify_error(&error, NULL);
  assert_int_equal(error.unit, HF_UNIT_STATEMENT);
  hf_error_finish(&error);
}

static void an_error_without_text_is_judged_by_its_code(void **state) {
  struct hf_error error = {0};

  (void)state;
  fail_allocations_after(0);
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "message");
  hf_error_add(&error, 'C', "40001");
  hf_error_add(&error, 'V', "ERROR");
  assert_true(allocations_were_failed());
  assert_null(error.fields);
  hf_classify_error(&error, NULL);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  hf_error_finish(&error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classifying_writes_the_judgement_into_the_error),
      cmocka_unit_test(an_error_without_text_is_judged_by_its_code),
  };

  return cmocka_run_group_tests_name("classify_error", tests, NULL, NULL);
}
