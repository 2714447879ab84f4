/* SPDX-License-Identifier: MIT */
/* deallocateBeforeUse: connections that forget after each use. */
#include "world.h"

static struct world world;

static void open_with(enum hf_deallocate deallocate, bool proxied) {
  struct hf_config config = world_config(1);

  config.deallocate = deallocate;
  world_open(&world, &config);
  world.proxied = proxied;
}

/* Runs one query and returns how often the connection was asked to forget. */
static size_t forgets_after_a_query(void) {
  struct call *call = world_write(&world);

  world_connect(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  world_check_all(&world);
  return world.counts[WORLD_FORGET];
}

static void by_default_nothing_is_forgotten(void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_OFF, false);
  assert_int_equal(forgets_after_a_query(), 0);
  world_close(&world);
}

static void a_direct_connection_forgets_after_each_use(void **state) {
  struct call *lease;

  (void)state;
  open_with(HF_DEALLOCATE_ON, false);
  assert_int_equal(forgets_after_a_query(), 1);
  assert_int_equal(forgets_after_a_query(), 2);
  lease = world_acquire(&world);
  world_release(&world, lease, HF_RELEASE_KEEP);
  assert_int_equal(world.counts[WORLD_FORGET], 3);
  world_check_all(&world);
  world_close(&world);
}

static void a_call_waits_until_the_one_before_is_forgotten(void **state) {
  struct call *first, *second;

  (void)state;
  open_with(HF_DEALLOCATE_ON, false);
  first = world_write(&world);
  second = world_write(&world);
  world_connect(&world);
  world_answer(&world, first, 'I');
  assert_int_equal(second->sent, 0);
  world_check_all(&world);
  assert_int_equal(second->sent, 1);
  world_close(&world);
}

static void behind_a_pooler_it_is_left_out_with_one_warning(void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_ON, true);
  assert_int_equal(forgets_after_a_query(), 0);
  assert_int_equal(world.events[HF_EVENT_WARNING], 1);
  assert_int_equal(world.event_status, HF_SESSION_REQUIRED);
  world_lose(&world, world_slot_in(&world, HF_SLOT_IDLE));
  assert_int_equal(forgets_after_a_query(), 0);
  assert_int_equal(world.events[HF_EVENT_WARNING], 1);
  world_close(&world);
}

static void forced_it_is_done_behind_a_pooler_too(void **state) {
  (void)state;
  open_with(HF_DEALLOCATE_FORCE, true);
  assert_int_equal(forgets_after_a_query(), 1);
  assert_int_equal(world.events[HF_EVENT_WARNING], 0);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_default_nothing_is_forgotten),
      cmocka_unit_test(a_direct_connection_forgets_after_each_use),
      cmocka_unit_test(a_call_waits_until_the_one_before_is_forgotten),
      cmocka_unit_test(behind_a_pooler_it_is_left_out_with_one_warning),
      cmocka_unit_test(forced_it_is_done_behind_a_pooler_too)};

  return cmocka_run_group_tests_name("deallocate", tests, NULL, NULL);
}
