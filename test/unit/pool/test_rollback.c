/* SPDX-License-Identifier: MIT */
/* A ROLLBACK and what is in its way; deadlines of statements that wait. */
#include "world.h"

enum { SOON_MS = 40, LONG_MS = 150, DEADLINE_MS = 500, US_PER_MS = 1000 };

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

static struct call *urgent_rollback(struct call *lease) {
  struct call *call = world_make(&world, HF_REQUEST_STATEMENT);

  world_describe(&call->request, HF_SQL_ROLLBACK);
  call->request.flags |= HF_FLAG_URGENT;
  call->request.lease = &lease->lease;
  world_submit(&world, call);
  return call;
}

static void expect_ended(struct call *running,
                         struct call *queued,
                         struct call *rollback) {
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  assert_int_equal(rollback->sent, 0);
  world_fail(&world, running, "57014", 'E');
  expect_status(running, HF_ROLLED_BACK);
  expect_outcome(running, HF_OUTCOME_ROLLED_BACK);
  expect_status(queued, HF_ROLLED_BACK);
  expect_outcome(queued, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(queued->sent, 0);
  assert_int_equal(rollback->sent, 1);
  world_answer(&world, rollback, 'I');
  expect_success(rollback);
  world_close(&world);
}

static void an_urgent_rollback_ends_what_is_in_its_way(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *queued = world_statement(&world, lease, HF_SQL_INSERT);

  (void)state;
  expect_ended(running, queued, urgent_rollback(lease));
}

static void a_rollback_ends_what_has_run_for_a_while(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *queued = world_statement(&world, lease, HF_SQL_INSERT);

  (void)state;
  world_advance(&world, LONG_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  expect_ended(running,
               queued,
               world_statement(&world, lease, HF_SQL_ROLLBACK));
}

static void a_rollback_waits_a_moment_for_what_is_short(void **state) {
  struct call *lease = hold();
  struct call *first = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *running = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *queued = world_statement(&world, lease, HF_SQL_INSERT);
  struct call *rollback = world_statement(&world, lease, HF_SQL_ROLLBACK);

  (void)state;
  world_advance(&world, SOON_MS);
  world_answer(&world, first, 'T');
  expect_success(first);
  world_advance(&world, SOON_MS + SOON_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_advance(&world, SOON_MS);
  expect_ended(running, queued, rollback);
}

static void expect_undisturbed(enum hf_sql_kind head, enum hf_sql_kind last) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, head);
  struct call *after = world_statement(&world, lease, last);

  world_advance(&world, LONG_MS + LONG_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_answer(&world, running, 'I');
  expect_success(running);
  world_answer(&world, after, 'I');
  expect_success(after);
  world_close(&world);
}

static void a_rollback_to_a_savepoint_waits_as_any_other(void **state) {
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

static void what_commits_by_itself_is_not_rolled_back(void **state) {
  struct call *lease = hold();
  struct call *insert;
  struct call *rollback;

  (void)state;
  world_answer(&world, world_statement(&world, lease, HF_SQL_COMMIT), 'I');
  insert = world_statement(&world, lease, HF_SQL_INSERT);
  rollback = world_statement(&world, lease, HF_SQL_ROLLBACK);
  world_advance(&world, LONG_MS + LONG_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_answer(&world, insert, 'I');
  expect_success(insert);
  world_answer(&world, rollback, 'I');
  world_close(&world);
}

static void a_second_rollback_leaves_the_first_in_its_place(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_UPDATE);
  struct call *first = world_statement(&world, lease, HF_SQL_ROLLBACK);
  struct call *second = urgent_rollback(lease);

  (void)state;
  world_fail(&world, running, "57014", 'E');
  world_answer(&world, first, 'I');
  world_answer(&world, second, 'I');
  expect_success(first);
  expect_success(second);
  world_close(&world);
}

static void a_statement_that_waits_has_its_deadline(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_SELECT);
  struct call *late = world_make(&world, HF_REQUEST_STATEMENT);

  (void)state;
  world_describe(&late->request, HF_SQL_INSERT);
  late->request.lease = &lease->lease;
  late->request.flags |= HF_FLAG_CALLER_DEADLINE;
  late->request.deadline_us = world.now_us + DEADLINE_MS * US_PER_MS;
  world_submit(&world, late);
  world_advance(&world, DEADLINE_MS - 1);
  assert_int_equal(late->answered, 0);
  world_advance(&world, 1);
  expect_status(late, HF_DEADLINE);
  expect_outcome(late, HF_OUTCOME_NOT_EXECUTED);
  world_answer(&world, running, 'T');
  assert_int_equal(late->sent, 0);
  world_close(&world);
}

static void a_statement_that_was_aborted_leaves_no_timer(void **state) {
  struct call *lease = hold();
  struct call *running = world_statement(&world, lease, HF_SQL_SELECT);
  struct call *aborted = world_make(&world, HF_REQUEST_STATEMENT);

  (void)state;
  world_describe(&aborted->request, HF_SQL_INSERT);
  aborted->request.lease = &lease->lease;
  aborted->request.deadline_us = world.now_us + DEADLINE_MS * US_PER_MS;
  world_submit(&world, aborted);
  world_abort(&world, aborted);
  expect_status(aborted, HF_ABORTED);
  world_advance(&world, DEADLINE_MS);
  world_answer(&world, running, 'T');
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_urgent_rollback_ends_what_is_in_its_way),
      cmocka_unit_test(a_rollback_ends_what_has_run_for_a_while),
      cmocka_unit_test(a_rollback_waits_a_moment_for_what_is_short),
      cmocka_unit_test(a_rollback_to_a_savepoint_waits_as_any_other),
      cmocka_unit_test(a_rollback_never_ends_a_commit),
      cmocka_unit_test(a_rollback_never_ends_another),
      cmocka_unit_test(what_commits_by_itself_is_not_rolled_back),
      cmocka_unit_test(a_second_rollback_leaves_the_first_in_its_place),
      cmocka_unit_test(a_statement_that_waits_has_its_deadline),
      cmocka_unit_test(a_statement_that_was_aborted_leaves_no_timer),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
