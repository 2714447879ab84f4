/* SPDX-License-Identifier: MIT */
#include "core/pool/reset.h"
#include "sim.h"

enum {
  THREE = 3,
  PING_MS = 500, /* how long each check-up may take */
  CHECK_MS = 5000,
  READS = 100
};

static struct sim sim;

static size_t checking(void) {
  return sim_count(&sim, HF_SLOT_CHECKING);
}

static size_t idle(void) {
  return sim_count(&sim, HF_SLOT_IDLE);
}

/* A lease that has an open transaction. */
static struct call *begun_lease(void) {
  struct call *lease = sim_acquire(&sim);

  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  return lease;
}

/* ---- rollback ------------------------------------------------------------ */

static void a_rolled_back_connection_serves_the_next_call(void **state) {
  struct call *lease, *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = begun_lease();
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 0);
  sim_check_all(&sim);
  assert_int_equal(call->sent, 1);
  assert_int_equal(call->request.in_transaction, false);
  assert_int_equal(sim.counts[SIM_CONNECT], 1);
  sim_close(&sim);
}

static void a_rollback_that_takes_too_long_closes_the_connection(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_release(&sim, begun_lease(), HF_RELEASE_KEEP);
  call = sim_write(&sim);
  sim_advance(&sim, CHECK_MS - 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), 1);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

static void a_reset_in_time_leaves_no_timer_behind(void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  sim_open(&sim, &config);
  sim_warm(&sim, 1);
  sim_release(&sim, begun_lease(), HF_RELEASE_KEEP);
  sim_check_all(&sim);
  sim_advance(&sim, 2 * CHECK_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  assert_int_equal(hf_reset_next_us(&sim.pool), UINT64_MAX);
  sim_close(&sim);
}

static void draining_does_not_wait_for_ever_for_a_reset(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_release(&sim, begun_lease(), HF_RELEASE_KEEP);
  sim_end(&sim);
  assert_false(sim.closed);
  sim_advance(&sim, CHECK_MS);
  assert_true(sim.closed);
  sim_close(&sim);
}

static void a_connection_lost_during_a_reset_is_replaced(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_release(&sim, begun_lease(), HF_RELEASE_KEEP);
  call = sim_write(&sim);
  sim_lose(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(call->sent, 1);
  sim_close(&sim);
}

/* ---- suspicion ----------------------------------------------------------- */

static void after_a_freeze_all_idle_connections_are_pinged_at_once(
    void **state) {
  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, THREE);
  sim_ping_idle(&sim);
  assert_int_equal(sim.counts[SIM_PING], THREE);
  assert_int_equal(checking(), THREE);
  sim_check_all(&sim);
  assert_int_equal(idle(), THREE);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void a_call_waits_for_the_ping_of_an_idle_connection(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_ping_idle(&sim);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 0);
  sim_check_all(&sim);
  assert_int_equal(call->sent, 1);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_CONNECT], 1);
  sim_close(&sim);
}

static void an_unanswered_ping_closes_the_connection_soon(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_ping_idle(&sim);
  call = sim_write(&sim);
  sim_advance(&sim, PING_MS - 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_advance(&sim, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(call->request.attempts, 1);
  assert_int_equal(call->request.retries, 0);
  sim_close(&sim);
}

static void a_dead_connection_does_not_delay_the_ping_of_a_live_one(
    void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, THREE);
  sim_ping_idle(&sim);
  sim_lose(&sim, hf_pool_slot(&sim.pool, 0));
  sim_checked(&sim, hf_pool_slot(&sim.pool, 1));
  call = sim_write(&sim);
  assert_int_equal(call->sent, 1);
  assert_ptr_equal(call->request.slot, hf_pool_slot(&sim.pool, 1));
  sim_advance(&sim, PING_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 2);
  sim_close(&sim);
}

static void busy_and_leased_connections_are_not_pinged(void **state) {
  struct call *call, *lease;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_write(&sim);
  lease = sim_acquire(&sim);
  sim_ping_idle(&sim);
  assert_int_equal(sim.counts[SIM_PING], 0);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(idle(), 2);
  sim_close(&sim);
}

static void a_slot_suspected_twice_is_pinged_once(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_ping_idle(&sim);
  sim_ping_idle(&sim);
  assert_int_equal(sim.counts[SIM_PING], 1);
  sim_close(&sim);
}

static void idle_connections_give_a_freeze_a_beat_to_be_noticed_by(
    void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  sim_open(&sim, &config);
  assert_int_equal(hf_pool_next_us(&sim.pool), UINT64_MAX);
  sim_warm(&sim, 1);
  assert_true(hf_pool_next_us(&sim.pool) <= sim.now_us + 1000 * 1000);
  sim_close(&sim);
}

/* ---- deallocation -------------------------------------------------------- */

static void idle_connections_deallocate_at_once(void **state) {
  (void)state;
  sim_open_max(&sim, THREE);
  sim_warm(&sim, THREE);
  sim_deallocate(&sim);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], THREE);
  sim_check_all(&sim);
  assert_int_equal(idle(), THREE);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], THREE);
  sim_close(&sim);
}

static void a_busy_connection_deallocates_when_it_is_free(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  sim_deallocate(&sim);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_check_all(&sim);
  assert_int_equal(idle(), 1);
  sim_close(&sim);
}

static void a_leased_connection_deallocates_when_it_is_released(void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = sim_acquire(&sim);
  sim_deallocate(&sim);
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_SELECT), 'I');
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_check_all(&sim);
  assert_int_equal(idle(), 1);
  sim_close(&sim);
}

static void a_released_transaction_is_rolled_back_before_deallocation(
    void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  lease = begun_lease();
  sim_deallocate(&sim);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_check_all(&sim);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_check_all(&sim);
  assert_int_equal(idle(), 1);
  sim_close(&sim);
}

static void a_connection_that_is_being_pinged_deallocates_afterwards(
    void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_ping_idle(&sim);
  sim_deallocate(&sim);
  sim_check_all(&sim);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_check_all(&sim);
  assert_int_equal(idle(), 1);
  sim_close(&sim);
}

static void shared_reads_cannot_postpone_deallocation_for_ever(void **state) {
  struct call *first, *second;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  first = sim_read(&sim);
  sim_deallocate(&sim);
  for (i = 0; i < READS && sim.counts[SIM_DEALLOCATE] == 0; i++) {
    second = sim_read(&sim);
    sim_answer(&sim, first, 'I');
    sim_check_all(&sim);
    first = second;
  }
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  assert_int_equal(first->sent, 1);
  sim_close(&sim);
}

static void a_connection_opened_later_is_not_deallocated(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_deallocate(&sim);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_close(&sim);
}

static void a_lost_or_replaced_connection_is_not_deallocated(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  sim_deallocate(&sim);
  sim_lose(&sim, call->request.slot);
  sim_write(&sim);
  sim_connect(&sim);
  sim_answer(&sim, sim.calls, 'I');
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_close(&sim);
}

static void a_deallocation_that_takes_too_long_closes_the_connection(
    void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  sim_deallocate(&sim);
  sim_advance(&sim, CHECK_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rolled_back_connection_serves_the_next_call),
      cmocka_unit_test(a_rollback_that_takes_too_long_closes_the_connection),
      cmocka_unit_test(a_reset_in_time_leaves_no_timer_behind),
      cmocka_unit_test(draining_does_not_wait_for_ever_for_a_reset),
      cmocka_unit_test(a_connection_lost_during_a_reset_is_replaced),
      cmocka_unit_test(after_a_freeze_all_idle_connections_are_pinged_at_once),
      cmocka_unit_test(a_call_waits_for_the_ping_of_an_idle_connection),
      cmocka_unit_test(an_unanswered_ping_closes_the_connection_soon),
      cmocka_unit_test(a_dead_connection_does_not_delay_the_ping_of_a_live_one),
      cmocka_unit_test(busy_and_leased_connections_are_not_pinged),
      cmocka_unit_test(a_slot_suspected_twice_is_pinged_once),
      cmocka_unit_test(idle_connections_give_a_freeze_a_beat_to_be_noticed_by),
      cmocka_unit_test(idle_connections_deallocate_at_once),
      cmocka_unit_test(a_busy_connection_deallocates_when_it_is_free),
      cmocka_unit_test(a_leased_connection_deallocates_when_it_is_released),
      cmocka_unit_test(
          a_released_transaction_is_rolled_back_before_deallocation),
      cmocka_unit_test(
          a_connection_that_is_being_pinged_deallocates_afterwards),
      cmocka_unit_test(shared_reads_cannot_postpone_deallocation_for_ever),
      cmocka_unit_test(a_connection_opened_later_is_not_deallocated),
      cmocka_unit_test(a_lost_or_replaced_connection_is_not_deallocated),
      cmocka_unit_test(
          a_deallocation_that_takes_too_long_closes_the_connection)};

  return cmocka_run_group_tests_name("check-ups", tests, NULL, NULL);
}
