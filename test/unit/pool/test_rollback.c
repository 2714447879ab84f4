/* SPDX-License-Identifier: MIT */
/* A ROLLBACK and what is in its way; deadlines of statements that wait. */
#include "sim.h"

enum { SOON_MS = 40, LONG_MS = 150, DEADLINE_MS = 500, US_PER_MS = 1000 };

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

static struct call *urgent_rollback(struct call *lease) {
  struct call *call = sim_make(&sim, HF_REQUEST_STATEMENT);

  sim_describe(&call->request, HF_SQL_ROLLBACK);
  call->request.flags |= HF_FLAG_URGENT;
  call->request.lease = &lease->lease;
  sim_submit(&sim, call);
  return call;
}

static void expect_ended(struct call *running,
                         struct call *queued,
                         struct call *rollback) {
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  assert_int_equal(rollback->sent, 0);
  sim_fail(&sim, running, "57014", 'E');
  expect_status(running, HF_ROLLED_BACK);
  expect_outcome(running, HF_OUTCOME_ROLLED_BACK);
  expect_status(queued, HF_ROLLED_BACK);
  expect_outcome(queued, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(queued->sent, 0);
  assert_int_equal(rollback->sent, 1);
  sim_answer(&sim, rollback, 'I');
  expect_success(rollback);
  sim_close(&sim);
}

static void an_urgent_rollback_ends_the_statement_in_front_of_it(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);

  (void)state;
  expect_ended(running, queued, urgent_rollback(lease));
}

static void a_rollback_ends_a_statement_that_has_run_for_a_while(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);

  (void)state;
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  expect_ended(running, queued, sim_statement(&sim, lease, HF_SQL_ROLLBACK));
}

static void a_rollback_waits_for_a_short_statement(void **state) {
  struct call *lease = hold();
  struct call *first = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *running = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *rollback = sim_statement(&sim, lease, HF_SQL_ROLLBACK);

  (void)state;
  sim_advance(&sim, SOON_MS);
  sim_answer(&sim, first, 'T');
  expect_success(first);
  sim_advance(&sim, SOON_MS + SOON_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, SOON_MS);
  expect_ended(running, queued, rollback);
}

static void expect_undisturbed(enum hf_sql_kind head, enum hf_sql_kind last) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, head);
  struct call *after = sim_statement(&sim, lease, last);

  sim_advance(&sim, LONG_MS + LONG_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_answer(&sim, running, 'I');
  expect_success(running);
  sim_answer(&sim, after, 'I');
  expect_success(after);
  sim_close(&sim);
}

static void a_rollback_to_a_savepoint_waits_like_any_statement(void **state) {
  (void)state;
  expect_undisturbed(HF_SQL_UPDATE, HF_SQL_ROLLBACK_TO);
}

static void a_rollback_never_ends_a_commit(void **state) {
  (void)state;
  expect_undisturbed(HF_SQL_COMMIT, HF_SQL_ROLLBACK);
}

static void a_rollback_never_ends_another(void **state) {
  (void)state;
  expect_undisturbed(HF_SQL_ROLLBACK, HF_SQL_ROLLBACK);
}

static void a_statement_that_commits_by_itself_is_not_ended(void **state) {
  struct call *lease = hold();
  struct call *insert;
  struct call *rollback;

  (void)state;
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_COMMIT), 'I');
  insert = sim_statement(&sim, lease, HF_SQL_INSERT);
  rollback = sim_statement(&sim, lease, HF_SQL_ROLLBACK);
  sim_advance(&sim, LONG_MS + LONG_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_answer(&sim, insert, 'I');
  expect_success(insert);
  sim_answer(&sim, rollback, 'I');
  sim_close(&sim);
}

static void a_second_rollback_does_not_remove_the_first(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_UPDATE);
  struct call *first = sim_statement(&sim, lease, HF_SQL_ROLLBACK);
  struct call *second = urgent_rollback(lease);

  (void)state;
  sim_fail(&sim, running, "57014", 'E');
  sim_answer(&sim, first, 'I');
  sim_answer(&sim, second, 'I');
  expect_success(first);
  expect_success(second);
  sim_close(&sim);
}

static void a_waiting_statement_has_a_deadline(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_SELECT);
  struct call *late = sim_make(&sim, HF_REQUEST_STATEMENT);

  (void)state;
  sim_describe(&late->request, HF_SQL_INSERT);
  late->request.lease = &lease->lease;
  late->request.flags |= HF_FLAG_CALLER_DEADLINE;
  late->request.deadline_us = sim.now_us + DEADLINE_MS * US_PER_MS;
  sim_submit(&sim, late);
  sim_advance(&sim, DEADLINE_MS - 1);
  assert_int_equal(late->answered, 0);
  sim_advance(&sim, 1);
  expect_status(late, HF_DEADLINE);
  expect_outcome(late, HF_OUTCOME_NOT_EXECUTED);
  sim_answer(&sim, running, 'T');
  assert_int_equal(late->sent, 0);
  sim_close(&sim);
}

static void an_aborted_statement_leaves_no_timer(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_SELECT);
  struct call *aborted = sim_make(&sim, HF_REQUEST_STATEMENT);

  (void)state;
  sim_describe(&aborted->request, HF_SQL_INSERT);
  aborted->request.lease = &lease->lease;
  aborted->request.deadline_us = sim.now_us + DEADLINE_MS * US_PER_MS;
  sim_submit(&sim, aborted);
  sim_abort(&sim, aborted);
  expect_status(aborted, HF_ABORTED);
  sim_advance(&sim, DEADLINE_MS);
  sim_answer(&sim, running, 'T');
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_urgent_rollback_ends_the_statement_in_front_of_it),
      cmocka_unit_test(a_rollback_ends_a_statement_that_has_run_for_a_while),
      cmocka_unit_test(a_rollback_waits_for_a_short_statement),
      cmocka_unit_test(a_rollback_to_a_savepoint_waits_like_any_statement),
      cmocka_unit_test(a_rollback_never_ends_a_commit),
      cmocka_unit_test(a_rollback_never_ends_another),
      cmocka_unit_test(a_statement_that_commits_by_itself_is_not_ended),
      cmocka_unit_test(a_second_rollback_does_not_remove_the_first),
      cmocka_unit_test(a_waiting_statement_has_a_deadline),
      cmocka_unit_test(an_aborted_statement_leaves_no_timer),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
