/* SPDX-License-Identifier: MIT */
/* COPY: which time counts, when it is retried, and what a loss proves. */
#include <string.h>

#include "core/pool/stream.h"
#include "sim.h"

enum { MS = 1000, TIMEOUT_MS = 500, LONG_MS = 60000 };

static struct sim sim;

/* The pool has to be open. */
static struct call *make(int32_t flag) {
  struct call *call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_COPY);
  call->request.flags |= flag;
  return call;
}

static struct call *run(struct call *call) {
  sim_submit(&sim, call);
  sim_connect(&sim);
  return call;
}

static struct call *run_new(int32_t flag) {
  sim_open_max(&sim, 1);
  return run(make(flag));
}

/* Its first data went on. */
static void data(struct call *call) {
  hf_stream_on_rows(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void leave(struct call *call) {
  hf_stream_leave(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
}

static void lost_before_its_first_data_it_is_retried(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
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

static void lost_before_the_end_of_its_data_it_is_rolled_back(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
  (void)state;
  data(call);
  sim_lose(&sim, call->request.slot);
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void lost_after_the_end_of_its_data_it_is_ambiguous(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
  (void)state;
  data(call);
  call->request.copy_done = true;
  sim_lose(&sim, call->request.slot);
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_reader_whose_connection_is_lost_is_in_doubt(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_OUT);
  (void)state;
  data(call);
  sim_lose(&sim, call->request.slot);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  sim_close(&sim);
}

static void given_up_without_an_answer_it_is_rolled_back(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
  (void)state;
  data(call);
  sim_abort(&sim, call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_advance(&sim, LONG_MS);
  expect_status(call, HF_ABORTED);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  sim_close(&sim);
}

static void stored_although_it_was_given_up_it_has_succeeded(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
  (void)state;
  data(call);
  call->request.copy_done = true;
  sim_abort(&sim, call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void its_writer_leaves_and_that_is_no_failure(void **state) {
  struct call *call = run_new(HF_FLAG_COPY_IN);
  (void)state;
  data(call);
  leave(call);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_success(call);
  sim_close(&sim);
}

static void in_a_transaction_a_writer_that_leaves_ends_it(void **state) {
  struct call *lease;
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  call = sim_make(&sim, HF_REQUEST_STATEMENT);
  sim_describe(&call->request, HF_SQL_COPY);
  call->request.flags |= HF_FLAG_COPY_IN;
  call->request.lease = lease->request.lease;
  sim_submit(&sim, call);
  data(call);
  leave(call);
  assert_int_equal(sim.counts[SIM_SKIP], 0);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'E');
  expect_success(call);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_check_all(&sim);
  sim_close(&sim);
}

static void time_without_anything_to_send_does_not_count(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  call = make(HF_FLAG_COPY_IN);
  call->request.timeout_us = TIMEOUT_MS * MS;
  run(call);
  sim_advance(&sim, TIMEOUT_MS - 1);
  data(call);
  hf_stream_on_held(&sim.pool, &call->request, sim.now_us);
  sim_advance(&sim, LONG_MS);
  hf_stream_on_resumed(&sim.pool, &call->request, sim.now_us);
  sim_settle(&sim);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  assert_int_equal(sim.counts[SIM_PROBE], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_ROLLED_BACK);
  sim_close(&sim);
}

static void time_counts_again_after_a_loss_while_it_did_not(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  call = make(HF_FLAG_COPY_IN);
  call->request.timeout_us = TIMEOUT_MS * MS;
  run(call);
  hf_stream_on_held(&sim.pool, &call->request, sim.now_us);
  sim_lose(&sim, call->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_connect(&sim);
  assert_int_equal(call->sent, 2);
  sim_advance(&sim, TIMEOUT_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 1);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_QUERY_TIMEOUT);
  sim_close(&sim);
}

static void the_deadline_holds_for_a_writer_that_gives_nothing(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  call = make(HF_FLAG_COPY_IN);
  call->request.flags |= HF_FLAG_CALLER_DEADLINE;
  call->request.deadline_us = sim.now_us + TIMEOUT_MS * MS;
  sim_submit(&sim, call);
  sim_connect(&sim);
  hf_stream_on_held(&sim.pool, &call->request, sim.now_us);
  sim_advance(&sim, TIMEOUT_MS);
  assert_int_equal(call->request.interrupted, HF_DEADLINE);
  sim_fail(&sim, call, "57014", 'I');
  expect_status(call, HF_DEADLINE);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lost_before_its_first_data_it_is_retried),
      cmocka_unit_test(lost_before_the_end_of_its_data_it_is_rolled_back),
      cmocka_unit_test(lost_after_the_end_of_its_data_it_is_ambiguous),
      cmocka_unit_test(a_reader_whose_connection_is_lost_is_in_doubt),
      cmocka_unit_test(given_up_without_an_answer_it_is_rolled_back),
      cmocka_unit_test(stored_although_it_was_given_up_it_has_succeeded),
      cmocka_unit_test(its_writer_leaves_and_that_is_no_failure),
      cmocka_unit_test(in_a_transaction_a_writer_that_leaves_ends_it),
      cmocka_unit_test(time_without_anything_to_send_does_not_count),
      cmocka_unit_test(the_deadline_holds_for_a_writer_that_gives_nothing),
      cmocka_unit_test(time_counts_again_after_a_loss_while_it_did_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
