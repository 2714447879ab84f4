/* SPDX-License-Identifier: MIT */
/* The end of a transaction, without a pool: what is sent, and what it means. */
#include <string.h>

#include "core/base/error.h"
#include "core/policy/transaction.h"
#include "support.h"

enum { NOW = 1000, LATER = 5000, WITHIN = 300 };

static struct hf_transaction ending(bool commit, uint64_t commit_timeout_us) {
  struct hf_transaction transaction = {0};

  assert_false(hf_transaction_is_ending(&transaction));
  hf_transaction_end(&transaction, commit, commit_timeout_us);
  assert_true(hf_transaction_is_ending(&transaction));
  return transaction;
}

static struct hf_error failure(enum hf_status status, enum hf_outcome outcome) {
  struct hf_error error;

  hf_error_init(&error);
  hf_error_set(&error, status, HF_PHASE_COMMIT, NULL);
  error.outcome = outcome;
  return error;
}

static void expect_state(const struct hf_transaction *transaction,
                         enum hf_transaction_state state) {
  assert_string_equal(hf_transaction_state_name(transaction->state),
                      hf_transaction_state_name(state));
}

static void a_commit_is_sent_when_it_is_its_turn(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error none = {0};

  (void)state;
  expect_state(&transaction, HF_TRANSACTION_COMMIT_WAITS);
  assert_true(hf_transaction_take_turn(&transaction, 'T', 0, NOW) ==
              UINT64_MAX);
  expect_state(&transaction, HF_TRANSACTION_COMMITTING);
  assert_false(hf_transaction_rolls_back(&transaction));
  hf_transaction_finish(&transaction, &none);
  expect_state(&transaction, HF_TRANSACTION_COMMITTED);
  assert_int_equal(none.status, HF_OK);
}

static void a_failed_transaction_is_rolled_back_and_says_so(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = {0};

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'E', 0, NOW);
  expect_state(&transaction, HF_TRANSACTION_ROLLING_BACK);
  hf_transaction_finish(&transaction, &error);
  expect_state(&transaction, HF_TRANSACTION_ROLLED_BACK);
  assert_int_equal(error.status, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(error.unit, HF_UNIT_TRANSACTION);
  hf_error_finish(&error);
}

static void the_callers_deadline_bounds_the_commit(void **state) {
  struct hf_transaction transaction = ending(true, 0);

  (void)state;
  assert_true(hf_transaction_take_turn(&transaction, 'T', LATER, NOW) == LATER);
}

static void the_commit_timeout_starts_at_its_turn(void **state) {
  struct hf_transaction transaction = ending(true, WITHIN);

  (void)state;
  assert_true(hf_transaction_take_turn(&transaction, 'T', 0, LATER) ==
              LATER + WITHIN);
}

static void the_earlier_of_deadline_and_commit_timeout_counts(void **state) {
  struct hf_transaction first = ending(true, WITHIN);
  struct hf_transaction second = ending(true, WITHIN);

  (void)state;
  assert_true(hf_transaction_take_turn(&first, 'T', LATER, NOW) ==
              NOW + WITHIN);
  assert_true(hf_transaction_take_turn(&second, 'T', NOW + 1, NOW) == NOW + 1);
}

static void a_commit_past_its_deadline_is_not_sent(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = {0};

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'T', NOW, NOW);
  expect_state(&transaction, HF_TRANSACTION_ROLLING_BACK);
  hf_transaction_finish(&transaction, &error);
  assert_int_equal(error.status, HF_DEADLINE);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  hf_error_finish(&error);
}

static void expect_turned(enum hf_status why) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = failure(HF_SOCKET_ERROR, HF_OUTCOME_ROLLED_BACK);

  assert_int_equal(hf_transaction_stop(&transaction, why),
                   HF_TRANSACTION_ROLL_BACK);
  assert_true(hf_transaction_rolls_back(&transaction));
  assert_int_equal(hf_transaction_stop(&transaction, why),
                   HF_TRANSACTION_CARRY_ON);
  assert_true(hf_transaction_take_turn(&transaction, 'T', NOW, LATER) ==
              UINT64_MAX);
  assert_int_equal(hf_transaction_stop(&transaction, why),
                   HF_TRANSACTION_CARRY_ON);
  hf_transaction_finish(&transaction, &error);
  assert_int_equal(error.status, why);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_false(error.retryable);
  hf_error_finish(&error);
}

static void an_abort_before_commit_was_sent_rolls_back(void **state) {
  (void)state;
  expect_turned(HF_ABORTED);
}

static void a_deadline_before_commit_was_sent_rolls_back(void **state) {
  (void)state;
  expect_turned(HF_DEADLINE);
}

static void a_commit_that_was_sent_is_interrupted_like_any_statement(
    void **state) {
  struct hf_transaction transaction = ending(true, 0);

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'T', 0, NOW);
  assert_int_equal(hf_transaction_stop(&transaction, HF_ABORTED),
                   HF_TRANSACTION_STOP);
  expect_state(&transaction, HF_TRANSACTION_COMMITTING);
}

static void the_end_of_the_pool_interrupts_it_in_any_state(void **state) {
  struct hf_transaction transaction = ending(true, 0);

  (void)state;
  assert_int_equal(hf_transaction_stop(&transaction, HF_POOL_CLOSED),
                   HF_TRANSACTION_STOP);
  expect_state(&transaction, HF_TRANSACTION_COMMIT_WAITS);
}

static void a_statement_that_ends_no_transaction_is_unaffected(void **state) {
  struct hf_transaction transaction = {0};

  (void)state;
  assert_int_equal(hf_transaction_stop(&transaction, HF_ABORTED),
                   HF_TRANSACTION_STOP);
}

static void a_commit_without_an_answer_is_in_doubt(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = failure(HF_OUTCOME_UNKNOWN, HF_OUTCOME_AMBIGUOUS);

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'T', 0, NOW);
  hf_transaction_finish(&transaction, &error);
  expect_state(&transaction, HF_TRANSACTION_IN_DOUBT);
  assert_int_equal(error.status, HF_OUTCOME_UNKNOWN);
  assert_int_equal(error.outcome, HF_OUTCOME_AMBIGUOUS);
  hf_error_finish(&error);
}

static void a_commit_that_the_server_refused_is_rolled_back(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = failure(HF_SERVER_ERROR, HF_OUTCOME_PERMANENT);

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'T', 0, NOW);
  hf_transaction_finish(&transaction, &error);
  expect_state(&transaction, HF_TRANSACTION_ROLLED_BACK);
  assert_int_equal(error.status, HF_SERVER_ERROR);
  hf_error_finish(&error);
}

static void a_commit_that_was_not_sent_is_rolled_back(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = failure(HF_SOCKET_ERROR, HF_OUTCOME_ROLLED_BACK);

  (void)state;
  hf_transaction_finish(&transaction, &error);
  expect_state(&transaction, HF_TRANSACTION_ROLLED_BACK);
  assert_int_equal(error.status, HF_SOCKET_ERROR);
  hf_error_finish(&error);
}

static void a_rollback_that_fails_keeps_its_own_error(void **state) {
  struct hf_transaction transaction = ending(false, 0);
  struct hf_error error = failure(HF_SOCKET_ERROR, HF_OUTCOME_ROLLED_BACK);

  (void)state;
  (void)hf_transaction_take_turn(&transaction, 'E', 0, NOW);
  expect_state(&transaction, HF_TRANSACTION_ROLLING_BACK);
  hf_transaction_finish(&transaction, &error);
  expect_state(&transaction, HF_TRANSACTION_ROLLED_BACK);
  assert_int_equal(error.status, HF_SOCKET_ERROR);
  hf_error_finish(&error);
}

static void a_commit_that_is_given_up_says_why(void **state) {
  struct hf_transaction transaction = ending(true, 0);
  struct hf_error error = {0};

  (void)state;
  hf_transaction_give_up(&transaction, HF_COMMIT_ROLLED_BACK);
  (void)hf_transaction_take_turn(&transaction, 'T', 0, NOW);
  expect_state(&transaction, HF_TRANSACTION_ROLLING_BACK);
  hf_transaction_finish(&transaction, &error);
  assert_int_equal(error.status, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(error.outcome, HF_OUTCOME_ROLLED_BACK);
  hf_error_finish(&error);
}

static void a_commit_answered_with_rollback_has_failed(void **state) {
  (void)state;
  assert_true(hf_transaction_commit_failed(true, true, false));
  assert_false(hf_transaction_commit_failed(false, true, false));
  assert_false(hf_transaction_commit_failed(true, false, true));
  /* A script with both may have meant it. */
  assert_false(hf_transaction_commit_failed(true, true, true));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_commit_is_sent_when_it_is_its_turn),
      cmocka_unit_test(a_failed_transaction_is_rolled_back_and_says_so),
      cmocka_unit_test(the_callers_deadline_bounds_the_commit),
      cmocka_unit_test(the_commit_timeout_starts_at_its_turn),
      cmocka_unit_test(the_earlier_of_deadline_and_commit_timeout_counts),
      cmocka_unit_test(a_commit_past_its_deadline_is_not_sent),
      cmocka_unit_test(an_abort_before_commit_was_sent_rolls_back),
      cmocka_unit_test(a_deadline_before_commit_was_sent_rolls_back),
      cmocka_unit_test(
          a_commit_that_was_sent_is_interrupted_like_any_statement),
      cmocka_unit_test(the_end_of_the_pool_interrupts_it_in_any_state),
      cmocka_unit_test(a_statement_that_ends_no_transaction_is_unaffected),
      cmocka_unit_test(a_commit_without_an_answer_is_in_doubt),
      cmocka_unit_test(a_commit_that_the_server_refused_is_rolled_back),
      cmocka_unit_test(a_commit_that_was_not_sent_is_rolled_back),
      cmocka_unit_test(a_rollback_that_fails_keeps_its_own_error),
      cmocka_unit_test(a_commit_that_is_given_up_says_why),
      cmocka_unit_test(a_commit_answered_with_rollback_has_failed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
