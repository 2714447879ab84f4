/* SPDX-License-Identifier: MIT */
/* An attempt whose outcome is unknown, and what its retries find. */
#include "outcome_support.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_doubt_stays_when_the_retry_fails_permanently),
      cmocka_unit_test(a_doubt_stays_when_no_connection_can_be_opened),
      cmocka_unit_test(
          the_first_doubt_is_the_cause_when_no_connection_can_be_had),
      cmocka_unit_test(a_doubt_stays_when_the_pooler_turns_the_repetition_away),
      cmocka_unit_test(a_refused_read_leaves_no_doubt),
      cmocka_unit_test(the_first_doubt_is_the_cause_of_a_refusal),
      cmocka_unit_test(a_doubt_ends_with_success)};

  return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
