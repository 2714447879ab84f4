/* SPDX-License-Identifier: MIT */
#include "core/pool/queue.h"
#include "world.h"

enum { MAX_ONE = 1, THIRD = 2, CALLS = 5, US = 1000 };

static struct world world;

/* Holds the pool's only connection with a write. */
static struct call *occupy(void) {
  struct call *call = world_write(&world);

  world_connect(&world);
  assert_int_equal(call->request.state, HF_REQUEST_RUNNING);
  return call;
}

static void calls_are_served_in_the_order_they_came(void **state) {
  struct call *calls[CALLS];
  int i;

  (void)state;
  world_open_max(&world, MAX_ONE);
  for (i = 0; i < CALLS; i++) {
    calls[i] = world_write(&world);
  }
  world_connect(&world);
  for (i = 0; i < CALLS; i++) {
    assert_int_equal(calls[i]->request.state, HF_REQUEST_RUNNING);
    world_answer(&world, calls[i], 'I');
    assert_int_equal(calls[i]->order, i + 1);
  }
  world_close(&world);
}

static void queries_and_acquires_stand_in_one_line(void **state) {
  struct call *first, *lease, *last;

  (void)state;
  world_open_max(&world, MAX_ONE);
  first = world_write(&world);
  lease = world_acquire(&world);
  last = world_write(&world);
  world_connect(&world);
  world_answer(&world, first, 'I');
  expect_success(lease);
  assert_int_equal(last->sent, 0);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(last->sent, 1);
  world_close(&world);
}

static void a_call_that_gives_up_leaves_the_others_in_order(void **state) {
  struct call *running, *calls[CALLS];
  int i;

  (void)state;
  world_open_max(&world, MAX_ONE);
  running = occupy();
  for (i = 0; i < CALLS; i++) {
    calls[i] = world_write(&world);
  }
  world_abort(&world, calls[THIRD]);
  expect_status(calls[THIRD], HF_ABORTED);
  expect_outcome(calls[THIRD], HF_OUTCOME_NOT_EXECUTED);
  world_answer(&world, running, 'I');
  for (i = 0; i < CALLS; i++) {
    if (i != THIRD) {
      assert_int_equal(calls[i]->sent, 1);
      world_answer(&world, calls[i], 'I');
    }
  }
  assert_int_equal(calls[THIRD]->sent, 0);
  world_close(&world);
}

static void a_full_queue_refuses_what_comes(void **state) {
  struct hf_config config = world_config(MAX_ONE);
  struct call *refused;

  (void)state;
  config.queue_max = 2;
  world_open(&world, &config);
  occupy();
  expect_pending(world_write(&world));
  expect_pending(world_write(&world));
  refused = world_write(&world);
  expect_status(refused, HF_QUEUE_FULL);
  expect_outcome(refused, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(world_stat(&world, HF_STAT_QUEUE_FULL), 1);
  world_close(&world);
}

static void a_full_queue_does_not_stop_a_statement_on_a_lease(void **state) {
  struct hf_config config = world_config(MAX_ONE);
  struct call *lease, *statement;

  (void)state;
  config.queue_max = 1;
  world_open(&world, &config);
  lease = world_acquire(&world);
  world_connect(&world);
  world_write(&world);
  expect_status(world_write(&world), HF_QUEUE_FULL);
  statement = world_statement(&world, lease, HF_SQL_INSERT);
  assert_int_equal(statement->sent, 1);
  world_close(&world);
}

static void waiting_ends_at_the_deadline(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, MAX_ONE);
  occupy();
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.deadline_us = world.now_us + 100 * US;
  world_submit(&world, call);
  world_advance(&world, 99);
  expect_pending(call);
  world_advance(&world, 1);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(call->sent, 0);
  assert_int_equal(world_stat(&world, HF_STAT_DEADLINES), 1);
  world_close(&world);
}

static void waiting_ends_at_the_acquire_limit(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, MAX_ONE);
  occupy();
  call = world_make(&world, HF_REQUEST_ACQUIRE);
  call->request.deadline_us = world.now_us + 100 * US;
  call->request.acquire_us = world.now_us + 50 * US;
  world_submit(&world, call);
  world_advance(&world, 49);
  expect_pending(call);
  world_advance(&world, 1);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(world_stat(&world, HF_STAT_ACQUIRE_TIMEOUTS), 1);
  world_close(&world);
}

static void the_acquire_limit_ends_with_the_wait(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, MAX_ONE);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.acquire_us = world.now_us + 50 * US;
  world_submit(&world, call);
  world_connect(&world);
  world_advance(&world, 1000);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void the_last_failed_connect_is_the_cause(void **state) {
  struct call *limited, *dated;

  (void)state;
  world_open_max(&world, MAX_ONE);
  limited = world_make(&world, HF_REQUEST_QUERY);
  limited->request.acquire_us = world.now_us + 50 * US;
  world_submit(&world, limited);
  dated = world_make(&world, HF_REQUEST_QUERY);
  dated->request.deadline_us = world.now_us + 60 * US;
  world_submit(&world, dated);
  world_refuse(&world, "57P03");
  world_advance(&world, 60);
  expect_status(limited, HF_ACQUIRE_TIMEOUT);
  assert_string_equal(limited->cause.sqlstate, "57P03");
  expect_status(dated, HF_DEADLINE);
  assert_string_equal(dated->cause.sqlstate, "57P03");
  world_close(&world);
}

static void without_a_failed_connect_there_is_no_cause(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, MAX_ONE);
  call = world_make(&world, HF_REQUEST_QUERY);
  call->request.acquire_us = world.now_us + 50 * US;
  world_submit(&world, call);
  world_advance(&world, 50);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  assert_int_equal(call->cause.status, HF_OK);
  world_close(&world);
}

static void a_call_that_goes_again_is_ahead_of_later_ones(void **state) {
  struct call *first, *later;

  (void)state;
  world_open_max(&world, MAX_ONE);
  first = occupy();
  later = world_write(&world);
  world_fail(&world, first, "42P05", 'I');
  assert_int_equal(first->sent, 2);
  assert_int_equal(later->sent, 0);
  world_close(&world);
}

/* ---- health probes ------------------------------------------------------- */

static void a_probe_goes_before_those_that_wait(void **state) {
  struct call *running, *waiting, *probe;

  (void)state;
  world_open_max(&world, MAX_ONE);
  running = occupy();
  waiting = world_write(&world);
  probe = world_probe(&world);
  assert_int_equal(probe->sent, 0);
  world_answer(&world, running, 'I');
  assert_int_equal(probe->sent, 1);
  assert_int_equal(waiting->sent, 0);
  world_answer(&world, probe, 'I');
  expect_success(probe);
  assert_int_equal(waiting->sent, 1);
  world_close(&world);
}

static void a_probe_enters_a_full_line(void **state) {
  struct hf_config config = world_config(MAX_ONE);
  struct call *probe;

  (void)state;
  config.queue_max = 1;
  world_open(&world, &config);
  occupy();
  world_write(&world);
  expect_status(world_write(&world), HF_QUEUE_FULL);
  probe = world_probe(&world);
  expect_pending(probe);
  assert_ptr_equal(hf_queue_first(&world.pool), &probe->request);
  assert_int_equal(world_stat(&world, HF_STAT_QUEUE_FULL), 1);
  world_close(&world);
}

static void a_probe_waits_no_longer_than_its_limits(void **state) {
  struct call *limited, *dated;

  (void)state;
  world_open_max(&world, MAX_ONE);
  occupy();
  limited = world_make(&world, HF_REQUEST_QUERY);
  limited->request.flags = HF_FLAG_PROBE;
  limited->request.acquire_us = world.now_us + 50 * US;
  world_submit(&world, limited);
  dated = world_make(&world, HF_REQUEST_QUERY);
  dated->request.flags = HF_FLAG_PROBE;
  dated->request.deadline_us = world.now_us + 60 * US;
  world_submit(&world, dated);
  world_advance(&world, 50);
  expect_status(limited, HF_ACQUIRE_TIMEOUT);
  expect_pending(dated);
  world_advance(&world, 10);
  expect_status(dated, HF_DEADLINE);
  world_close(&world);
}

static void a_probe_wakes_a_pool_without_connections(void **state) {
  struct call *probe;

  (void)state;
  world_open_max(&world, MAX_ONE);
  probe = world_probe(&world);
  world_connect(&world);
  world_answer(&world, probe, 'I');
  expect_success(probe);
  world_close(&world);
}

static void a_closed_pool_refuses_a_probe(void **state) {
  (void)state;
  world_open_max(&world, MAX_ONE);
  world_end(&world);
  expect_status(world_probe(&world), HF_POOL_CLOSED);
  world_close(&world);
}

static void the_first_in_line_can_be_looked_at(void **state) {
  struct call *first;

  (void)state;
  world_open_max(&world, MAX_ONE);
  assert_null(hf_queue_first(&world.pool));
  first = world_write(&world);
  world_write(&world);
  assert_ptr_equal(hf_queue_first(&world.pool), &first->request);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_are_served_in_the_order_they_came),
      cmocka_unit_test(queries_and_acquires_stand_in_one_line),
      cmocka_unit_test(a_call_that_gives_up_leaves_the_others_in_order),
      cmocka_unit_test(a_full_queue_refuses_what_comes),
      cmocka_unit_test(a_full_queue_does_not_stop_a_statement_on_a_lease),
      cmocka_unit_test(waiting_ends_at_the_deadline),
      cmocka_unit_test(waiting_ends_at_the_acquire_limit),
      cmocka_unit_test(the_acquire_limit_ends_with_the_wait),
      cmocka_unit_test(the_last_failed_connect_is_the_cause),
      cmocka_unit_test(without_a_failed_connect_there_is_no_cause),
      cmocka_unit_test(a_call_that_goes_again_is_ahead_of_later_ones),
      cmocka_unit_test(a_probe_goes_before_those_that_wait),
      cmocka_unit_test(a_probe_enters_a_full_line),
      cmocka_unit_test(a_probe_waits_no_longer_than_its_limits),
      cmocka_unit_test(a_probe_wakes_a_pool_without_connections),
      cmocka_unit_test(a_closed_pool_refuses_a_probe),
      cmocka_unit_test(the_first_in_line_can_be_looked_at)};

  return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
