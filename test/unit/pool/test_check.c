/* SPDX-License-Identifier: MIT */
#include "death.h"
#include "world.h"

static struct world world;

static void look(void) {
  hf_pool_assert(&world.pool);
}

/* A pool with something in every place. */
static void fill(void) {
  world_open_max(&world, 3);
  world_warm(&world, 2);
  world_acquire(&world);
  world_write(&world);
  world_write(&world);
  look();
}

static void what_happens_in_order_holds(void **state) {
  (void)state;
  fill();
  assert_false(aborts(look));
  world_close(&world);
}

static void a_state_that_is_not_the_list_is_found(void **state) {
  struct hf_slot *slot;

  (void)state;
  fill();
  slot = world_slot_in(&world, HF_SLOT_CONNECTING);
  slot->state = HF_SLOT_IDLE;
  assert_true(aborts(look));
  slot->state = HF_SLOT_CONNECTING;
  world_close(&world);
}

static void a_busy_slot_without_work_is_found(void **state) {
  struct hf_slot *slot;
  struct hf_link *link;

  (void)state;
  fill();
  slot = world_slot_in(&world, HF_SLOT_BUSY);
  link = hf_list_pop(&slot->running);
  assert_true(aborts(look));
  hf_list_push(&slot->running, link);
  world_close(&world);
}

static void a_lease_that_is_not_mutual_is_found(void **state) {
  struct hf_slot *slot;

  (void)state;
  fill();
  slot = world_slot_in(&world, HF_SLOT_LEASED);
  slot->lease->slot = NULL;
  assert_true(aborts(look));
  slot->lease->slot = slot;
  world_close(&world);
}

static void a_waiting_call_outside_the_line_is_found(void **state) {
  struct hf_link *link;

  (void)state;
  fill();
  link = hf_list_pop(&world.pool.waiting);
  assert_true(aborts(look));
  hf_list_push(&world.pool.waiting, link);
  world_close(&world);
}

static void a_slot_on_no_list_is_found(void **state) {
  struct hf_list *idle;
  struct hf_link *link;

  (void)state;
  world_open_max(&world, 1);
  idle = &world.pool.slots_in[HF_SLOT_EMPTY];
  link = hf_list_pop(idle);
  assert_true(aborts(look));
  hf_list_push(idle, link);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_happens_in_order_holds),
      cmocka_unit_test(a_state_that_is_not_the_list_is_found),
      cmocka_unit_test(a_busy_slot_without_work_is_found),
      cmocka_unit_test(a_lease_that_is_not_mutual_is_found),
      cmocka_unit_test(a_waiting_call_outside_the_line_is_found),
      cmocka_unit_test(a_slot_on_no_list_is_found)};

  return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
