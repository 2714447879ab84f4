/* SPDX-License-Identifier: MIT */
/* Reads that share a connection, and heads that are not short after all. */
#include "world.h"

enum { HEAD_LIMIT_MS = 50, LONG_US = 20000 };

static struct world world;

/* A read of a text that took so long lately; 0 = never seen. */
static struct call *read_usually(uint64_t usual_us) {
  struct call *call = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&call->request, HF_SQL_SELECT);
  call->request.usual_us = usual_us;
  world_submit(&world, call);
  return call;
}

static void nothing_is_sent_behind_a_head_of_unknown_length(void **state) {
  struct call *head, *second;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  head = read_usually(0);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  world_answer(&world, head, 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void nothing_is_sent_behind_a_head_that_is_usually_long(void **state) {
  struct call *second;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  (void)read_usually(LONG_US);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  world_close(&world);
}

static void a_long_statement_joins_no_short_one(void **state) {
  struct call *second;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  (void)world_read(&world);
  second = read_usually(LONG_US);
  assert_int_equal(second->sent, 0);
  world_close(&world);
}

static void the_way_to_a_distant_server_is_not_counted(void **state) {
  struct call *call;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = read_usually(0);
  world_advance(&world, 80);
  world_answer(&world, call, 'I');
  (void)read_usually(80000);
  call = read_usually(80000);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void a_statement_on_a_lease_shows_the_way_as_well(void **state) {
  struct call *lease, *statement, *call;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = world_acquire(&world);
  statement = world_statement(&world, lease, HF_SQL_SELECT);
  world_advance(&world, 80);
  world_answer(&world, statement, 'I');
  world_release(&world, lease, HF_RELEASE_KEEP);
  (void)read_usually(80000);
  call = read_usually(80000);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void what_stands_behind_a_long_head_goes_elsewhere(void **state) {
  struct call *heads[2], *follower;
  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  heads[0] = world_read(&world);
  heads[1] = world_read(&world);
  follower = world_read(&world);
  assert_int_equal(follower->sent, 1);
  assert_ptr_equal(follower->request.slot, heads[0]->request.slot);
  world_advance(&world, 10);
  world_answer(&world, heads[1], 'I');
  assert_int_equal(follower->sent, 1);
  world_advance(&world, HEAD_LIMIT_MS);
  assert_int_equal(world.counts[WORLD_REPLACE], 1);
  assert_int_equal(follower->sent, 2);
  assert_ptr_not_equal(follower->request.slot, heads[0]->request.slot);
  assert_true(follower->request.guarded);
  world_answer(&world, follower, 'I');
  assert_int_equal(follower->answered, 1);
  assert_int_equal(follower->error.status, HF_OK);
  assert_int_equal(heads[0]->answered, 0);
  world_close(&world);
}

static void it_keeps_its_deadline_while_nothing_is_free(void **state) {
  struct call *follower;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  (void)world_read(&world);
  follower = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&follower->request, HF_SQL_SELECT);
  follower->request.deadline_us = world.now_us + 200000;
  world_submit(&world, follower);
  assert_int_equal(follower->sent, 1);
  world_advance(&world, 199);
  assert_int_equal(follower->answered, 0);
  world_advance(&world, 1);
  assert_int_equal(follower->answered, 1);
  assert_int_equal(follower->error.status, HF_DEADLINE);
  world_close(&world);
}

static void one_that_may_not_be_repeated_stays(void **state) {
  struct call *follower;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  (void)world_read(&world);
  follower = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&follower->request, HF_SQL_SELECT);
  follower->request.max_retries = 0;
  world_submit(&world, follower);
  world_advance(&world, 2 * HEAD_LIMIT_MS);
  assert_int_equal(world.counts[WORLD_REPLACE], 0);
  assert_int_equal(follower->answered, 0);
  assert_int_equal(follower->request.error.status, HF_OK);
  world_close(&world);
}

static void the_answer_that_comes_after_all_reaches_nobody(void **state) {
  struct call *head, *follower;
  struct hf_slot *slot;
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  head = world_read(&world);
  follower = world_read(&world);
  slot = head->request.slot;
  world_advance(&world, HEAD_LIMIT_MS);
  assert_int_equal(world.counts[WORLD_REPLACE], 1);
  assert_int_equal(slot->running.count, 2);
  world_answer(&world, head, 'I');
  assert_int_equal(slot->running.count, 1);
  world_answer(&world, world_conn(&world, slot)->in_flight[0], 'I');
  assert_int_equal(follower->sent, 2);
  world_answer(&world, follower, 'I');
  assert_int_equal(follower->answered, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_sent_behind_a_head_of_unknown_length),
      cmocka_unit_test(nothing_is_sent_behind_a_head_that_is_usually_long),
      cmocka_unit_test(a_long_statement_joins_no_short_one),
      cmocka_unit_test(the_way_to_a_distant_server_is_not_counted),
      cmocka_unit_test(a_statement_on_a_lease_shows_the_way_as_well),
      cmocka_unit_test(what_stands_behind_a_long_head_goes_elsewhere),
      cmocka_unit_test(it_keeps_its_deadline_while_nothing_is_free),
      cmocka_unit_test(one_that_may_not_be_repeated_stays),
      cmocka_unit_test(the_answer_that_comes_after_all_reaches_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
