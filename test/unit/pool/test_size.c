/* SPDX-License-Identifier: MIT */
/* How many connections a pool may have, changed while it works. */
#include "core/base/alloc.h"
#include "world.h"

static struct world world;

static bool refuse(void *ctx) {
  (void)ctx;
  return false;
}

static void resize(int32_t max) {
  assert_int_equal(hf_pool_resize(&world.pool, max, world.now_us), HF_OK);
  hf_pool_assert(&world.pool);
}

static void who_waits_is_served_when_a_pool_grows(void **state) {
  struct call *first, *second, *third;

  (void)state;
  world_open_max(&world, 1);
  first = world_write(&world);
  second = world_write(&world);
  third = world_write(&world);
  world_connect(&world);
  resize(3);
  world_connect(&world);
  world_connect(&world);
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_BUSY), 3);
  world_answer(&world, third, 'I');
  world_answer(&world, second, 'I');
  world_answer(&world, first, 'I');
  expect_success(third);
  world_close(&world);
}

static void places_keep_their_numbers_when_a_pool_grows(void **state) {
  struct hf_slot *first;
  int32_t i, k;

  (void)state;
  world_open_max(&world, 2);
  first = hf_pool_slot(&world.pool, 0);
  resize(3);
  resize(7);
  assert_int_equal(world.pool.n_slots, 7);
  assert_ptr_equal(hf_pool_slot(&world.pool, 0), first);
  for (i = 0; i < 7; i++) {
    for (k = 0; k < i; k++) {
      assert_ptr_not_equal(hf_pool_slot(&world.pool, i),
                           hf_pool_slot(&world.pool, k));
    }
  }
  world_close(&world);
}

static void a_pool_that_shrinks_closes_what_is_idle(void **state) {
  (void)state;
  world_open_max(&world, 3);
  world_warm(&world, 3);
  resize(1);
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_IDLE), 1);
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_CLOSING), 2);
  world_close(&world);
}

static void a_pool_that_shrinks_closes_the_rest_when_it_is_free(void **state) {
  struct call *first, *second, *third;

  (void)state;
  world_open_max(&world, 2);
  world_warm(&world, 2);
  first = world_write(&world);
  second = world_write(&world);
  resize(1);
  third = world_write(&world);
  world_answer(&world, first, 'I');
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_BUSY), 1);
  expect_pending(third);
  world_answer(&world, second, 'I');
  world_answer(&world, third, 'I');
  expect_success(third);
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_IDLE), 1);
  world_close(&world);
}

static void a_pool_that_shrank_opens_no_more_than_it_may(void **state) {
  (void)state;
  world_open_max(&world, 3);
  resize(1);
  world_write(&world);
  world_write(&world);
  assert_int_equal(hf_pool_count(&world.pool, HF_SLOT_CONNECTING), 1);
  world_close(&world);
}

static void without_memory_a_pool_stays_as_it_is(void **state) {
  (void)state;
  world_open_max(&world, 1);
  hf_alloc_set_hook(refuse, NULL);
  assert_int_equal(hf_pool_resize(&world.pool, 5, world.now_us), HF_NO_MEMORY);
  hf_alloc_set_hook(NULL, NULL);
  assert_int_equal(world.pool.config.max, 1);
  assert_int_equal(world.pool.n_slots, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_waits_is_served_when_a_pool_grows),
      cmocka_unit_test(places_keep_their_numbers_when_a_pool_grows),
      cmocka_unit_test(a_pool_that_shrinks_closes_what_is_idle),
      cmocka_unit_test(a_pool_that_shrinks_closes_the_rest_when_it_is_free),
      cmocka_unit_test(a_pool_that_shrank_opens_no_more_than_it_may),
      cmocka_unit_test(without_memory_a_pool_stays_as_it_is),
  };
  return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
