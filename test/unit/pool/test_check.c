/* SPDX-License-Identifier: MIT */
#include "death.h"
#include "sim.h"

static struct sim sim;

static void look(void) {
  hf_pool_assert(&sim.pool);
}

/* A pool with something in every place. */
static void fill(void) {
  sim_open_max(&sim, 3);
  sim_warm(&sim, 2);
  sim_acquire(&sim);
  sim_write(&sim);
  sim_write(&sim);
  look();
}

static void the_invariants_hold_in_normal_use(void **state) {
  (void)state;
  fill();
  assert_false(aborts(look));
  sim_close(&sim);
}

static void a_slot_on_the_wrong_list_is_detected(void **state) {
  struct hf_slot *slot;

  (void)state;
  fill();
  slot = sim_slot_in(&sim, HF_SLOT_CONNECTING);
  slot->state = HF_SLOT_IDLE;
  assert_true(aborts(look));
  slot->state = HF_SLOT_CONNECTING;
  sim_close(&sim);
}

static void a_busy_slot_without_work_is_detected(void **state) {
  struct hf_slot *slot;
  struct hf_link *link;

  (void)state;
  fill();
  slot = sim_slot_in(&sim, HF_SLOT_BUSY);
  link = hf_list_pop(&slot->running);
  assert_true(aborts(look));
  hf_list_push(&slot->running, link);
  sim_close(&sim);
}

static void a_lease_that_does_not_point_back_is_detected(void **state) {
  struct hf_slot *slot;

  (void)state;
  fill();
  slot = sim_slot_in(&sim, HF_SLOT_LEASED);
  slot->lease->slot = NULL;
  assert_true(aborts(look));
  slot->lease->slot = slot;
  sim_close(&sim);
}

static void a_waiting_call_outside_the_queue_is_detected(void **state) {
  struct hf_link *link;

  (void)state;
  fill();
  link = hf_list_pop(&sim.pool.waiting);
  assert_true(aborts(look));
  hf_list_push(&sim.pool.waiting, link);
  sim_close(&sim);
}

static void a_slot_on_no_list_is_detected(void **state) {
  struct hf_list *idle;
  struct hf_link *link;

  (void)state;
  sim_open_max(&sim, 1);
  idle = &sim.pool.slots_in[HF_SLOT_EMPTY];
  link = hf_list_pop(idle);
  assert_true(aborts(look));
  hf_list_push(idle, link);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_invariants_hold_in_normal_use),
      cmocka_unit_test(a_slot_on_the_wrong_list_is_detected),
      cmocka_unit_test(a_busy_slot_without_work_is_detected),
      cmocka_unit_test(a_lease_that_does_not_point_back_is_detected),
      cmocka_unit_test(a_waiting_call_outside_the_queue_is_detected),
      cmocka_unit_test(a_slot_on_no_list_is_detected)};

  return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
