/* SPDX-License-Identifier: MIT */
#include "death.h"
#include "sim.h"

enum { LATER_US = 5000 };

static struct sim sim;
static enum hf_slot_state from, to;

/* As the diagram in slot.h. */
static const bool allowed[HF_SLOT_STATES][HF_SLOT_STATES] = {
    [HF_SLOT_EMPTY] = {[HF_SLOT_CONNECTING] = true},
    [HF_SLOT_CONNECTING] = {[HF_SLOT_EMPTY] = true,
                            [HF_SLOT_IDLE] = true,
                            [HF_SLOT_CLOSING] = true},
    [HF_SLOT_IDLE] = {[HF_SLOT_BUSY] = true,
                      [HF_SLOT_LEASED] = true,
                      [HF_SLOT_CHECKING] = true,
                      [HF_SLOT_CLOSING] = true},
    [HF_SLOT_BUSY] = {[HF_SLOT_IDLE] = true,
                      [HF_SLOT_CHECKING] = true,
                      [HF_SLOT_CLOSING] = true},
    [HF_SLOT_LEASED] = {[HF_SLOT_IDLE] = true,
                        [HF_SLOT_CHECKING] = true,
                        [HF_SLOT_CLOSING] = true},
    [HF_SLOT_CHECKING] = {[HF_SLOT_IDLE] = true, [HF_SLOT_CLOSING] = true},
    [HF_SLOT_CLOSING] = {[HF_SLOT_EMPTY] = true}};

/* Puts the slot into `from` by hand, then moves it. */
static void move(void) {
  struct hf_slot *slot = hf_pool_slot(&sim.pool, 0);

  hf_list_remove(&sim.pool.slots_in[slot->state], &slot->link);
  slot->state = from;
  slot->lease = NULL;
  hf_list_push(&sim.pool.slots_in[from], &slot->link);
  if (to == HF_SLOT_LEASED) {
    slot->lease = &sim.calls->lease;
  }
  hf_slot_move(slot, to, LATER_US);
}

static void a_slot_moves_along_the_diagram_only(void **state) {
  struct hf_slot *slot;

  (void)state;
  for (from = HF_SLOT_EMPTY; from < HF_SLOT_STATES; from++) {
    for (to = HF_SLOT_EMPTY; to < HF_SLOT_STATES; to++) {
      sim_open_max(&sim, 1);
      sim_make(&sim, HF_REQUEST_ACQUIRE);
      slot = hf_pool_slot(&sim.pool, 0);
      if (allowed[from][to]) {
        move();
        assert_int_equal(slot->state, to);
        assert_int_equal(slot->since_us, LATER_US);
        assert_int_equal(sim_count(&sim, to), 1);
        hf_list_remove(&sim.pool.slots_in[to], &slot->link);
        slot->state = HF_SLOT_EMPTY;
        slot->lease = NULL;
        hf_list_push(&sim.pool.slots_in[HF_SLOT_EMPTY], &slot->link);
      } else {
        assert_true(aborts(move));
      }
      sim_close(&sim);
    }
  }
}

static void every_state_has_a_name(void **state) {
  int i, j;

  (void)state;
  for (i = 0; i < HF_SLOT_STATES; i++) {
    for (j = 0; j < i; j++) {
      assert_string_not_equal(hf_slot_state_name((enum hf_slot_state)i),
                              hf_slot_state_name((enum hf_slot_state)j));
    }
  }
}

static void a_slot_is_on_the_list_of_its_state(void **state) {
  struct call *call;

  (void)state;
  sim_open_max(&sim, 1);
  assert_int_equal(sim_count(&sim, HF_SLOT_EMPTY), 1);
  call = sim_write(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_CONNECTING), 1);
  sim_connect(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), 1);
  sim_answer(&sim, call, 'I');
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  sim_acquire(&sim);
  assert_int_equal(sim_count(&sim, HF_SLOT_LEASED), 1);
  sim_close(&sim);
}

static void a_connection_has_a_serial_of_its_own(void **state) {
  uint32_t serial;

  (void)state;
  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  serial = hf_pool_slot(&sim.pool, 0)->serial;
  sim_lose(&sim, hf_pool_slot(&sim.pool, 0));
  sim_write(&sim);
  sim_connect(&sim);
  assert_int_not_equal(hf_pool_slot(&sim.pool, 0)->serial, serial);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_slot_moves_along_the_diagram_only),
      cmocka_unit_test(every_state_has_a_name),
      cmocka_unit_test(a_slot_is_on_the_list_of_its_state),
      cmocka_unit_test(a_connection_has_a_serial_of_its_own)};

  return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
