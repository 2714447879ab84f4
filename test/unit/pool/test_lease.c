/* SPDX-License-Identifier: MIT */
/* Statements of a lease: their order, and what a loss does to them. */
#include "lease_support.h"

enum { THREE = 3 };

static void an_acquire_gives_the_connection_to_one_user(void **state) {
  struct call *lease = hold();
  struct call *waiting = sim_write(&sim);

  (void)state;
  assert_non_null(lease->lease.slot);
  assert_int_equal(lease->lease.slot->state, HF_SLOT_LEASED);
  assert_int_equal(waiting->sent, 0);
  sim_close(&sim);
}

static void statements_run_in_order_one_at_a_time(void **state) {
  struct call *lease = hold();
  struct call *calls[THREE];
  int i;

  (void)state;
  for (i = 0; i < THREE; i++) {
    calls[i] = sim_statement(&sim, lease, HF_SQL_SELECT);
  }
  for (i = 0; i < THREE; i++) {
    assert_int_equal(calls[i]->sent, 1);
    assert_true(i == THREE - 1 || calls[i + 1]->sent == 0);
    sim_answer(&sim, calls[i], 'I');
    expect_success(calls[i]);
  }
  sim_close(&sim);
}

static void each_statement_fails_alone(void **state) {
  struct call *lease = hold();
  struct call *bad = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *good = sim_statement(&sim, lease, HF_SQL_INSERT);

  (void)state;
  sim_fail(&sim, bad, "23505", 'I');
  expect_sqlstate(bad, "23505");
  assert_int_equal(good->sent, 1);
  sim_answer(&sim, good, 'I');
  expect_success(good);
  sim_close(&sim);
}

static void a_statement_is_never_repeated(void **state) {
  static const char *const sqlstates[] = {"40001", "42P05", "26000", "25006"};
  struct call *lease = hold();
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
    struct call *call = sim_statement(&sim, lease, HF_SQL_SELECT);

    sim_fail(&sim, call, sqlstates[i], 'I');
    expect_sqlstate(call, sqlstates[i]);
    assert_int_equal(call->sent, 1);
  }
  sim_close(&sim);
}

static void an_error_in_a_transaction_is_about_the_transaction(void **state) {
  struct call *lease = hold_transaction();
  struct call *call = sim_statement(&sim, lease, HF_SQL_UPDATE);

  (void)state;
  sim_fail(&sim, call, "40001", 'E');
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  assert_true(call->error.retryable);
  sim_close(&sim);
}

static void a_loss_in_a_transaction_rolls_it_back(void **state) {
  struct call *lease = hold_transaction();
  struct call *call = sim_statement(&sim, lease, HF_SQL_INSERT);

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  assert_true(call->error.retryable);
  assert_null(lease->lease.slot);
  sim_close(&sim);
}

static void a_loss_at_begin_is_rolled_back(void **state) {
  struct call *lease = hold();
  struct call *call = sim_statement(&sim, lease, HF_SQL_BEGIN);

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  assert_true(call->error.retryable);
  sim_close(&sim);
}

static void a_loss_at_commit_is_an_unknown_outcome(void **state) {
  struct call *lease = hold_transaction();
  struct call *call = sim_statement(&sim, lease, HF_SQL_COMMIT);

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  expect_status(call, HF_OUTCOME_UNKNOWN);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  sim_close(&sim);
}

static void statements_after_a_lost_commit_are_ambiguous_too(void **state) {
  struct call *lease = hold_transaction();
  struct call *commit = sim_statement(&sim, lease, HF_SQL_COMMIT);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_SELECT);
  struct call *rollback;

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  rollback = sim_statement(&sim, lease, HF_SQL_ROLLBACK);
  expect_outcome(commit, HF_OUTCOME_AMBIGUOUS);
  expect_outcome(queued, HF_OUTCOME_AMBIGUOUS);
  expect_outcome(rollback, HF_OUTCOME_AMBIGUOUS);
  expect_status(rollback, HF_OUTCOME_UNKNOWN);
  assert_int_equal(rollback->error.unit, HF_UNIT_TRANSACTION);
  sim_close(&sim);
}

static void after_a_loss_answers_keep_the_order_of_calls(void **state) {
  struct call *lease = hold_transaction();
  struct call *calls[THREE];
  int i;

  (void)state;
  for (i = 0; i < THREE; i++) {
    calls[i] = sim_statement(&sim, lease, HF_SQL_INSERT);
  }
  sim_lose(&sim, lease->lease.slot);
  for (i = 0; i < THREE; i++) {
    expect_outcome(calls[i], HF_OUTCOME_ROLLED_BACK);
    assert_int_equal(calls[i]->error.unit, HF_UNIT_TRANSACTION);
    assert_true(i == 0 || calls[i]->order > calls[i - 1]->order);
  }
  assert_int_equal(calls[1]->sent, 0);
  sim_close(&sim);
}

static void a_lost_lease_answers_with_its_first_error(void **state) {
  struct call *lease = hold();
  struct call *later;

  (void)state;
  sim_lose_as(&sim, lease->lease.slot, "57P01");
  later = sim_statement(&sim, lease, HF_SQL_INSERT);
  expect_sqlstate(later, "57P01");
  expect_outcome(later, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(later->error.unit, HF_UNIT_STATEMENT);
  assert_int_equal(later->sent, 0);
  sim_close(&sim);
}

static void a_lease_lost_between_statements_rolls_back_its_transaction(
    void **state) {
  struct call *lease = hold_transaction();
  struct call *later;

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  assert_int_equal(sim.events[HF_EVENT_LOST], 1);
  later = sim_statement(&sim, lease, HF_SQL_COMMIT);
  expect_status(later, HF_SOCKET_ERROR);
  expect_outcome(later, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(later->error.unit, HF_UNIT_TRANSACTION);
  sim_close(&sim);
}

static void a_statement_after_a_lost_write_is_not_executed(void **state) {
  struct call *lease = hold();
  struct call *write = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *next;

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  expect_outcome(write, HF_OUTCOME_AMBIGUOUS);
  next = sim_statement(&sim, lease, HF_SQL_INSERT);
  expect_outcome(next, HF_OUTCOME_NOT_EXECUTED);
  sim_close(&sim);
}

static void a_lost_lease_frees_its_place_in_the_pool(void **state) {
  struct call *lease = hold();
  struct call *waiting = sim_write(&sim);

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  sim_connect(&sim);
  assert_int_equal(waiting->sent, 1);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(waiting->returned, 0);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_acquire_gives_the_connection_to_one_user),
      cmocka_unit_test(statements_run_in_order_one_at_a_time),
      cmocka_unit_test(each_statement_fails_alone),
      cmocka_unit_test(a_statement_is_never_repeated),
      cmocka_unit_test(an_error_in_a_transaction_is_about_the_transaction),
      cmocka_unit_test(a_loss_in_a_transaction_rolls_it_back),
      cmocka_unit_test(a_loss_at_begin_is_rolled_back),
      cmocka_unit_test(a_loss_at_commit_is_an_unknown_outcome),
      cmocka_unit_test(statements_after_a_lost_commit_are_ambiguous_too),
      cmocka_unit_test(after_a_loss_answers_keep_the_order_of_calls),
      cmocka_unit_test(a_lost_lease_answers_with_its_first_error),
      cmocka_unit_test(
          a_lease_lost_between_statements_rolls_back_its_transaction),
      cmocka_unit_test(a_statement_after_a_lost_write_is_not_executed),
      cmocka_unit_test(a_lost_lease_frees_its_place_in_the_pool)};

  return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
