/* SPDX-License-Identifier: MIT */
/* An open breaker, and nobody who needs a connection. */
#include "sim.h"

enum { SECOND_MS = 1000 };

static struct sim sim;

static enum hf_circuit circuit(void) {
  return hf_breaker_state(&sim.pool.breaker);
}

/* One connection lives, and the breaker has opened over a second one. */
static void open_over_one(const char *sqlstate) {
  struct call *held, *call;
  sim_open_max(&sim, 3);
  sim_warm(&sim, 1);
  held = sim_acquire(&sim);
  call = sim_write(&sim);
  while (circuit() == HF_CIRCUIT_CLOSED) {
    assert_true(sim_refuse(&sim, sqlstate) > 0);
  }
  sim_abort(&sim, call);
  sim_release(&sim, held, HF_RELEASE_KEEP);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 1);
  assert_int_equal(sim.pool.waiting.count, 0);
}

static void probes_continue_while_existing_connections_suffice(void **state) {
  (void)state;
  open_over_one(NULL);
  sim_advance(&sim, 2 * SECOND_MS);
  assert_int_equal(sim_refuse(&sim, NULL), 1);
  sim_advance(&sim, 6 * SECOND_MS);
  assert_int_equal(sim_connect(&sim), 1);
  assert_int_equal(circuit(), HF_CIRCUIT_CLOSED);
  sim_close(&sim);
}

static void background_probes_become_rarer_but_never_stop(void **state) {
  int probes = 0;
  int i;
  (void)state;
  open_over_one(NULL);
  for (i = 0; i < 600; i++) {
    sim_advance(&sim, SECOND_MS / 10);
    probes += sim_refuse(&sim, NULL);
  }
  assert_in_range(probes, 10, 16); /* in a minute */
  sim_close(&sim);
}

static void a_refused_login_is_rarely_retried_in_the_background(void **state) {
  int probes = 0;
  int i;
  (void)state;
  open_over_one("28P01");
  for (i = 0; i < 600; i++) {
    sim_advance(&sim, SECOND_MS / 10);
    probes += sim_refuse(&sim, "28P01");
  }
  assert_in_range(probes, 1, 2);
  sim_close(&sim);
}

static void an_answer_through_the_pooler_closes_the_breaker(void **state) {
  struct call *call;
  (void)state;
  sim_open_max(&sim, 2);
  sim.proxied = true;
  sim_warm(&sim, 2);
  sim.pool.pooler_has_no_server = true;
  sim_advance(&sim, 10);
  call = sim_write(&sim);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  assert_false(sim.pool.pooler_has_no_server);
  assert_int_equal(circuit(), HF_CIRCUIT_CLOSED);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(probes_continue_while_existing_connections_suffice),
      cmocka_unit_test(background_probes_become_rarer_but_never_stop),
      cmocka_unit_test(a_refused_login_is_rarely_retried_in_the_background),
      cmocka_unit_test(an_answer_through_the_pooler_closes_the_breaker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
