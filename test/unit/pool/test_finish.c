/* SPDX-License-Identifier: MIT */
/* The end of a transaction on its lease: COMMIT or ROLLBACK, then released. */
#include "world.h"

enum { DEADLINE_MS = 500, WITHIN_MS = 200, GRACE_MS = 1500, US_PER_MS = 1000 };

static struct world world;

/* A granted lease on the pool's only connection, in a transaction. */
static struct call *hold(void) {
  struct call *lease;

  world_open_max(&world, 1);
  lease = world_acquire(&world);
  world_connect(&world);
  world_answer(&world, world_statement(&world, lease, HF_SQL_BEGIN), 'T');
  return lease;
}

/* Makes the statement that ends it; `ends_ms` is the caller's deadline. */
static struct call *finish(struct call *lease,
                           enum hf_sql_kind kind,
                           uint64_t ends_ms,
                           uint64_t within_ms) {
  struct call *call = world_make(&world, HF_REQUEST_STATEMENT);

  world_describe(&call->request, kind);
  call->request.lease = &lease->lease;
  if (ends_ms != 0) {
    call->request.deadline_us = world.now_us + ends_ms * US_PER_MS;
    call->request.flags |= HF_FLAG_CALLER_DEADLINE;
  }
  if (kind == HF_SQL_ROLLBACK) {
    call->request.flags |= HF_FLAG_URGENT;
  }
  hf_transaction_end(&call->request.end,
                     kind == HF_SQL_COMMIT,
                     within_ms * US_PER_MS);
  world_submit(&world, call);
  world_release(&world, lease, HF_RELEASE_KEEP);
  return call;
}

static void expect_idle(const struct call *lease) {
  assert_true(lease->over);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  assert_int_equal(world.counts[WORLD_ROLLBACK], 0);
  world_close(&world);
}

static void the_connection_is_free_with_the_answer_to_commit(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  assert_int_equal(commit->sent, 1);
  assert_false(lease->over);
  world_answer(&world, commit, 'I');
  expect_success(commit);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_COMMITTED);
  expect_idle(lease);
}

static void commit_waits_for_statements_that_nobody_awaited(void **state) {
  struct call *lease = hold();
  struct call *first = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *second = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  world_answer(&world, first, 'T');
  assert_int_equal(commit->sent, 0);
  world_answer(&world, second, 'T');
  assert_int_equal(commit->sent, 1);
  world_answer(&world, commit, 'I');
  expect_success(second);
  expect_success(commit);
  expect_idle(lease);
}

static void a_failure_that_nobody_awaited_becomes_a_rollback(void **state) {
  struct call *lease = hold();
  struct call *failing = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  world_fail(&world, failing, "23505", 'E');
  assert_int_equal(commit->sent, 1);
  assert_int_equal(commit->request.sql.kind, HF_SQL_ROLLBACK);
  world_answer(&world, commit, 'I');
  expect_status(commit, HF_COMMIT_ROLLED_BACK);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void a_rollback_ends_at_once_what_still_runs(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *queued = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *rollback = finish(lease, HF_SQL_ROLLBACK, 0, 0);

  (void)state;
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_fail(&world, running, "57014", 'E');
  expect_status(queued, HF_ROLLED_BACK);
  assert_int_equal(rollback->sent, 1);
  world_answer(&world, rollback, 'I');
  expect_success(rollback);
  assert_int_equal(rollback->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  expect_idle(lease);
}

static void an_abort_of_a_commit_that_waits_rolls_back(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  world_abort(&world, commit);
  expect_pending(commit);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_abort(&world, commit); /* changes nothing more */
  world_fail(&world, running, "57014", 'E');
  assert_int_equal(commit->request.sql.kind, HF_SQL_ROLLBACK);
  world_abort(&world, commit); /* nor now */
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_answer(&world, commit, 'I');
  expect_status(commit, HF_ABORTED);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void a_deadline_of_a_commit_that_waits_rolls_back(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, DEADLINE_MS, 0);

  (void)state;
  world_advance(&world, DEADLINE_MS - 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_fail(&world, running, "57014", 'E');
  world_answer(&world, commit, 'I');
  expect_status(commit, HF_DEADLINE);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void what_the_function_takes_does_not_count_for_commit(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, WITHIN_MS);

  (void)state;
  world_advance(&world, WITHIN_MS + WITHIN_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_answer(&world, running, 'T');
  world_advance(&world, WITHIN_MS - 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  world_advance(&world, GRACE_MS);
  expect_status(commit, HF_DEADLINE);
  expect_outcome(commit, HF_OUTCOME_AMBIGUOUS);
  assert_true(lease->over);
  world_close(&world);
}

static void a_commit_whose_answer_is_lost_is_in_doubt(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  world_lose(&world, commit->request.slot);
  expect_status(commit, HF_OUTCOME_UNKNOWN);
  expect_outcome(commit, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_IN_DOUBT);
  assert_true(lease->over);
  world_close(&world);
}

static void on_a_connection_that_is_lost_the_end_says_how_it_went(
    void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  world_lose(&world, running->request.slot);
  assert_int_equal(commit->sent, 0);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  assert_true(lease->over);
  world_close(&world);
}

static void after_a_loss_the_end_is_answered_and_the_lease_released(
    void **state) {
  struct call *lease = hold();
  struct call *commit;

  (void)state;
  world_lose(&world, lease->lease.slot);
  commit = finish(lease, HF_SQL_COMMIT, 0, 0);
  assert_int_equal(commit->sent, 0);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  assert_true(lease->over);
  world_close(&world);
}

static void a_commit_that_is_answered_with_rollback_failed(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  commit->request.answered_rollback = true;
  world_answer(&world, commit, 'I');
  expect_status(commit, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  expect_idle(lease);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_connection_is_free_with_the_answer_to_commit),
      cmocka_unit_test(commit_waits_for_statements_that_nobody_awaited),
      cmocka_unit_test(a_failure_that_nobody_awaited_becomes_a_rollback),
      cmocka_unit_test(a_rollback_ends_at_once_what_still_runs),
      cmocka_unit_test(an_abort_of_a_commit_that_waits_rolls_back),
      cmocka_unit_test(a_deadline_of_a_commit_that_waits_rolls_back),
      cmocka_unit_test(what_the_function_takes_does_not_count_for_commit),
      cmocka_unit_test(a_commit_whose_answer_is_lost_is_in_doubt),
      cmocka_unit_test(on_a_connection_that_is_lost_the_end_says_how_it_went),
      cmocka_unit_test(after_a_loss_the_end_is_answered_and_the_lease_released),
      cmocka_unit_test(a_commit_that_is_answered_with_rollback_failed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
