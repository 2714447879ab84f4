/* SPDX-License-Identifier: MIT */
#include "world.h"

enum { AGE_MS = 1 };

static struct world world;

static struct call *run(enum hf_sql_kind kind) {
  struct call *call;

  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&call->request, kind);
  world_submit(&world, call);
  return call;
}

/* ---- answers --------------------------------------------------------------
 */

static void an_sql_error_keeps_its_connection(void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  world_fail(&world, call, "23505", 'I');
  expect_sqlstate(call, "23505");
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  world_close(&world);
}

static void a_server_that_only_reads_is_left(void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  world_fail(&world, call, "25006", 'I');
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_advance(&world, 2000);
  world_connect(&world);
  assert_int_equal(call->sent, 2);
  world_close(&world);
}

static void it_is_left_too_when_others_still_read_there(void **state) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = world_read(&world);

  (void)state;
  assert_int_equal(second->sent, 1);
  world_fail(&world, first, "25006", 'I');
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  assert_int_equal(first->sent, 1);
  world_answer(&world, second, 'I');
  expect_success(second);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_query_that_leaves_a_transaction_open_is_refused(void **state) {
  struct call *call = run(HF_SQL_BEGIN);
  struct call *next = world_write(&world);

  (void)state;
  world_answer(&world, call, 'T');
  expect_status(call, HF_TRANSACTION_OPEN);
  assert_int_equal(world.counts[WORLD_ROLLBACK], 1);
  assert_int_equal(next->sent, 0);
  world_checked(&world, world_slot_in(&world, HF_SLOT_CHECKING));
  assert_int_equal(next->sent, 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_close(&world);
}

static void a_query_that_fails_in_its_transaction_keeps_its_error(void **s) {
  struct call *call = run(HF_SQL_BEGIN);

  (void)s;
  world_fail(&world, call, "42601", 'E');
  expect_sqlstate(call, "42601");
  assert_int_equal(world.counts[WORLD_ROLLBACK], 1);
  world_close(&world);
}

/* ---- connections ----------------------------------------------------------
 */

static void opening_and_closing_are_told_in_pairs(void **state) {
  (void)state;
  world_open_max(&world, 3);
  world_warm(&world, 3);
  assert_int_equal(world.events[HF_EVENT_CONNECT], 3);
  world_lose(&world, hf_pool_slot(&world.pool, 1));
  assert_int_equal(world.events[HF_EVENT_REMOVE], 1);
  world_end(&world);
  assert_int_equal(world.events[HF_EVENT_REMOVE],
                   world.events[HF_EVENT_CONNECT]);
  world_close(&world);
}

static void a_connect_that_fails_is_not_told_as_a_connection(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_write(&world);
  world_refuse(&world, NULL);
  assert_int_equal(world.events[HF_EVENT_CONNECT], 0);
  assert_int_equal(world.events[HF_EVENT_REMOVE], 0);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTS_FAILED), 1);
  world_close(&world);
}

static void an_idle_connection_that_dies_is_told(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_advance(&world, AGE_MS);
  world_lose_as(&world, hf_pool_slot(&world.pool, 0), "57P01");
  assert_int_equal(world.events[HF_EVENT_ERROR], 1);
  assert_int_equal(world.event_status, HF_SERVER_ERROR);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST), 1);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST_BUSY), 0);
  world_close(&world);
}

static void a_busy_connection_that_dies_is_told_to_its_call(void **state) {
  struct call *call = run(HF_SQL_INSERT);

  (void)state;
  world_lose(&world, call->request.slot);
  assert_int_equal(world.events[HF_EVENT_ERROR], 0);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST_BUSY), 1);
  expect_status(call, HF_SOCKET_ERROR);
  world_close(&world);
}

static void reads_that_shared_a_lost_connection_keep_their_order(void **s) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = world_read(&world);
  struct call *third = world_write(&world);

  (void)s;
  first->request.max_retries = 5;
  world.random = 0;
  assert_int_equal(second->sent, 1);
  world_lose(&world, first->request.slot);
  world_connect(&world);
  assert_int_equal(first->sent, 2);
  /* Guarded now, they share no more. */
  assert_int_equal(second->sent, 1);
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 2);
  assert_int_equal(third->sent, 0);
  world_answer(&world, second, 'I');
  assert_int_equal(third->sent, 1);
  world_close(&world);
}

static void the_lost_read_that_was_abandoned_is_not_repeated(void **state) {
  struct call *first = run(HF_SQL_SELECT);
  struct call *second = world_read(&world);

  (void)state;
  world_abort(&world, second);
  world_lose(&world, first->request.slot);
  assert_int_equal(second->returned, 1);
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_sql_error_keeps_its_connection),
      cmocka_unit_test(a_server_that_only_reads_is_left),
      cmocka_unit_test(it_is_left_too_when_others_still_read_there),
      cmocka_unit_test(a_query_that_leaves_a_transaction_open_is_refused),
      cmocka_unit_test(a_query_that_fails_in_its_transaction_keeps_its_error),
      cmocka_unit_test(opening_and_closing_are_told_in_pairs),
      cmocka_unit_test(a_connect_that_fails_is_not_told_as_a_connection),
      cmocka_unit_test(an_idle_connection_that_dies_is_told),
      cmocka_unit_test(a_busy_connection_that_dies_is_told_to_its_call),
      cmocka_unit_test(reads_that_shared_a_lost_connection_keep_their_order),
      cmocka_unit_test(the_lost_read_that_was_abandoned_is_not_repeated)};

  return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
