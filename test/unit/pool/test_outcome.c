/* SPDX-License-Identifier: MIT */
#include "core/policy/budget.h"
#include "core/policy/load.h"
#include "core/policy/retry.h"
#include "sim.h"

enum { DRAIN_MS = 5000, US = 1000, LONG_MS = 3000, FLOOR_TOKENS = 100 };

static struct sim sim;

/* A query of a kind that runs on one of two connections. */
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

static void a_doubt_stays_when_the_retry_fails_permanently(void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  sim_fail(&sim, call, "23505", 'I');
  expect_sqlstate(call, "23505");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);
}

static void a_doubt_stays_when_no_connection_can_be_opened(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_INSERT);
  call->request.flags = HF_FLAG_IDEMPOTENT;
  sim_submit(&sim, call);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_refuse(&sim, "28P01");
  expect_sqlstate(call, "28P01");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void the_first_doubt_is_the_cause_when_no_connection_can_be_had(
    void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);
  struct hf_slot *slot;

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  slot = call->request.slot;
  sim_fail(&sim, call, "40001", 'I');
  expect_pending(call);
  sim_lose(&sim, slot);
  sim_advance(&sim, LONG_MS);
  while (call->answered == 0) {
    sim_refuse(&sim, "28P01");
  }
  expect_sqlstate(call, "28P01");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);
}

/* The pooler's last words: it has no server. */
static void turn_away(struct call *call) {
  struct hf_error error;

  hf_error_init(&error);
  error.status = HF_SERVER_ERROR;
  error.phase = HF_PHASE_AWAIT;
  hf_error_add(&error, 'S', "FATAL");
  hf_error_add(&error, 'C', "08P01");
  hf_error_add(&error, 'M', "server login has been failing, try again later");
  sim_finish(&sim, call, &error, 'I');
  hf_error_finish(&error);
}

/* A write, or a read, lost once and then turned away by the pooler. */
static struct call *lose_and_turn_away(enum hf_sql_kind kind, int flags) {
  struct call *call;

  sim_open_max(&sim, 1);
  sim.proxied = true;
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, kind);
  call->request.flags = flags;
  call->request.deadline_us = sim.now_us + 3ULL * LONG_MS * US;
  sim_submit(&sim, call);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  turn_away(call);
  expect_pending(call);
  return call;
}

static void a_doubt_stays_when_the_pooler_turns_the_repetition_away(
    void **state) {
  struct call *call;

  (void)state;
  call = lose_and_turn_away(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);
  sim_advance(&sim, 3 * LONG_MS);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);

  call = lose_and_turn_away(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);
  sim_abort(&sim, call);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);
}

static void a_refused_read_leaves_no_doubt(void **state) {
  struct call *call = lose_and_turn_away(HF_SQL_SELECT, HF_FLAG_READ_ONLY);

  (void)state;
  sim_abort(&sim, call);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  sim_close(&sim);
}

static void the_first_doubt_is_the_cause_of_a_refusal(void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->sent, 2);
  sim_fail(&sim, call, "40001", 'I');
  expect_pending(call);
  sim_abort(&sim, call);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  sim_close(&sim);
}

static void a_doubt_ends_with_success(void **state) {
  struct call *call = run(HF_SQL_INSERT, HF_FLAG_IDEMPOTENT);

  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(call->cause.status, HF_OK);
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

static void retries_end_with_max_retries(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);
  int i;

  (void)state;
  for (i = 0; i < call->request.max_retries; i++) {
    sim_fail(&sim, call, "40001", 'I');
    expect_pending(call);
    sim_advance(&sim, LONG_MS);
  }
  assert_int_equal(call->sent, 1 + call->request.max_retries);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  sim_close(&sim);
}

static void without_retries_the_first_failure_is_the_answer(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.max_retries = 0;
  sim_submit(&sim, call);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void no_delay_of_a_retry_ends_past_the_deadline(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + 40 * US;
  sim_submit(&sim, call);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void no_request_is_retried_past_its_deadline(void **state) {
  static const char *const sqlstates[] = {"25006", "42P05", "26000"};
  struct call *call;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
    sim_open_max(&sim, 2);
    sim_warm(&sim, 2);
    call = sim_make(&sim, HF_REQUEST_QUERY);
    call->request.deadline_us = sim.now_us + 40 * US;
    sim_submit(&sim, call);
    sim_advance(&sim, 100);
    expect_pending(call);
    sim_fail(&sim, call, sqlstates[i], 'I');
    expect_sqlstate(call, sqlstates[i]);
    assert_int_equal(call->sent, 1);
    sim_close(&sim);
  }
}

static void a_deadline_during_the_delay_keeps_the_first_error(void **state) {
  struct call *call, *blocker;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + 80 * US;
  sim_submit(&sim, call);
  blocker = sim_write(&sim);
  sim_fail(&sim, call, "40001", 'I');
  assert_int_equal(blocker->sent, 1);
  sim_advance(&sim, 80);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_string_equal(call->cause.sqlstate, "40001");
  sim_close(&sim);
}

static void the_acquire_limit_does_not_include_running_time(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.acquire_us = sim.now_us + 500 * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 2000);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, 100);
  expect_pending(call);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
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

static void an_empty_budget_ends_retries(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  while (hf_budget_take(hf_retry_budget(), sim.now_us / US, 1)) {
  }
  hf_load_overloaded(hf_retry_load(), sim.now_us / US);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  assert_true(call->error.retryable);
  assert_non_null(hf_error_field(&call->error, 'b'));
  assert_int_equal(hf_stats_get(&sim.pool.stats, HF_STAT_RETRIES_CUT), 1);
  sim_close(&sim);
  hf_load_init(hf_retry_load());
}

static void an_empty_budget_allows_retries_of_what_left_nothing(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  hf_load_init(hf_retry_load());
  while (hf_budget_take(hf_retry_budget(), sim.now_us / US, 1)) {
  }
  sim_fail(&sim, call, "40001", 'I');
  sim_advance(&sim, 1000);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  sim_close(&sim);
}

static void only_requests_that_reached_a_server_cost_budget(void **state) {
  int before;

  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  before = hf_budget_tokens(hf_retry_budget());
  assert_true(before >= FLOOR_TOKENS);
  sim_refuse(&sim, NULL);
  sim_refuse(&sim, NULL);
  assert_int_equal(hf_budget_tokens(hf_retry_budget()), before);
  sim_close(&sim);
}

static void when_draining_is_over_nothing_is_retried(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  sim_end(&sim);
  sim_advance(&sim, DRAIN_MS);
  sim_fail(&sim, call, "40001", 'I');
  expect_sqlstate(call, "40001");
  sim_close(&sim);
}

static void a_failed_call_reports_its_attempts(void **state) {
  struct call *call = run(HF_SQL_INSERT, 0);

  (void)state;
  sim_fail(&sim, call, "40P01", 'I');
  sim_advance(&sim, LONG_MS);
  sim_fail(&sim, call, "23505", 'I');
  expect_sqlstate(call, "23505");
  expect_outcome(call, HF_OUTCOME_PERMANENT);
  assert_int_equal(call->request.attempts, 2);
  assert_int_equal(call->request.retries, 1);
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
      cmocka_unit_test(a_doubt_stays_when_the_retry_fails_permanently),
      cmocka_unit_test(a_doubt_stays_when_no_connection_can_be_opened),
      cmocka_unit_test(
          the_first_doubt_is_the_cause_when_no_connection_can_be_had),
      cmocka_unit_test(a_doubt_stays_when_the_pooler_turns_the_repetition_away),
      cmocka_unit_test(a_refused_read_leaves_no_doubt),
      cmocka_unit_test(the_first_doubt_is_the_cause_of_a_refusal),
      cmocka_unit_test(a_doubt_ends_with_success),
      cmocka_unit_test(a_permanent_error_is_not_retried),
      cmocka_unit_test(a_lock_timeout_is_not_retried),
      cmocka_unit_test(retries_end_with_max_retries),
      cmocka_unit_test(without_retries_the_first_failure_is_the_answer),
      cmocka_unit_test(no_delay_of_a_retry_ends_past_the_deadline),
      cmocka_unit_test(no_request_is_retried_past_its_deadline),
      cmocka_unit_test(a_deadline_during_the_delay_keeps_the_first_error),
      cmocka_unit_test(the_acquire_limit_does_not_include_running_time),
      cmocka_unit_test(a_name_unknown_to_the_server_is_retried_unnamed),
      cmocka_unit_test(a_stale_plan_is_retried_unnamed),
      cmocka_unit_test(
          a_statement_is_retried_unnamed_once_even_without_retries),
      cmocka_unit_test(an_empty_budget_ends_retries),
      cmocka_unit_test(an_empty_budget_allows_retries_of_what_left_nothing),
      cmocka_unit_test(only_requests_that_reached_a_server_cost_budget),
      cmocka_unit_test(when_draining_is_over_nothing_is_retried),
      cmocka_unit_test(a_failed_call_reports_its_attempts)};

  return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
