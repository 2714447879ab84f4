/* SPDX-License-Identifier: MIT */
/*
 * The run of a retry helper: hf_run_next() of holdfast.h. One function per
 * state handles the events.
 */
#include <assert.h>

#include "holdfast.h"

enum {
  /* a deadline this close counts as over */
  LEAST_MS = 1,
  /*
   * How long a function may take to report the outcome of its work after it was
   * interrupted. Past a deadline the caller is late already; after an abort,
   * calls inside end by themselves but a cancelled statement takes a moment.
   */
  DEADLINE_GRACE_MS = 50,
  ABORT_GRACE_MS = 1000,
  /*
   * for waiting that is not work, without a deadline: deadlineMillis' default
   */
  PATIENCE_MS = 8000,
  NO_LIMIT = -1
};

#define SET(state) (1u << (state))

/* The evidence of a failure that came without. */
static const struct hf_evidence nothing_said = {.phase = HF_PHASE_UNKNOWN};

/* The allowed moves: for each state the set of next states. */
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

/*
 * The only place that changes the state. Returns the step that waits until
 * `due_at`.
 */
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

/* Returns the time of an event. A timer may fire a moment early. */
static double time_of(const struct hf_run *run,
                      const struct hf_run_event *event) {
  return event->kind == HF_RUN_ON_TIMER && event->now_ms < run->due_at
             ? run->due_at
             : event->now_ms;
}

/* Returns true when the caller's own deadline has passed at `now_ms`. */
static bool is_late(const struct hf_run *run, double now_ms) {
  return run->caller_deadline && run->history.deadline_at > 0 &&
         now_ms >= run->history.deadline_at;
}

/* Returns how long to wait for something other than the work itself. */
static double patience(const struct hf_run *run, double now_ms) {
  return run->history.deadline_at > 0 ? run->history.deadline_at
                                      : now_ms + PATIENCE_MS;
}

static const struct hf_evidence *evidence_of(const struct hf_run_event *event) {
  return event->evidence == NULL ? &nothing_said : event->evidence;
}

/* Ends a run while the function is not running. */
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
  /* the outcome is that of the last attempt */
  *why = hf_classify(event->evidence);
  why->retryable = false;
  why->reason = aborted ? "it was aborted between two attempts"
                        : "the deadline came between two attempts";
  step.phase = HF_PHASE_BACKOFF;
  return step;
}

/* Ends a run whose function, or a call that it made, is still running. */
static struct hf_run_step end_at_work(struct hf_run *run) {
  struct hf_run_step step = done(run, HF_RUN_DO_END);

  step.status = run->ended;
  step.phase = HF_PHASE_AWAIT;
  step.verdict.why.outcome = HF_OUTCOME_AMBIGUOUS;
  step.verdict.why.reason = "the function had not settled by then";
  return step;
}

/* Begins an attempt, or waits while calls are held. */
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

/* Returns the policy with no more retries than the surrounding run has left. */
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

/* Decides whether and when a failed attempt is retried. */
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
 * Returns true when calls that the failed attempt left running must end before
 * the next attempt: they may write, and the next attempt would write the same
 * again.
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

/*
 * A call of the failed attempt wrote something while the next attempt was
 * waited for.
 */
static struct hf_run_step refuse_partial(struct hf_run *run,
                                         const struct hf_run_event *event) {
  struct hf_run_step step = done(run, HF_RUN_DO_FAIL);

  step.verdict.why = hf_classify(event->evidence);
  step.verdict.partial = true;
  return step;
}

/* Gives a running function time to report its outcome after an abort. */
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

/*
 * Gives a running function time after the deadline. Our own calls inside have
 * the same deadline and end by themselves.
 */
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

/* The wait is over: begins the next attempt, or ends the run. */
static struct hf_run_step go_on(struct hf_run *run,
                                const struct hf_run_event *event) {
  struct hf_run_event next = *event;

  if (is_late(run, time_of(run, event))) {
    return end_idle(run, event, HF_DEADLINE);
  }
  if (event->wrote && event->evidence != NULL) {
    return refuse_partial(run, event);
  }
  /* after too long a hold the attempt begins anyway */
  next.held = event->held && (run->state == HF_RUN_BACKOFF ||
                              event->kind == HF_RUN_ON_RELEASE);
  return begin(run, &next);
}

/* Handles events in BACKOFF and HELD, while the function is not running. */
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

struct hf_run_step hf_run_next(struct hf_run *run,
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
