/* SPDX-License-Identifier: MIT */
/* Health probes: what they set in motion and when they are answered. */
#include "core/policy/breaker.h"
#include "world.h"

enum { US = 1000, BACKOFF_MS = 100 };

static struct world world;

static enum hf_circuit circuit(void) {
  return hf_breaker_state(&world.pool.breaker);
}

/* Fails connects until the breaker is open and a call still waits. */
static struct call *break_it(const char *sqlstate) {
  struct call *waiting = world_write(&world);

  while (circuit() != HF_CIRCUIT_OPEN) {
    world_refuse(&world, sqlstate);
  }
  return waiting;
}

static void a_probe_brings_the_next_try_forward(void **state) {
  uint64_t opened_us;

  (void)state;
  world_open_max(&world, 1);
  break_it("53300");
  opened_us = world.now_us;
  assert_true(hf_breaker_next_at(&world.pool.breaker) * US >=
              opened_us + HF_BREAKER_SLOW_MS * US);
  world_advance(&world, HF_BREAKER_HURRY_MS / 2);
  world_probe(&world);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 0);
  world_advance(&world, HF_BREAKER_HURRY_MS / 2);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  assert_int_equal(world_last(&world, WORLD_CONNECT)->at_us,
                   opened_us + HF_BREAKER_HURRY_MS * US);
  world_connect(&world);
  world_close(&world);
}

static void a_probe_long_after_the_last_try_connects_at_once(void **state) {
  (void)state;
  world_open_max(&world, 1);
  break_it("53300");
  world_advance(&world, HF_BREAKER_SLOW_MS / 2);
  world_probe(&world);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  world_close(&world);
}

static void a_refused_password_is_not_tried_ten_times_a_second(void **state) {
  (void)state;
  world_open_max(&world, 1);
  break_it("28P01");
  world_advance(&world, HF_BREAKER_HURRY_MS);
  world_probe(&world);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 0);
  world_advance(&world, HF_BREAKER_HURRY_REFUSED_MS - HF_BREAKER_HURRY_MS);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  world_connect(&world);
  world_close(&world);
}

static void a_failed_try_answers_the_probe_and_nobody_else(void **state) {
  struct call *waiting, *probe;

  (void)state;
  world_open_max(&world, 1);
  waiting = break_it(NULL);
  world_advance(&world, HF_BREAKER_PACE_MAX_MS);
  world_refuse(&world, NULL);
  world_advance(&world, HF_BREAKER_HURRY_MS);
  while (world_count(&world, HF_SLOT_CONNECTING) > 0) {
    world_refuse(&world, NULL);
  }
  probe = world_probe(&world);
  world_advance(&world, HF_BREAKER_HURRY_MS);
  expect_pending(probe);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  world_refuse(&world, NULL);
  expect_status(probe, HF_SOCKET_ERROR);
  expect_outcome(probe, HF_OUTCOME_NOT_EXECUTED);
  expect_pending(waiting);
  world_close(&world);
}

static void a_try_from_before_the_probe_says_nothing_of_now(void **state) {
  struct call *probe;

  (void)state;
  world_open_max(&world, 1);
  break_it(NULL);
  world_advance(&world, HF_BREAKER_PACE_MAX_MS);
  assert_int_equal(world_count(&world, HF_SLOT_CONNECTING), 1);
  world_advance(&world, 1);
  probe = world_probe(&world);
  world_refuse(&world, NULL);
  expect_pending(probe);
  world_advance(&world, HF_BREAKER_HURRY_MS);
  world_connect(&world);
  world_answer(&world, probe, 'I');
  expect_success(probe);
  world_close(&world);
}

static void what_may_pass_is_tried_for_most_of_a_second(void **state) {
  struct call *probe;
  size_t tries;

  (void)state;
  world_open_max(&world, 1);
  break_it("57P03");
  world_advance(&world, HF_BREAKER_PACE_MAX_MS);
  world_refuse(&world, "57P03");
  probe = world_probe(&world);
  tries = world.counts[WORLD_CONNECT];
  while (probe->answered == 0) {
    world_advance(&world, 1);
    world_refuse(&world, "57P03");
  }
  expect_sqlstate(probe, "57P03");
  assert_in_range(world.now_us - probe->request.submitted_us,
                  900 * US,
                  1050 * US);
  assert_in_range(world.counts[WORLD_CONNECT] - tries, 5, 12);
  world_close(&world);
}

static void one_failed_connect_is_not_yet_an_answer(void **state) {
  struct call *probe;

  (void)state;
  world_open_max(&world, 1);
  probe = world_probe(&world);
  world_refuse(&world, NULL);
  expect_pending(probe);
  world_connect(&world);
  world_answer(&world, probe, 'I');
  expect_success(probe);
  world_close(&world);
}

static void with_a_connection_at_work_a_probe_waits_for_it(void **state) {
  struct call *busy, *probe;

  (void)state;
  world_open_max(&world, 2);
  busy = world_write(&world);
  world_connect(&world);
  probe = world_probe(&world);
  while (circuit() != HF_CIRCUIT_OPEN) {
    world_refuse(&world, NULL);
  }
  expect_pending(probe);
  world_answer(&world, busy, 'I');
  world_answer(&world, probe, 'I');
  expect_success(probe);
  world_close(&world);
}

static void a_connection_lost_under_a_probe_makes_its_like_suspect(
    void **state) {
  struct call *probe;

  (void)state;
  world_open_max(&world, 3);
  world_warm(&world, 3);
  probe = world_probe(&world);
  assert_int_equal(probe->sent, 1);
  world_lose(&world, probe->request.slot);
  assert_int_equal(world.counts[WORLD_PING], 2);
  world_advance(&world, BACKOFF_MS);
  assert_int_equal(probe->sent, 1);
  world_check_all(&world);
  assert_int_equal(probe->sent, 2);
  world_answer(&world, probe, 'I');
  expect_success(probe);
  world_close(&world);
}

static void a_connection_lost_under_a_query_leaves_its_like_alone(
    void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 3);
  world_warm(&world, 3);
  call = world_read(&world);
  world_lose(&world, call->request.slot);
  assert_int_equal(world.counts[WORLD_PING], 0);
  world_advance(&world, BACKOFF_MS);
  world_answer(&world, call, 'I');
  world_close(&world);
}

static void probes_are_counted_by_how_they_went(void **state) {
  struct call *probe;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_answer(&world, world_probe(&world), 'I');
  assert_int_equal(world_stat(&world, HF_STAT_HEALTH_CHECKS), 1);
  assert_int_equal(world_stat(&world, HF_STAT_HEALTH_FAILURES), 0);
  probe = world_probe(&world);
  world_fail(&world, probe, "57014", 'I');
  world_answer(&world, world_read(&world), 'I');
  assert_int_equal(world_stat(&world, HF_STAT_HEALTH_CHECKS), 2);
  assert_int_equal(world_stat(&world, HF_STAT_HEALTH_FAILURES), 1);
  world_close(&world);
}

static void the_gauges_say_when_a_query_last_succeeded(void **state) {
  struct hf_gauges gauges;
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  call = world_read(&world);
  world_connect(&world);
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.answered_ms, 0);
  world_advance(&world, 7);
  world_answer(&world, call, 'I');
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.answered_ms, (int32_t)(world.now_us / US));
  call = world_write(&world);
  world_advance(&world, 7);
  world_fail(&world, call, "23505", 'I');
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.answered_ms, (int32_t)(world.now_us / US) - 7);
  world_lose(&world, world_slot_in(&world, HF_SLOT_IDLE));
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.answered_ms, 0);
  world_close(&world);
}

static void the_gauges_tell_suspension_poolers_and_the_breaker(void **state) {
  struct hf_gauges gauges;

  (void)state;
  world_open_max(&world, 1);
  world_suspend(&world);
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.suspended, 1);
  world_resume(&world);
  break_it("57P03");
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.suspended, 0);
  assert_int_equal(gauges.breaker, HF_CIRCUIT_OPEN);
  assert_int_equal(gauges.proxied, 0);
  world.proxied = true;
  world_advance(&world, HF_BREAKER_PACE_MAX_MS);
  world_connect(&world);
  hf_pool_gauges(&world.pool, &gauges);
  assert_int_equal(gauges.breaker, HF_CIRCUIT_CLOSED);
  assert_int_equal(gauges.proxied, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_probe_brings_the_next_try_forward),
      cmocka_unit_test(a_probe_long_after_the_last_try_connects_at_once),
      cmocka_unit_test(a_refused_password_is_not_tried_ten_times_a_second),
      cmocka_unit_test(a_failed_try_answers_the_probe_and_nobody_else),
      cmocka_unit_test(a_try_from_before_the_probe_says_nothing_of_now),
      cmocka_unit_test(what_may_pass_is_tried_for_most_of_a_second),
      cmocka_unit_test(one_failed_connect_is_not_yet_an_answer),
      cmocka_unit_test(with_a_connection_at_work_a_probe_waits_for_it),
      cmocka_unit_test(a_connection_lost_under_a_probe_makes_its_like_suspect),
      cmocka_unit_test(a_connection_lost_under_a_query_leaves_its_like_alone),
      cmocka_unit_test(probes_are_counted_by_how_they_went),
      cmocka_unit_test(the_gauges_say_when_a_query_last_succeeded),
      cmocka_unit_test(the_gauges_tell_suspension_poolers_and_the_breaker)};

  return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
