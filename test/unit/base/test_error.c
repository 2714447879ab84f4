/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/error.h"
#include "support.h"

static void a_new_error_is_a_success(void **state) {
  struct hf_error error;

  (void)state;
  hf_error_init(&error);
  assert_int_equal(error.status, HF_OK);
  assert_int_equal(error.fields_bytes, 0);
  assert_null(hf_error_field(&error, 'M'));
  hf_error_finish(&error);
  hf_error_finish(NULL);
}

static void set_replaces_everything(void **state) {
  struct hf_error error = {0};

  (void)state;
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "first");
  hf_error_add(&error, 'C', "40001");
  error.sys_errno = 5;
  hf_error_set(&error, HF_DEADLINE, HF_PHASE_ACQUIRE, NULL);
  assert_int_equal(error.status, HF_DEADLINE);
  assert_int_equal(error.phase, HF_PHASE_ACQUIRE);
  assert_int_equal(error.sys_errno, 0);
  assert_string_equal(error.sqlstate, "");
  assert_null(hf_error_field(&error, 'C'));
  assert_string_equal(hf_error_field(&error, 'M'), hf_status_text(HF_DEADLINE));
  hf_error_finish(&error);
}

static void set_may_quote_the_old_message(void **state) {
  struct hf_error error = {0};

  (void)state;
  hf_error_set(&error, HF_SOCKET_ERROR, HF_PHASE_AWAIT, "gone");
  hf_error_set(&error,
               HF_OUTCOME_UNKNOWN,
               HF_PHASE_COMMIT,
               hf_error_field(&error, 'M'));
  assert_string_equal(hf_error_field(&error, 'M'), "gone");
  hf_error_finish(&error);
}

static void fields_are_packed_as_letter_text_and_nul(void **state) {
  static const char packed[] = "Mhi\0C42P01\0V"
                               "ERROR";
  struct hf_error error = {0};

  (void)state;
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "hi");
  hf_error_add(&error, 'C', "42P01");
  hf_error_add(&error, 'V', "ERROR");
  hf_error_add(&error, 'D', NULL);
  assert_int_equal(error.fields_bytes, sizeof(packed));
  assert_memory_equal(error.fields, packed, sizeof(packed));
  assert_string_equal(error.sqlstate, "42P01");
  hf_error_finish(&error);
}

static void the_first_text_of_a_letter_wins(void **state) {
  struct hf_error error = {0};

  (void)state;
  hf_error_add(&error, 'C', "57P01");
  hf_error_add(&error, 'C', "08006");
  assert_string_equal(error.sqlstate, "57P01");
  assert_string_equal(hf_error_field(&error, 'C'), "57P01");
  hf_error_finish(&error);
}

static void a_code_that_is_not_five_characters_long_is_no_sqlstate(
    void **state) {
  struct hf_error error = {0};

  (void)state;
  hf_error_add(&error, 'C', "123456");
  assert_string_equal(error.sqlstate, "");
  assert_string_equal(hf_error_field(&error, 'C'), "123456");
  hf_error_finish(&error);
}

static void field_v_proves_that_a_server_sent_the_error(void **state) {
  static const struct {
    const char *word;
    enum hf_severity severity;
  } rows[] = {{"WARNING", HF_SEVERITY_WARNING},
              {"ERROR", HF_SEVERITY_ERROR},
              {"FATAL", HF_SEVERITY_FATAL},
              {"PANIC", HF_SEVERITY_PANIC},
              {"NOTICE", HF_SEVERITY_WARNING},
              {"?", HF_SEVERITY_UNKNOWN}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_error error = {0};

    assert_int_equal(error.speaker, HF_SPEAKER_UNKNOWN);
    hf_error_add(&error, 'V', rows[i].word);
    assert_int_equal(error.severity, rows[i].severity);
    assert_int_equal(error.speaker, HF_SPEAKER_SERVER);
    hf_error_finish(&error);
  }
}

static void a_copy_is_independent_of_the_original(void **state) {
  struct hf_error error = {0};
  struct hf_error copy = {0};

  (void)state;
  hf_error_set(&copy, HF_ABORTED, HF_PHASE_LOCAL, "old");
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "text");
  hf_error_copy(&copy, &error);
  hf_error_copy(&copy, &copy);
  hf_error_finish(&error);
  assert_int_equal(copy.status, HF_SERVER_ERROR);
  assert_string_equal(hf_error_field(&copy, 'M'), "text");
  hf_error_finish(&copy);
}

static void moving_leaves_an_empty_error_behind(void **state) {
  struct hf_error error = {0};
  struct hf_error target = {0};

  (void)state;
  hf_error_set(&target, HF_ABORTED, HF_PHASE_LOCAL, "old");
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "text");
  hf_error_move(&target, &error);
  hf_error_move(&target, &target);
  assert_int_equal(error.status, HF_OK);
  assert_null(error.fields);
  assert_string_equal(hf_error_field(&target, 'M'), "text");
  hf_error_finish(&target);
}

static void writing_evidence_keeps_the_callers_fields(void **state) {
  struct hf_evidence evidence = {.in_transaction = true, .code = "x"};
  struct hf_error error = {0};

  (void)state;
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "m");
  hf_error_add(&error, 'V', "FATAL");
  hf_error_add(&error, 'C', "57P01");
  hf_error_add(&error, 'R', "ProcessInterrupts");
  hf_error_evidence(&error, &evidence);
  assert_true(evidence.in_transaction);
  assert_null(evidence.code);
  assert_int_equal(evidence.status, HF_SERVER_ERROR);
  assert_int_equal(evidence.phase, HF_PHASE_AWAIT);
  assert_int_equal(evidence.severity, HF_SEVERITY_FATAL);
  assert_int_equal(evidence.speaker, HF_SPEAKER_SERVER);
  assert_string_equal(evidence.sqlstate, "57P01");
  assert_string_equal(evidence.routine, "ProcessInterrupts");
  assert_string_equal(evidence.message, "m");
  hf_error_finish(&error);
}

/* Returns whether an allocation failed with `n` allowed before it. */
static bool use_with_allocations(size_t n) {
  struct hf_error error = {0};
  struct hf_error copy = {0};
  bool failed;

  fail_allocations_after(n);
  hf_error_set(&error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "message");
  hf_error_add(&error, 'C', "40001");
  hf_error_add(&error, 'V', "ERROR");
  hf_error_copy(&copy, &error);
  failed = allocations_were_failed();
  assert_int_equal(copy.status, HF_SERVER_ERROR);
  assert_string_equal(copy.sqlstate, "40001");
  assert_int_equal(copy.severity, HF_SEVERITY_ERROR);
  assert_true(copy.fields != NULL || copy.fields_bytes == 0);
  hf_error_finish(&error);
  hf_error_finish(&copy);
  return failed;
}

static void without_memory_an_error_only_loses_text(void **state) {
  size_t n = 0;

  (void)state;
  while (use_with_allocations(n)) {
    n++;
  }
  assert_int_equal(n, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_error_is_a_success),
      cmocka_unit_test(set_replaces_everything),
      cmocka_unit_test(set_may_quote_the_old_message),
      cmocka_unit_test(fields_are_packed_as_letter_text_and_nul),
      cmocka_unit_test(the_first_text_of_a_letter_wins),
      cmocka_unit_test(a_code_that_is_not_five_characters_long_is_no_sqlstate),
      cmocka_unit_test(field_v_proves_that_a_server_sent_the_error),
      cmocka_unit_test(a_copy_is_independent_of_the_original),
      cmocka_unit_test(moving_leaves_an_empty_error_behind),
      cmocka_unit_test(writing_evidence_keeps_the_callers_fields),
      cmocka_unit_test(without_memory_an_error_only_loses_text),
  };

  return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
