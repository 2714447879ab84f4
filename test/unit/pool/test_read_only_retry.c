/* SPDX-License-Identifier: MIT */
/* Reads by their text alone: repeated only where the server forbids writing. */
#include "sim.h"

enum { LONG_MS = 3000 };

static struct sim sim;

static struct call *run(enum hf_sql_kind kind, int flags) {
  struct call *call;

  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, kind);
  call->request.flags = flags;
  sim_submit(&sim, call);
  assert_int_equal(call->sent, 1);
  return call;
}

static void lose(struct call *call) {
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
}

static void a_lost_read_is_retried_read_only(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  assert_false(call->request.read_only_retry);
  lose(call);
  assert_int_equal(call->sent, 2);
  assert_true(call->request.read_only_retry);
  assert_true(hf_request_must_not_write(&call->request));
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_read_that_was_rolled_back_is_retried_unchanged(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  sim_fail(&sim, call, "40001", 'I');
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  assert_false(call->request.read_only_retry);
  sim_close(&sim);
}

static void a_declared_read_is_retried_unchanged(void **state) {
  static const int flags[] = {HF_FLAG_READ_ONLY, HF_FLAG_IDEMPOTENT};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
    struct call *call = run(HF_SQL_SELECT, flags[i]);

    lose(call);
    assert_int_equal(call->sent, 2);
    assert_false(call->request.read_only_retry);
    sim_close(&sim);
  }
}

static void a_read_only_retry_that_writes_answers_with_the_first_error(
    void **s) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)s;
  lose(call);
  sim_fail(&sim, call, "25006", 'I');
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_false(call->error.retryable);
  assert_int_equal(call->sent, 2);
  /* The server is no standby for that: its connection stays. */
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_retry_that_cannot_be_made_read_only_ends_the_request(
    void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  lose(call);
  call->request.progress = HF_PROGRESS_UNPARSED;
  sim_fail(&sim, call, "0A000", 'I');
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void a_later_failure_does_not_remove_the_doubt(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  lose(call);
  sim_fail(&sim, call, "42P01", 'I');
  expect_sqlstate(call, "42P01");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);
}

static void read_only_retries_do_not_share_a_connection(void **state) {
  struct call *call, *other;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_read(&sim);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  other = sim_read(&sim);
  assert_int_equal(other->sent, 0);
  sim_answer(&sim, call, 'I');
  assert_int_equal(other->sent, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lost_read_is_retried_read_only),
      cmocka_unit_test(a_read_that_was_rolled_back_is_retried_unchanged),
      cmocka_unit_test(a_declared_read_is_retried_unchanged),
      cmocka_unit_test(
          a_read_only_retry_that_writes_answers_with_the_first_error),
      cmocka_unit_test(a_retry_that_cannot_be_made_read_only_ends_the_request),
      cmocka_unit_test(a_later_failure_does_not_remove_the_doubt),
      cmocka_unit_test(read_only_retries_do_not_share_a_connection)};

  return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
