/* SPDX-License-Identifier: MIT */
/*
 * A run of a retry helper on virtual time, and failures for it.
 */
#ifndef HF_TEST_RUN_PLAY_H
#define HF_TEST_RUN_PLAY_H

#include "core/policy/budget.h"
#include "core/policy/load.h"
#include "core/policy/retry.h"
#include "support.h"

enum { START_MS = 1000 };

static const struct hf_evidence conflict = {.phase = HF_PHASE_UNKNOWN,
                                            .name = "error",
                                            .severity = HF_SEVERITY_ERROR,
                                            .sqlstate = "40001"};
static const struct hf_evidence lost = {
    .phase = HF_PHASE_UNKNOWN,
    .message = "Connection terminated unexpectedly"};
static const struct hf_evidence refused = {.phase = HF_PHASE_UNKNOWN,
                                           .code = "ECONNREFUSED",
                                           .syscall = "connect"};
static const struct hf_evidence misnamed = {.phase = HF_PHASE_UNKNOWN,
                                            .name = "error",
                                            .severity = HF_SEVERITY_ERROR,
                                            .sqlstate = "26000"};

/* A run on virtual time: what is not set in `event` is as most often. */
struct play {
  struct hf_run run;
  struct hf_retry_policy policy;
  struct hf_run_event event;
};

static inline struct play begun(double deadline_ms) {
  struct play play = {0};

  hf_retry_policy_init(&play.policy);
  play.policy.jitter = HF_JITTER_NONE;
  play.run.caller_deadline = deadline_ms > 0;
  play.run.history.deadline_at = deadline_ms > 0 ? START_MS + deadline_ms : 0;
  play.event.now_ms = START_MS;
  play.event.retries_left = -1;
  play.event.names_left = -1;
  return play;
}

static inline struct hf_run_step tell(struct play *play,
                                      enum hf_run_event_kind kind) {
  play->event.kind = kind;
  return hf_run_next(&play->run, &play->policy, &play->event);
}

static inline struct hf_run_step failed(struct play *play,
                                        const struct hf_evidence *evidence) {
  play->event.evidence = evidence;
  return tell(play, HF_RUN_ON_FAILURE);
}

/* Lets time come to what the last step waits for. */
static inline struct hf_run_step wake(struct play *play) {
  assert_true(play->run.due_at >= play->event.now_ms);
  play->event.now_ms = play->run.due_at;
  return tell(play, HF_RUN_ON_TIMER);
}

static inline int fresh_budget(void **state) {
  (void)state;
  hf_budget_init(hf_retry_budget());
  hf_load_init(hf_retry_load());
  return 0;
}

#endif
