/* SPDX-License-Identifier: MIT */
/* Connections are shared only where nothing sent early is lost. */
#include "world.h"

enum { GAP_MS = 2, LIMIT_MS = 1000 };

static struct world world;

static void open_unproven(int32_t max) {
  world_open_max(&world, max);
  world.unproven = true;
  world_warm(&world, max);
}

static struct hf_slot *proving(void) {
  struct hf_link *link = hf_list_first(&world.pool.slots_in[HF_SLOT_CHECKING]);
  assert_non_null(link);
  return HF_CONTAINER_OF(link, struct hf_slot, link);
}

static void a_read_shares_only_what_is_proven(void **state) {
  struct call *first, *second, *third;
  (void)state;
  open_unproven(1);
  first = world_read(&world);
  second = world_read(&world);
  assert_int_equal(second->sent, 0);
  assert_int_equal(world.counts[WORLD_PROVE], 0);
  world_answer(&world, first, 'I');
  assert_int_equal(world.counts[WORLD_PROVE], 1);
  assert_int_equal(second->sent, 0);
  world_advance(&world, GAP_MS);
  assert_int_equal(world.counts[WORLD_PROVE], 2);
  world_proved(&world, proving(), HF_PROOF_HOLDS);
  third = world_read(&world);
  assert_int_equal(second->sent, 1);
  assert_int_equal(third->sent, 1);
  world_close(&world);
}

static void a_proof_is_asked_for_only_when_sharing_would_help(void **state) {
  struct call *read;
  (void)state;
  open_unproven(2);
  read = world_read(&world);
  world_answer(&world, read, 'I');
  world_answer(&world, world_write(&world), 'I');
  assert_int_equal(world.counts[WORLD_PROVE], 0);
  world_close(&world);
}

static void a_path_that_loses_units_is_never_shared(void **state) {
  struct call *first, *second, *third;
  (void)state;
  open_unproven(1);
  first = world_read(&world);
  second = world_read(&world);
  world_answer(&world, first, 'I');
  world_advance(&world, GAP_MS);
  world_advance(&world, LIMIT_MS);
  assert_true(world.pool.loses_units);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  assert_int_equal(world.events[HF_EVENT_WARNING], 1);
  assert_int_equal(world_connect(&world), 1);
  third = world_read(&world);
  assert_int_equal(second->sent, 1);
  assert_int_equal(third->sent, 0);
  world_answer(&world, second, 'I');
  assert_int_equal(third->sent, 1);
  assert_int_equal(world.counts[WORLD_PROVE], 2);
  world_close(&world);
}

static void answers_in_another_order_disprove_at_once(void **state) {
  struct call *first;
  (void)state;
  open_unproven(1);
  first = world_read(&world);
  (void)world_read(&world);
  world_answer(&world, first, 'I');
  world_advance(&world, GAP_MS);
  world_proved(&world, proving(), HF_PROOF_FAILS);
  assert_true(world.pool.loses_units);
  assert_int_equal(world.counts[WORLD_CLOSE], 1);
  world_close(&world);
}

static void a_proof_that_shows_nothing_is_made_again(void **state) {
  struct call *first, *second;
  (void)state;
  open_unproven(1);
  first = world_read(&world);
  second = world_read(&world);
  world_answer(&world, first, 'I');
  world_proved(&world, proving(), HF_PROOF_OPEN);
  assert_int_equal(second->sent, 1);
  (void)world_read(&world);
  world_answer(&world, second, 'I');
  assert_int_equal(world.counts[WORLD_PROVE], 2);
  world_close(&world);
}

static void one_connection_is_proven_at_a_time(void **state) {
  struct call *calls[2];
  (void)state;
  open_unproven(2);
  calls[0] = world_read(&world);
  calls[1] = world_read(&world);
  (void)world_read(&world);
  (void)world_read(&world);
  world_answer(&world, calls[0], 'I');
  world_answer(&world, calls[1], 'I');
  assert_int_equal(world.counts[WORLD_PROVE], 1);
  world_close(&world);
}

static void two_connections_lost_in_their_proof_end_sharing(void **state) {
  int i;
  (void)state;
  open_unproven(1);
  for (i = 0; i < 2; i++) {
    struct call *first = world_read(&world);
    (void)world_read(&world);
    assert_false(world.pool.loses_units);
    world_answer(&world, first, 'I');
    world_lose(&world, proving());
    (void)world_connect(&world);
    while (world_count(&world, HF_SLOT_BUSY) > 0) {
      struct call *call = world.conns[0].in_flight[0];
      world.pool.wants_proof = false;
      world_answer(&world, call, 'I');
    }
  }
  assert_true(world.pool.loses_units);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_read_shares_only_what_is_proven),
      cmocka_unit_test(a_proof_is_asked_for_only_when_sharing_would_help),
      cmocka_unit_test(a_path_that_loses_units_is_never_shared),
      cmocka_unit_test(answers_in_another_order_disprove_at_once),
      cmocka_unit_test(a_proof_that_shows_nothing_is_made_again),
      cmocka_unit_test(one_connection_is_proven_at_a_time),
      cmocka_unit_test(two_connections_lost_in_their_proof_end_sharing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
