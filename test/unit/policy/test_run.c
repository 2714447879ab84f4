/* SPDX-License-Identifier: MIT */
/* Which attempts a run makes: repeating, calls left under way, nesting. */
#include "policy/run_play.h"

enum { CALLS = 100000 };

static void the_function_is_called_at_once(void **state) {
  struct play play = begun(0);
  struct hf_run_step step = tell(&play, HF_RUN_ON_BEGIN);

  (void)state;
  assert_int_equal(step.action, HF_RUN_DO_CALL);
  assert_true(step.due_at == 0);
  assert_int_equal(tell(&play, HF_RUN_ON_SUCCESS).action, HF_RUN_DO_SUCCEED);
  assert_int_equal(play.run.state, HF_RUN_DONE);
}

static void a_function_that_may_be_retried_is_called_again_after_a_delay(
    void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  step = failed(&play, &conflict);
  assert_int_equal(step.action, HF_RUN_DO_WAIT);
  assert_true(step.verdict.again);
  assert_true(step.due_at == START_MS + 50);
  assert_int_equal(wake(&play).action, HF_RUN_DO_CALL);
  assert_true(failed(&play, &conflict).due_at == START_MS + 150);
  assert_int_equal(wake(&play).action, HF_RUN_DO_CALL);
  step = failed(&play, &conflict);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_string_equal(step.verdict.refused, "all attempts were used");
}

static void an_ambiguous_function_is_called_again_only_when_idempotent(
    void **state) {
  struct play play = begun(0);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &lost).action, HF_RUN_DO_FAIL);
  play = begun(0);
  play.policy.retry_ambiguous = true;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &lost).action, HF_RUN_DO_WAIT);
}

static void a_function_that_wrote_is_not_called_again(void **state) {
  struct play play = begun(0);
  int32_t tokens = hf_budget_tokens(hf_retry_budget());
  struct hf_run_step step;

  (void)state;
  play.policy.retry_ambiguous = true;
  play.event.wrote = true;
  tell(&play, HF_RUN_ON_BEGIN);
  step = failed(&play, &lost);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_true(step.verdict.partial);
  assert_int_equal(hf_budget_tokens(hf_retry_budget()), tokens);
}

static void calls_of_a_failed_attempt_end_before_the_next_attempt(
    void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.pending = true;
  step = failed(&play, &conflict);
  assert_int_equal(play.run.state, HF_RUN_SETTLING);
  assert_true(step.due_at == START_MS + 300);
  play.event.pending = false;
  play.event.now_ms += 30;
  step = tell(&play, HF_RUN_ON_CALLS_ENDED);
  assert_true(step.verdict.again);
  assert_true(step.due_at == START_MS + 80);
}

static void a_call_that_wrote_meanwhile_prevents_the_next_attempt(
    void **state) {
  struct play play = begun(0);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.pending = true;
  failed(&play, &conflict);
  play.event.pending = false;
  play.event.wrote = true;
  assert_true(tell(&play, HF_RUN_ON_CALLS_ENDED).verdict.partial);
}

static void a_write_during_the_delay_prevents_the_next_attempt(void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  failed(&play, &conflict);
  play.event.wrote = true;
  step = wake(&play);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_true(step.verdict.partial);
}

static void calls_are_not_waited_for_past_the_deadline(void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.pending = true;
  failed(&play, &conflict);
  step = wake(&play);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  play = begun(0);
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.pending = true;
  assert_true(failed(&play, &conflict).due_at == START_MS + 8000);
  step = wake(&play);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_true(step.verdict.partial);
}

static void calls_are_not_waited_for_when_no_attempt_can_follow(void **state) {
  struct play play = begun(0);

  (void)state;
  play.event.pending = true;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &lost).action, HF_RUN_DO_FAIL);
  play = begun(0);
  play.event.pending = true;
  play.event.names_left = 0;
  play.event.retries_left = 0;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_FAIL);
}

static void a_failure_that_was_retried_inside_is_not_retried_again(
    void **state) {
  struct play play = begun(0);

  (void)state;
  play.event.repeated = true;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_FAIL);
}

static void a_failure_in_an_outer_transaction_is_not_retried(void **state) {
  struct play play = begun(0);

  (void)state;
  play.event.inside = true;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_FAIL);
}

static void a_nested_run_makes_no_more_attempts_than_the_outer_has_left(
    void **state) {
  struct play play = begun(0);

  (void)state;
  play.policy.max_retries = 9;
  play.event.retries_left = 1;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_WAIT);
  wake(&play);
  play.event.retries_left = 0;
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_FAIL);
}

static void a_nested_run_follows_the_policy_of_the_outer_run(void **state) {
  struct hf_retry_policy around;
  struct hf_retry_policy own;

  (void)state;
  assert_true(hf_retry_preset("linear", &around));
  around.unbudgeted = true;
  around.retry_ambiguous = true;
  hf_retry_policy_init(&own);
  hf_retry_policy_within(&own, &around);
  assert_int_equal(own.max_retries, 3);
  assert_int_equal(own.growth, HF_GROWTH_LINEAR);
  assert_true(own.unbudgeted);
  assert_false(own.retry_ambiguous);
  assert_true(hf_retry_preset("fast", &own));
  hf_retry_policy_within(&own, &around);
  assert_int_equal(own.max_retries, 1);
}

static void errors_about_statement_names_are_retried_by_the_linear_preset(
    void **state) {
  static const double delays[] = {100, 200, 300};
  struct play play = begun(0);
  size_t i;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
    double now_ms = play.event.now_ms;

    assert_true(failed(&play, &misnamed).due_at == now_ms + delays[i]);
    wake(&play);
  }
  assert_int_equal(failed(&play, &misnamed).action, HF_RUN_DO_FAIL);
}

static void a_given_count_applies_to_errors_about_statement_names(
    void **state) {
  struct play play = begun(0);

  (void)state;
  play.policy.count_given = true;
  play.policy.max_retries = 1;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(failed(&play, &misnamed).action, HF_RUN_DO_WAIT);
  wake(&play);
  assert_int_equal(failed(&play, &misnamed).action, HF_RUN_DO_FAIL);
}

static void an_unreachable_server_is_waited_for_until_the_deadline(
    void **state) {
  struct play play = begun(8000);
  struct hf_run_step step;
  int calls = 0;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  do {
    step = failed(&play, &refused);
    calls++;
  } while (step.verdict.again && wake(&play).action == HF_RUN_DO_CALL);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_true(calls > 5);
  assert_int_equal(play.run.history.waits, play.run.history.retries);
  assert_true(play.event.now_ms < START_MS + 8000);
}

static void the_budget_limits_the_retries_of_many_runs(void **state) {
  struct hf_run_step step = {0};
  int i;

  (void)state;
  for (i = 0; i < CALLS && !step.verdict.cut; i++) {
    struct play play = begun(0);

    play.policy.retry_ambiguous = true;
    tell(&play, HF_RUN_ON_BEGIN);
    step = failed(&play, &lost);
  }
  assert_true(step.verdict.cut);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, fresh_budget)
      TEST(the_function_is_called_at_once),
      TEST(a_function_that_may_be_retried_is_called_again_after_a_delay),
      TEST(an_ambiguous_function_is_called_again_only_when_idempotent),
      TEST(a_function_that_wrote_is_not_called_again),
      TEST(calls_of_a_failed_attempt_end_before_the_next_attempt),
      TEST(a_call_that_wrote_meanwhile_prevents_the_next_attempt),
      TEST(a_write_during_the_delay_prevents_the_next_attempt),
      TEST(calls_are_not_waited_for_past_the_deadline),
      TEST(calls_are_not_waited_for_when_no_attempt_can_follow),
      TEST(a_failure_that_was_retried_inside_is_not_retried_again),
      TEST(a_failure_in_an_outer_transaction_is_not_retried),
      TEST(a_nested_run_makes_no_more_attempts_than_the_outer_has_left),
      TEST(a_nested_run_follows_the_policy_of_the_outer_run),
      TEST(errors_about_statement_names_are_retried_by_the_linear_preset),
      TEST(a_given_count_applies_to_errors_about_statement_names),
      TEST(an_unreachable_server_is_waited_for_until_the_deadline),
      TEST(the_budget_limits_the_retries_of_many_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
