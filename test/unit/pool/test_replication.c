/* SPDX-License-Identifier: MIT */
/* A success with a warning: the wait for standbys may have been cut short. */
#include "world.h"

static struct world world;

static struct call *commit_on_lease(int flags) {
  struct call *lease, *call;

  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = world_acquire(&world);
  world_answer(&world, world_statement(&world, lease, HF_SQL_BEGIN), 'T');
  call = world_make(&world, HF_REQUEST_STATEMENT);
  call->request.lease = lease->request.lease;
  world_describe(&call->request, HF_SQL_COMMIT);
  call->request.flags = flags;
  call->request.timeout_us = 100 * 1000;
  world_submit(&world, call);
  assert_int_equal(call->sent, 1);
  return call;
}

static void a_warned_commit_is_a_success_for_most(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  call->request.warned = true;
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void a_warned_commit_is_in_doubt_for_exactly_once(void **state) {
  struct call *call = commit_on_lease(HF_FLAG_EXACTLY_ONCE);

  (void)state;
  call->request.warned = true;
  world_answer(&world, call, 'I');
  expect_status(call, HF_OUTCOME_UNKNOWN);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  world_close(&world);
}

static void a_commit_that_we_cancelled_into_success_is_in_doubt(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  world_advance(&world, 150);
  call->request.warned = true;
  world_answer(&world, call, 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  world_close(&world);
}

static void a_success_that_came_in_spite_of_a_cancel_is_one(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  world_advance(&world, 150);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_warned_commit_is_a_success_for_most),
      cmocka_unit_test(a_warned_commit_is_in_doubt_for_exactly_once),
      cmocka_unit_test(a_commit_that_we_cancelled_into_success_is_in_doubt),
      cmocka_unit_test(a_success_that_came_in_spite_of_a_cancel_is_one)};

  return cmocka_run_group_tests_name("replication", tests, NULL, NULL);
}
