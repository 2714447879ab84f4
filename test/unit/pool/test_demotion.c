/* SPDX-License-Identifier: MIT */
/* A server that stopped taking writes: one look elsewhere, then remembered. */
#include "sim.h"

enum { REMEMBERED_MS = 5000, SECOND_MS = 1000 };

static struct sim sim;

static void open_warm(int32_t max, int32_t n) {
  sim_open_max(&sim, max);
  sim_warm(&sim, n);
}

static void refuse(struct call *call) {
  sim_fail(&sim, call, "25006", 'I');
}

static size_t connects(void) {
  return sim.counts[SIM_CONNECT];
}

static void expect_refused(struct call *call, bool retryable) {
  expect_sqlstate(call, "25006");
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->error.retryable, retryable);
}

static void a_refused_write_is_retried_on_a_new_connection(void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  /* Neither of the two that are there: it waits for a third. */
  expect_pending(call);
  assert_int_equal(call->sent, 1);
  assert_int_equal(connects(), 3);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  /* The connection to the server that was left goes. */
  sim_advance(&sim, SECOND_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void at_the_limit_the_refusing_connection_is_closed(void **state) {
  struct call *call;

  (void)state;
  open_warm(1, 1);
  call = sim_write(&sim);
  refuse(call);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  sim_close(&sim);
}

static void a_refusal_by_the_new_connection_is_remembered(void **state) {
  struct call *call;
  size_t before, closed;
  int i;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  sim_connect(&sim);
  refuse(call);
  expect_refused(call, false);
  before = connects();
  closed = sim.counts[SIM_CLOSE];
  for (i = 0; i < 50; i++) {
    call = sim_write(&sim);
    assert_int_equal(call->sent, 1);
    refuse(call);
    expect_refused(call, false);
    sim_advance(&sim, 50);
  }
  assert_int_equal(connects(), before);
  assert_int_equal(sim.counts[SIM_CLOSE], closed);
  sim_close(&sim);
}

static void another_server_is_looked_for_again_after_some_seconds(
    void **state) {
  struct call *call;
  size_t before;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  sim_connect(&sim);
  refuse(call);
  sim_advance(&sim, REMEMBERED_MS + SECOND_MS);
  before = connects();
  call = sim_write(&sim);
  refuse(call);
  expect_pending(call);
  assert_true(connects() >= before);
  sim_close(&sim);
}

static void many_refused_writes_open_one_connection(void **state) {
  struct call *calls[6];
  size_t i, before;

  (void)state;
  open_warm(8, 6);
  before = connects();
  for (i = 0; i < 6; i++) {
    calls[i] = sim_write(&sim);
  }
  for (i = 0; i < 6; i++) {
    refuse(calls[i]);
    expect_pending(calls[i]);
  }
  assert_int_equal(connects(), before + 1);
  sim_connect(&sim);
  for (i = 0; i < 6; i++) {
    if (calls[i]->sent == 2) {
      refuse(calls[i]);
    }
  }
  for (i = 0; i < 6; i++) {
    expect_refused(calls[i], false);
  }
  assert_int_equal(connects(), before + 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void reads_continue_on_a_demoted_server(void **state) {
  struct call *write, *read;

  (void)state;
  open_warm(3, 2);
  write = sim_write(&sim);
  refuse(write);
  read = sim_read(&sim);
  assert_int_equal(read->sent, 1);
  sim_answer(&sim, read, 'I');
  expect_success(read);
  expect_pending(write);
  sim_close(&sim);
}

static void a_connect_that_finds_no_primary_fails_the_writes(void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  sim_refuse(&sim, "25006");
  expect_refused(call, false);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void a_write_that_succeeds_clears_the_refusal(void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  sim_connect(&sim);
  refuse(call);
  call = sim_write(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  call = sim_write(&sim);
  refuse(call);
  expect_pending(call); /* it looks again */
  sim_close(&sim);
}

static void a_call_without_retries_fails_but_a_connection_is_opened(
    void **state) {
  struct call *call;

  (void)state;
  open_warm(2, 2);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_INSERT);
  call->request.max_retries = 0;
  sim_submit(&sim, call);
  refuse(call);
  expect_refused(call, true);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_write_in_a_declared_read_is_no_demotion(void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  call->request.server_role = HF_ROLE_WRITES;
  refuse(call);
  assert_int_equal(connects(), 2);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void an_ambiguous_write_is_not_sent_to_another_server(void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  sim_lose_as(&sim, call->request.slot, "25006");
  expect_sqlstate(call, "25006");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_false(call->error.retryable);
  sim_close(&sim);
}

static void writes_that_wait_for_a_new_connection_end_with_the_pool(
    void **state) {
  struct call *call;

  (void)state;
  open_warm(3, 2);
  call = sim_write(&sim);
  refuse(call);
  expect_pending(call);
  sim_end(&sim);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_refused_write_is_retried_on_a_new_connection),
      cmocka_unit_test(at_the_limit_the_refusing_connection_is_closed),
      cmocka_unit_test(a_refusal_by_the_new_connection_is_remembered),
      cmocka_unit_test(another_server_is_looked_for_again_after_some_seconds),
      cmocka_unit_test(many_refused_writes_open_one_connection),
      cmocka_unit_test(reads_continue_on_a_demoted_server),
      cmocka_unit_test(a_connect_that_finds_no_primary_fails_the_writes),
      cmocka_unit_test(a_write_that_succeeds_clears_the_refusal),
      cmocka_unit_test(a_call_without_retries_fails_but_a_connection_is_opened),
      cmocka_unit_test(a_write_in_a_declared_read_is_no_demotion),
      cmocka_unit_test(an_ambiguous_write_is_not_sent_to_another_server),
      cmocka_unit_test(
          writes_that_wait_for_a_new_connection_end_with_the_pool)};

  return cmocka_run_group_tests_name("demotion", tests, NULL, NULL);
}
