/* SPDX-License-Identifier: MIT */
#include "world.h"

enum { US = 1000, GRACE_MS = 1000, TIMEOUT_MS = 200 };

static struct world world;
static int owner;

/* A query that runs alone on the only connection. */
static struct call *run(void) {
  struct call *call;

  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_write(&world);
  assert_int_equal(call->sent, 1);
  return call;
}

/* The same with a limit on its attempt. */
static struct call *run_limited(int flags) {
  struct call *call;

  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&call->request, HF_SQL_INSERT);
  call->request.flags = flags;
  if ((flags & HF_FLAG_CALLER_DEADLINE) != 0) {
    call->request.deadline_us = world.now_us + TIMEOUT_MS * US;
  } else {
    call->request.timeout_us = TIMEOUT_MS * US;
  }
  world_submit(&world, call);
  return call;
}

/* ---- aborts ---------------------------------------------------------------
 */

static void aborting_what_waits_answers_at_once(void **state) {
  struct call *waiting;

  (void)state;
  run();
  waiting = world_write(&world);
  world_abort(&world, waiting);
  expect_status(waiting, HF_ABORTED);
  expect_outcome(waiting, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  assert_int_equal(world_stat(&world, HF_STAT_ABORTS), 1);
  world_close(&world);
}

static void aborting_between_attempts_keeps_what_is_known(void **state) {
  struct call *call = run();

  (void)state;
  world_fail(&world, call, "40001", 'I');
  assert_int_equal(call->request.state, HF_REQUEST_BACKOFF);
  world_abort(&world, call);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_string_equal(call->cause.sqlstate, "40001");
  world_close(&world);
}

static void aborting_what_runs_cancels_and_waits_for_the_truth(void **state) {
  struct call *call = run();

  (void)state;
  world_abort(&world, call);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  expect_pending(call);
  world_fail(&world, call, "57014", 'I');
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void a_cancel_that_came_too_late_gives_the_result(void **state) {
  struct call *call = run();

  (void)state;
  world_abort(&world, call);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void a_cancel_without_an_answer_is_sent_once_more(void **state) {
  struct call *call = run();

  (void)state;
  world_abort(&world, call);
  world_advance(&world, GRACE_MS / 10);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_advance(&world, GRACE_MS / 2);
  assert_int_equal(world.counts[WORLD_CANCEL], 2);
  world_advance(&world, GRACE_MS / 4);
  assert_int_equal(world.counts[WORLD_CANCEL], 2);
  expect_pending(call);
  world_fail(&world, call, "57014", 'I');
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  world_close(&world);
}

static void after_a_second_the_cancelled_is_answered_and_closed(void **state) {
  struct call *call = run();

  (void)state;
  world_abort(&world, call);
  world_advance(&world, GRACE_MS - 1);
  expect_pending(call);
  world_advance(&world, 1);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(call->returned, 1);
  world_close(&world);
}

static void a_second_abort_changes_nothing(void **state) {
  struct call *call = run();

  (void)state;
  world_abort(&world, call);
  world_abort(&world, call);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  assert_int_equal(world_stat(&world, HF_STAT_ABORTS), 1);
  assert_int_equal(world_stat(&world, HF_STAT_CANCELS), 1);
  world_close(&world);
}

static void aborting_what_is_done_changes_nothing(void **state) {
  struct call *call = run();

  (void)state;
  world_answer(&world, call, 'I');
  world_abort(&world, call);
  expect_success(call);
  assert_int_equal(world_stat(&world, HF_STAT_ABORTS), 0);
  world_close(&world);
}

static void an_aborted_read_is_not_repeated(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_read(&world);
  world_abort(&world, call);
  world_lose(&world, call->request.slot);
  assert_int_equal(call->answered, 1);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void nothing_joins_a_read_that_is_being_cancelled(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  world_abort(&world, first);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  world_fail(&world, first, "57014", 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void on_a_shared_connection_nothing_is_cancelled(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  second = world_read(&world);
  assert_int_equal(second->sent, 1);
  world_abort(&world, first);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  expect_status(first, HF_ABORTED);
  expect_outcome(first, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(first->returned, 0);
  world_answer(&world, first, 'I');
  assert_int_equal(first->returned, 1);
  world_answer(&world, second, 'I');
  expect_success(second);
  world_close(&world);
}

static void a_connection_that_nobody_reads_is_closed(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  second = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&second->request, HF_SQL_SELECT);
  second->request.max_retries = 0; /* it may not go elsewhere */
  world_submit(&world, second);
  world_abort(&world, first);
  world_advance(&world, 5 * GRACE_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_abort(&world, second);
  world_advance(&world, GRACE_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(first->returned, 1);
  assert_int_equal(second->returned, 1);
  world_close(&world);
}

static void an_unread_connection_may_finish_within_a_second(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  second = world_read(&world);
  world_abort(&world, first);
  world_abort(&world, second);
  world_advance(&world, GRACE_MS - 1);
  world_answer(&world, first, 'I');
  world_answer(&world, second, 'I');
  world_advance(&world, GRACE_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  world_close(&world);
}

static void an_aborted_acquire_leaves_the_connection_to_others(void **state) {
  struct call *lease, *next;

  (void)state;
  world_open_max(&world, 1);
  lease = world_acquire(&world);
  next = world_write(&world);
  world_abort(&world, lease);
  expect_status(lease, HF_ABORTED);
  world_connect(&world);
  assert_int_equal(next->sent, 1);
  world_close(&world);
}

static void aborting_in_a_transaction_rolls_back_the_transaction(void **state) {
  struct call *lease, *begin, *statement;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = world_acquire(&world);
  begin = world_statement(&world, lease, HF_SQL_BEGIN);
  world_answer(&world, begin, 'T');
  statement = world_statement(&world, lease, HF_SQL_UPDATE);
  world_abort(&world, statement);
  world_advance(&world, GRACE_MS);
  expect_status(statement, HF_ABORTED);
  expect_outcome(statement, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(statement->error.unit, HF_UNIT_TRANSACTION);
  world_close(&world);
}

/* ---- time-outs ------------------------------------------------------------
 */

static void a_statement_over_its_time_out_is_cancelled(void **state) {
  struct call *call = run_limited(0);

  (void)state;
  world_advance(&world, TIMEOUT_MS - 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_fail(&world, call, "57014", 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(world_stat(&world, HF_STAT_TIMEOUTS), 1);
  world_close(&world);
}

static void a_time_out_is_told_when_its_cancel_ends_the_connection(
    void **state) {
  struct call *call = run_limited(0);

  (void)state;
  world_advance(&world, TIMEOUT_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_lose(&world, call->request.slot);
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  world_close(&world);
}

static void a_time_out_counts_from_sending(void **state) {
  struct call *first, *call;

  (void)state;
  first = run();
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.timeout_us = TIMEOUT_MS * US;
  world_submit(&world, call);
  world_advance(&world, 2 * TIMEOUT_MS);
  world_answer(&world, first, 'I');
  world_advance(&world, TIMEOUT_MS - 1);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void a_deadline_does_not_bound_what_runs(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.deadline_us = world.now_us + TIMEOUT_MS * US;
  world_submit(&world, call);
  world_advance(&world, 10 * TIMEOUT_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void the_callers_own_deadline_bounds_what_runs(void **state) {
  struct call *call = run_limited(HF_FLAG_CALLER_DEADLINE);

  (void)state;
  world_advance(&world, TIMEOUT_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_fail(&world, call, "57014", 'I');
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  world_close(&world);
}

/* ---- orphans --------------------------------------------------------------
 */

static void an_orphan_that_waits_is_dropped(void **state) {
  struct call *call;

  (void)state;
  run();
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  world_submit(&world, call);
  hf_pool_drop_owner(&world.pool, &owner, true, world.now_us);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  world_close(&world);
}

static void an_orphan_that_runs_is_cancelled_after_a_second(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  world_submit(&world, call);
  hf_pool_drop_owner(&world.pool, &owner, true, world.now_us);
  world_advance(&world, GRACE_MS - 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_advance(&world, GRACE_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(call->returned, 1);
  world_close(&world);
}

static void an_orphan_may_finish_within_its_second(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  world_submit(&world, call);
  hf_pool_drop_owner(&world.pool, &owner, true, world.now_us);
  world_answer(&world, call, 'I');
  assert_int_equal(call->returned, 1);
  world_advance(&world, 2 * GRACE_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aborting_what_waits_answers_at_once),
      cmocka_unit_test(aborting_between_attempts_keeps_what_is_known),
      cmocka_unit_test(aborting_what_runs_cancels_and_waits_for_the_truth),
      cmocka_unit_test(a_cancel_that_came_too_late_gives_the_result),
      cmocka_unit_test(a_cancel_without_an_answer_is_sent_once_more),
      cmocka_unit_test(after_a_second_the_cancelled_is_answered_and_closed),
      cmocka_unit_test(a_second_abort_changes_nothing),
      cmocka_unit_test(aborting_what_is_done_changes_nothing),
      cmocka_unit_test(an_aborted_read_is_not_repeated),
      cmocka_unit_test(nothing_joins_a_read_that_is_being_cancelled),
      cmocka_unit_test(on_a_shared_connection_nothing_is_cancelled),
      cmocka_unit_test(a_connection_that_nobody_reads_is_closed),
      cmocka_unit_test(an_unread_connection_may_finish_within_a_second),
      cmocka_unit_test(an_aborted_acquire_leaves_the_connection_to_others),
      cmocka_unit_test(aborting_in_a_transaction_rolls_back_the_transaction),
      cmocka_unit_test(a_statement_over_its_time_out_is_cancelled),
      cmocka_unit_test(a_time_out_is_told_when_its_cancel_ends_the_connection),
      cmocka_unit_test(a_time_out_counts_from_sending),
      cmocka_unit_test(a_deadline_does_not_bound_what_runs),
      cmocka_unit_test(the_callers_own_deadline_bounds_what_runs),
      cmocka_unit_test(an_orphan_that_waits_is_dropped),
      cmocka_unit_test(an_orphan_that_runs_is_cancelled_after_a_second),
      cmocka_unit_test(an_orphan_may_finish_within_its_second)};

  return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
