/* SPDX-License-Identifier: MIT */
/* Streams: which time counts, when they are retried, and how they end. */
#include <string.h>

#include "core/pool/stream.h"
#include "sim.h"

enum { MS = 1000, TIMEOUT_MS = 500, LONG_MS = 60000 };

static struct sim sim;

static struct call *make(enum hf_sql_kind kind) {
  struct call *call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, kind);
  call->request.sql.read_only = kind == HF_SQL_SELECT;
  call->request.flags |= HF_FLAG_STREAM;
  return call;
}

static struct call *run(struct call *call) {
  sim_submit(&sim, call);
  sim_connect(&sim);
  return call;
}

static struct call *run_read(void) {
  sim_open_max(&sim, 1);
  return run(make(HF_SQL_SELECT));
}

static void rows(struct call *call) {
  hf_stream_on_rows(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void hold(struct call *call) {
  hf_stream_on_held(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void resume(struct call *call) {
  hf_stream_on_resumed(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void leave(struct call *call) {
  hf_stream_leave(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void it_is_retried_before_its_first_rows(void **state) {
  struct call *call = run_read();
  (void)state;
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_connect(&sim);
  expect_pending(call);
  assert_int_equal(call->sent, 2);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void it_is_not_retried_after_them(void **state) {
  struct call *call = run_read();
  (void)state;
  rows(call);
  sim_lose(&sim, call->request.slot);
  expect_status(call, HF_SOCKET_ERROR);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void the_deadline_holds_up_to_the_first_rows(void **state) {
  struct call *early;
  struct call *late;
  (void)state;
  sim_open_max(&sim, 2);
  early = make(HF_SQL_SELECT);
  late = make(HF_SQL_SELECT);
  early->request.flags |= HF_FLAG_CALLER_DEADLINE;
  early->request.deadline_us = sim.now_us + TIMEOUT_MS * MS;
  late->request.flags |= HF_FLAG_CALLER_DEADLINE;
  late->request.deadline_us = early->request.deadline_us;
  sim_submit(&sim, early);
  sim_submit(&sim, late);
  sim_connect(&sim);
  rows(early);
  sim_advance(&sim, TIMEOUT_MS);
  assert_int_equal(early->request.interrupted, HF_OK);
  assert_int_equal(late->request.interrupted, HF_DEADLINE);
  sim_fail(&sim, late, "57014", 'I');
  sim_answer(&sim, early, 'I');
  expect_status(late, HF_DEADLINE);
  expect_success(early);
  sim_close(&sim);
}

static void time_in_which_it_is_not_read_does_not_count(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  call = make(HF_SQL_SELECT);
  call->request.timeout_us = TIMEOUT_MS * MS;
  run(call);
  sim_advance(&sim, TIMEOUT_MS - 1);
  rows(call);
  hold(call);
  sim_advance(&sim, LONG_MS);
  resume(call);
  expect_pending(call);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  sim_close(&sim);
}

static void a_server_whose_rows_nobody_reads_is_not_silent(void **state) {
  struct call *call = run_read();
  (void)state;
  rows(call);
  hold(call);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  resume(call);
  sim_advance(&sim, LONG_MS);
  assert_true(sim.counts[SIM_PROBE] > 0);
  sim_probed(&sim, call->request.slot, true);
  sim_answer(&sim, call, 'I');
  sim_close(&sim);
}

static void it_shares_its_connection_with_nobody(void **state) {
  struct call *call;
  struct call *other;
  (void)state;
  sim_open_max(&sim, 1);
  call = make(HF_SQL_SELECT);
  call->request.usual_us = 1;
  run(call);
  other = sim_read(&sim);
  assert_int_equal(other->sent, 0);
  sim_answer(&sim, call, 'I');
  assert_int_equal(other->sent, 1);
  sim_close(&sim);
}

static void leaving_cancels_and_is_no_failure(void **state) {
  struct call *call = run_read();
  (void)state;
  rows(call);
  hold(call);
  leave(call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_success(call);
  assert_int_equal(sim_stat(&sim, HF_STAT_ABORTS), 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_connection_that_does_not_end_it_is_given_up(void **state) {
  struct call *call = run_read();
  (void)state;
  rows(call);
  leave(call);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(call->answered, 1);
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), 0);
  sim_close(&sim);
}

static void leaving_before_it_is_sent_ends_it(void **state) {
  struct call *first;
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  first = run(make(HF_SQL_SELECT));
  call = make(HF_SQL_SELECT);
  sim_submit(&sim, call);
  leave(call);
  expect_status(call, HF_ABORTED);
  assert_int_equal(call->sent, 0);
  sim_answer(&sim, first, 'I');
  sim_close(&sim);
}

/* Begins a transaction and streams a statement of that kind inside it. */
static struct call *run_inside(struct call **lease, bool reads) {
  struct call *call;
  struct call *begin;
  sim_open_max(&sim, 1);
  *lease = sim_acquire(&sim);
  sim_connect(&sim);
  begin = sim_statement(&sim, *lease, HF_SQL_BEGIN);
  sim_answer(&sim, begin, 'T');
  call = sim_make(&sim, HF_REQUEST_STATEMENT);
  sim_describe(&call->request, reads ? HF_SQL_SELECT : HF_SQL_INSERT);
  call->request.sql.read_only = reads;
  call->request.flags |= HF_FLAG_STREAM;
  call->request.lease = (*lease)->request.lease;
  sim_submit(&sim, call);
  return call;
}

static void in_a_transaction_a_write_runs_to_its_end(void **state) {
  struct call *lease;
  struct call *call = run_inside(&lease, false);
  (void)state;
  rows(call);
  leave(call);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  assert_int_equal(sim.counts[SIM_SKIP], 1);
  sim_answer(&sim, call, 'T');
  expect_success(call);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_check_all(&sim);
  sim_close(&sim);
}

static void in_a_transaction_a_read_is_cancelled(void **state) {
  struct call *lease;
  struct call *call = run_inside(&lease, true);
  (void)state;
  rows(call);
  leave(call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'T');
  expect_success(call);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_check_all(&sim);
  sim_close(&sim);
}

static void one_that_completed_while_it_was_cancelled_has_failed(void **state) {
  struct call *call = run_read();
  (void)state;
  rows(call);
  sim_abort(&sim, call);
  sim_answer(&sim, call, 'I');
  expect_status(call, HF_ABORTED);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_retried_before_its_first_rows),
      cmocka_unit_test(it_is_not_retried_after_them),
      cmocka_unit_test(the_deadline_holds_up_to_the_first_rows),
      cmocka_unit_test(time_in_which_it_is_not_read_does_not_count),
      cmocka_unit_test(a_server_whose_rows_nobody_reads_is_not_silent),
      cmocka_unit_test(it_shares_its_connection_with_nobody),
      cmocka_unit_test(leaving_cancels_and_is_no_failure),
      cmocka_unit_test(a_connection_that_does_not_end_it_is_given_up),
      cmocka_unit_test(leaving_before_it_is_sent_ends_it),
      cmocka_unit_test(in_a_transaction_a_write_runs_to_its_end),
      cmocka_unit_test(in_a_transaction_a_read_is_cancelled),
      cmocka_unit_test(one_that_completed_while_it_was_cancelled_has_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
