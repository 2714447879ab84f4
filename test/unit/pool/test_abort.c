/* SPDX-License-Identifier: MIT */
/* Requests that are aborted, wherever they are. */
#include "interrupt_support.h"

static void aborting_a_waiting_request_answers_at_once(void **state) {
  struct call *waiting;

  (void)state;
  run();
  waiting = sim_write(&sim);
  sim_abort(&sim, waiting);
  expect_status(waiting, HF_ABORTED);
  expect_outcome(waiting, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_ABORTS), 1);
  sim_close(&sim);
}

static void aborting_between_attempts_keeps_the_outcome(void **state) {
  struct call *call = run();

  (void)state;
  sim_fail(&sim, call, "40001", 'I');
  assert_int_equal(call->request.state, HF_REQUEST_BACKOFF);
  sim_abort(&sim, call);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_string_equal(call->cause.sqlstate, "40001");
  sim_close(&sim);
}

static void aborting_a_running_request_cancels_it_and_waits(void **state) {
  struct call *call = run();

  (void)state;
  sim_abort(&sim, call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  expect_pending(call);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void what_is_undone_when_cut_is_answered_at_once(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_BEGIN);
  call->request.undone_if_cut = true;
  sim_submit(&sim, call);
  sim_abort(&sim, call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->returned, 0);
  sim_fail(&sim, call, "57014", 'I');
  assert_int_equal(call->returned, 1);
  sim_close(&sim);
}

static void a_cancel_that_comes_too_late_yields_the_result(void **state) {
  struct call *call = run();

  (void)state;
  sim_abort(&sim, call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_cancel_without_an_answer_is_sent_once_more(void **state) {
  struct call *call = run();

  (void)state;
  sim_abort(&sim, call);
  sim_advance(&sim, GRACE_MS / 10);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_advance(&sim, GRACE_MS / 2);
  assert_int_equal(sim.counts[SIM_CANCEL], 2);
  sim_advance(&sim, GRACE_MS / 4);
  assert_int_equal(sim.counts[SIM_CANCEL], 2);
  expect_pending(call);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_second_after_a_cancel_the_request_is_answered(void **state) {
  struct call *call = run();

  (void)state;
  sim_abort(&sim, call);
  sim_advance(&sim, GRACE_MS - 1);
  expect_pending(call);
  sim_advance(&sim, 1);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(call->returned, 1);
  sim_close(&sim);
}

static void a_second_abort_changes_nothing(void **state) {
  struct call *call = run();

  (void)state;
  sim_abort(&sim, call);
  sim_abort(&sim, call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_ABORTS), 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_CANCELS), 1);
  sim_close(&sim);
}

static void aborting_a_done_request_changes_nothing(void **state) {
  struct call *call = run();

  (void)state;
  sim_answer(&sim, call, 'I');
  sim_abort(&sim, call);
  expect_success(call);
  assert_int_equal(sim_stat(&sim, HF_STAT_ABORTS), 0);
  sim_close(&sim);
}

static void an_aborted_read_is_not_retried(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_read(&sim);
  sim_abort(&sim, call);
  sim_lose(&sim, call->request.slot);
  assert_int_equal(call->answered, 1);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void nothing_joins_a_read_that_is_being_cancelled(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  sim_abort(&sim, first);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  sim_fail(&sim, first, "57014", 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void on_a_shared_connection_nothing_is_cancelled(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  sim_abort(&sim, first);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  expect_status(first, HF_ABORTED);
  expect_outcome(first, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(first->returned, 0);
  sim_answer(&sim, first, 'I');
  assert_int_equal(first->returned, 1);
  sim_answer(&sim, second, 'I');
  expect_success(second);
  sim_close(&sim);
}

static void a_connection_that_nobody_reads_is_closed(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  second = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&second->request, HF_SQL_SELECT);
  second->request.max_retries = 0; /* it may not go elsewhere */
  sim_submit(&sim, second);
  sim_abort(&sim, first);
  sim_advance(&sim, 5 * GRACE_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_abort(&sim, second);
  sim_advance(&sim, GRACE_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(first->returned, 1);
  assert_int_equal(second->returned, 1);
  sim_close(&sim);
}

static void an_unread_connection_may_finish_within_a_second(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  sim_abort(&sim, first);
  sim_abort(&sim, second);
  sim_advance(&sim, GRACE_MS - 1);
  sim_answer(&sim, first, 'I');
  sim_answer(&sim, second, 'I');
  sim_advance(&sim, GRACE_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void an_aborted_acquire_leaves_the_connection_to_others(void **state) {
  struct call *lease, *next;

  (void)state;
  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  next = sim_write(&sim);
  sim_abort(&sim, lease);
  expect_status(lease, HF_ABORTED);
  sim_connect(&sim);
  assert_int_equal(next->sent, 1);
  sim_close(&sim);
}

static void aborting_in_a_transaction_rolls_back_the_transaction(void **state) {
  struct call *lease, *begin, *statement;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = sim_acquire(&sim);
  begin = sim_statement(&sim, lease, HF_SQL_BEGIN);
  sim_answer(&sim, begin, 'T');
  statement = sim_statement(&sim, lease, HF_SQL_UPDATE);
  sim_abort(&sim, statement);
  sim_advance(&sim, GRACE_MS);
  expect_status(statement, HF_ABORTED);
  expect_outcome(statement, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(statement->error.unit, HF_UNIT_TRANSACTION);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aborting_a_waiting_request_answers_at_once),
      cmocka_unit_test(aborting_between_attempts_keeps_the_outcome),
      cmocka_unit_test(aborting_a_running_request_cancels_it_and_waits),
      cmocka_unit_test(what_is_undone_when_cut_is_answered_at_once),
      cmocka_unit_test(a_cancel_that_comes_too_late_yields_the_result),
      cmocka_unit_test(a_cancel_without_an_answer_is_sent_once_more),
      cmocka_unit_test(a_second_after_a_cancel_the_request_is_answered),
      cmocka_unit_test(a_second_abort_changes_nothing),
      cmocka_unit_test(aborting_a_done_request_changes_nothing),
      cmocka_unit_test(an_aborted_read_is_not_retried),
      cmocka_unit_test(nothing_joins_a_read_that_is_being_cancelled),
      cmocka_unit_test(on_a_shared_connection_nothing_is_cancelled),
      cmocka_unit_test(a_connection_that_nobody_reads_is_closed),
      cmocka_unit_test(an_unread_connection_may_finish_within_a_second),
      cmocka_unit_test(an_aborted_acquire_leaves_the_connection_to_others),
      cmocka_unit_test(aborting_in_a_transaction_rolls_back_the_transaction)};

  return cmocka_run_group_tests_name("abort", tests, NULL, NULL);
}
