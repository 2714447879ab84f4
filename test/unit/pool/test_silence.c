/* SPDX-License-Identifier: MIT */
/* What is learnt about a silent connection, and what becomes of it. */
#include <string.h>

#include "core/pool/silence.h"
#include "sim.h"

enum { SECOND_MS = 1000, SILENCE_MS = 8000, PROBE_MS = 5000 };

static struct sim sim;

static struct call *run_silent(void) {
  struct call *call;
  sim_open_max(&sim, 1);
  call = sim_write(&sim);
  sim_connect(&sim);
  sim_advance(&sim, SILENCE_MS + SECOND_MS);
  return call;
}

/* Gives findings, one at each probe, until the call is settled. */
static int find_until_settled(struct call *call,
                              enum hf_finding finding,
                              int most) {
  int n = 0;
  while (n < most && call->answered == 0) {
    if (sim_conn(&sim, call->request.slot)->probing) {
      sim_found(&sim, call->request.slot, finding, 0);
      n++;
    }
    if (call->answered == 0) {
      sim_advance(&sim, PROBE_MS + SECOND_MS);
    }
  }
  return n;
}

static void a_local_problem_never_ends_a_statement(void **state) {
  struct call *call = run_silent();
  (void)state;
  assert_int_equal(find_until_settled(call, HF_FINDING_NONE, 50), 50);
  expect_pending(call);
  sim_answer(&sim, call, 'I');
  expect_success(call);
  sim_close(&sim);
}

static void a_statement_that_runs_is_not_interrupted(void **state) {
  struct call *call = run_silent();
  (void)state;
  assert_int_equal(find_until_settled(call, HF_FINDING_RUNNING, 50), 50);
  expect_pending(call);
  sim_close(&sim);
}

static void a_lost_answer_is_reported_at_the_second_probe(void **state) {
  struct call *call = run_silent();
  (void)state;
  assert_int_equal(find_until_settled(call, HF_FINDING_IDLE, 50), 2);
  expect_status(call, HF_SILENT);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_non_null(strstr(hf_error_field(&call->error, 'M'), "lost on the way"));
  sim_close(&sim);
}

static void a_session_that_is_gone_ends_at_the_second_probe(void **state) {
  struct call *call = run_silent();
  (void)state;
  assert_int_equal(find_until_settled(call, HF_FINDING_GONE, 50), 2);
  expect_status(call, HF_SILENT);
  sim_close(&sim);
}

static void a_session_missing_on_another_server_needs_more_probes(
    void **state) {
  struct call *call = run_silent();
  (void)state;
  assert_int_equal(find_until_settled(call, HF_FINDING_ABSENT, 50), 8);
  expect_status(call, HF_SILENT);
  sim_close(&sim);
}

static void when_servers_answer_in_turn_no_session_is_missed(void **state) {
  struct hf_silence silence = {0};
  int i;
  (void)state;
  for (i = 0; i < 100; i++) {
    assert_false(
        hf_silence_judge(&silence, HF_FINDING_ABSENT, (uint64_t)(i % 2 + 1)));
  }
  for (i = 0; i < 100; i++) {
    assert_false(hf_silence_judge(&silence, HF_FINDING_ABSENT, 1));
  }
}

static void a_server_that_replaced_ours_is_noticed(void **state) {
  struct hf_silence silence = {0};
  int i;
  (void)state;
  assert_false(hf_silence_judge(&silence, HF_FINDING_RUNNING, 1));
  for (i = 0; i < 7; i++) {
    assert_false(hf_silence_judge(&silence, HF_FINDING_ABSENT, 2));
  }
  assert_true(hf_silence_judge(&silence, HF_FINDING_ABSENT, 2));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_local_problem_never_ends_a_statement),
      cmocka_unit_test(a_statement_that_runs_is_not_interrupted),
      cmocka_unit_test(a_lost_answer_is_reported_at_the_second_probe),
      cmocka_unit_test(a_session_that_is_gone_ends_at_the_second_probe),
      cmocka_unit_test(a_session_missing_on_another_server_needs_more_probes),
      cmocka_unit_test(when_servers_answer_in_turn_no_session_is_missed),
      cmocka_unit_test(a_server_that_replaced_ours_is_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
