/* SPDX-License-Identifier: MIT */
/*
 * The run of a retry helper: hf_run_tell() of holdfast.h. One function for
 * each state says what an event means there.
 */
#include <assert.h>

#include "holdfast.h"

enum {
  /* A deadline nearer than this is over: nothing can be done in time. */
  LEAST_MS = 1,
  /*
   * How long a function that was cut off may take to say what became of its
   * work. Past a deadline the caller is late already. An abort tells what runs
   * below to end, and a statement that is cancelled takes a moment to.
   */
  DEADLINE_GRACE_MS = 50,
  ABORT_GRACE_MS = 1000,
  /* For what is no work, where there is no deadline: deadlineMillis' default */
  PATIENCE_MS = 8000,
  NO_LIMIT = -1
};

#define SET(state) (1u << (state))

/* Of a failure that nothing was said of. */
static const struct hf_evidence nothing_said = {.phase = HF_PHASE_UNKNOWN};

/* The table of moves: from each state, the set of those that may follow. */
/* clang-format off */
static const unsigned moves[HF_RUN_STATES] = {
  [HF_RUN_NEW]      = SET(HF_RUN_RUNNING) | SET(HF_RUN_HELD) |
                      SET(HF_RUN_DONE),
  [HF_RUN_RUNNING]  = SET(HF_RUN_SETTLING) | SET(HF_RUN_BACKOFF) |
                      SET(HF_RUN_GRACE) | SET(HF_RUN_DONE),
  [HF_RUN_SETTLING] = SET(HF_RUN_BACKOFF) | SET(HF_RUN_GRACE) |
                      SET(HF_RUN_DONE),
  [HF_RUN_BACKOFF]  = SET(HF_RUN_RUNNING) | SET(HF_RUN_HELD) |
                      SET(HF_RUN_DONE),
  [HF_RUN_HELD]     = SET(HF_RUN_RUNNING) | SET(HF_RUN_DONE),
  [HF_RUN_GRACE]    = SET(HF_RUN_DONE),
  [HF_RUN_DONE]     = 0
};
/* clang-format on */

/* The one mover. Returns the step that waits for what `due_at` says. */
static struct hf_run_step move(struct hf_run *run,
                               enum hf_run_state next,
                               double due_at) {
  struct hf_run_step step = {.action = HF_RUN_DO_WAIT, .due_at = due_at};

  assert((moves[run->state] & SET(next)) != 0);
  run->state = next;
  run->due_at = due_at;
  return step;
}

static struct hf_run_step stay(const struct hf_run *run) {
  struct hf_run_step step = {.action = HF_RUN_DO_WAIT, .due_at = run->due_at};

  return step;
}

static struct hf_run_step done(struct hf_run *run, enum hf_run_action action) {
  struct hf_run_step step = move(run, HF_RUN_DONE, 0);

  step.action = action;
  return step;
}

/* What happens now may have been due earlier, or a moment later. */
static double time_of(const struct hf_run *run,
                      const struct hf_run_event *event) {
  return event->kind == HF_RUN_ON_TIMER && event->now_ms < run->due_at
             ? run->due_at
             : event->now_ms;
}

/* Says whether the caller's own deadline has come by `now_ms`. */
static bool is_late(const struct hf_run *run, double now_ms) {
  return run->caller_deadline && run->history.deadline_at > 0 &&
         now_ms >= run->history.deadline_at;
}

/* Until when something may be waited for that is not the work itself. */
static double patience(const struct hf_run *run, double now_ms) {
  return run->history.deadline_at > 0 ? run->history.deadline_at
                                      : now_ms + PATIENCE_MS;
}

static const struct hf_evidence *evidence_of(const struct hf_run_event *event) {
  return event->evidence == NULL ? &nothing_said : event->evidence;
}

/* Ends a run while the function is not at work. */
static struct hf_run_step end_idle(struct hf_run *run,
                                   const struct hf_run_event *event,
                                   enum hf_status status) {
  bool aborted = status == HF_ABORTED;
  struct hf_run_step step = done(run, HF_RUN_DO_END);
  struct hf_classification *why = &step.verdict.why;

  step.status = status;
  if (event->evidence == NULL) {
    step.phase = HF_PHASE_LOCAL;
    why->outcome = HF_OUTCOME_NOT_EXECUTED;
    why->reason = aborted ? "the caller aborted it before it was sent"
                          : "the deadline was over before it began";
    return step;
  }
  /* What became of the work is what became of it in the last attempt. */
  *why = hf_classify(event->evidence);
  why->retryable = false;
  why->reason = aborted ? "it was aborted between two attempts"
                        : "the deadline came between two attempts";
  step.phase = HF_PHASE_BACKOFF;
  return step;
}

/* Ends a run whose function, or what it began, is still at work. */
static struct hf_run_step end_at_work(struct hf_run *run) {
  struct hf_run_step step = done(run, HF_RUN_DO_END);

  step.status = run->ended;
  step.phase = HF_PHASE_AWAIT;
  step.verdict.why.outcome = HF_OUTCOME_AMBIGUOUS;
  step.verdict.why.reason = "the function had not settled by then";
  return step;
}

/* Begins an attempt, once calls are not held any more. */
static struct hf_run_step begin(struct hf_run *run,
                                const struct hf_run_event *event) {
  struct hf_run_step step;

  if (event->held) {
    return run->state == HF_RUN_HELD
               ? stay(run)
               : move(run, HF_RUN_HELD, patience(run, event->now_ms));
  }
  step = move(run,
              HF_RUN_RUNNING,
              run->caller_deadline ? run->history.deadline_at : 0);
  step.action = HF_RUN_DO_CALL;
  return step;
}

static int32_t left_of(int32_t limit, int32_t used, int32_t around) {
  int32_t left = limit > used ? limit - used : 0;

  return around == NO_LIMIT || left < around ? left : around;
}

/* Returns the policy with no more attempts than a run around leaves. */
static struct hf_retry_policy limited(const struct hf_run *run,
                                      const struct hf_retry_policy *policy,
                                      const struct hf_run_event *event) {
  struct hf_retry_policy own = *policy;
  int32_t used = run->history.retries - run->history.waits;

  if (own.count_given) {
    own.name_retries = own.max_retries;
  }
  own.max_retries = used + left_of(own.max_retries, used, event->retries_left);
  own.name_retries = used + left_of(own.name_retries, used, event->names_left);
  return own;
}

/* Decides whether another attempt follows a failure, and when. */
static struct hf_run_step judge(struct hf_run *run,
                                const struct hf_retry_policy *policy,
                                const struct hf_run_event *event) {
  struct hf_retry_policy own = limited(run, policy, event);
  struct hf_run_step step;
  struct hf_verdict verdict;

  if (event->inside || event->repeated) {
    return done(run, HF_RUN_DO_FAIL);
  }
  run->history.partial = event->wrote || event->pending;
  verdict = hf_retry_next(&own,
                          &run->history,
                          evidence_of(event),
                          event->now_ms,
                          event->random);
  step = verdict.again
             ? move(run, HF_RUN_BACKOFF, event->now_ms + verdict.delay_ms)
             : done(run, HF_RUN_DO_FAIL);
  step.verdict = verdict;
  return step;
}

/*
 * Says whether calls that a failed attempt left under way have to end before
 * another: they may write, and it would write that again.
 */
static bool must_settle(const struct hf_run *run,
                        const struct hf_retry_policy *policy,
                        const struct hf_run_event *event) {
  struct hf_retry_policy own = limited(run, policy, event);
  struct hf_classification why;

  if (!event->pending || event->inside || event->repeated ||
      own.name_retries <= run->history.retries - run->history.waits) {
    return false;
  }
  why = hf_classify(evidence_of(event));
  return why.retryable &&
         (why.outcome != HF_OUTCOME_AMBIGUOUS || policy->retry_ambiguous ||
          evidence_of(event)->only_reads);
}

/* A call of the failed attempt wrote while the next was waited for. */
static struct hf_run_step refuse_partial(struct hf_run *run,
                                         const struct hf_run_event *event) {
  struct hf_run_step step = done(run, HF_RUN_DO_FAIL);

  step.verdict.why = hf_classify(event->evidence);
  step.verdict.partial = true;
  return step;
}

/* Lets what is at work say how it ended. */
static struct hf_run_step abort_work(struct hf_run *run,
                                     const struct hf_run_event *event) {
  double abort_at = event->now_ms + ABORT_GRACE_MS;
  double deadline_at = run->history.deadline_at + DEADLINE_GRACE_MS;
  bool deadline_first = run->caller_deadline && run->history.deadline_at > 0 &&
                        deadline_at < abort_at;

  run->failed = run->state == HF_RUN_SETTLING;
  run->ended = deadline_first ? HF_DEADLINE : HF_ABORTED;
  return move(run, HF_RUN_GRACE, deadline_first ? deadline_at : abort_at);
}

/* Calls of ours within have the same deadline and end by themselves. */
static struct hf_run_step pass_deadline(struct hf_run *run,
                                        const struct hf_run_event *event) {
  run->ended = HF_DEADLINE;
  return move(run, HF_RUN_GRACE, time_of(run, event) + DEADLINE_GRACE_MS);
}

static struct hf_run_step when_new(struct hf_run *run,
                                   const struct hf_run_event *event) {
  if (event->kind != HF_RUN_ON_BEGIN) {
    return stay(run);
  }
  if (event->aborted) {
    return end_idle(run, event, HF_ABORTED);
  }
  if (is_late(run, event->now_ms + LEAST_MS)) {
    return end_idle(run, event, HF_DEADLINE);
  }
  return begin(run, event);
}

static struct hf_run_step when_running(struct hf_run *run,
                                       const struct hf_retry_policy *policy,
                                       const struct hf_run_event *event) {
  switch (event->kind) {
  case HF_RUN_ON_SUCCESS:
    return done(run, HF_RUN_DO_SUCCEED);
  case HF_RUN_ON_FAILURE:
    return must_settle(run, policy, event)
               ? move(run, HF_RUN_SETTLING, patience(run, event->now_ms))
               : judge(run, policy, event);
  case HF_RUN_ON_ABORT:
    return abort_work(run, event);
  case HF_RUN_ON_TIMER:
    return is_late(run, time_of(run, event)) ? pass_deadline(run, event)
                                             : stay(run);
  case HF_RUN_ON_BEGIN:
  case HF_RUN_ON_CALLS_ENDED:
  case HF_RUN_ON_RELEASE:
  case HF_RUN_EVENTS:
    break;
  }
  return stay(run);
}

static struct hf_run_step when_settling(struct hf_run *run,
                                        const struct hf_retry_policy *policy,
                                        const struct hf_run_event *event) {
  switch (event->kind) {
  case HF_RUN_ON_CALLS_ENDED:
  case HF_RUN_ON_TIMER:
    return judge(run, policy, event);
  case HF_RUN_ON_ABORT:
    return abort_work(run, event);
  case HF_RUN_ON_BEGIN:
  case HF_RUN_ON_SUCCESS:
  case HF_RUN_ON_FAILURE:
  case HF_RUN_ON_RELEASE:
  case HF_RUN_EVENTS:
    break;
  }
  return stay(run);
}

/* The wait is over: ends the run where no attempt may follow. */
static struct hf_run_step go_on(struct hf_run *run,
                                const struct hf_run_event *event) {
  struct hf_run_event next = *event;

  if (is_late(run, time_of(run, event))) {
    return end_idle(run, event, HF_DEADLINE);
  }
  if (event->wrote && event->evidence != NULL) {
    return refuse_partial(run, event);
  }
  /* What is held for too long is not waited for. */
  next.held = event->held && (run->state == HF_RUN_BACKOFF ||
                              event->kind == HF_RUN_ON_RELEASE);
  return begin(run, &next);
}

/* In BACKOFF and HELD: the function is not at work. */
static struct hf_run_step when_idle(struct hf_run *run,
                                    const struct hf_run_event *event) {
  switch (event->kind) {
  case HF_RUN_ON_ABORT:
    return end_idle(run, event, HF_ABORTED);
  case HF_RUN_ON_RELEASE:
    return run->state == HF_RUN_HELD ? go_on(run, event) : stay(run);
  case HF_RUN_ON_TIMER:
    return go_on(run, event);
  case HF_RUN_ON_BEGIN:
  case HF_RUN_ON_SUCCESS:
  case HF_RUN_ON_FAILURE:
  case HF_RUN_ON_CALLS_ENDED:
  case HF_RUN_EVENTS:
    break;
  }
  return stay(run);
}

static struct hf_run_step in_grace(struct hf_run *run,
                                   const struct hf_run_event *event) {
  switch (event->kind) {
  case HF_RUN_ON_SUCCESS:
    return done(run, HF_RUN_DO_SUCCEED);
  case HF_RUN_ON_FAILURE:
    return done(run, HF_RUN_DO_FAIL);
  case HF_RUN_ON_CALLS_ENDED:
    return run->failed ? done(run, HF_RUN_DO_FAIL) : stay(run);
  case HF_RUN_ON_TIMER:
    return end_at_work(run);
  case HF_RUN_ON_BEGIN:
  case HF_RUN_ON_RELEASE:
  case HF_RUN_ON_ABORT:
  case HF_RUN_EVENTS:
    break;
  }
  return stay(run);
}

struct hf_run_step hf_run_tell(struct hf_run *run,
                               const struct hf_retry_policy *policy,
                               const struct hf_run_event *event) {
  switch (run->state) {
  case HF_RUN_NEW:
    return when_new(run, event);
  case HF_RUN_RUNNING:
    return when_running(run, policy, event);
  case HF_RUN_SETTLING:
    return when_settling(run, policy, event);
  case HF_RUN_BACKOFF:
  case HF_RUN_HELD:
    return when_idle(run, event);
  case HF_RUN_GRACE:
    return in_grace(run, event);
  case HF_RUN_DONE:
  case HF_RUN_STATES:
    break;
  }
  return stay(run);
}
