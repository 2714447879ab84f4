/* SPDX-License-Identifier: MIT */
/* The end of a lease: its connection is kept, cleaned up or closed. */
#include "lease_support.h"

enum { LONG_MS = 60000 };

static void a_clean_connection_is_kept(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 0);
  assert_null(lease->lease.slot);
  sim_close(&sim);
}

static void an_open_transaction_is_rolled_back_and_kept(void **state) {
  struct call *lease = hold_transaction();
  struct call *waiting = sim_write(&sim);

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  assert_int_equal(waiting->sent, 0);
  sim_checked(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  assert_int_equal(waiting->sent, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_ROLLED_BACK_LEASES), 1);
  sim_close(&sim);
}

static void a_failed_transaction_is_rolled_back_and_kept(void **state) {
  struct call *lease = hold_transaction();

  (void)state;
  sim_fail(&sim, sim_statement(&sim, lease, HF_SQL_INSERT), "23505", 'E');
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 1);
  sim_checked(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_rollback_that_gets_no_answer_closes(void **state) {
  struct call *lease = hold_transaction();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_advance(&sim, LONG_MS);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void a_loss_during_rollback_closes(void **state) {
  struct call *lease = hold_transaction();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_lose(&sim, sim_slot_in(&sim, HF_SLOT_CHECKING));
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(sim_count(&sim, HF_SLOT_EMPTY), 1);
  sim_close(&sim);
}

static void a_release_takes_effect_after_earlier_statements(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *waiting = sim_write(&sim);

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(waiting->sent, 0);
  sim_answer(&sim, running, 'I');
  sim_answer(&sim, queued, 'I');
  expect_success(running);
  expect_success(queued);
  assert_true(lease->over);
  assert_int_equal(waiting->sent, 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void a_rollback_submitted_before_release_is_sent(void **state) {
  struct call *lease = hold_transaction();
  struct call *rollback = sim_statement(&sim, lease, HF_SQL_ROLLBACK);

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_answer(&sim, rollback, 'I');
  expect_success(rollback);
  assert_int_equal(sim.counts[SIM_ROLLBACK], 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_loss_after_release_ends_the_lease(void **state) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_INSERT);

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_lose(&sim, lease->lease.slot);
  expect_outcome(running, HF_OUTCOME_AMBIGUOUS);
  assert_true(lease->over);
  sim_close(&sim);
}

static void expect_closed_busy(enum hf_release how, enum hf_release before) {
  struct call *lease = hold();
  struct call *running = sim_statement(&sim, lease, HF_SQL_INSERT);
  struct call *queued = sim_statement(&sim, lease, HF_SQL_INSERT);

  if (before != how) {
    sim_release(&sim, lease, before);
  }
  sim_release(&sim, lease, how);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  expect_status(running, HF_RELEASED);
  expect_outcome(running, HF_OUTCOME_AMBIGUOUS);
  expect_status(queued, HF_RELEASED);
  assert_int_equal(queued->sent, 0);
  assert_true(queued->error.outcome == HF_OUTCOME_NOT_EXECUTED ||
              queued->error.outcome == HF_OUTCOME_PERMANENT);
  assert_true(lease->over);
  sim_close(&sim);
}

static void release_true_closes_a_busy_connection(void **state) {
  (void)state;
  expect_closed_busy(HF_RELEASE_CLOSE, HF_RELEASE_CLOSE);
}

static void a_lease_can_be_cut_after_its_release(void **state) {
  (void)state;
  expect_closed_busy(HF_RELEASE_CUT, HF_RELEASE_CUT);
  expect_closed_busy(HF_RELEASE_CUT, HF_RELEASE_KEEP);
}

static void release_true_closes(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_CLOSE);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 0);
  sim_close(&sim);
}

static void a_requested_close_is_not_a_loss(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_CLOSE);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), 0);
  assert_int_equal(sim.events[HF_EVENT_LOST], 0);
  assert_int_equal(sim.events[HF_EVENT_ERROR], 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_CLOSED), 1);
  sim_close(&sim);
}

static void release_with_an_error_keeps_a_working_connection(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_fail(&sim, sim_statement(&sim, lease, HF_SQL_INSERT), "23505", 'I');
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_second_release_changes_nothing(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  sim_release(&sim, lease, HF_RELEASE_CLOSE);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  assert_int_equal(sim.counts[SIM_CLOSE], 0);
  sim_close(&sim);
}

static void a_statement_after_release_is_refused(void **state) {
  struct call *lease = hold();
  struct call *late;

  (void)state;
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  late = sim_statement(&sim, lease, HF_SQL_SELECT);
  expect_status(late, HF_RELEASED);
  assert_int_equal(late->sent, 0);
  sim_close(&sim);
}

static void a_retired_connection_is_closed_at_release(void **state) {
  struct call *lease = hold();

  (void)state;
  sim_fail(&sim, sim_statement(&sim, lease, HF_SQL_INSERT), "25006", 'I');
  assert_non_null(lease->lease.slot);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_clean_connection_is_kept),
      cmocka_unit_test(an_open_transaction_is_rolled_back_and_kept),
      cmocka_unit_test(a_failed_transaction_is_rolled_back_and_kept),
      cmocka_unit_test(a_rollback_that_gets_no_answer_closes),
      cmocka_unit_test(a_loss_during_rollback_closes),
      cmocka_unit_test(a_release_takes_effect_after_earlier_statements),
      cmocka_unit_test(a_rollback_submitted_before_release_is_sent),
      cmocka_unit_test(a_loss_after_release_ends_the_lease),
      cmocka_unit_test(release_true_closes_a_busy_connection),
      cmocka_unit_test(a_lease_can_be_cut_after_its_release),
      cmocka_unit_test(release_true_closes),
      cmocka_unit_test(a_requested_close_is_not_a_loss),
      cmocka_unit_test(release_with_an_error_keeps_a_working_connection),
      cmocka_unit_test(a_second_release_changes_nothing),
      cmocka_unit_test(a_statement_after_release_is_refused),
      cmocka_unit_test(a_retired_connection_is_closed_at_release)};

  return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
