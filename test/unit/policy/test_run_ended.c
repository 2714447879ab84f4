/* SPDX-License-Identifier: MIT */
/* What ends a run, or keeps it waiting: aborts, deadlines, held calls. */
#include "policy/run_play.h"

static void the_callers_deadline_has_a_timer_from_the_start(void **state) {
  struct play play = begun(300);

  (void)state;
  assert_true(tell(&play, HF_RUN_ON_BEGIN).due_at == START_MS + 300);
}

static void the_pools_deadline_does_not_end_an_attempt(void **state) {
  struct play play = begun(300);

  (void)state;
  play.run.caller_deadline = false;
  assert_true(tell(&play, HF_RUN_ON_BEGIN).due_at == 0);
  play.event.now_ms += 400;
  assert_int_equal(tell(&play, HF_RUN_ON_TIMER).action, HF_RUN_DO_WAIT);
  assert_int_equal(play.run.state, HF_RUN_RUNNING);
}

static void an_aborted_signal_prevents_the_first_call(void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  play.event.aborted = true;
  step = tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_ABORTED);
  assert_int_equal(step.phase, HF_PHASE_LOCAL);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_NOT_EXECUTED);
}

static void no_attempt_begins_within_a_millisecond_of_the_deadline(
    void **state) {
  struct play play = begun(1);
  struct hf_run_step step = tell(&play, HF_RUN_ON_BEGIN);

  (void)state;
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_DEADLINE);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_NOT_EXECUTED);
}

static void a_timer_that_fires_early_counts_as_due(void **state) {
  struct play play = begun(300);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  failed(&play, &conflict);
  play.event.now_ms = play.run.due_at - 0.4;
  assert_int_equal(tell(&play, HF_RUN_ON_TIMER).action, HF_RUN_DO_CALL);
  play.event.now_ms = play.run.due_at - 0.4;
  tell(&play, HF_RUN_ON_TIMER);
  assert_int_equal(play.run.state, HF_RUN_GRACE);
}

static void an_abort_after_the_success_changes_nothing(void **state) {
  struct play play = begun(0);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(tell(&play, HF_RUN_ON_SUCCESS).action, HF_RUN_DO_SUCCEED);
  assert_int_equal(tell(&play, HF_RUN_ON_ABORT).action, HF_RUN_DO_WAIT);
  assert_int_equal(play.run.state, HF_RUN_DONE);
}

static void a_success_after_the_abort_is_a_success(void **state) {
  struct play play = begun(0);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(tell(&play, HF_RUN_ON_ABORT).action, HF_RUN_DO_WAIT);
  assert_int_equal(tell(&play, HF_RUN_ON_SUCCESS).action, HF_RUN_DO_SUCCEED);
}

static void a_function_that_fails_after_an_abort_is_not_called_again(
    void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  tell(&play, HF_RUN_ON_ABORT);
  step = failed(&play, &conflict);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_int_equal(play.run.history.retries, 0);
}

static void a_function_that_ignores_an_abort_has_a_second(void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.now_ms += 10;
  assert_true(tell(&play, HF_RUN_ON_ABORT).due_at == START_MS + 1010);
  step = wake(&play);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_ABORTED);
  assert_int_equal(step.phase, HF_PHASE_AWAIT);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_AMBIGUOUS);
}

static void a_function_that_never_settles_ends_soon_after_the_deadline(
    void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_true(wake(&play).due_at == START_MS + 350);
  step = wake(&play);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_DEADLINE);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(tell(&play, HF_RUN_ON_SUCCESS).action, HF_RUN_DO_WAIT);
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_WAIT);
}

static void a_function_that_ends_just_after_the_deadline_is_reported(
    void **state) {
  struct play play = begun(300);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  wake(&play);
  play.event.now_ms += 20;
  assert_int_equal(failed(&play, &conflict).action, HF_RUN_DO_FAIL);
}

static void the_earlier_of_abort_and_deadline_counts(void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.now_ms = START_MS + 200;
  assert_true(tell(&play, HF_RUN_ON_ABORT).due_at == START_MS + 350);
  step = wake(&play);
  assert_int_equal(step.status, HF_DEADLINE);
  play = begun(5000);
  tell(&play, HF_RUN_ON_BEGIN);
  assert_true(tell(&play, HF_RUN_ON_ABORT).due_at == START_MS + 1000);
  assert_int_equal(wake(&play).status, HF_ABORTED);
}

static void an_abort_after_the_deadline_gives_no_more_time(void **state) {
  struct play play = begun(300);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  wake(&play);
  assert_true(tell(&play, HF_RUN_ON_ABORT).due_at == START_MS + 350);
  assert_int_equal(wake(&play).status, HF_DEADLINE);
}

static void an_abort_during_the_delay_reports_the_last_outcome(void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  play.policy.retry_ambiguous = true;
  tell(&play, HF_RUN_ON_BEGIN);
  failed(&play, &lost);
  step = tell(&play, HF_RUN_ON_ABORT);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_ABORTED);
  assert_int_equal(step.phase, HF_PHASE_BACKOFF);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_AMBIGUOUS);
  assert_false(step.verdict.why.retryable);
  assert_int_equal(tell(&play, HF_RUN_ON_TIMER).action, HF_RUN_DO_WAIT);
}

static void a_deadline_during_the_delay_reports_the_last_outcome(void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  failed(&play, &conflict);
  play.event.now_ms = START_MS + 300; /* the process was held up */
  step = tell(&play, HF_RUN_ON_TIMER);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.status, HF_DEADLINE);
  assert_int_equal(step.phase, HF_PHASE_BACKOFF);
  assert_int_equal(step.verdict.why.outcome, HF_OUTCOME_ROLLED_BACK);
}

static void a_delay_past_the_deadline_is_not_waited_for(void **state) {
  struct play play = begun(40);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  step = failed(&play, &conflict);
  assert_int_equal(step.action, HF_RUN_DO_FAIL);
  assert_string_equal(step.verdict.refused, "the deadline comes first");
}

static void an_abort_lets_waiting_calls_end(void **state) {
  struct play play = begun(0);

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  play.event.pending = true;
  failed(&play, &conflict);
  assert_true(tell(&play, HF_RUN_ON_ABORT).due_at == START_MS + 1000);
  play.event.pending = false;
  assert_int_equal(tell(&play, HF_RUN_ON_CALLS_ENDED).action, HF_RUN_DO_FAIL);
}

static void a_held_first_attempt_waits_for_the_release(void **state) {
  struct play play = begun(0);

  (void)state;
  play.event.held = true;
  assert_true(tell(&play, HF_RUN_ON_BEGIN).due_at == START_MS + 8000);
  assert_int_equal(tell(&play, HF_RUN_ON_RELEASE).action, HF_RUN_DO_WAIT);
  play.event.held = false;
  assert_int_equal(tell(&play, HF_RUN_ON_RELEASE).action, HF_RUN_DO_CALL);
}

static void an_attempt_that_is_held_too_long_begins_anyway(void **state) {
  struct play play = begun(0);

  (void)state;
  play.event.held = true;
  tell(&play, HF_RUN_ON_BEGIN);
  assert_int_equal(wake(&play).action, HF_RUN_DO_CALL);
}

static void an_abort_of_a_held_first_attempt_calls_nothing(void **state) {
  struct play play = begun(0);
  struct hf_run_step step;

  (void)state;
  play.event.held = true;
  tell(&play, HF_RUN_ON_BEGIN);
  step = tell(&play, HF_RUN_ON_ABORT);
  assert_int_equal(step.action, HF_RUN_DO_END);
  assert_int_equal(step.phase, HF_PHASE_LOCAL);
  play.event.held = false;
  assert_int_equal(tell(&play, HF_RUN_ON_RELEASE).action, HF_RUN_DO_WAIT);
}

static void a_deadline_while_an_attempt_is_held_ends_the_call(void **state) {
  struct play play = begun(300);
  struct hf_run_step step;

  (void)state;
  tell(&play, HF_RUN_ON_BEGIN);
  failed(&play, &conflict);
  play.event.held = true;
  assert_true(wake(&play).due_at == START_MS + 300);
  step = wake(&play);
  assert_int_equal(step.status, HF_DEADLINE);
  assert_int_equal(step.phase, HF_PHASE_BACKOFF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, fresh_budget)
      TEST(the_callers_deadline_has_a_timer_from_the_start),
      TEST(the_pools_deadline_does_not_end_an_attempt),
      TEST(an_aborted_signal_prevents_the_first_call),
      TEST(no_attempt_begins_within_a_millisecond_of_the_deadline),
      TEST(a_timer_that_fires_early_counts_as_due),
      TEST(an_abort_after_the_success_changes_nothing),
      TEST(a_success_after_the_abort_is_a_success),
      TEST(a_function_that_fails_after_an_abort_is_not_called_again),
      TEST(a_function_that_ignores_an_abort_has_a_second),
      TEST(a_function_that_never_settles_ends_soon_after_the_deadline),
      TEST(a_function_that_ends_just_after_the_deadline_is_reported),
      TEST(the_earlier_of_abort_and_deadline_counts),
      TEST(an_abort_after_the_deadline_gives_no_more_time),
      TEST(an_abort_during_the_delay_reports_the_last_outcome),
      TEST(a_deadline_during_the_delay_reports_the_last_outcome),
      TEST(a_delay_past_the_deadline_is_not_waited_for),
      TEST(an_abort_lets_waiting_calls_end),
      TEST(a_held_first_attempt_waits_for_the_release),
      TEST(an_attempt_that_is_held_too_long_begins_anyway),
      TEST(an_abort_of_a_held_first_attempt_calls_nothing),
      TEST(a_deadline_while_an_attempt_is_held_ends_the_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
