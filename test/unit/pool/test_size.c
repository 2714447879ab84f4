/* SPDX-License-Identifier: MIT */
/* How many connections a pool may have, changed while it works. */
#include "core/base/alloc.h"
#include "sim.h"

static struct sim sim;

static bool refuse(void *ctx) {
  (void)ctx;
  return false;
}

static void resize(int32_t max) {
  assert_int_equal(hf_pool_resize(&sim.pool, max, sim.now_us), HF_OK);
  hf_pool_assert(&sim.pool);
}

static void a_waiting_call_is_served_when_the_pool_grows(void **state) {
  struct call *first, *second, *third;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_write(&sim);
  second = sim_write(&sim);
  third = sim_write(&sim);
  sim_connect(&sim);
  resize(3);
  sim_connect(&sim);
  sim_connect(&sim);
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_BUSY), 3);
  sim_answer(&sim, third, 'I');
  sim_answer(&sim, second, 'I');
  sim_answer(&sim, first, 'I');
  expect_success(third);
  sim_close(&sim);
}

static void slots_keep_their_numbers_when_a_pool_grows(void **state) {
  struct hf_slot *first;
  int32_t i, k;

  (void)state;
  sim_open_max(&sim, 2);
  first = hf_pool_slot(&sim.pool, 0);
  resize(3);
  resize(7);
  assert_int_equal(sim.pool.n_slots, 7);
  assert_ptr_equal(hf_pool_slot(&sim.pool, 0), first);
  for (i = 0; i < 7; i++) {
    for (k = 0; k < i; k++) {
      assert_ptr_not_equal(hf_pool_slot(&sim.pool, i),
                           hf_pool_slot(&sim.pool, k));
    }
  }
  sim_close(&sim);
}

static void a_pool_that_shrinks_closes_idle_connections(void **state) {
  (void)state;
  sim_open_max(&sim, 3);
  sim_warm(&sim, 3);
  resize(1);
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_IDLE), 1);
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_CLOSING), 2);
  sim_close(&sim);
}

static void a_pool_that_shrinks_closes_busy_connections_when_free(
    void **state) {
  struct call *first, *second, *third;

  (void)state;
  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  first = sim_write(&sim);
  second = sim_write(&sim);
  resize(1);
  third = sim_write(&sim);
  sim_answer(&sim, first, 'I');
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_BUSY), 1);
  expect_pending(third);
  sim_answer(&sim, second, 'I');
  sim_answer(&sim, third, 'I');
  expect_success(third);
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_IDLE), 1);
  sim_close(&sim);
}

static void a_pool_that_shrank_opens_no_more_than_it_may(void **state) {
  (void)state;
  sim_open_max(&sim, 3);
  resize(1);
  sim_write(&sim);
  sim_write(&sim);
  assert_int_equal(hf_pool_count(&sim.pool, HF_SLOT_CONNECTING), 1);
  sim_close(&sim);
}

static void without_memory_a_pool_does_not_grow(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  hf_alloc_set_hook(refuse, NULL);
  assert_int_equal(hf_pool_resize(&sim.pool, 5, sim.now_us), HF_NO_MEMORY);
  hf_alloc_set_hook(NULL, NULL);
  assert_int_equal(sim.pool.config.max, 1);
  assert_int_equal(sim.pool.n_slots, 1);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_waiting_call_is_served_when_the_pool_grows),
      cmocka_unit_test(slots_keep_their_numbers_when_a_pool_grows),
      cmocka_unit_test(a_pool_that_shrinks_closes_idle_connections),
      cmocka_unit_test(a_pool_that_shrinks_closes_busy_connections_when_free),
      cmocka_unit_test(a_pool_that_shrank_opens_no_more_than_it_may),
      cmocka_unit_test(without_memory_a_pool_does_not_grow),
  };
  return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
