/* SPDX-License-Identifier: MIT */
/* What a failure means for its request, and which ones are retried. */
#include "outcome_support.h"

static void a_request_that_was_not_executed_is_retried_at_once(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  sim_fail(&sim, call, "42P05", 'I');
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(call->request.attempts, 2);
  assert_int_equal(sim_stat(&sim, HF_STAT_RETRIES), 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_RETRIES_SUCCEEDED), 1);
  sim_close(&sim);
}

static void a_request_is_retried_on_another_connection(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);
  const struct hf_slot *first = call->request.slot;

  (void)state;
  sim_fail(&sim, call, "42P05", 'I');
  assert_int_equal(call->sent, 2);
  assert_ptr_not_equal(call->request.slot, first);
  sim_close(&sim);
}

static void a_failure_that_was_rolled_back_is_retried_after_a_delay(
    void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  sim_fail(&sim, call, "40001", 'I');
  assert_int_equal(call->sent, 1);
  expect_pending(call);
  assert_int_equal(call->request.state, HF_REQUEST_BACKOFF);
  sim_advance(&sim, 50);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_lost_write_is_ambiguous_and_not_retried(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  sim_lose(&sim, call->request.slot);
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->error.unit, HF_UNIT_STATEMENT);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_lost_read_is_retried(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  sim_lose(&sim, call->request.slot);
  expect_pending(call);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_request_declared_read_only_is_retried(void **state) {
  struct call *call = run(HF_SQL_OTHER, HF_FLAG_READ_ONLY);

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_write_in_a_declared_read_is_permanent(void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_READ_ONLY);

  (void)state;
  sim_fail(&sim, call, "25006", 'I');
  expect_sqlstate(call, "25006");
  expect_outcome(call, HF_OUTCOME_PERMANENT);
  assert_int_equal(call->sent, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void a_request_declared_idempotent_is_retried(void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_script_that_may_commit_midway_is_ambiguous_after_an_error(
    void **state) {
  struct call *call = run(HF_SQL_CALL, 0);

  (void)state;
  sim_fail(&sim, call, "40001", 'I');
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void statements_before_a_permanent_error_may_be_committed(void **state) {
  static const struct {
    enum hf_sql_kind kind;
    bool multiple;
    const char *sqlstate;
    enum hf_outcome outcome;
  } rows[] = {{HF_SQL_CALL, false, "23505", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_CALL, false, "42P01", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_DO, false, "42601", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_INSERT, true, "22012", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_INSERT, true, "42P01", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_OTHER, false, "23505", HF_OUTCOME_AMBIGUOUS},
              {HF_SQL_OTHER, false, "42P01", HF_OUTCOME_PERMANENT}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct call *call = run(rows[i].kind, 0);

    call->request.sql.may_commit_midway = true;
    call->request.sql.multiple = rows[i].multiple;
    call->request.sql.n_statements = rows[i].multiple ? 2 : 1;
    sim_fail(&sim, call, rows[i].sqlstate, 'I');
    expect_outcome(call, rows[i].outcome);
    assert_false(call->error.retryable);
    assert_int_equal(call->sent, 1);
    sim_close(&sim);
  }
}

/* The outcome of a result that was given up for its size. */
static enum hf_outcome too_large(struct call *call, const char *sqlstate) {
  struct hf_error error;
  enum hf_outcome outcome;

  hf_error_init(&error);
  hf_error_set(&error, HF_RESULT_TOO_LARGE, HF_PHASE_AWAIT, NULL);
  hf_error_add(&error, 'C', sqlstate);
  sim_finish(&sim, call, &error, 'I');
  hf_error_finish(&error);
  expect_status(call, HF_RESULT_TOO_LARGE);
  outcome = call->error.outcome;
  sim_close(&sim);
  return outcome;
}

static void a_result_too_large_is_permanent_for_reads_only(void **state) {
  struct call *call;

  (void)state;
  assert_int_equal(too_large(run(HF_SQL_SELECT, 0), NULL),
                   HF_OUTCOME_PERMANENT);
  assert_int_equal(too_large(run(HF_SQL_OTHER, HF_FLAG_READ_ONLY), NULL),
                   HF_OUTCOME_PERMANENT);
  assert_int_equal(too_large(run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT), NULL),
                   HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(too_large(run(HF_SQL_INSERT, 0), "57014"),
                   HF_OUTCOME_ROLLED_BACK);
  call = run(HF_SQL_INSERT, 0);
  call->request.in_transaction = true;
  assert_int_equal(too_large(call, NULL), HF_OUTCOME_ROLLED_BACK);
}

static void statements_after_the_end_of_a_transaction_are_outside_it(
    void **state) {
  struct call *call = run(HF_SQL_ROLLBACK, 0);

  (void)state;
  call->request.in_transaction = true;
  call->request.sql.multiple = true;
  call->request.sql.n_statements = 2;
  sim_lose(&sim, call->request.slot);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void a_permanent_error_is_not_retried(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  sim_fail(&sim, call, "42601", 'I');
  expect_sqlstate(call, "42601");
  expect_outcome(call, HF_OUTCOME_PERMANENT);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_lock_timeout_is_not_retried(void **state) {
  struct call *call = run(HF_SQL_UPDATE, 0);

  (void)state;
  sim_fail(&sim, call, "55P03", 'I');
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_false(call->error.retryable);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_name_unknown_to_the_server_is_retried_unnamed(void **state) {
  static const char *const sqlstates[] = {"42P05", "26000"};
  struct call *call;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    call = run(HF_SQL_INSERT, 0);
    sim_fail(&sim, call, sqlstates[i], 'I');
    assert_int_equal(call->sent, 2);
    assert_true(call->request.unnamed);
    sim_answer(&sim, call, 'I');
    expect_success(call);
    sim_close(&sim);
  }
}

static void a_stale_plan_is_retried_unnamed(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);
  struct hf_error error;

  (void)state;
  hf_error_init(&error);
  hf_error_set(&error,
               HF_SERVER_ERROR,
               HF_PHASE_AWAIT,
               "cached plan must not change result type");
  hf_error_add(&error, 'C', "0A000");
  hf_error_add(&error, 'V', "ERROR");
  hf_error_add(&error, 'R', "RevalidateCachedQuery");
  call->request.progress = HF_PROGRESS_UNPARSED;
  sim_finish(&sim, call, &error, 'I');
  hf_error_finish(&error);
  assert_int_equal(call->sent, 2);
  assert_true(call->request.unnamed);
  sim_close(&sim);
}

static void a_statement_is_retried_unnamed_once_even_without_retries(
    void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.max_retries = 0;
  sim_submit(&sim, call);
  sim_fail(&sim, call, "26000", 'I');
  assert_int_equal(call->sent, 2);
  sim_fail(&sim, call, "26000", 'I');
  expect_sqlstate(call, "26000");
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_that_was_not_executed_is_retried_at_once),
      cmocka_unit_test(a_request_is_retried_on_another_connection),
      cmocka_unit_test(a_failure_that_was_rolled_back_is_retried_after_a_delay),
      cmocka_unit_test(a_lost_write_is_ambiguous_and_not_retried),
      cmocka_unit_test(a_lost_read_is_retried),
      cmocka_unit_test(a_request_declared_read_only_is_retried),
      cmocka_unit_test(a_write_in_a_declared_read_is_permanent),
      cmocka_unit_test(a_request_declared_idempotent_is_retried),
      cmocka_unit_test(
          a_script_that_may_commit_midway_is_ambiguous_after_an_error),
      cmocka_unit_test(statements_before_a_permanent_error_may_be_committed),
      cmocka_unit_test(a_result_too_large_is_permanent_for_reads_only),
      cmocka_unit_test(
          statements_after_the_end_of_a_transaction_are_outside_it),
      cmocka_unit_test(a_permanent_error_is_not_retried),
      cmocka_unit_test(a_lock_timeout_is_not_retried),
      cmocka_unit_test(a_name_unknown_to_the_server_is_retried_unnamed),
      cmocka_unit_test(a_stale_plan_is_retried_unnamed),
      cmocka_unit_test(
          a_statement_is_retried_unnamed_once_even_without_retries)};

  return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
