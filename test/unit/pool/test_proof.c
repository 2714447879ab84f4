/* SPDX-License-Identifier: MIT */
/* Connections are shared only where nothing sent early is lost. */
#include "sim.h"

enum { GAP_MS = 2, LIMIT_MS = 1000 };

static struct sim sim;

static void open_unproven(int32_t max) {
  sim_open_max(&sim, max);
  sim.unproven = true;
  sim_warm(&sim, max);
}

static struct hf_slot *proving(void) {
  struct hf_link *link = hf_list_first(&sim.pool.slots_in[HF_SLOT_CHECKING]);
  assert_non_null(link);
  return HF_CONTAINER_OF(link, struct hf_slot, link);
}

static void a_read_shares_only_a_proven_connection(void **state) {
  struct call *first, *second, *third;
  (void)state;
  open_unproven(1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  assert_int_equal(sim.counts[SIM_PROVE], 0);
  sim_answer(&sim, first, 'I');
  assert_int_equal(sim.counts[SIM_PROVE], 1);
  assert_int_equal(second->sent, 0);
  sim_advance(&sim, GAP_MS);
  assert_int_equal(sim.counts[SIM_PROVE], 2);
  sim_proved(&sim, proving(), HF_PROOF_PASSED);
  third = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  assert_int_equal(third->sent, 1);
  sim_close(&sim);
}

static void a_connection_is_proven_only_when_sharing_would_help(void **state) {
  struct call *read;
  (void)state;
  open_unproven(2);
  read = sim_read(&sim);
  sim_answer(&sim, read, 'I');
  sim_answer(&sim, sim_write(&sim), 'I');
  assert_int_equal(sim.counts[SIM_PROVE], 0);
  sim_close(&sim);
}

static void a_path_that_drops_units_is_never_shared(void **state) {
  struct call *first, *second, *third;
  (void)state;
  open_unproven(1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  sim_answer(&sim, first, 'I');
  sim_advance(&sim, GAP_MS);
  sim_advance(&sim, LIMIT_MS);
  assert_true(sim.pool.drops_units);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  assert_int_equal(sim.events[HF_EVENT_WARNING], 1);
  assert_int_equal(sim_connect(&sim), 1);
  third = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  assert_int_equal(third->sent, 0);
  sim_answer(&sim, second, 'I');
  assert_int_equal(third->sent, 1);
  assert_int_equal(sim.counts[SIM_PROVE], 2);
  sim_close(&sim);
}

static void answers_in_another_order_fail_the_proof_at_once(void **state) {
  struct call *first;
  (void)state;
  open_unproven(1);
  first = sim_read(&sim);
  (void)sim_read(&sim);
  sim_answer(&sim, first, 'I');
  sim_advance(&sim, GAP_MS);
  sim_proved(&sim, proving(), HF_PROOF_FAILED);
  assert_true(sim.pool.drops_units);
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_close(&sim);
}

static void an_inconclusive_proof_is_repeated(void **state) {
  struct call *first, *second;
  (void)state;
  open_unproven(1);
  first = sim_read(&sim);
  second = sim_read(&sim);
  sim_answer(&sim, first, 'I');
  sim_proved(&sim, proving(), HF_PROOF_INCONCLUSIVE);
  assert_int_equal(second->sent, 1);
  (void)sim_read(&sim);
  sim_answer(&sim, second, 'I');
  assert_int_equal(sim.counts[SIM_PROVE], 2);
  sim_close(&sim);
}

static void one_connection_is_proven_at_a_time(void **state) {
  struct call *calls[2];
  (void)state;
  open_unproven(2);
  calls[0] = sim_read(&sim);
  calls[1] = sim_read(&sim);
  (void)sim_read(&sim);
  (void)sim_read(&sim);
  sim_answer(&sim, calls[0], 'I');
  sim_answer(&sim, calls[1], 'I');
  assert_int_equal(sim.counts[SIM_PROVE], 1);
  sim_close(&sim);
}

static void two_connections_lost_in_their_proof_end_sharing(void **state) {
  int i;
  (void)state;
  open_unproven(1);
  for (i = 0; i < 2; i++) {
    struct call *first = sim_read(&sim);
    (void)sim_read(&sim);
    assert_false(sim.pool.drops_units);
    sim_answer(&sim, first, 'I');
    sim_lose(&sim, proving());
    (void)sim_connect(&sim);
    while (sim_count(&sim, HF_SLOT_BUSY) > 0) {
      struct call *call = sim.conns[0].in_flight[0];
      sim.pool.wants_proof = false;
      sim_answer(&sim, call, 'I');
    }
  }
  assert_true(sim.pool.drops_units);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_read_shares_only_a_proven_connection),
      cmocka_unit_test(a_connection_is_proven_only_when_sharing_would_help),
      cmocka_unit_test(a_path_that_drops_units_is_never_shared),
      cmocka_unit_test(answers_in_another_order_fail_the_proof_at_once),
      cmocka_unit_test(an_inconclusive_proof_is_repeated),
      cmocka_unit_test(one_connection_is_proven_at_a_time),
      cmocka_unit_test(two_connections_lost_in_their_proof_end_sharing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
