/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/status.h"
#include "support.h"

static void every_status_has_a_name_and_a_sentence(void **state) {
  int status;

  (void)state;
  for (status = 0; status < HF_STATUS_COUNT; status++) {
    const char *name = hf_status_name((enum hf_status)status);

    assert_memory_equal(name, "HF_", 3);
    assert_true(strlen(hf_status_text((enum hf_status)status)) > 0);
    assert_non_null(hf_status_code((enum hf_status)status));
  }
}

static void codes_have_the_names_that_users_test_for(void **state) {
  (void)state;
  assert_string_equal(hf_status_code(HF_DEADLINE), "HF_DEADLINE");
  assert_string_equal(hf_status_code(HF_NAME_ERROR), "ENOTFOUND");
  assert_string_equal(hf_status_code(HF_SERVER_ERROR), "");
  assert_string_equal(hf_status_name(HF_SERVER_ERROR), "HF_SERVER_ERROR");
}

static void a_number_that_is_no_status_has_empty_texts(void **state) {
  (void)state;
  assert_string_equal(hf_status_code(HF_STATUS_COUNT), "");
  assert_string_equal(hf_status_text(HF_STATUS_COUNT), "");
  assert_string_equal(hf_status_name(HF_STATUS_COUNT), "");
}

static void outcomes_have_the_documented_names(void **state) {
  (void)state;
  assert_string_equal(hf_outcome_name(HF_OUTCOME_NONE), "");
  assert_string_equal(hf_outcome_name(HF_OUTCOME_NOT_EXECUTED), "not_executed");
  assert_string_equal(hf_outcome_name(HF_OUTCOME_ROLLED_BACK), "rolled_back");
  assert_string_equal(hf_outcome_name(HF_OUTCOME_AMBIGUOUS), "ambiguous");
  assert_string_equal(hf_outcome_name(HF_OUTCOME_PERMANENT), "permanent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_a_name_and_a_sentence),
      cmocka_unit_test(codes_have_the_names_that_users_test_for),
      cmocka_unit_test(a_number_that_is_no_status_has_empty_texts),
      cmocka_unit_test(outcomes_have_the_documented_names),
  };

  return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
