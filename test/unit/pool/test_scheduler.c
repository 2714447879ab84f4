/* SPDX-License-Identifier: MIT */
#include "sim.h"

enum {
  AT_ONCE = 4, /* connects under way */
  TEN = 10,
  MANY = 30,
  US = 1000,
  HEAD_MS = 50 /* a longer running head is not followed */
};

static struct sim sim;

static size_t opening(void) {
  return sim_count(&sim, HF_SLOT_CONNECTING);
}

/* Fills `n` connections with writes that run. */
static void occupy(int n) {
  int i;

  for (i = 0; i < n; i++) {
    sim_write(&sim);
  }
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), n);
}

/* Fails connects until the breaker opens. */
static void open_breaker(void) {
  int rounds;

  for (rounds = 0; sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0; rounds++) {
    assert_in_range(rounds, 0, TEN);
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 1);
  }
  sim_refuse(&sim, NULL);
}

/*
 * ---- opening --------------------------------------------------------------
 */

static void no_connection_is_opened_before_it_is_needed(void **state) {
  (void)state;
  sim_open_max(&sim, TEN);
  sim_advance(&sim, 1000);
  assert_int_equal(sim.counts[SIM_CONNECT], 0);
  sim_close(&sim);
}

static void one_call_opens_one_connection(void **state) {
  (void)state;
  sim_open_max(&sim, TEN);
  sim_write(&sim);
  assert_int_equal(opening(), 1);
  sim_close(&sim);
}

static void an_idle_connection_is_used_before_a_new_one(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, TEN);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 1);
  assert_int_equal(opening(), 0);
  sim_close(&sim);
}

static void at_most_four_connections_are_opened_at_once(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < MANY; i++) {
    sim_write(&sim);
    assert_in_range(opening(), 1, AT_ONCE);
  }
  assert_int_equal(opening(), AT_ONCE);
  sim_connected(&sim, sim_slot_in(&sim, HF_SLOT_CONNECTING));
  assert_int_equal(opening(), AT_ONCE);
  sim_close(&sim);
}

static void there_are_never_more_connections_than_max(void **state) {
  int i;

  (void)state;
  sim_open_max(&sim, 3);
  for (i = 0; i < MANY; i++) {
    sim_write(&sim);
  }
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim.counts[SIM_CONNECT], 3);
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), 3);
  sim_close(&sim);
}

static void a_closing_connection_still_counts_towards_max(void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim.manual_close = true;
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  sim_release(&sim, lease, HF_RELEASE_CLOSE);
  sim_write(&sim);
  assert_int_equal(opening(), 0);
  sim_finish_closing(&sim);
  assert_int_equal(opening(), 1);
  sim.manual_close = false;
  sim_close(&sim);
}

static void a_freed_connection_serves_a_call_that_waited_for_a_new_one(
    void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 2);
  first = sim_write(&sim);
  second = sim_write(&sim);
  sim_connected(&sim, sim_slot_in(&sim, HF_SLOT_CONNECTING));
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void a_dead_idle_connection_is_found_before_use(void **state) {
  struct call *call;
  size_t i;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  for (i = 0; i < 2; i++) {
    sim.conns[i].dead = true;
  }
  sim_advance(&sim, 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 0);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(sim_stat(&sim, HF_STAT_CONNECTIONS_LOST), 2);
  sim_advance(&sim, 0);
  sim_connect(&sim);
  assert_int_equal(call->sent, 1);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

/* ---- sharing --------------------------------------------------------------*/

static void reads_share_a_connection_when_there_is_no_other(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_read(&sim);
  sim_connect(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  assert_ptr_equal(second->request.slot, first->request.slot);
  assert_int_equal(sim_stat(&sim, HF_STAT_SHARED), 1);
  sim_answer(&sim, first, 'I');
  sim_answer(&sim, second, 'I');
  expect_success(second);
  sim_close(&sim);
}

static void reads_do_not_share_while_a_connection_can_be_opened(void **state) {
  struct call *second;

  (void)state;
  sim_open_max(&sim, 2);
  sim_read(&sim);
  sim_connect(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  assert_int_equal(opening(), 1);
  sim_connect(&sim);
  assert_int_equal(second->sent, 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_SHARED), 0);
  sim_close(&sim);
}

static void a_write_does_not_join_reads(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_read(&sim);
  sim_connect(&sim);
  second = sim_write(&sim);
  assert_int_equal(second->sent, 0);
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void a_read_does_not_join_a_write(void **state) {
  struct call *second;

  (void)state;
  sim_open_max(&sim, 1);
  occupy(1);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  sim_close(&sim);
}

static void a_read_does_not_overtake_a_waiting_write(void **state) {
  struct call *write, *read;

  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  write = sim_write(&sim);
  read = sim_read(&sim);
  assert_int_equal(write->sent, 0);
  assert_int_equal(read->sent, 0);
  sim_close(&sim);
}

static void at_most_share_max_reads_share(void **state) {
  struct hf_config config = sim_config(1);
  struct call *last = NULL;
  int i;

  (void)state;
  config.share_max = 3;
  sim_open(&sim, &config);
  sim_read(&sim);
  sim_connect(&sim);
  for (i = 0; i < 2; i++) {
    last = sim_read(&sim);
    assert_int_equal(last->sent, 1);
  }
  last = sim_read(&sim);
  assert_int_equal(last->sent, 0);
  sim_close(&sim);
}

static void no_read_joins_a_connection_at_max_uses(void **state) {
  struct hf_config config = sim_config(1);
  struct call *reads[3];
  int i;

  (void)state;
  config.max_uses = 2;
  sim_open(&sim, &config);
  reads[0] = sim_read(&sim);
  sim_connect(&sim);
  reads[1] = sim_read(&sim);
  reads[2] = sim_read(&sim);
  assert_int_equal(reads[1]->sent, 1);
  assert_int_equal(reads[2]->sent, 0);
  for (i = 0; i < 2; i++) {
    sim_answer(&sim, reads[i], 'I');
  }
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_connect(&sim);
  assert_int_equal(reads[2]->sent, 1);
  sim_close(&sim);
}

static void with_share_max_one_nothing_is_shared(void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.share_max = 1;
  sim_open(&sim, &config);
  sim_read(&sim);
  sim_connect(&sim);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void no_read_joins_a_head_that_runs_long(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  sim_advance(&sim, HEAD_MS + 1);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void nothing_is_shared_behind_a_pooler(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim.proxied = true;
  sim_read(&sim);
  sim_connect(&sim);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void an_acquire_never_shares(void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  lease = sim_acquire(&sim);
  expect_pending(lease);
  sim_close(&sim);
}

/* ---- the breaker ----------------------------------------------------------*/

static void an_open_breaker_lets_one_probe_through(void **state) {
  size_t before;
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < TEN; i++) {
    sim_write(&sim);
  }
  open_breaker();
  assert_int_equal(opening(), 0);
  before = sim.counts[SIM_CONNECT];
  sim_advance(&sim, 250);
  assert_int_equal(opening(), 1);
  sim_advance(&sim, 2000);
  assert_int_equal(sim.counts[SIM_CONNECT], before + 1);
  sim_close(&sim);
}

static void calls_survive_an_outage_shorter_than_their_deadline(void **state) {
  struct call *calls[TEN];
  int i;

  (void)state;
  sim_open_max(&sim, TEN);
  for (i = 0; i < TEN; i++) {
    calls[i] = sim_make(&sim, HF_REQUEST_QUERY);
    calls[i]->request.deadline_us = sim.now_us + (uint64_t)5000 * US;
    sim_submit(&sim, calls[i]);
  }
  for (i = 0; i < 40; i++) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 100);
  }
  assert_true(sim_stat(&sim, HF_STAT_BREAKER_OPENED) > 0);
  for (i = 0; i < TEN; i++) {
    expect_pending(calls[i]);
  }
  sim_advance(&sim, 250);
  while (sim_connect(&sim) > 0) {
  }
  for (i = 0; i < TEN; i++) {
    assert_int_equal(calls[i]->sent, 1);
    assert_int_equal(calls[i]->request.attempts, 1);
    sim_answer(&sim, calls[i], 'I');
    expect_success(calls[i]);
  }
  assert_int_equal(sim_stat(&sim, HF_STAT_RETRIES), 0);
  sim_close(&sim);
}

static void a_call_fails_at_once_when_the_next_probe_is_too_late(void **state) {
  struct call *patient, *hasty;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_make(&sim, HF_REQUEST_QUERY);
  patient->request.deadline_us = sim.now_us + (uint64_t)9000 * US;
  sim_submit(&sim, patient);
  open_breaker();
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.deadline_us = sim.now_us + 1 * US;
  sim_submit(&sim, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  sim_close(&sim);
}

static void a_permanent_connect_error_answers_every_call_at_once(void **state) {
  struct call *call;
  int i;

  (void)state;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_refuse(&sim, "28P01");
  expect_sqlstate(call, "28P01");
  for (i = 0; i < 5; i++) {
    call = sim_write(&sim);
    expect_sqlstate(call, "28P01");
    expect_outcome(call, HF_OUTCOME_PERMANENT);
  }
  assert_int_equal(sim.counts[SIM_CONNECT], 1);
  /* A second later it is tried again: the password may have been mended. */
  sim_advance(&sim, HF_BREAKER_PROBE_SOON_REFUSED_MS);
  call = sim_write(&sim);
  expect_pending(call);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_call_that_fails_fast_ends_with_the_first_failed_connect(
    void **state) {
  struct call *hasty, *patient;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_write(&sim);
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.flags = HF_FLAG_FAIL_FAST;
  sim_submit(&sim, hasty);
  sim_refuse(&sim, NULL);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  sim_close(&sim);
}

static void an_open_breaker_does_not_stop_live_connections(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 2);
  first = sim_write(&sim);
  sim_connect(&sim);
  second = sim_make(&sim, HF_REQUEST_QUERY);
  second->request.deadline_us = sim.now_us + (uint64_t)9000 * US;
  sim_submit(&sim, second);
  open_breaker();
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

/* What waited was held against the probe once; what comes is, as it comes. */
static void the_queue_is_checked_against_each_probe_once(void **state) {
  struct call *patient, *hasty;

  (void)state;
  sim_open_max(&sim, 1);
  patient = sim_make(&sim, HF_REQUEST_QUERY);
  patient->request.deadline_us = sim.now_us + (uint64_t)60000 * US;
  sim_submit(&sim, patient);
  while (sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0) {
    sim_refuse(&sim, NULL);
    sim_advance(&sim, 1);
  }
  assert_true(sim.pool.queue_checked_us > sim.now_us);
  hasty = sim_make(&sim, HF_REQUEST_QUERY);
  hasty->request.deadline_us = sim.now_us + 1;
  sim_submit(&sim, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  assert_int_equal(patient->answered, 0);
  sim_close(&sim);
}

static void a_full_server_is_probed_more_slowly(void **state) {
  size_t before;

  (void)state;
  sim_open_max(&sim, 1);
  sim_write(&sim);
  while (sim_stat(&sim, HF_STAT_BREAKER_OPENED) == 0) {
    sim_refuse(&sim, "53300");
    sim_advance(&sim, 1);
  }
  before = sim.counts[SIM_CONNECT];
  sim_advance(&sim, 900);
  assert_int_equal(sim.counts[SIM_CONNECT], before);
  sim_advance(&sim, 1100);
  assert_int_equal(sim.counts[SIM_CONNECT], before + 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_queue_is_checked_against_each_probe_once),
      cmocka_unit_test(no_connection_is_opened_before_it_is_needed),
      cmocka_unit_test(one_call_opens_one_connection),
      cmocka_unit_test(an_idle_connection_is_used_before_a_new_one),
      cmocka_unit_test(at_most_four_connections_are_opened_at_once),
      cmocka_unit_test(there_are_never_more_connections_than_max),
      cmocka_unit_test(a_closing_connection_still_counts_towards_max),
      cmocka_unit_test(
          a_freed_connection_serves_a_call_that_waited_for_a_new_one),
      cmocka_unit_test(a_dead_idle_connection_is_found_before_use),
      cmocka_unit_test(reads_share_a_connection_when_there_is_no_other),
      cmocka_unit_test(reads_do_not_share_while_a_connection_can_be_opened),
      cmocka_unit_test(a_write_does_not_join_reads),
      cmocka_unit_test(a_read_does_not_join_a_write),
      cmocka_unit_test(a_read_does_not_overtake_a_waiting_write),
      cmocka_unit_test(at_most_share_max_reads_share),
      cmocka_unit_test(no_read_joins_a_connection_at_max_uses),
      cmocka_unit_test(with_share_max_one_nothing_is_shared),
      cmocka_unit_test(no_read_joins_a_head_that_runs_long),
      cmocka_unit_test(nothing_is_shared_behind_a_pooler),
      cmocka_unit_test(an_acquire_never_shares),
      cmocka_unit_test(an_open_breaker_lets_one_probe_through),
      cmocka_unit_test(calls_survive_an_outage_shorter_than_their_deadline),
      cmocka_unit_test(a_call_fails_at_once_when_the_next_probe_is_too_late),
      cmocka_unit_test(a_permanent_connect_error_answers_every_call_at_once),
      cmocka_unit_test(
          a_call_that_fails_fast_ends_with_the_first_failed_connect),
      cmocka_unit_test(an_open_breaker_does_not_stop_live_connections),
      cmocka_unit_test(a_full_server_is_probed_more_slowly)};

  return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
