/* SPDX-License-Identifier: MIT */
/* Reads that share a connection, and heads that are not short after all. */
#include "sim.h"

enum { HEAD_LIMIT_MS = 50, LONG_US = 20000 };

static struct sim sim;

/* A read of a text that took so long lately; 0 = never seen. */
static struct call *read_usually(uint64_t usual_us) {
  struct call *call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.usual_us = usual_us;
  sim_submit(&sim, call);
  return call;
}

static void nothing_is_sent_behind_a_head_of_unknown_length(void **state) {
  struct call *head, *second;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  head = read_usually(0);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  sim_answer(&sim, head, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void nothing_is_sent_behind_a_head_that_is_usually_long(void **state) {
  struct call *second;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  (void)read_usually(LONG_US);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  sim_close(&sim);
}

static void a_long_statement_joins_no_short_one(void **state) {
  struct call *second;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  (void)sim_read(&sim);
  second = read_usually(LONG_US);
  assert_int_equal(second->sent, 0);
  sim_close(&sim);
}

static void the_round_trip_to_a_distant_server_is_not_counted(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = read_usually(0);
  sim_advance(&sim, 80);
  sim_answer(&sim, call, 'I');
  (void)read_usually(80000);
  call = read_usually(80000);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_statement_on_a_lease_measures_the_round_trip_too(void **state) {
  struct call *lease, *statement, *call;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = sim_acquire(&sim);
  statement = sim_statement(&sim, lease, HF_SQL_SELECT);
  sim_advance(&sim, 80);
  sim_answer(&sim, statement, 'I');
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  (void)read_usually(80000);
  call = read_usually(80000);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_read_behind_a_long_head_is_moved_to_another_connection(
    void **state) {
  struct call *heads[2], *follower;
  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  heads[0] = sim_read(&sim);
  heads[1] = sim_read(&sim);
  follower = sim_read(&sim);
  assert_int_equal(follower->sent, 1);
  assert_ptr_equal(follower->request.slot, heads[0]->request.slot);
  sim_advance(&sim, 10);
  sim_answer(&sim, heads[1], 'I');
  assert_int_equal(follower->sent, 1);
  sim_advance(&sim, HEAD_LIMIT_MS);
  assert_int_equal(sim.counts[SIM_REPLACE], 1);
  assert_int_equal(follower->sent, 2);
  assert_ptr_not_equal(follower->request.slot, heads[0]->request.slot);
  assert_true(follower->request.read_only_retry);
  sim_answer(&sim, follower, 'I');
  assert_int_equal(follower->answered, 1);
  assert_int_equal(follower->error.status, HF_OK);
  assert_int_equal(heads[0]->answered, 0);
  sim_close(&sim);
}

static void a_moved_read_keeps_its_deadline_while_it_waits(void **state) {
  struct call *follower;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  (void)sim_read(&sim);
  follower = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&follower->request, HF_SQL_SELECT);
  follower->request.deadline_us = sim.now_us + 200000;
  sim_submit(&sim, follower);
  assert_int_equal(follower->sent, 1);
  sim_advance(&sim, 199);
  assert_int_equal(follower->answered, 0);
  sim_advance(&sim, 1);
  assert_int_equal(follower->answered, 1);
  assert_int_equal(follower->error.status, HF_DEADLINE);
  sim_close(&sim);
}

static void a_read_that_may_not_be_retried_stays(void **state) {
  struct call *follower;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  (void)sim_read(&sim);
  follower = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&follower->request, HF_SQL_SELECT);
  follower->request.max_retries = 0;
  sim_submit(&sim, follower);
  sim_advance(&sim, 2 * HEAD_LIMIT_MS);
  assert_int_equal(sim.counts[SIM_REPLACE], 0);
  assert_int_equal(follower->answered, 0);
  assert_int_equal(follower->request.error.status, HF_OK);
  sim_close(&sim);
}

static void the_late_answer_to_a_moved_read_is_dropped(void **state) {
  struct call *head, *follower;
  struct hf_slot *slot;
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  head = sim_read(&sim);
  follower = sim_read(&sim);
  slot = head->request.slot;
  sim_advance(&sim, HEAD_LIMIT_MS);
  assert_int_equal(sim.counts[SIM_REPLACE], 1);
  assert_int_equal(slot->running.count, 2);
  sim_answer(&sim, head, 'I');
  assert_int_equal(slot->running.count, 1);
  sim_answer(&sim, sim_conn(&sim, slot)->in_flight[0], 'I');
  assert_int_equal(follower->sent, 2);
  sim_answer(&sim, follower, 'I');
  assert_int_equal(follower->answered, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_sent_behind_a_head_of_unknown_length),
      cmocka_unit_test(nothing_is_sent_behind_a_head_that_is_usually_long),
      cmocka_unit_test(a_long_statement_joins_no_short_one),
      cmocka_unit_test(the_round_trip_to_a_distant_server_is_not_counted),
      cmocka_unit_test(a_statement_on_a_lease_measures_the_round_trip_too),
      cmocka_unit_test(
          a_read_behind_a_long_head_is_moved_to_another_connection),
      cmocka_unit_test(a_moved_read_keeps_its_deadline_while_it_waits),
      cmocka_unit_test(a_read_that_may_not_be_retried_stays),
      cmocka_unit_test(the_late_answer_to_a_moved_read_is_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
