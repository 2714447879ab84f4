/* SPDX-License-Identifier: MIT */
/* What an error of ours says of itself, and which of several failures counts */
#include "core/policy/rule.h"
#include "support.h"

static const struct hf_evidence full = {.phase = HF_PHASE_ACQUIRE,
                                        .status = HF_QUEUE_FULL};
static const struct hf_evidence lost = {.phase = HF_PHASE_AWAIT,
                                        .status = HF_SOCKET_ERROR};
static const struct hf_evidence constraint = {.phase = HF_PHASE_AWAIT,
                                              .status = HF_SERVER_ERROR,
                                              .severity = HF_SEVERITY_ERROR,
                                              .sqlstate = "23505"};
static const struct hf_evidence conflict = {.phase = HF_PHASE_AWAIT,
                                            .status = HF_SERVER_ERROR,
                                            .severity = HF_SEVERITY_ERROR,
                                            .sqlstate = "40001"};

static void an_outcome_that_agrees_with_the_tables_keeps_their_reason(
    void **state) {
  struct hf_evidence evidence = full;
  struct hf_classification why;

  (void)state;
  evidence.known = HF_OUTCOME_NOT_EXECUTED;
  evidence.known_retryable = true;
  why = hf_classify(&evidence);
  assert_int_equal(why.outcome, HF_OUTCOME_NOT_EXECUTED);
  assert_true(why.slow);
  assert_string_equal(why.reason, "too many calls were waiting");
}

static void the_outcome_that_an_error_carries_overrides_the_tables(
    void **state) {
  static const struct {
    enum hf_outcome outcome;
    bool retryable;
  } said[] = {{HF_OUTCOME_NOT_EXECUTED, true},
              {HF_OUTCOME_NOT_EXECUTED, false},
              {HF_OUTCOME_ROLLED_BACK, true},
              {HF_OUTCOME_ROLLED_BACK, false},
              {HF_OUTCOME_AMBIGUOUS, false},
              {HF_OUTCOME_PERMANENT, false}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
    struct hf_evidence evidence = lost;
    struct hf_classification why;

    evidence.known = said[i].outcome;
    evidence.known_retryable = said[i].retryable;
    why = hf_classify(&evidence);
    assert_int_equal(why.outcome, said[i].outcome);
    assert_int_equal(why.retryable, said[i].retryable);
    assert_string_equal(why.reason, "the error itself says so");
  }
}

static void an_outcome_that_overrides_the_tables_drops_their_pace(
    void **state) {
  struct hf_evidence evidence = full;
  struct hf_classification why;

  (void)state;
  evidence.known = HF_OUTCOME_ROLLED_BACK;
  evidence.known_retryable = true;
  why = hf_classify(&evidence);
  assert_false(why.slow || why.once || why.unnamed);
  assert_false(why.no_server || why.overload);
}

static void of_several_failures_the_most_doubtful_counts(void **state) {
  const struct hf_evidence *const order[] = {&full,
                                             &conflict,
                                             &constraint,
                                             &lost};
  size_t i;

  (void)state;
  for (i = 1; i < sizeof(order) / sizeof(order[0]); i++) {
    assert_true(hf_classify(order[i - 1]).doubt < hf_classify(order[i]).doubt);
  }
}

static void of_equal_failures_the_one_that_is_useless_to_retry_counts(
    void **state) {
  struct hf_evidence timed_out = {.phase = HF_PHASE_AWAIT,
                                  .status = HF_DEADLINE};

  (void)state;
  assert_int_equal(hf_classify(&timed_out).outcome, HF_OUTCOME_AMBIGUOUS);
  assert_true(hf_classify(&lost).doubt < hf_classify(&timed_out).doubt);
}

static void a_failure_that_no_table_has_is_unknown(void **state) {
  struct hf_evidence strange = {.phase = HF_PHASE_UNKNOWN,
                                .name = "TypeError",
                                .message = "x is not a function"};

  (void)state;
  assert_true(hf_classify(&strange).unknown);
  assert_false(hf_classify(&lost).unknown);
  strange.known = HF_OUTCOME_ROLLED_BACK;
  assert_false(hf_classify(&strange).unknown);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          an_outcome_that_agrees_with_the_tables_keeps_their_reason),
      cmocka_unit_test(the_outcome_that_an_error_carries_overrides_the_tables),
      cmocka_unit_test(an_outcome_that_overrides_the_tables_drops_their_pace),
      cmocka_unit_test(of_several_failures_the_most_doubtful_counts),
      cmocka_unit_test(
          of_equal_failures_the_one_that_is_useless_to_retry_counts),
      cmocka_unit_test(a_failure_that_no_table_has_is_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
