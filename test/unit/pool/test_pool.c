/* SPDX-License-Identifier: MIT */
#include "world.h"

enum {
  THREE = 3,
  DRAIN_MS = 5000,
  GRACE_MS = 1000,
  LONG_MS = 20000,
  READS = 100
};

static struct world world;
static int owner;

/* ---- end ------------------------------------------------------------------
 */

static void an_unused_pool_closes_at_once(void **state) {
  (void)state;
  world_open_max(&world, 2);
  world_end(&world);
  assert_true(world.closed);
  world_close(&world);
}

static void end_finishes_what_waits(void **state) {
  struct call *running, *waiting, *lease;

  (void)state;
  world_open_max(&world, 1);
  running = world_write(&world);
  world_connect(&world);
  waiting = world_write(&world);
  lease = world_acquire(&world);
  world_end(&world);
  expect_pending(waiting);
  world_answer(&world, running, 'I');
  world_answer(&world, waiting, 'I');
  expect_success(waiting);
  expect_success(lease);
  assert_false(world.closed);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_true(world.closed);
  world_close(&world);
}

static void end_finishes_what_no_connection_was_there_for(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  first = world_write(&world);
  second = world_write(&world);
  world_end(&world);
  world_connect(&world);
  world_answer(&world, first, 'I');
  world_answer(&world, second, 'I');
  expect_success(first);
  expect_success(second);
  assert_true(world.closed);
  world_close(&world);
}

static void what_waits_too_long_after_end_is_refused(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  world_end(&world);
  world_advance(&world, DRAIN_MS);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_true(world.closed);
  world_close(&world);
}

static void end_finishes_what_is_between_two_attempts(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  world_connect(&world);
  world_fail(&world, call, "40001", 'I');
  world_end(&world);
  world_advance(&world, GRACE_MS);
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_true(world.closed);
  world_close(&world);
}

static void an_end_without_time_rejects_what_waits_at_once(void **state) {
  struct hf_config config = world_config(1);
  struct call *call;

  (void)state;
  config.drain_ms = 0;
  world_open(&world, &config);
  call = world_write(&world);
  world_end(&world);
  expect_status(call, HF_POOL_CLOSED);
  assert_true(world.closed);
  world_close(&world);
}

static void end_lets_work_in_flight_finish(void **state) {
  struct call *query, *lease, *statement;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  query = world_write(&world);
  lease = world_acquire(&world);
  world_end(&world);
  world_answer(&world, query, 'I');
  expect_success(query);
  statement = world_statement(&world, lease, HF_SQL_INSERT);
  world_answer(&world, statement, 'I');
  expect_success(statement);
  assert_false(world.closed);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_true(world.closed);
  world_close(&world);
}

static void after_its_time_draining_is_cut_short(void **state) {
  struct call *query, *lease, *statement;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  query = world_write(&world);
  lease = world_acquire(&world);
  statement = world_statement(&world, lease, HF_SQL_INSERT);
  world_end(&world);
  world_advance(&world, DRAIN_MS - 1);
  expect_pending(query);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CANCEL], 1);
  expect_status(statement, HF_POOL_CLOSED);
  expect_outcome(statement, HF_OUTCOME_AMBIGUOUS);
  world_advance(&world, GRACE_MS);
  expect_status(query, HF_POOL_CLOSED);
  assert_true(world.closed);
  world_close(&world);
}

static void shared_reads_do_not_keep_a_pool_from_closing(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  second = world_read(&world);
  assert_int_equal(second->sent, 1);
  world_end(&world);
  world_advance(&world, DRAIN_MS + GRACE_MS);
  assert_int_equal(first->answered, 1);
  assert_int_equal(second->answered, 1);
  assert_true(world.closed);
  world_close(&world);
}

static void an_abandoned_read_does_not_keep_a_pool_open(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  second = world_read(&world);
  world_abort(&world, second);
  world_answer(&world, first, 'I');
  world_end(&world);
  world_advance(&world, DRAIN_MS + GRACE_MS);
  assert_int_equal(second->returned, 1);
  assert_true(world.closed);
  world_close(&world);
}

static void end_stops_connects_that_nobody_waits_for(void **state) {
  (void)state;
  world_open_max(&world, 2);
  hf_pool_warm(&world.pool, 2, world.now_us);
  world_end(&world);
  assert_int_equal(world.counts[WORLD_CLOSE], 2);
  assert_true(world.closed);
  world_close(&world);
}

static void an_ended_pool_refuses_calls(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 2);
  world_end(&world);
  call = world_write(&world);
  expect_status(call, HF_POOL_CLOSED);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  world_close(&world);
}

static void ending_twice_is_ending_once(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_write(&world);
  world_connect(&world);
  world_end(&world);
  world_advance(&world, 1);
  world_end(&world);
  world_close(&world);
}

/* ---- reset ----------------------------------------------------------------
 */

static void a_reset_replaces_every_connection_when_it_is_free(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  call = world_write(&world);
  serial = world.pool.last_serial;
  hf_pool_reset(&world.pool, world.now_us);
  world_finish_closing(&world);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(world.counts[WORLD_CLOSE], 2);
  world_write(&world);
  world_connect(&world);
  assert_true(world_slot_in(&world, HF_SLOT_BUSY)->serial > serial);
  world_close(&world);
}

static void a_connect_begun_before_a_reset_is_replaced_too(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  serial = world.pool.last_serial;
  hf_pool_reset(&world.pool, world.now_us);
  world_connect(&world);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  assert_true(call->request.slot->serial > serial);
  world_close(&world);
}

static void a_reset_lets_a_lease_go_on(void **state) {
  struct call *lease, *statement;

  (void)state;
  world_open_max(&world, 1);
  lease = world_acquire(&world);
  world_connect(&world);
  hf_pool_reset(&world.pool, world.now_us);
  statement = world_statement(&world, lease, HF_SQL_INSERT);
  world_answer(&world, statement, 'I');
  expect_success(statement);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void shared_reads_cannot_put_a_reset_off_for_ever(void **state) {
  struct call *first, *second;
  uint32_t serial;
  int i;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  serial = world.pool.last_serial;
  first = world_read(&world);
  hf_pool_reset(&world.pool, world.now_us);
  for (i = 0; i < READS; i++) {
    second = world_read(&world);
    world_answer(&world, first, 'I');
    world_connect(&world);
    first = second;
  }
  assert_true(first->request.slot->serial > serial);
  world_close(&world);
}

/* ---- warm-up --------------------------------------------------------------
 */

static void warming_opens_connections_without_demand(void **state) {
  (void)state;
  world_open_max(&world, 10);
  world_warm(&world, 6);
  assert_int_equal(world.counts[WORLD_CONNECT], 6);
  world_close(&world);
}

static void warming_stops_at_max(void **state) {
  (void)state;
  world_open_max(&world, 2);
  hf_pool_warm(&world.pool, 10, world.now_us);
  while (world_connect(&world) > 0) {
  }
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 2);
  world_close(&world);
}

static void warming_goes_on_after_an_outage_nobody_waited_for(void **state) {
  int i;

  (void)state;
  world_open_max(&world, 2);
  hf_pool_warm(&world.pool, 2, world.now_us);
  for (i = 0; i < 20; i++) {
    world_refuse(&world, NULL);
    world_advance(&world, 100);
  }
  world_advance(&world, 300);
  while (world_connect(&world) > 0) {
  }
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 2);
  world_close(&world);
}

static void calls_wait_for_the_connections_being_warmed(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 4);
  hf_pool_warm(&world.pool, 2, world.now_us);
  call = world_write(&world);
  assert_int_equal(world.counts[WORLD_CONNECT], 2);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

/* ---- owners ---------------------------------------------------------------
 */

static void dropping_an_owner_ends_its_waiting_calls_only(void **state) {
  struct call *running, *mine, *other;

  (void)state;
  world_open_max(&world, 1);
  running = world_make(&world, HF_REQUEST_QUERY);
  running->request.owner = &owner;
  world_submit(&world, running);
  world_connect(&world);
  other = world_write(&world);
  mine = world_make(&world, HF_REQUEST_QUERY);
  mine->request.owner = &owner;
  world_submit(&world, mine);
  hf_pool_drop_owner(&world.pool, &owner, false, world.now_us);
  expect_status(mine, HF_POOL_CLOSED);
  expect_pending(running);
  expect_pending(other);
  world_advance(&world, LONG_MS);
  assert_int_equal(world.counts[WORLD_CANCEL], 0);
  world_answer(&world, running, 'I');
  expect_success(running);
  world_close(&world);
}

/* ---- statistics -----------------------------------------------------------
 */

static void every_settled_call_is_counted_once(void **state) {
  struct call *read, *shared, *write;
  uint64_t sum;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  read = world_read(&world);
  shared = world_read(&world);
  world_abort(&world, shared);
  world_answer(&world, read, 'I');
  world_answer(&world, shared, 'I');
  world_fail(&world, world_write(&world), "23505", 'I');
  write = world_write(&world);
  world_lose(&world, write->request.slot);
  world_abort(&world, world_write(&world));
  world_warm(&world, 1);
  world_release(&world, world_acquire(&world), HF_RELEASE_KEEP);
  sum = world_stat(&world, HF_STAT_SUCCEEDED) +
        world_stat(&world, HF_STAT_FAILED_NOT_EXECUTED) +
        world_stat(&world, HF_STAT_FAILED_ROLLED_BACK) +
        world_stat(&world, HF_STAT_FAILED_AMBIGUOUS) +
        world_stat(&world, HF_STAT_FAILED_PERMANENT);
  assert_int_equal(world.lent, 1);
  assert_int_equal(sum, world.answers - world.lent);
  assert_int_equal(world_stat(&world, HF_STAT_QUERIES), 5);
  assert_int_equal(sum, 5);
  assert_int_equal(world_stat(&world, HF_STAT_FAILED_AMBIGUOUS), 2);
  world_close(&world);
}

static void gauges_say_how_the_pool_stands(void **state) {
  struct hf_gauges gauges;

  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, 2);
  world_acquire(&world);
  world_write(&world);
  world_write(&world);
  world_write(&world);
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.total, THREE);
  assert_int_equal(gauges.busy, 2);
  assert_int_equal(gauges.leased, 1);
  assert_int_equal(gauges.idle, 0);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.waiting, 2);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_unused_pool_closes_at_once),
      cmocka_unit_test(end_finishes_what_waits),
      cmocka_unit_test(end_finishes_what_no_connection_was_there_for),
      cmocka_unit_test(what_waits_too_long_after_end_is_refused),
      cmocka_unit_test(end_finishes_what_is_between_two_attempts),
      cmocka_unit_test(an_end_without_time_rejects_what_waits_at_once),
      cmocka_unit_test(end_lets_work_in_flight_finish),
      cmocka_unit_test(after_its_time_draining_is_cut_short),
      cmocka_unit_test(shared_reads_do_not_keep_a_pool_from_closing),
      cmocka_unit_test(an_abandoned_read_does_not_keep_a_pool_open),
      cmocka_unit_test(end_stops_connects_that_nobody_waits_for),
      cmocka_unit_test(an_ended_pool_refuses_calls),
      cmocka_unit_test(ending_twice_is_ending_once),
      cmocka_unit_test(a_reset_replaces_every_connection_when_it_is_free),
      cmocka_unit_test(a_connect_begun_before_a_reset_is_replaced_too),
      cmocka_unit_test(a_reset_lets_a_lease_go_on),
      cmocka_unit_test(shared_reads_cannot_put_a_reset_off_for_ever),
      cmocka_unit_test(warming_opens_connections_without_demand),
      cmocka_unit_test(warming_stops_at_max),
      cmocka_unit_test(warming_goes_on_after_an_outage_nobody_waited_for),
      cmocka_unit_test(calls_wait_for_the_connections_being_warmed),
      cmocka_unit_test(dropping_an_owner_ends_its_waiting_calls_only),
      cmocka_unit_test(every_settled_call_is_counted_once),
      cmocka_unit_test(gauges_say_how_the_pool_stands)};

  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
