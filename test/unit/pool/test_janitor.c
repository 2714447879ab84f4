/* SPDX-License-Identifier: MIT */
#include "world.h"

enum {
  IDLE_MS = 10000,
  SILENCE_MS = 8000,
  PROBE_MS = 5000,
  SECOND_MS = 1000,
  LIFE_S = 100,
  FOUR = 4,
  HOUR_MS = 3600000
};

static struct world world;

static struct call *run(void) {
  struct call *call;

  world_open_max(&world, 2);
  world_warm(&world, 1);
  call = world_write(&world);
  return call;
}

/* ---- idleness, age, use ---------------------------------------------------
 */

static void an_idle_connection_is_closed_after_its_time(void **state) {
  (void)state;
  world_open_max(&world, 2);
  world_write(&world);
  world_connect(&world);
  world_answer(&world, world.calls, 'I');
  world_advance(&world, IDLE_MS - 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(hf_pool_next_us(&world.pool), UINT64_MAX);
  world_close(&world);
}

static void min_connections_are_kept(void **state) {
  struct hf_config config = world_config(FOUR);

  (void)state;
  config.min = 2;
  world_open(&world, &config);
  world_warm(&world, FOUR);
  world_advance(&world, HOUR_MS);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 2);
  world_close(&world);
}

static void what_was_warmed_beyond_min_grows_cold(void **state) {
  size_t connects;

  (void)state;
  world_open_max(&world, FOUR);
  world_warm(&world, FOUR);
  connects = world.counts[WORLD_CONNECT];
  world_advance(&world, HOUR_MS);
  assert_int_equal(world.counts[WORLD_CONNECT], connects);
  assert_int_equal(world_count(&world, HF_SLOT_EMPTY), FOUR);
  world_close(&world);
}

static void an_idle_one_is_not_closed_for_one_being_opened(void **state) {
  struct hf_config config = world_config(2);

  (void)state;
  config.min = 1;
  world_open(&world, &config);
  world_warm(&world, 1);
  world_advance(&world, IDLE_MS);
  hf_pool_warm(&world.pool, 2, world.now_us);
  world_advance(&world, IDLE_MS);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_close(&world);
}

static void without_an_idle_time_out_connections_stay(void **state) {
  struct hf_config config = world_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  world_open(&world, &config);
  world_warm(&world, 1);
  world_advance(&world, HOUR_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_close(&world);
}

static void a_lifetime_ends_with_jitter(void **state) {
  struct hf_config config = world_config(2);
  const struct hf_slot *first, *second;

  (void)state;
  config.max_lifetime_s = LIFE_S;
  config.idle_timeout_ms = 0;
  world_open(&world, &config);
  world.random = UINT32_MAX;
  world_warm(&world, 1);
  world.random = 0;
  world_write(&world);
  world_write(&world);
  world_connect(&world);
  first = hf_pool_slot(&world.pool, 0);
  second = hf_pool_slot(&world.pool, 1);
  assert_int_not_equal(first->expires_us, second->expires_us);
  world_answer(&world, world.calls->next, 'I');
  world_answer(&world, world.calls, 'I');
  world_advance(&world, (uint64_t)(LIFE_S - LIFE_S / 10 - 1) * SECOND_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_advance(&world, (uint64_t)(LIFE_S / 10 + 2) * SECOND_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 2);
  world_close(&world);
}

static void an_expired_connection_finishes_what_it_runs(void **state) {
  struct hf_config config = world_config(1);
  struct call *call;

  (void)state;
  config.max_lifetime_s = 2;
  config.silence_ms = 0;
  world_open(&world, &config);
  world_warm(&world, 1);
  call = world_write(&world);
  world_advance(&world, HOUR_MS);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void shared_reads_do_not_make_a_connection_immortal(void **state) {
  struct hf_config config = world_config(1);
  struct call *first, *second;
  int i;

  (void)state;
  config.max_lifetime_s = 2;
  world_open(&world, &config);
  world_warm(&world, 1);
  first = world_read(&world);
  for (i = 0; i < 200 && world.counts[WORLD_CLOSE] == 0; i++) {
    world_advance(&world, 20);
    second = world_read(&world);
    world_answer(&world, first, 'I');
    first = second;
  }
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_connection_is_closed_after_max_uses(void **state) {
  struct hf_config config = world_config(1);
  int i;

  (void)state;
  config.max_uses = 3;
  world_open(&world, &config);
  for (i = 0; i < 3; i++) {
    assert_int_equal(world.counts[WORLD_CLOSE], 0);
    world_write(&world);
    world_connect(&world);
    world_answer(&world, world.calls, 'I');
  }
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

/* ---- silence --------------------------------------------------------------
 */

static void a_silent_server_is_probed(void **state) {
  struct call *call = run();

  (void)state;
  world_advance(&world, SILENCE_MS - SECOND_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 0);
  world_advance(&world, 2 * SECOND_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 1);
  assert_int_equal(world_stat(&world, HF_STAT_PROBES), 1);
  expect_pending(call);
  world_close(&world);
}

static void a_probe_that_cannot_begin_is_tried_again(void **state) {
  struct call *call = run();

  (void)state;
  world.cannot_probe = true;
  world_advance(&world, SILENCE_MS + SECOND_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 1);
  world.cannot_probe = false;
  world_advance(&world, PROBE_MS + SECOND_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 2);
  expect_pending(call);
  world_close(&world);
}

/* ---- the end of a connection's life ---------------------------------------
 */

static void a_retired_connection_finishes_what_it_runs(void **state) {
  struct call *call = run();

  (void)state;
  hf_slot_retire(call->request.slot);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void direct_connections_end_once_a_pooler_is_found(void **state) {
  struct call *call = run();

  (void)state;
  hf_pool_retire_direct(&world.pool);
  world_answer(&world, call, 'I');
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_slow_query_is_left_alone_while_probes_succeed(void **state) {
  struct call *call = run();
  int i;

  (void)state;
  for (i = 0; i < 100; i++) {
    world_advance(&world, PROBE_MS + SECOND_MS);
    if (world_conn(&world, call->request.slot)->probing) {
      world_probed(&world, call->request.slot, true);
    }
  }
  assert_in_range(world.counts[WORLD_PROBE], 90, 110);
  expect_pending(call);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void two_failed_probes_close_the_connection(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;

  (void)state;
  world_advance(&world, SILENCE_MS + SECOND_MS);
  world_probed(&world, slot, false);
  expect_pending(call);
  world_advance(&world, PROBE_MS + SECOND_MS);
  world_probed(&world, slot, false);
  expect_status(call, HF_SILENT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_probe_that_succeeds_forgives_the_one_before(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;
  bool alive = false;
  int i;

  (void)state;
  world_advance(&world, SILENCE_MS + SECOND_MS);
  for (i = 0; i < 6; i++) {
    world_probed(&world, slot, alive);
    alive = !alive;
    world_advance(&world, PROBE_MS + SECOND_MS);
  }
  expect_pending(call);
  world_close(&world);
}

static void there_is_one_probe_at_a_time(void **state) {
  struct call *call = run();

  (void)state;
  world_advance(&world, HOUR_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 1);
  expect_pending(call);
  world_close(&world);
}

static void a_probe_may_answer_after_its_connection_is_gone(void **state) {
  struct call *call = run();
  struct hf_slot *slot = call->request.slot;

  (void)state;
  world_advance(&world, SILENCE_MS + SECOND_MS);
  world_lose(&world, slot);
  world_probed(&world, slot, false);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_server_that_sends_is_not_silent(void **state) {
  struct call *call = run();
  int i;

  (void)state;
  for (i = 0; i < 100; i++) {
    world_advance(&world, SILENCE_MS / 2);
    call->request.slot->last_byte_us = world.now_us;
  }
  assert_int_equal(world.counts[WORLD_PROBE], 0);
  world_close(&world);
}

static void nobody_waits_for_a_lease_that_says_nothing(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_acquire(&world);
  world_connect(&world);
  world_advance(&world, HOUR_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 0);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_close(&world);
}

static void silence_can_be_allowed(void **state) {
  struct hf_config config = world_config(1);

  (void)state;
  config.silence_ms = 0;
  world_open(&world, &config);
  world_write(&world);
  world_connect(&world);
  world_advance(&world, HOUR_MS);
  assert_int_equal(world.counts[WORLD_PROBE], 0);
  world_close(&world);
}

/* ---- refusals -------------------------------------------------------------
 */

static void a_refused_password_fails_what_waits(void **state) {
  struct call *query, *lease;

  (void)state;
  world_open_max(&world, 1);
  query = world_write(&world);
  lease = world_acquire(&world);
  world_refuse(&world, "28P01");
  expect_sqlstate(query, "28P01");
  expect_outcome(query, HF_OUTCOME_PERMANENT);
  assert_int_equal(query->error.phase, HF_PHASE_CONNECT);
  expect_sqlstate(lease, "28P01");
  world_close(&world);
}

static void a_refused_password_fails_nobody_while_one_lives(void **state) {
  struct call *first, *second;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 1);
  first = world_write(&world);
  second = world_write(&world);
  world_refuse(&world, "28P01");
  expect_pending(second);
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_idle_connection_is_closed_after_its_time),
      cmocka_unit_test(min_connections_are_kept),
      cmocka_unit_test(what_was_warmed_beyond_min_grows_cold),
      cmocka_unit_test(an_idle_one_is_not_closed_for_one_being_opened),
      cmocka_unit_test(without_an_idle_time_out_connections_stay),
      cmocka_unit_test(a_lifetime_ends_with_jitter),
      cmocka_unit_test(an_expired_connection_finishes_what_it_runs),
      cmocka_unit_test(shared_reads_do_not_make_a_connection_immortal),
      cmocka_unit_test(a_connection_is_closed_after_max_uses),
      cmocka_unit_test(a_silent_server_is_probed),
      cmocka_unit_test(a_probe_that_cannot_begin_is_tried_again),
      cmocka_unit_test(a_retired_connection_finishes_what_it_runs),
      cmocka_unit_test(direct_connections_end_once_a_pooler_is_found),
      cmocka_unit_test(a_slow_query_is_left_alone_while_probes_succeed),
      cmocka_unit_test(two_failed_probes_close_the_connection),
      cmocka_unit_test(a_probe_that_succeeds_forgives_the_one_before),
      cmocka_unit_test(there_is_one_probe_at_a_time),
      cmocka_unit_test(a_probe_may_answer_after_its_connection_is_gone),
      cmocka_unit_test(a_server_that_sends_is_not_silent),
      cmocka_unit_test(nobody_waits_for_a_lease_that_says_nothing),
      cmocka_unit_test(silence_can_be_allowed),
      cmocka_unit_test(a_refused_password_fails_what_waits),
      cmocka_unit_test(a_refused_password_fails_nobody_while_one_lives)};

  return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
