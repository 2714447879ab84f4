/* SPDX-License-Identifier: MIT */
/* Which reads may be sent behind another on its connection. */
#include "scheduler_support.h"

enum {
  HEAD_MS = 50 /* a longer running head is not followed */
};

/* Fills `n` connections with writes that run. */
static void occupy(int n) {
  int i;

  for (i = 0; i < n; i++) {
    sim_write(&sim);
  }
  while (sim_connect(&sim) > 0) {
  }
  assert_int_equal(sim_count(&sim, HF_SLOT_BUSY), n);
}

static void reads_share_a_connection_when_there_is_no_other(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_read(&sim);
  sim_connect(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 1);
  assert_ptr_equal(second->request.slot, first->request.slot);
  assert_int_equal(sim_stat(&sim, HF_STAT_SHARED), 1);
  sim_answer(&sim, first, 'I');
  sim_answer(&sim, second, 'I');
  expect_success(second);
  sim_close(&sim);
}

static void reads_do_not_share_while_a_connection_can_be_opened(void **state) {
  struct call *second;

  (void)state;
  sim_open_max(&sim, 2);
  sim_read(&sim);
  sim_connect(&sim);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  assert_int_equal(opening(), 1);
  sim_connect(&sim);
  assert_int_equal(second->sent, 1);
  assert_int_equal(sim_stat(&sim, HF_STAT_SHARED), 0);
  sim_close(&sim);
}

static void a_write_does_not_join_reads(void **state) {
  struct call *first, *second;

  (void)state;
  sim_open_max(&sim, 1);
  first = sim_read(&sim);
  sim_connect(&sim);
  second = sim_write(&sim);
  assert_int_equal(second->sent, 0);
  sim_answer(&sim, first, 'I');
  assert_int_equal(second->sent, 1);
  sim_close(&sim);
}

static void a_read_does_not_join_a_write(void **state) {
  struct call *second;

  (void)state;
  sim_open_max(&sim, 1);
  occupy(1);
  second = sim_read(&sim);
  assert_int_equal(second->sent, 0);
  sim_close(&sim);
}

static void a_read_does_not_overtake_a_waiting_write(void **state) {
  struct call *write, *read;

  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  write = sim_write(&sim);
  read = sim_read(&sim);
  assert_int_equal(write->sent, 0);
  assert_int_equal(read->sent, 0);
  sim_close(&sim);
}

static void at_most_share_max_reads_share(void **state) {
  struct hf_config config = sim_config(1);
  struct call *last = NULL;
  int i;

  (void)state;
  config.share_max = 3;
  sim_open(&sim, &config);
  sim_read(&sim);
  sim_connect(&sim);
  for (i = 0; i < 2; i++) {
    last = sim_read(&sim);
    assert_int_equal(last->sent, 1);
  }
  last = sim_read(&sim);
  assert_int_equal(last->sent, 0);
  sim_close(&sim);
}

static void a_full_connection_takes_more_when_it_is_half_empty(void **state) {
  struct hf_config config = sim_config(1);
  struct call *reads[7];
  int i;

  (void)state;
  config.share_max = 4;
  sim_open(&sim, &config);
  for (i = 0; i < 7; i++) {
    reads[i] = sim_read(&sim);
    sim_connect(&sim);
  }
  assert_int_equal(reads[3]->sent, 1);
  sim_advance(&sim, 1);
  sim_answer(&sim, reads[0], 'I');
  assert_int_equal(reads[4]->sent, 0);
  sim_answer(&sim, reads[1], 'I');
  for (i = 4; i < 6; i++) {
    assert_int_equal(reads[i]->sent, 1);
  }
  assert_int_equal(reads[6]->sent, 0);
  sim_close(&sim);
}

static void one_connection_is_filled_before_the_next(void **state) {
  struct hf_config config = sim_config(2);
  struct call *reads[6];
  int i;

  (void)state;
  config.share_max = 3;
  sim_open(&sim, &config);
  for (i = 0; i < 6; i++) {
    reads[i] = sim_read(&sim);
    sim_connect(&sim);
  }
  for (i = 2; i < 4; i++) {
    assert_ptr_equal(reads[i]->request.slot, reads[2]->request.slot);
  }
  for (i = 4; i < 6; i++) {
    assert_ptr_equal(reads[i]->request.slot, reads[4]->request.slot);
  }
  assert_ptr_not_equal(reads[2]->request.slot, reads[4]->request.slot);
  sim_close(&sim);
}

static void no_read_joins_a_connection_at_max_uses(void **state) {
  struct hf_config config = sim_config(1);
  struct call *reads[3];
  int i;

  (void)state;
  config.max_uses = 2;
  sim_open(&sim, &config);
  reads[0] = sim_read(&sim);
  sim_connect(&sim);
  reads[1] = sim_read(&sim);
  reads[2] = sim_read(&sim);
  assert_int_equal(reads[1]->sent, 1);
  assert_int_equal(reads[2]->sent, 0);
  for (i = 0; i < 2; i++) {
    sim_answer(&sim, reads[i], 'I');
  }
  assert_int_equal(sim.counts[SIM_CLOSE], 1);
  sim_connect(&sim);
  assert_int_equal(reads[2]->sent, 1);
  sim_close(&sim);
}

static void with_share_max_one_nothing_is_shared(void **state) {
  struct hf_config config = sim_config(1);

  (void)state;
  config.share_max = 1;
  sim_open(&sim, &config);
  sim_read(&sim);
  sim_connect(&sim);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void no_read_joins_a_head_that_runs_long(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  sim_advance(&sim, HEAD_MS + 1);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void nothing_is_shared_behind_a_pooler(void **state) {
  (void)state;
  sim_open_max(&sim, 1);
  sim.proxied = true;
  sim_read(&sim);
  sim_connect(&sim);
  assert_int_equal(sim_read(&sim)->sent, 0);
  sim_close(&sim);
}

static void an_acquire_never_shares(void **state) {
  struct call *lease;

  (void)state;
  sim_open_max(&sim, 1);
  sim_read(&sim);
  sim_connect(&sim);
  lease = sim_acquire(&sim);
  expect_pending(lease);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_share_a_connection_when_there_is_no_other),
      cmocka_unit_test(reads_do_not_share_while_a_connection_can_be_opened),
      cmocka_unit_test(a_write_does_not_join_reads),
      cmocka_unit_test(a_read_does_not_join_a_write),
      cmocka_unit_test(a_read_does_not_overtake_a_waiting_write),
      cmocka_unit_test(at_most_share_max_reads_share),
      cmocka_unit_test(a_full_connection_takes_more_when_it_is_half_empty),
      cmocka_unit_test(one_connection_is_filled_before_the_next),
      cmocka_unit_test(no_read_joins_a_connection_at_max_uses),
      cmocka_unit_test(with_share_max_one_nothing_is_shared),
      cmocka_unit_test(no_read_joins_a_head_that_runs_long),
      cmocka_unit_test(nothing_is_shared_behind_a_pooler),
      cmocka_unit_test(an_acquire_never_shares)};

  return cmocka_run_group_tests_name("scheduler sharing", tests, NULL, NULL);
}
