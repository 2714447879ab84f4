/* SPDX-License-Identifier: MIT */
#include "core/pool/reset.h"
#include "world.h"

enum {
  THREE = 3,
  PING_MS = 500, /* how long each check-up may take */
  CHECK_MS = 5000,
  READS = 100
};

static struct world world;

static size_t checking(void) {
  return world_count(&world, HF_SLOT_CHECKING);
}

static size_t idle(void) {
  return world_count(&world, HF_SLOT_IDLE);
}

/* A lease that has an open transaction. */
static struct call *begun_lease(void) {
  struct call *lease = world_acquire(&world);

  world_answer(&world, world_statement(&world, lease, HF_SQL_BEGIN), 'T');
  return lease;
}

/* ---- rollback ------------------------------------------------------------ */

static void a_rolled_back_connection_serves_the_next_call(void **state) {
  struct call *lease, *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = begun_lease();
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_ROLLBACK], 1);
  call = world_write(&world);
  assert_int_equal(call->sent, 0);
  world_check_all(&world);
  assert_int_equal(call->sent, 1);
  assert_int_equal(call->request.in_transaction, false);
  assert_int_equal(world.counts[WORLD_CONNECT], 1);
  world_close(&world);
}

static void a_rollback_that_takes_too_long_costs_the_connection(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_release(&world, begun_lease(), HF_RELEASE_KEEP);
  call = world_write(&world);
  world_advance(&world, CHECK_MS - 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(world_stat(&world, HF_STAT_CONNECTIONS_LOST), 1);
  world_connect(&world);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

static void a_check_up_in_time_leaves_no_limit_behind(void **state) {
  struct hf_config config = world_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  world_open(&world, &config);
  world_warm(&world, 1);
  world_release(&world, begun_lease(), HF_RELEASE_KEEP);
  world_check_all(&world);
  world_advance(&world, 2 * CHECK_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  assert_int_equal(hf_reset_next_us(&world.pool), UINT64_MAX);
  world_close(&world);
}

static void draining_does_not_wait_for_ever_for_a_check_up(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_release(&world, begun_lease(), HF_RELEASE_KEEP);
  world_end(&world);
  assert_false(world.closed);
  world_advance(&world, CHECK_MS);
  assert_true(world.closed);
  world_close(&world);
}

static void a_connection_lost_in_a_check_up_is_replaced(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_release(&world, begun_lease(), HF_RELEASE_KEEP);
  call = world_write(&world);
  world_lose(&world, world_slot_in(&world, HF_SLOT_CHECKING));
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(call->sent, 1);
  world_close(&world);
}

/* ---- suspicion ----------------------------------------------------------- */

static void after_a_freeze_all_idle_connections_are_pinged_at_once(
    void **state) {
  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, THREE);
  world_suspect(&world);
  assert_int_equal(world.counts[WORLD_PING], THREE);
  assert_int_equal(checking(), THREE);
  world_check_all(&world);
  assert_int_equal(idle(), THREE);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_close(&world);
}

static void a_call_waits_for_the_ping_not_on_a_suspect(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_suspect(&world);
  call = world_write(&world);
  assert_int_equal(call->sent, 0);
  world_check_all(&world);
  assert_int_equal(call->sent, 1);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(world.counts[WORLD_CONNECT], 1);
  world_close(&world);
}

static void an_unanswered_ping_costs_the_connection_soon(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_suspect(&world);
  call = world_write(&world);
  world_advance(&world, PING_MS - 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 0);
  world_advance(&world, 1);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(call->request.attempts, 1);
  assert_int_equal(call->request.retries, 0);
  world_close(&world);
}

static void the_dead_among_suspects_do_not_hold_up_the_living(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, THREE);
  world_suspect(&world);
  world_lose(&world, hf_pool_slot(&world.pool, 0));
  world_checked(&world, hf_pool_slot(&world.pool, 1));
  call = world_write(&world);
  assert_int_equal(call->sent, 1);
  assert_ptr_equal(call->request.slot, hf_pool_slot(&world.pool, 1));
  world_advance(&world, PING_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 2);
  world_close(&world);
}

static void busy_and_leased_connections_are_not_pinged(void **state) {
  struct call *call, *lease;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  call = world_write(&world);
  lease = world_acquire(&world);
  world_suspect(&world);
  assert_int_equal(world.counts[WORLD_PING], 0);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(idle(), 2);
  world_close(&world);
}

static void to_be_suspected_twice_is_to_be_pinged_once(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_suspect(&world);
  world_suspect(&world);
  assert_int_equal(world.counts[WORLD_PING], 1);
  world_close(&world);
}

static void idle_connections_give_a_freeze_a_beat_to_be_noticed_by(
    void **state) {
  struct hf_config config = world_config(1);

  (void)state;
  config.idle_timeout_ms = 0;
  world_open(&world, &config);
  assert_int_equal(hf_pool_next_us(&world.pool), UINT64_MAX);
  world_warm(&world, 1);
  assert_true(hf_pool_next_us(&world.pool) <= world.now_us + 1000 * 1000);
  world_close(&world);
}

/* ---- forgetting ---------------------------------------------------------- */

static void idle_connections_forget_at_once(void **state) {
  (void)state;
  world_open_max(&world, THREE);
  world_warm(&world, THREE);
  world_forget(&world);
  assert_int_equal(world.counts[WORLD_FORGET], THREE);
  world_check_all(&world);
  assert_int_equal(idle(), THREE);
  assert_int_equal(world.counts[WORLD_FORGET], THREE);
  world_close(&world);
}

static void a_busy_connection_forgets_when_it_is_free(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_write(&world);
  world_forget(&world);
  assert_int_equal(world.counts[WORLD_FORGET], 0);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_int_equal(world.counts[WORLD_FORGET], 1);
  world_check_all(&world);
  assert_int_equal(idle(), 1);
  world_close(&world);
}

static void a_leased_connection_forgets_when_it_is_released(void **state) {
  struct call *lease;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = world_acquire(&world);
  world_forget(&world);
  world_answer(&world, world_statement(&world, lease, HF_SQL_SELECT), 'I');
  assert_int_equal(world.counts[WORLD_FORGET], 0);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_FORGET], 1);
  world_check_all(&world);
  assert_int_equal(idle(), 1);
  world_close(&world);
}

static void a_released_transaction_is_rolled_back_then_forgotten(void **state) {
  struct call *lease;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  lease = begun_lease();
  world_forget(&world);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_ROLLBACK], 1);
  assert_int_equal(world.counts[WORLD_FORGET], 0);
  world_check_all(&world);
  assert_int_equal(world.counts[WORLD_FORGET], 1);
  world_check_all(&world);
  assert_int_equal(idle(), 1);
  world_close(&world);
}

static void a_connection_being_pinged_forgets_afterwards(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_suspect(&world);
  world_forget(&world);
  world_check_all(&world);
  assert_int_equal(world.counts[WORLD_FORGET], 1);
  world_check_all(&world);
  assert_int_equal(idle(), 1);
  world_close(&world);
}

static void shared_reads_cannot_put_forgetting_off_for_ever(void **state) {
  struct call *first, *second;
  int i;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  first = world_read(&world);
  world_forget(&world);
  for (i = 0; i < READS && world.counts[WORLD_FORGET] == 0; i++) {
    second = world_read(&world);
    world_answer(&world, first, 'I');
    world_check_all(&world);
    first = second;
  }
  assert_int_equal(world.counts[WORLD_FORGET], 1);
  assert_int_equal(first->sent, 1);
  world_close(&world);
}

static void a_connection_opened_later_has_nothing_to_forget(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  call = world_write(&world);
  world_forget(&world);
  world_connect(&world);
  world_answer(&world, call, 'I');
  assert_int_equal(world.counts[WORLD_FORGET], 0);
  world_close(&world);
}

static void what_is_lost_or_replaced_need_not_forget(void **state) {
  struct call *call;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_write(&world);
  world_forget(&world);
  world_lose(&world, call->request.slot);
  world_write(&world);
  world_connect(&world);
  world_answer(&world, world.calls, 'I');
  assert_int_equal(world.counts[WORLD_FORGET], 0);
  world_close(&world);
}

static void a_server_that_does_not_forget_in_time_is_given_up(void **state) {
  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  world_forget(&world);
  world_advance(&world, CHECK_MS);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rolled_back_connection_serves_the_next_call),
      cmocka_unit_test(a_rollback_that_takes_too_long_costs_the_connection),
      cmocka_unit_test(a_check_up_in_time_leaves_no_limit_behind),
      cmocka_unit_test(draining_does_not_wait_for_ever_for_a_check_up),
      cmocka_unit_test(a_connection_lost_in_a_check_up_is_replaced),
      cmocka_unit_test(after_a_freeze_all_idle_connections_are_pinged_at_once),
      cmocka_unit_test(a_call_waits_for_the_ping_not_on_a_suspect),
      cmocka_unit_test(an_unanswered_ping_costs_the_connection_soon),
      cmocka_unit_test(the_dead_among_suspects_do_not_hold_up_the_living),
      cmocka_unit_test(busy_and_leased_connections_are_not_pinged),
      cmocka_unit_test(to_be_suspected_twice_is_to_be_pinged_once),
      cmocka_unit_test(idle_connections_give_a_freeze_a_beat_to_be_noticed_by),
      cmocka_unit_test(idle_connections_forget_at_once),
      cmocka_unit_test(a_busy_connection_forgets_when_it_is_free),
      cmocka_unit_test(a_leased_connection_forgets_when_it_is_released),
      cmocka_unit_test(a_released_transaction_is_rolled_back_then_forgotten),
      cmocka_unit_test(a_connection_being_pinged_forgets_afterwards),
      cmocka_unit_test(shared_reads_cannot_put_forgetting_off_for_ever),
      cmocka_unit_test(a_connection_opened_later_has_nothing_to_forget),
      cmocka_unit_test(what_is_lost_or_replaced_need_not_forget),
      cmocka_unit_test(a_server_that_does_not_forget_in_time_is_given_up)};

  return cmocka_run_group_tests_name("check-ups", tests, NULL, NULL);
}
