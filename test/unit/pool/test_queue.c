/* SPDX-License-Identifier: MIT */
#include "core/pool/queue.h"
#include "sim.h"

enum { MAX_ONE = 1, THIRD = 2, CALLS = 5, US = 1000 };

static struct sim sim;

/* Holds the pool's only connection with a write. */
static struct call *occupy(void) {
  struct call *call = sim_write(&sim);

  sim_connect(&sim);
  assert_int_equal(call->request.state, HF_REQUEST_RUNNING);
  return call;
}

static void calls_are_served_in_the_order_they_came(void **state) {
  struct call *calls[CALLS];
  int i;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  for (i = 0; i < CALLS; i++) {
    calls[i] = sim_write(&sim);
  }
  sim_connect(&sim);
  for (i = 0; i < CALLS; i++) {
    assert_int_equal(calls[i]->request.state, HF_REQUEST_RUNNING);
    sim_answer(&sim, calls[i], 'I');
    assert_int_equal(calls[i]->order, i + 1);
  }
  sim_close(&sim);
}

static void queries_and_acquires_wait_in_one_queue(void **state) {
  struct call *first, *lease, *last;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  first = sim_write(&sim);
  lease = sim_acquire(&sim);
  last = sim_write(&sim);
  sim_connect(&sim);
  sim_answer(&sim, first, 'I');
  expect_success(lease);
  assert_int_equal(last->sent, 0);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(last->sent, 1);
  sim_close(&sim);
}

static void a_call_that_gives_up_keeps_the_order_of_the_others(void **state) {
  struct call *running, *calls[CALLS];
  int i;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  running = occupy();
  for (i = 0; i < CALLS; i++) {
    calls[i] = sim_write(&sim);
  }
  sim_abort(&sim, calls[THIRD]);
  expect_status(calls[THIRD], HF_ABORTED);
  expect_outcome(calls[THIRD], HF_OUTCOME_NOT_EXECUTED);
  sim_answer(&sim, running, 'I');
  for (i = 0; i < CALLS; i++) {
    if (i != THIRD) {
      assert_int_equal(calls[i]->sent, 1);
      sim_answer(&sim, calls[i], 'I');
    }
  }
  assert_int_equal(calls[THIRD]->sent, 0);
  sim_close(&sim);
}

static void a_full_queue_refuses_new_calls(void **state) {
  struct hf_config config = sim_config(MAX_ONE);
  struct call *refused;

  (void)state;
  config.queue_max = 2;
  sim_open(&sim, &config);
  occupy();
  expect_pending(sim_write(&sim));
  expect_pending(sim_write(&sim));
  refused = sim_write(&sim);
  expect_status(refused, HF_QUEUE_FULL);
  expect_outcome(refused, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(sim_stat(&sim, HF_STAT_QUEUE_FULL), 1);
  sim_close(&sim);
}

static void a_full_queue_does_not_stop_a_statement_on_a_lease(void **state) {
  struct hf_config config = sim_config(MAX_ONE);
  struct call *lease, *statement;

  (void)state;
  config.queue_max = 1;
  sim_open(&sim, &config);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  sim_write(&sim);
  expect_status(sim_write(&sim), HF_QUEUE_FULL);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  assert_int_equal(statement->sent, 1);
  sim_close(&sim);
}

static void waiting_ends_at_the_deadline(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  occupy();
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.deadline_us = sim.now_us + 100 * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 99);
  expect_pending(call);
  sim_advance(&sim, 1);
  expect_status(call, HF_DEADLINE);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(call->sent, 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_DEADLINES), 1);
  sim_close(&sim);
}

static void waiting_ends_at_the_acquire_limit(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  occupy();
  call = sim_make(&sim, HF_REQUEST_ACQUIRE);
  call->request.deadline_us = sim.now_us + 100 * US;
  call->request.acquire_us = sim.now_us + 50 * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 49);
  expect_pending(call);
  sim_advance(&sim, 1);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(sim_stat(&sim, HF_STAT_ACQUIRE_TIMEOUTS), 1);
  sim_close(&sim);
}

static void the_acquire_limit_ends_with_the_wait(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.acquire_us = sim.now_us + 50 * US;
  sim_submit(&sim, call);
  sim_connect(&sim);
  sim_advance(&sim, 1000);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void the_last_failed_connect_is_the_cause(void **state) {
  struct call *limited, *dated;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  limited = sim_make(&sim, HF_REQUEST_QUERY);
  limited->request.acquire_us = sim.now_us + 50 * US;
  sim_submit(&sim, limited);
  dated = sim_make(&sim, HF_REQUEST_QUERY);
  dated->request.deadline_us = sim.now_us + 60 * US;
  sim_submit(&sim, dated);
  sim_refuse(&sim, "57P03");
  sim_advance(&sim, 60);
  expect_status(limited, HF_ACQUIRE_TIMEOUT);
  assert_string_equal(limited->cause.sqlstate, "57P03");
  expect_status(dated, HF_DEADLINE);
  assert_string_equal(dated->cause.sqlstate, "57P03");
  sim_close(&sim);
}

static void without_a_failed_connect_there_is_no_cause(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  call->request.acquire_us = sim.now_us + 50 * US;
  sim_submit(&sim, call);
  sim_advance(&sim, 50);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  assert_int_equal(call->cause.status, HF_OK);
  sim_close(&sim);
}

static void a_call_that_is_retried_is_ahead_of_later_ones(void **state) {
  struct call *first, *later;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  first = occupy();
  later = sim_write(&sim);
  sim_fail(&sim, first, "42P05", 'I');
  assert_int_equal(first->sent, 2);
  assert_int_equal(later->sent, 0);
  sim_close(&sim);
}

/* ---- health probes ------------------------------------------------------- */

static void a_health_probe_goes_ahead_of_waiting_calls(void **state) {
  struct call *running, *waiting, *probe;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  running = occupy();
  waiting = sim_write(&sim);
  probe = sim_probe(&sim);
  assert_int_equal(probe->sent, 0);
  sim_answer(&sim, running, 'I');
  assert_int_equal(probe->sent, 1);
  assert_int_equal(waiting->sent, 0);
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  assert_int_equal(waiting->sent, 1);
  sim_close(&sim);
}

static void a_health_probe_enters_a_full_queue(void **state) {
  struct hf_config config = sim_config(MAX_ONE);
  struct call *probe;

  (void)state;
  config.queue_max = 1;
  sim_open(&sim, &config);
  occupy();
  sim_write(&sim);
  expect_status(sim_write(&sim), HF_QUEUE_FULL);
  probe = sim_probe(&sim);
  expect_pending(probe);
  assert_ptr_equal(hf_queue_first(&sim.pool), &probe->request);
  assert_int_equal(sim_stat(&sim, HF_STAT_QUEUE_FULL), 1);
  sim_close(&sim);
}

static void a_health_probe_waits_no_longer_than_its_limits(void **state) {
  struct call *limited, *dated;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  occupy();
  limited = sim_make(&sim, HF_REQUEST_QUERY);
  limited->request.flags = HF_FLAG_PROBE;
  limited->request.acquire_us = sim.now_us + 50 * US;
  sim_submit(&sim, limited);
  dated = sim_make(&sim, HF_REQUEST_QUERY);
  dated->request.flags = HF_FLAG_PROBE;
  dated->request.deadline_us = sim.now_us + 60 * US;
  sim_submit(&sim, dated);
  sim_advance(&sim, 50);
  expect_status(limited, HF_ACQUIRE_TIMEOUT);
  expect_pending(dated);
  sim_advance(&sim, 10);
  expect_status(dated, HF_DEADLINE);
  sim_close(&sim);
}

static void a_health_probe_opens_a_connection_when_there_is_none(void **state) {
  struct call *probe;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  probe = sim_probe(&sim);
  sim_connect(&sim);
  sim_answer(&sim, probe, 'I');
  expect_success(probe);
  sim_close(&sim);
}

static void a_closed_pool_refuses_a_health_probe(void **state) {
  (void)state;
  sim_open_max(&sim, MAX_ONE);
  sim_end(&sim);
  expect_status(sim_probe(&sim), HF_POOL_CLOSED);
  sim_close(&sim);
}

static void the_first_request_of_the_queue_is_found(void **state) {
  struct call *first;

  (void)state;
  sim_open_max(&sim, MAX_ONE);
  assert_null(hf_queue_first(&sim.pool));
  first = sim_write(&sim);
  sim_write(&sim);
  assert_ptr_equal(hf_queue_first(&sim.pool), &first->request);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_are_served_in_the_order_they_came),
      cmocka_unit_test(queries_and_acquires_wait_in_one_queue),
      cmocka_unit_test(a_call_that_gives_up_keeps_the_order_of_the_others),
      cmocka_unit_test(a_full_queue_refuses_new_calls),
      cmocka_unit_test(a_full_queue_does_not_stop_a_statement_on_a_lease),
      cmocka_unit_test(waiting_ends_at_the_deadline),
      cmocka_unit_test(waiting_ends_at_the_acquire_limit),
      cmocka_unit_test(the_acquire_limit_ends_with_the_wait),
      cmocka_unit_test(the_last_failed_connect_is_the_cause),
      cmocka_unit_test(without_a_failed_connect_there_is_no_cause),
      cmocka_unit_test(a_call_that_is_retried_is_ahead_of_later_ones),
      cmocka_unit_test(a_health_probe_goes_ahead_of_waiting_calls),
      cmocka_unit_test(a_health_probe_enters_a_full_queue),
      cmocka_unit_test(a_health_probe_waits_no_longer_than_its_limits),
      cmocka_unit_test(a_health_probe_opens_a_connection_when_there_is_none),
      cmocka_unit_test(a_closed_pool_refuses_a_health_probe),
      cmocka_unit_test(the_first_request_of_the_queue_is_found)};

  return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
