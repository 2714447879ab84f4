/* SPDX-License-Identifier: MIT */
/* The end of a transaction on its lease: COMMIT or ROLLBACK, then released. */
#include "sim.h"

enum { DEADLINE_MS = 500, WITHIN_MS = 200, GRACE_MS = 1500, US_PER_MS = 1000 };

static struct sim sim;

/* A granted lease on the pool's only connection, in a transaction. */
static struct call *hold(void) {
  struct call *lease;

  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  return lease;
}

/* Makes the statement that ends it; `ends_ms` is the caller's deadline. */
static struct call *finish(struct call *lease,
                           enum hf_sql_kind kind,
                           uint64_t ends_ms,
                           uint64_t within_ms) {
  struct call *call = sim_make(&sim, HF_REQUEST_STATEMENT);

  sim_describe(&call->request, kind);
  call->request.lease = &lease->lease;
  if (ends_ms != 0) {
    call->request.deadline_us = sim.now_us + ends_ms * US_PER_MS;
    call->request.flags |= HF_FLAG_CALLER_DEADLINE;
  }
  if (kind == HF_SQL_ROLLBACK) {
    call->request.flags |= HF_FLAG_URGENT;
  }
  hf_transaction_end(&call->request.end,
                     kind == HF_SQL_COMMIT,
                     within_ms * US_PER_MS);
  sim_submit(&sim, call);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  return call;
}

static void expect_idle(const struct call *lease) {
  assert_true(lease->over);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 0);
  sim_close(&sim);
}

static void the_answer_to_commit_frees_the_connection(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  assert_int_equal(commit->sent, 1);
  assert_false(lease->over);
  sim_answer(&sim, commit, 'I');
  expect_success(commit);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_COMMITTED);
  expect_idle(lease);
}

static void commit_waits_for_statements_that_were_not_awaited(void **state) {
  struct call *lease = hold();
  struct call *first = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *second = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  sim_answer(&sim, first, 'T');
  assert_int_equal(commit->sent, 0);
  sim_answer(&sim, second, 'T');
  assert_int_equal(commit->sent, 1);
  sim_answer(&sim, commit, 'I');
  expect_success(second);
  expect_success(commit);
  expect_idle(lease);
}

static void a_failed_statement_turns_commit_into_rollback(void **state) {
  struct call *lease = hold();
  struct call *failing = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  sim_fail(&sim, failing, "23505", 'E');
  assert_int_equal(commit->sent, 1);
  assert_int_equal(commit->request.sql.kind, HF_SQL_ROLLBACK);
  sim_answer(&sim, commit, 'I');
  expect_status(commit, HF_COMMIT_ROLLED_BACK);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void a_rollback_ends_a_running_statement_at_once(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *rollback = finish(lease, HF_SQL_ROLLBACK, 0, 0);

  (void)state;
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, running, "57014", 'E');
  expect_status(queued, HF_ROLLED_BACK);
  assert_int_equal(rollback->sent, 1);
  sim_answer(&sim, rollback, 'I');
  expect_success(rollback);
  assert_int_equal(rollback->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  expect_idle(lease);
}

static void an_abort_of_a_commit_that_waits_rolls_back(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  sim_abort(&sim, commit);
  expect_pending(commit);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_abort(&sim, commit); /* changes nothing more */
  sim_fail(&sim, running, "57014", 'E');
  assert_int_equal(commit->request.sql.kind, HF_SQL_ROLLBACK);
  sim_abort(&sim, commit); /* nor now */
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_answer(&sim, commit, 'I');
  expect_status(commit, HF_ABORTED);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void a_deadline_of_a_commit_that_waits_rolls_back(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, DEADLINE_MS, 0);

  (void)state;
  sim_advance(&sim, DEADLINE_MS - 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, running, "57014", 'E');
  sim_answer(&sim, commit, 'I');
  expect_status(commit, HF_DEADLINE);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  expect_idle(lease);
}

static void the_commit_timeout_does_not_include_earlier_statements(
    void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, WITHIN_MS);

  (void)state;
  sim_advance(&sim, WITHIN_MS + WITHIN_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_answer(&sim, running, 'T');
  sim_advance(&sim, WITHIN_MS - 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_advance(&sim, GRACE_MS);
  expect_status(commit, HF_DEADLINE);
  expect_outcome(commit, HF_OUTCOME_AMBIGUOUS);
  assert_true(lease->over);
  sim_close(&sim);
}

static void a_commit_whose_answer_is_lost_is_in_doubt(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  sim_lose(&sim, commit->request.slot);
  expect_status(commit, HF_OUTCOME_UNKNOWN);
  expect_outcome(commit, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_IN_DOUBT);
  assert_true(lease->over);
  sim_close(&sim);
}

static void the_end_on_a_lost_connection_reports_the_loss(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  sim_lose(&sim, running->request.slot);
  assert_int_equal(commit->sent, 0);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  assert_true(lease->over);
  sim_close(&sim);
}

static void after_a_loss_the_end_is_answered_and_the_lease_released(
    void **state) {
  struct call *lease = hold();
  struct call *commit;

  (void)state;
  sim_lose(&sim, lease->lease.slot);
  commit = finish(lease, HF_SQL_COMMIT, 0, 0);
  assert_int_equal(commit->sent, 0);
  expect_outcome(commit, HF_OUTCOME_ROLLED_BACK);
  assert_true(lease->over);
  sim_close(&sim);
}

static void a_commit_that_is_answered_with_rollback_failed(void **state) {
  struct call *lease = hold();
  struct call *commit = finish(lease, HF_SQL_COMMIT, 0, 0);

  (void)state;
  commit->request.answered_rollback = true;
  sim_answer(&sim, commit, 'I');
  expect_status(commit, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(commit->request.end.state, HF_TRANSACTION_ROLLED_BACK);
  expect_idle(lease);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_answer_to_commit_frees_the_connection),
      cmocka_unit_test(commit_waits_for_statements_that_were_not_awaited),
      cmocka_unit_test(a_failed_statement_turns_commit_into_rollback),
      cmocka_unit_test(a_rollback_ends_a_running_statement_at_once),
      cmocka_unit_test(an_abort_of_a_commit_that_waits_rolls_back),
      cmocka_unit_test(a_deadline_of_a_commit_that_waits_rolls_back),
      cmocka_unit_test(the_commit_timeout_does_not_include_earlier_statements),
      cmocka_unit_test(a_commit_whose_answer_is_lost_is_in_doubt),
      cmocka_unit_test(the_end_on_a_lost_connection_reports_the_loss),
      cmocka_unit_test(after_a_loss_the_end_is_answered_and_the_lease_released),
      cmocka_unit_test(a_commit_that_is_answered_with_rollback_failed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
