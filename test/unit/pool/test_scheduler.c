/* SPDX-License-Identifier: MIT */
#include "world.h"

enum {
  AT_ONCE = 4, /* connects under way */
  TEN = 10,
  MANY = 30,
  US = 1000,
  HEAD_MS = 50 /* a longer running head is not followed */
};

static struct world world;

static size_t opening(void) {
  return world_count(&world, HF_SLOT_CONNECTING);
}

/* Fills `n` connections with writes that run. */
static void occupy(int n) {
  int i;

  for (i = 0; i < n; i++) {
    world_write(&world);
  }
  while (world_connect(&world) > 0) {
  }
  assert_int_equal(world_count(&world, HF_SLOT_BUSY), n);
}

/* Fails connects until the breaker opens. */
static void open_breaker(void) {
  int rounds;

  for (rounds = 0; world_stat(&world, HF_STAT_BREAKER_OPENED) == 0; rounds++) {
    assert_in_range(rounds, 0, TEN);
    world_refuse(&world, NULL);
    world_advance(&world, 1);
  }
  world_refuse(&world, NULL);
}

/* ---- opening --------------------------------------------------------------
 */

static void nothing_connects_before_it_is_needed(void **state) {
  (void)state;
  world_open_max(&world, TEN);
  world_advance(&world, 1000);
  assert_int_equal(world.counts[WORLD_CONNECT], 0);
  world_close(&world);
}

static void one_call_opens_one_connection(void **state) {
  (void)state;
  world_open_max(&world, TEN);
  world_write(&world);
  assert_int_equal(opening(), 1);
  world_close(&world);
}

static void an_idle_connection_is_used_before_a_new_one(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, TEN);
  world_warm(&world, 1);
  call = world_write(&world);
  assert_int_equal(call->sent, 1);
  assert_int_equal(opening(), 0);
  world_close(&world);
}

static void at_most_four_connections_are_opened_at_once(void **state) {
  int i;

  (void)state;
  world_open_max(&world, TEN);
  for (i = 0; i < MANY; i++) {
    world_write(&world);
    assert_in_range(opening(), 1, AT_ONCE);
  }
  assert_int_equal(opening(), AT_ONCE);
  world_connected(&world, world_slot_in(&world, HF_SLOT_CONNECTING));
  assert_int_equal(opening(), AT_ONCE);
  world_close(&world);
}

static void there_are_never_more_connections_than_max(void **state) {
  int i;

  (void)state;
  world_open_max(&world, 3);
  for (i = 0; i < MANY; i++) {
    world_write(&world);
  }
  while (world_connect(&world) > 0) {
  }
  assert_int_equal(world.counts[WORLD_CONNECT], 3);
  assert_int_equal(world_count(&world, HF_SLOT_BUSY), 3);
  world_close(&world);
}

static void a_closing_connection_still_counts_towards_max(void **state) {
  struct call *lease;

  (void)state;
  world_open_max(&world, 1);
  world.manual_close = true;
  lease = world_acquire(&world);
  world_connect(&world);
  world_release(&world, lease, HF_RELEASE_CLOSE);
  world_write(&world);
  assert_int_equal(opening(), 0);
  world_finish_closing(&world);
  assert_int_equal(opening(), 1);
  world.manual_close = false;
  world_close(&world);
}

static void a_freed_connection_serves_who_waited_for_a_new_one(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 2);
  first = world_write(&world);
  second = world_write(&world);
  world_connected(&world, world_slot_in(&world, HF_SLOT_CONNECTING));
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void a_dead_idle_connection_is_found_before_use(void **state) {
  struct call *call;
  size_t i;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  for (i = 0; i < 2; i++) {
    world.conns[i].dead = true;
  }
  world_advance(&world, 1);
  call = world_write(&world);
  assert_int_equal(call->sent, 0);
  assert_int_equal(call->request.attempts, 0);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST), 2);
  world_advance(&world, 0);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

/* ---- sharing --------------------------------------------------------------*/

static void reads_share_a_connection_when_there_is_no_other(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  first = world_read(&world);
  world_connect(&world);
  second = world_read(&world);
  assert_int_equal(second->sent, 1);
  assert_ptr_equal(second->request.slot, first->request.slot);
  assert_int_equal(world_stat(&world, HF_STAT_SHARED), 1);
  world_answer(&world, first, 'I');
  world_answer(&world, second, 'I');
  expect_success(second);
  world_close(&world);
}

static void reads_do_not_share_while_a_connection_can_be_opened(void **state) {
  struct call *second;

  (void)state;
  world_open_max(&world, 2);
  world_read(&world);
  world_connect(&world);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  assert_int_equal(opening(), 1);
  world_connect(&world);
  assert_int_equal(second->sent, 1);
  assert_int_equal(world_stat(&world, HF_STAT_SHARED), 0);
  world_close(&world);
}

static void a_write_does_not_join_reads(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 1);
  first = world_read(&world);
  world_connect(&world);
  second = world_write(&world);
  assert_int_equal(second->sent, 0);
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void a_read_does_not_join_a_write(void **state) {
  struct call *second;

  (void)state;
  world_open_max(&world, 1);
  occupy(1);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  world_close(&world);
}

static void a_read_does_not_overtake_a_waiting_write(void **state) {
  struct call *write, *read;

  (void)state;
  world_open_max(&world, 1);
  world_read(&world);
  world_connect(&world);
  write = world_write(&world);
  read = world_read(&world);
  assert_int_equal(write->sent, 0);
  assert_int_equal(read->sent, 0);
  world_close(&world);
}

static void at_most_share_max_reads_share(void **state) {
  struct hf_config config = world_config(1);
  struct call *last = NULL;
  int i;

  (void)state;
  config.share_max = 3;
  world_open(&world, &config);
  world_read(&world);
  world_connect(&world);
  for (i = 0; i < 2; i++) {
    last = world_read(&world);
    assert_int_equal(last->sent, 1);
  }
  last = world_read(&world);
  assert_int_equal(last->sent, 0);
  world_close(&world);
}

static void no_read_joins_a_connection_that_is_used_up(void **state) {
  struct hf_config config = world_config(1);
  struct call *reads[3];
  int i;

  (void)state;
  config.max_uses = 2;
  world_open(&world, &config);
  reads[0] = world_read(&world);
  world_connect(&world);
  reads[1] = world_read(&world);
  reads[2] = world_read(&world);
  assert_int_equal(reads[1]->sent, 1);
  assert_int_equal(reads[2]->sent, 0);
  for (i = 0; i < 2; i++) {
    world_answer(&world, reads[i], 'I');
  }
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_connect(&world);
  assert_int_equal(reads[2]->sent, 1);
  world_close(&world);
}

static void a_share_of_one_is_no_sharing(void **state) {
  struct hf_config config = world_config(1);

  (void)state;
  config.share_max = 1;
  world_open(&world, &config);
  world_read(&world);
  world_connect(&world);
  assert_int_equal(world_read(&world)->sent, 0);
  world_close(&world);
}

static void nothing_joins_a_head_that_runs_long(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_read(&world);
  world_connect(&world);
  world_advance(&world, HEAD_MS + 1);
  assert_int_equal(world_read(&world)->sent, 0);
  world_close(&world);
}

static void nothing_shares_behind_a_proxy(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world.proxied = true;
  world_read(&world);
  world_connect(&world);
  assert_int_equal(world_read(&world)->sent, 0);
  world_close(&world);
}

static void an_acquire_never_shares(void **state) {
  struct call *lease;

  (void)state;
  world_open_max(&world, 1);
  world_read(&world);
  world_connect(&world);
  lease = world_acquire(&world);
  expect_pending(lease);
  world_close(&world);
}

/* ---- the breaker ----------------------------------------------------------*/

static void an_open_breaker_lets_one_probe_through(void **state) {
  size_t before;
  int i;

  (void)state;
  world_open_max(&world, TEN);
  for (i = 0; i < TEN; i++) {
    world_write(&world);
  }
  open_breaker();
  assert_int_equal(opening(), 0);
  before = world.counts[WORLD_CONNECT];
  world_advance(&world, 250);
  assert_int_equal(opening(), 1);
  world_advance(&world, 2000);
  assert_int_equal(world.counts[WORLD_CONNECT], before + 1);
  world_close(&world);
}

static void calls_survive_an_outage_shorter_than_their_deadline(void **state) {
  struct call *calls[TEN];
  int i;

  (void)state;
  world_open_max(&world, TEN);
  for (i = 0; i < TEN; i++) {
    calls[i] = world_make(&world, HF_REQUEST_QUERY);
    calls[i]->request.deadline_us = world.now_us + (uint64_t)5000 * US;
    world_submit(&world, calls[i]);
  }
  for (i = 0; i < 40; i++) {
    world_refuse(&world, NULL);
    world_advance(&world, 100);
  }
  assert_true(world_stat(&world, HF_STAT_BREAKER_OPENED) > 0);
  for (i = 0; i < TEN; i++) {
    expect_pending(calls[i]);
  }
  world_advance(&world, 250);
  while (world_connect(&world) > 0) {
  }
  for (i = 0; i < TEN; i++) {
    assert_int_equal(calls[i]->sent, 1);
    assert_int_equal(calls[i]->request.attempts, 1);
    world_answer(&world, calls[i], 'I');
    expect_success(calls[i]);
  }
  assert_int_equal(world_stat(&world, HF_STAT_RETRIES), 0);
  world_close(&world);
}

static void a_call_fails_at_once_when_the_next_probe_is_too_late(void **state) {
  struct call *patient, *hasty;

  (void)state;
  world_open_max(&world, 1);
  patient = world_make(&world, HF_REQUEST_QUERY);
  patient->request.deadline_us = world.now_us + (uint64_t)9000 * US;
  world_submit(&world, patient);
  open_breaker();
  hasty = world_make(&world, HF_REQUEST_QUERY);
  hasty->request.deadline_us = world.now_us + 1 * US;
  world_submit(&world, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  world_close(&world);
}

static void what_is_permanent_answers_every_call_at_once(void **state) {
  struct call *call;
  int i;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  world_refuse(&world, "28P01");
  expect_sqlstate(call, "28P01");
  for (i = 0; i < 5; i++) {
    call = world_write(&world);
    expect_sqlstate(call, "28P01");
    expect_outcome(call, HF_OUTCOME_PERMANENT);
  }
  assert_int_equal(world.counts[WORLD_CONNECT], 1);
  /* A second later it is tried again: the password may have been mended. */
  world_advance(&world, HF_BREAKER_HURRY_REFUSED_MS);
  call = world_write(&world);
  expect_pending(call);
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void who_fails_fast_hears_of_the_first_failed_connect(void **state) {
  struct call *hasty, *patient;

  (void)state;
  world_open_max(&world, 1);
  patient = world_write(&world);
  hasty = world_make(&world, HF_REQUEST_QUERY);
  hasty->request.flags = HF_FLAG_FAIL_FAST;
  world_submit(&world, hasty);
  world_refuse(&world, NULL);
  expect_status(hasty, HF_SOCKET_ERROR);
  expect_outcome(hasty, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(patient);
  world_close(&world);
}

static void an_open_breaker_does_not_stop_live_connections(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 2);
  first = world_write(&world);
  world_connect(&world);
  second = world_make(&world, HF_REQUEST_QUERY);
  second->request.deadline_us = world.now_us + (uint64_t)9000 * US;
  world_submit(&world, second);
  open_breaker();
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

/* What waited was held against the probe once; what comes is, as it comes. */
static void each_waiting_call_is_held_against_each_probe(void **state) {
  struct call *patient, *hasty;

  (void)state;
  world_open_max(&world, 1);
  patient = world_make(&world, HF_REQUEST_QUERY);
  patient->request.deadline_us = world.now_us + (uint64_t)60000 * US;
  world_submit(&world, patient);
  while (world_stat(&world, HF_STAT_BREAKER_OPENED) == 0) {
    world_refuse(&world, NULL);
    world_advance(&world, 1);
  }
  assert_true(world.pool.unreachable_us > world.now_us);
  hasty = world_make(&world, HF_REQUEST_QUERY);
  hasty->request.deadline_us = world.now_us + 1;
  world_submit(&world, hasty);
  expect_status(hasty, HF_SOCKET_ERROR);
  assert_int_equal(patient->answered, 0);
  world_close(&world);
}

static void a_full_server_is_asked_more_slowly(void **state) {
  size_t before;

  (void)state;
  world_open_max(&world, 1);
  world_write(&world);
  while (world_stat(&world, HF_STAT_BREAKER_OPENED) == 0) {
    world_refuse(&world, "53300");
    world_advance(&world, 1);
  }
  before = world.counts[WORLD_CONNECT];
  world_advance(&world, 900);
  assert_int_equal(world.counts[WORLD_CONNECT], before);
  world_advance(&world, 1100);
  assert_int_equal(world.counts[WORLD_CONNECT], before + 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_waiting_call_is_held_against_each_probe),
      cmocka_unit_test(nothing_connects_before_it_is_needed),
      cmocka_unit_test(one_call_opens_one_connection),
      cmocka_unit_test(an_idle_connection_is_used_before_a_new_one),
      cmocka_unit_test(at_most_four_connections_are_opened_at_once),
      cmocka_unit_test(there_are_never_more_connections_than_max),
      cmocka_unit_test(a_closing_connection_still_counts_towards_max),
      cmocka_unit_test(a_freed_connection_serves_who_waited_for_a_new_one),
      cmocka_unit_test(a_dead_idle_connection_is_found_before_use),
      cmocka_unit_test(reads_share_a_connection_when_there_is_no_other),
      cmocka_unit_test(reads_do_not_share_while_a_connection_can_be_opened),
      cmocka_unit_test(a_write_does_not_join_reads),
      cmocka_unit_test(a_read_does_not_join_a_write),
      cmocka_unit_test(a_read_does_not_overtake_a_waiting_write),
      cmocka_unit_test(at_most_share_max_reads_share),
      cmocka_unit_test(no_read_joins_a_connection_that_is_used_up),
      cmocka_unit_test(a_share_of_one_is_no_sharing),
      cmocka_unit_test(nothing_joins_a_head_that_runs_long),
      cmocka_unit_test(nothing_shares_behind_a_proxy),
      cmocka_unit_test(an_acquire_never_shares),
      cmocka_unit_test(an_open_breaker_lets_one_probe_through),
      cmocka_unit_test(calls_survive_an_outage_shorter_than_their_deadline),
      cmocka_unit_test(a_call_fails_at_once_when_the_next_probe_is_too_late),
      cmocka_unit_test(what_is_permanent_answers_every_call_at_once),
      cmocka_unit_test(who_fails_fast_hears_of_the_first_failed_connect),
      cmocka_unit_test(an_open_breaker_does_not_stop_live_connections),
      cmocka_unit_test(a_full_server_is_asked_more_slowly)};

  return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
