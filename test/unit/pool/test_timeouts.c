/* SPDX-License-Identifier: MIT */
/* Timeouts and deadlines of running requests, and orphans. */
#include "interrupt_support.h"

enum { US = 1000, TIMEOUT_MS = 200 };

static int owner;

/* A query that runs alone, with a limit on its attempt. */
static struct call *run_limited(int flags) {
  struct call *call;

  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_INSERT);
  call->request.flags = flags;
  if ((flags & HF_FLAG_CALLER_DEADLINE) != 0) {
    call->request.deadline_us = sim.now_us + TIMEOUT_MS * US;
  } else {
    call->request.timeout_us = TIMEOUT_MS * US;
  }
  sim_submit(&sim, call);
  return call;
}

/*
 * ---- time-outs ------------------------------------------------------------
 */

static void a_statement_past_its_timeout_is_cancelled(void **state) {
  struct call *call = run_limited(0);

  (void)state;
  sim_advance(&sim, TIMEOUT_MS - 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(sim_stat(&sim, HF_STAT_TIMEOUTS), 1);
  sim_close(&sim);
}

static void a_timeout_is_reported_when_its_cancel_ends_the_connection(
    void **state) {
  struct call *call = run_limited(0);

  (void)state;
  sim_advance(&sim, TIMEOUT_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_lose(&sim, call->request.slot);
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void a_timeout_starts_when_the_statement_is_sent(void **state) {
  struct call *first, *call;

  (void)state;
  first = run();
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.timeout_us = TIMEOUT_MS * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 2 * TIMEOUT_MS);
  sim_answer(&sim, first, 'I');
  sim_advance(&sim, TIMEOUT_MS - 1);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void the_pools_deadline_does_not_interrupt_a_running_request(
    void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + TIMEOUT_MS * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 10 * TIMEOUT_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void the_callers_deadline_interrupts_a_running_request(void **state) {
  struct call *call = run_limited(HF_FLAG_CALLER_DEADLINE);

  (void)state;
  sim_advance(&sim, TIMEOUT_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  sim_close(&sim);
}

/*
 * ---- orphans --------------------------------------------------------------
 */

static void a_waiting_orphan_is_dropped(void **state) {
  struct call *call;

  (void)state;
  run();
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  sim_submit(&sim, call);
  hf_pool_drop_owner(&sim.pool, &owner, true, sim.now_us);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  sim_close(&sim);
}

static void a_running_orphan_is_cancelled_after_a_second(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  sim_submit(&sim, call);
  hf_pool_drop_owner(&sim.pool, &owner, true, sim.now_us);
  sim_advance(&sim, GRACE_MS - 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_advance(&sim, GRACE_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(call->returned, 1);
  sim_close(&sim);
}

static void an_orphan_may_finish_within_its_second(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.owner = &owner;
  sim_submit(&sim, call);
  hf_pool_drop_owner(&sim.pool, &owner, true, sim.now_us);
  sim_answer(&sim, call, 'I');
  assert_int_equal(call->returned, 1);
  sim_advance(&sim, 2 * GRACE_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_statement_past_its_timeout_is_cancelled),
      cmocka_unit_test(
          a_timeout_is_reported_when_its_cancel_ends_the_connection),
      cmocka_unit_test(a_timeout_starts_when_the_statement_is_sent),
      cmocka_unit_test(the_pools_deadline_does_not_interrupt_a_running_request),
      cmocka_unit_test(the_callers_deadline_interrupts_a_running_request),
      cmocka_unit_test(a_waiting_orphan_is_dropped),
      cmocka_unit_test(a_running_orphan_is_cancelled_after_a_second),
      cmocka_unit_test(an_orphan_may_finish_within_its_second)};

  return cmocka_run_group_tests_name("timeouts", tests, NULL, NULL);
}
