/* SPDX-License-Identifier: MIT */
/* An open breaker, and nobody who needs a connection. */
#include "world.h"

enum { SECOND_MS = 1000 };

static struct world world;

static enum hf_circuit circuit(void) {
  return hf_breaker_state(&world.pool.breaker);
}

/* One connection lives, and the breaker has opened over a second one. */
static void open_over_one(const char *sqlstate) {
  struct call *held, *call;
  world_open_max(&world, 3);
  world_warm(&world, 1);
  held = world_acquire(&world);
  call = world_write(&world);
  while (circuit() == HF_CIRCUIT_CLOSED) {
    assert_true(world_refuse(&world, sqlstate) > 0);
  }
  world_abort(&world, call);
  world_release(&world, held, HF_RELEASE_KEEP);
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  assert_int_equal(world.pool.waiting.count, 0);
}

static void probes_go_on_while_existing_connections_suffice(void **state) {
  (void)state;
  open_over_one(NULL);
  world_advance(&world, 2 * SECOND_MS);
  assert_int_equal(world_refuse(&world, NULL), 1);
  world_advance(&world, 6 * SECOND_MS);
  assert_int_equal(world_connect(&world), 1);
  assert_int_equal(circuit(), HF_CIRCUIT_CLOSED);
  world_close(&world);
}

static void they_become_rarer_but_never_cease(void **state) {
  int probes = 0;
  int i;
  (void)state;
  open_over_one(NULL);
  for (i = 0; i < 600; i++) {
    world_advance(&world, SECOND_MS / 10);
    probes += world_refuse(&world, NULL);
  }
  assert_in_range(probes, 10, 16); /* in a minute */
  world_close(&world);
}

static void a_refused_login_is_hardly_repeated(void **state) {
  int probes = 0;
  int i;
  (void)state;
  open_over_one("28P01");
  for (i = 0; i < 600; i++) {
    world_advance(&world, SECOND_MS / 10);
    probes += world_refuse(&world, "28P01");
  }
  assert_in_range(probes, 1, 2);
  world_close(&world);
}

static void an_answer_through_the_pooler_is_proof(void **state) {
  struct call *call;
  (void)state;
  world_open_max(&world, 2);
  world.proxied = true;
  world_warm(&world, 2);
  world.pool.doubted = true;
  world_advance(&world, 10);
  call = world_write(&world);
  world_answer(&world, call, 'I');
  expect_success(call);
  assert_false(world.pool.doubted);
  assert_int_equal(circuit(), HF_CIRCUIT_CLOSED);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(probes_go_on_while_existing_connections_suffice),
      cmocka_unit_test(they_become_rarer_but_never_cease),
      cmocka_unit_test(a_refused_login_is_hardly_repeated),
      cmocka_unit_test(an_answer_through_the_pooler_is_proof),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
