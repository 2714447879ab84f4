/* SPDX-License-Identifier: MIT */
/* What is done to a whole pool: reset, warm-up, dropped owners; its counts. */
#include "sim.h"

enum { THREE = 3, LONG_MS = 20000, READS = 100 };

static struct sim sim;
static int owner;

/*
 * ---- reset ----------------------------------------------------------------
 */

static void a_reset_replaces_every_connection_when_it_is_free(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_write(&sim);
  serial = sim.pool.last_serial;
  hf_pool_reset(&sim.pool, sim.now_us);
  sim_finish_closing(&sim);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_CLOSE], 2);
  sim_write(&sim);
  sim_connect(&sim);
  assert_true(sim_slot_in(&sim, HF_SLOT_BUSY)->serial > serial);
  sim_close(&sim);
}

static void a_connect_begun_before_a_reset_is_replaced_too(void **state) {
  struct call *call;
  uint32_t serial;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  serial = sim.pool.last_serial;
  hf_pool_reset(&sim.pool, sim.now_us);
  sim_connect(&sim);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  assert_true(call->request.slot->serial > serial);
  sim_close(&sim);
}

static void a_reset_does_not_interrupt_a_lease(void **state) {
  struct call *lease, *statement;

  (void)state;
  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  hf_pool_reset(&sim.pool, sim.now_us);
  statement = sim_statement(&sim, lease, HF_SQL_INSERT);
  sim_answer(&sim, statement, 'I');
  expect_success(statement);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void shared_reads_cannot_postpone_a_reset_for_ever(void **state) {
  struct call *first, *second;
  uint32_t serial;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  serial = sim.pool.last_serial;
  first = sim_read(&sim);
  hf_pool_reset(&sim.pool, sim.now_us);
  for (i = 0; i < READS; i++) {
    second = sim_read(&sim);
    sim_answer(&sim, first, 'I');
    sim_connect(&sim);
    first = second;
  }
  assert_true(first->request.slot->serial > serial);
  sim_close(&sim);
}

/*
 * ---- warm-up --------------------------------------------------------------
 */

static void warming_opens_connections_without_demand(void **state) {
  (void)state;
  sim_open_max(&sim, 10);
  sim_warm(&sim, 6);
  assert_int_equal(sim.counts[SIM_CONNECT], 6);
  sim_close(&sim);
}

static void warming_stops_at_max(void **state) {
  (void)state;
  sim_open_max(&sim, 2);
  hf_pool_warm(&sim.pool, 10, sim.now_us);
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void warming_continues_after_an_outage(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, 2);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  for (i = 0; i < 20; i++) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 100);
  }
  sim_advance(&sim, 300);
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 2);
  sim_close(&sim);
}

static void calls_wait_for_the_connections_being_warmed(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 4);
  hf_pool_warm(&sim.pool, 2, sim.now_us);
  call = sim_write(&sim);
  assert_int_equal(sim.counts[SIM_CONNECT], 2);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

/*
 * ---- owners ---------------------------------------------------------------
 */

static void dropping_an_owner_ends_only_its_waiting_calls(void **state) {
  struct call *running, *mine, *other;

  (void)state;
  sim_open_max(&sim, 1);
  running = sim_make(&sim, HF_REQUEST_QUERY);
  running->request.owner = &owner;
  sim_submit(&sim, running);
  sim_connect(&sim);
  other = sim_write(&sim);
  mine = sim_make(&sim, HF_REQUEST_QUERY);
  mine->request.owner = &owner;
  sim_submit(&sim, mine);
  hf_pool_drop_owner(&sim.pool, &owner, false, sim.now_us);
  expect_status(mine, HF_POOL_CLOSED);
  expect_pending(running);
  expect_pending(other);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim.counts[SIM_CANCEL], 0);
  sim_answer(&sim, running, 'I');
  expect_success(running);
  sim_close(&sim);
}

/*
 * ---- statistics -----------------------------------------------------------
 */

static void every_settled_call_is_counted_once(void **state) {
  struct call *read, *shared, *write;
  uint64_t sum;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  read = sim_read(&sim);
  shared = sim_read(&sim);
  sim_abort(&sim, shared);
  sim_answer(&sim, read, 'I');
  sim_answer(&sim, shared, 'I');
  sim_fail(&sim, sim_write(&sim), "23505", 'I');
  write = sim_write(&sim);
  sim_lose(&sim, write->request.slot);
  sim_abort(&sim, sim_write(&sim));
  sim_warm(&sim, 1);
  sim_release(&sim, sim_acquire(&sim), HF_RELEASE_KEEP);
  sum = sim_stat(&sim, HF_STAT_SUCCEEDED) +
        sim_stat(&sim, HF_STAT_FAILED_NOT_EXECUTED) +
        sim_stat(&sim, HF_STAT_FAILED_ROLLED_BACK) +
        sim_stat(&sim, HF_STAT_FAILED_AMBIGUOUS) +
        sim_stat(&sim, HF_STAT_FAILED_PERMANENT);
  assert_int_equal(sim.lent, 1);
  assert_int_equal(sum, sim.answers - sim.lent);
  assert_int_equal(sim_stat(&sim, HF_STAT_QUERIES), 5);
  assert_int_equal(sum, 5);
  assert_int_equal(sim_stat(&sim, HF_STAT_FAILED_AMBIGUOUS), 2);
  sim_close(&sim);
}

static void gauges_show_the_state_of_the_pool(void **state) {
  struct hf_gauges gauges;

  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, 2);
  sim_acquire(&sim);
  sim_write(&sim);
  sim_write(&sim);
  sim_write(&sim);
  hf_pool_gauges(&sim.pool, &gauges);
  assert_int_equal(gauges.total, THREE);
  assert_int_equal(gauges.busy, 2);
  assert_int_equal(gauges.leased, 1);
  assert_int_equal(gauges.idle, 0);
  assert_int_equal(gauges.connecting, 1);
  assert_int_equal(gauges.waiting, 2);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reset_replaces_every_connection_when_it_is_free),
      cmocka_unit_test(a_connect_begun_before_a_reset_is_replaced_too),
      cmocka_unit_test(a_reset_does_not_interrupt_a_lease),
      cmocka_unit_test(shared_reads_cannot_postpone_a_reset_for_ever),
      cmocka_unit_test(warming_opens_connections_without_demand),
      cmocka_unit_test(warming_stops_at_max),
      cmocka_unit_test(warming_continues_after_an_outage),
      cmocka_unit_test(calls_wait_for_the_connections_being_warmed),
      cmocka_unit_test(dropping_an_owner_ends_only_its_waiting_calls),
      cmocka_unit_test(every_settled_call_is_counted_once),
      cmocka_unit_test(gauges_show_the_state_of_the_pool)};

  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
