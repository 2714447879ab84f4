/* SPDX-License-Identifier: MIT */
/*
 * Random things happen to runs, in any order and at any time, also what cannot
 * happen. Whatever does, these rules hold.
 */
#include "policy/run_play.h"

enum {
  RUNS = 60000,
  EVENTS_MAX = 40,
  STEP_MAX_MS = 400,
  DEADLINE_MAX_MS = 2000,
  LATE_MS = 50
};

/* What a caller knows of a run. */
struct ledger {
  bool working; /* the function was called and has not settled */
  bool aborted;
  bool answered;
  int calls;
};

static struct play a_run(uint32_t *seed) {
  struct play play = begun(
      next_random(seed) % 2 == 0 ? next_random(seed) % DEADLINE_MAX_MS : 0);

  play.policy.max_retries = (int32_t)(next_random(seed) % 4);
  play.policy.count_given = next_random(seed) % 2 == 0;
  play.policy.retry_ambiguous = next_random(seed) % 2 == 0;
  play.policy.unbudgeted = true;
  play.event.retries_left = (int32_t)(next_random(seed) % 4) - 1;
  play.event.names_left = play.event.retries_left;
  return play;
}

static const struct hf_evidence *a_failure(uint32_t *seed) {
  const struct hf_evidence *const failures[] = {&conflict,
                                                &lost,
                                                &refused,
                                                &misnamed};

  return failures[next_random(seed) % 4];
}

static bool is_answer(const struct hf_run_step *step) {
  return step->action != HF_RUN_DO_WAIT && step->action != HF_RUN_DO_CALL;
}

/* Most of the attempts that a run may make: waiting for a server is none. */
static int attempts_max(const struct play *play) {
  int32_t limit = play->policy.count_given ||
                          play->policy.max_retries > play->policy.name_retries
                      ? play->policy.max_retries
                      : play->policy.name_retries;

  return 1 + limit + play->run.history.waits;
}

static void check_call(const struct play *play, const struct ledger *ledger) {
  double deadline_at = play->run.history.deadline_at;

  assert_false(ledger->working);
  assert_false(ledger->answered);
  assert_false(ledger->aborted);
  assert_true(ledger->calls == 0 || !play->event.wrote);
  assert_true(ledger->calls < attempts_max(play));
  assert_true(deadline_at == 0 || play->event.now_ms < deadline_at);
}

static void check_answer(const struct play *play,
                         const struct ledger *ledger,
                         const struct hf_run_step *step) {
  assert_false(ledger->answered);
  assert_true(step->due_at == 0);
  switch (step->action) {
  case HF_RUN_DO_SUCCEED:
    assert_true(ledger->working);
    assert_int_equal(play->event.kind, HF_RUN_ON_SUCCESS);
    break;
  case HF_RUN_DO_FAIL:
    assert_non_null(play->event.evidence);
    break;
  case HF_RUN_DO_END:
    assert_true(step->status == HF_ABORTED ? ledger->aborted
                                           : play->run.caller_deadline);
    assert_int_equal(step->phase == HF_PHASE_LOCAL, ledger->calls == 0);
    assert_false(step->verdict.why.retryable);
    assert_non_null(step->verdict.why.reason);
    break;
  case HF_RUN_DO_WAIT:
  case HF_RUN_DO_CALL:
    break;
  }
}

/* What is waited for has an end, but for a function without a deadline. */
static void check_due(const struct play *play,
                      const struct ledger *ledger,
                      const struct hf_run_step *step) {
  double deadline_at = play->run.history.deadline_at;

  assert_true(step->due_at == play->run.due_at);
  if (step->due_at == 0) {
    assert_true(ledger->answered || play->run.state == HF_RUN_NEW ||
                (ledger->working && !play->run.caller_deadline));
  }
  if (play->run.caller_deadline) {
    assert_true(step->due_at <= deadline_at + LATE_MS ||
                step->due_at <= play->event.now_ms + LATE_MS);
  }
}

static void happen(struct play *play,
                   struct ledger *ledger,
                   enum hf_run_event_kind kind) {
  struct hf_run_step step;

  ledger->aborted |= kind == HF_RUN_ON_ABORT;
  step = tell(play, kind);
  if (step.action == HF_RUN_DO_CALL) {
    check_call(play, ledger);
    ledger->working = true;
    ledger->calls++;
  } else {
    if (is_answer(&step)) {
      check_answer(play, ledger, &step);
    }
    ledger->answered |= is_answer(&step);
    ledger->working &= kind != HF_RUN_ON_SUCCESS && kind != HF_RUN_ON_FAILURE;
  }
  check_due(play, ledger, &step);
}

/* Something happens that can: only what is at work ends. */
static void let_something_happen(struct play *play,
                                 struct ledger *ledger,
                                 uint32_t *seed) {
  enum hf_run_event_kind kind =
      (enum hf_run_event_kind)(next_random(seed) % HF_RUN_EVENTS);

  if (kind == HF_RUN_ON_TIMER && play->run.due_at > 0 &&
      play->event.now_ms < play->run.due_at) {
    play->event.now_ms = play->run.due_at;
  }
  if (kind == HF_RUN_ON_SUCCESS || kind == HF_RUN_ON_FAILURE) {
    if (!ledger->working) {
      return;
    }
    if (kind == HF_RUN_ON_FAILURE) {
      play->event.evidence = a_failure(seed);
    }
  }
  if (kind == HF_RUN_ON_CALLS_ENDED) {
    play->event.pending = false;
  }
  happen(play, ledger, kind);
}

static void a_run_keeps_its_rules_under_random_events(void **state) {
  uint32_t seed = 8;
  int i;
  int j;

  (void)state;
  for (i = 0; i < RUNS; i++) {
    struct play play = a_run(&seed);
    struct ledger ledger = {0};

    happen(&play, &ledger, HF_RUN_ON_BEGIN);
    for (j = 0; j < EVENTS_MAX; j++) {
      play.event.now_ms += next_random(&seed) % STEP_MAX_MS;
      play.event.random = next_random(&seed);
      play.event.held = next_random(&seed) % 8 == 0;
      play.event.pending = next_random(&seed) % 8 == 0;
      play.event.wrote = next_random(&seed) % 16 == 0;
      let_something_happen(&play, &ledger, &seed);
    }
  }
}

static void every_run_ends_when_timers_fire_and_its_function_settles(
    void **state) {
  uint32_t seed = 9;
  int i;
  int j;

  (void)state;
  for (i = 0; i < RUNS; i++) {
    struct play play = a_run(&seed);
    struct ledger ledger = {0};

    play.event.held = next_random(&seed) % 2 == 0;
    happen(&play, &ledger, HF_RUN_ON_BEGIN);
    for (j = 0; j < EVENTS_MAX; j++) {
      let_something_happen(&play, &ledger, &seed);
    }
    for (j = 0; j < EVENTS_MAX && !ledger.answered; j++) {
      if (play.run.due_at > 0) {
        play.event.now_ms = play.run.due_at;
        happen(&play, &ledger, HF_RUN_ON_TIMER);
      } else {
        happen(&play, &ledger, HF_RUN_ON_SUCCESS);
      }
    }
    assert_true(ledger.answered);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_run_keeps_its_rules_under_random_events,
                             fresh_budget),
      cmocka_unit_test_setup(
          every_run_ends_when_timers_fire_and_its_function_settles,
          fresh_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
