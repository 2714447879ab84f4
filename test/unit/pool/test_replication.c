/* SPDX-License-Identifier: MIT */
/* A success with a warning: the wait for standbys may have been cut short. */
#include "sim.h"

static struct sim sim;

static struct call *commit_on_lease(int flags) {
  struct call *lease, *call;

  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = sim_acquire(&sim);
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  call = sim_make(&sim, HF_REQUEST_STATEMENT);
  call->request.lease = lease->request.lease;
  sim_describe(&call->request, HF_SQL_COMMIT);
  call->request.flags = flags;
  call->request.timeout_us = 100 * 1000;
  sim_submit(&sim, call);
  assert_int_equal(call->sent, 1);
  return call;
}

static void a_commit_with_a_replication_warning_is_a_success(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  call->request.server_warned = true;
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_commit_with_a_replication_warning_is_in_doubt_for_exactly_once(
    void **state) {
  struct call *call = commit_on_lease(HF_FLAG_EXACTLY_ONCE);

  (void)state;
  call->request.server_warned = true;
  sim_answer(&sim, call, 'I');
  expect_status(call, HF_OUTCOME_UNKNOWN);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->error.unit, HF_UNIT_TRANSACTION);
  sim_close(&sim);
}

static void a_commit_whose_wait_we_cancelled_is_in_doubt(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  sim_advance(&sim, 150);
  call->request.server_warned = true;
  sim_answer(&sim, call, 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void a_success_despite_a_cancel_is_a_success(void **state) {
  struct call *call = commit_on_lease(0);

  (void)state;
  sim_advance(&sim, 150);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_commit_with_a_replication_warning_is_a_success),
      cmocka_unit_test(
          a_commit_with_a_replication_warning_is_in_doubt_for_exactly_once),
      cmocka_unit_test(a_commit_whose_wait_we_cancelled_is_in_doubt),
      cmocka_unit_test(a_success_despite_a_cancel_is_a_success)};

  return cmocka_run_group_tests_name("replication", tests, NULL, NULL);
}
