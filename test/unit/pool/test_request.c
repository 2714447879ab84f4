/* SPDX-License-Identifier: MIT */
#include "death.h"
#include "sim.h"

enum { STATES = HF_REQUEST_DONE + 1 };

static struct hf_request request;
static struct hf_slot slot;
static enum hf_request_state from, to;

/* As the diagram in request.h, and: NEW may end without having waited. */
static const bool allowed[STATES][STATES] = {
    [HF_REQUEST_NEW] = {[HF_REQUEST_WAITING] = true,
                        [HF_REQUEST_RUNNING] = true,
                        [HF_REQUEST_DONE] = true},
    [HF_REQUEST_WAITING] =
        {[HF_REQUEST_RUNNING] = true, [HF_REQUEST_DONE] = true},
    [HF_REQUEST_RUNNING] =
        {[HF_REQUEST_BACKOFF] = true, [HF_REQUEST_DONE] = true},
    [HF_REQUEST_BACKOFF] =
        {[HF_REQUEST_WAITING] = true, [HF_REQUEST_DONE] = true}};

static void move(void) {
  hf_request_init(&request, HF_REQUEST_QUERY);
  request.slot = &slot;
  request.state = from;
  hf_request_move(&request, to);
}

static void a_request_moves_along_the_diagram_only(void **state) {
  (void)state;
  for (from = HF_REQUEST_NEW; (int)from < STATES; from++) {
    for (to = HF_REQUEST_NEW; (int)to < STATES; to++) {
      if (allowed[from][to]) {
        move();
        assert_int_equal(request.state, to);
      } else {
        assert_true(aborts(move));
      }
    }
  }
}

static void run_nowhere(void) {
  hf_request_init(&request, HF_REQUEST_QUERY);
  hf_request_move(&request, HF_REQUEST_RUNNING);
}

static void a_request_runs_on_a_slot(void **state) {
  (void)state;
  assert_true(aborts(run_nowhere));
}

static void every_state_has_a_name(void **state) {
  int i, j;

  (void)state;
  for (i = 0; i < STATES; i++) {
    for (j = 0; j < i; j++) {
      assert_string_not_equal(hf_request_state_name((enum hf_request_state)i),
                              hf_request_state_name((enum hf_request_state)j));
    }
  }
}

static void only_reads_and_idempotent_requests_may_run_twice(void **state) {
  (void)state;
  hf_request_init(&request, HF_REQUEST_QUERY);
  sim_describe(&request, HF_SQL_INSERT);
  assert_false(hf_request_repeatable(&request));
  request.flags = HF_FLAG_IDEMPOTENT;
  assert_true(hf_request_repeatable(&request));
  request.flags = HF_FLAG_READ_ONLY;
  assert_true(hf_request_repeatable(&request));
  request.flags = HF_FLAG_EXACTLY_ONCE;
  assert_false(hf_request_repeatable(&request));
  sim_describe(&request, HF_SQL_SELECT);
  assert_true(hf_request_repeatable(&request));
  hf_request_finish(&request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_moves_along_the_diagram_only),
      cmocka_unit_test(a_request_runs_on_a_slot),
      cmocka_unit_test(every_state_has_a_name),
      cmocka_unit_test(only_reads_and_idempotent_requests_may_run_twice)};

  return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
