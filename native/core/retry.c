/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <string.h>

#include "backoff.h"
#include "budget.h"

enum {
  DEFAULT_RETRIES = 2,
  DEFAULT_BASE_MS = 50,
  DEFAULT_CAP_MS = 2000,
  COST = 1,
  COST_TIMED_OUT = 2
};

struct preset {
  const char *name;
  struct hf_retry_policy policy;
};

/* The delays applications in the field use today, to the millisecond. */
static const struct preset presets[] = {
    {"fast", {1, 20, 20, HF_JITTER_NONE, HF_GROWTH_LINEAR, false}},
    {"linear", {3, 100, 300, HF_JITTER_NONE, HF_GROWTH_LINEAR, false}},
    {"serverless", {2, 500, 1000, HF_JITTER_NONE, HF_GROWTH_LINEAR, false}},
};

static struct hf_budget process_budget = HF_BUDGET_INITIALIZER;

static bool timed_out(const struct hf_evidence *evidence) {
  return evidence->status == HF_QUERY_TIMEOUT ||
         evidence->status == HF_CONNECT_TIMEOUT ||
         evidence->status == HF_SILENT;
}

/* Returns what forbids a repetition, or NULL. */
static const char *forbids(const struct hf_retry_policy *policy,
                           const struct hf_retry_state *state,
                           const struct hf_classification *why) {
  switch (why->outcome) {
  case HF_OUTCOME_NONE:
    return "it succeeded";
  case HF_OUTCOME_PERMANENT:
    return "the same input fails again";
  case HF_OUTCOME_AMBIGUOUS:
    if (!policy->retry_ambiguous) {
      return "it may have been done already";
    }
    break;
  case HF_OUTCOME_NOT_EXECUTED:
  case HF_OUTCOME_ROLLED_BACK:
    break;
  }
  if (!why->retryable) {
    return "repeating this is of no use";
  }
  if (why->once && state->used_once) {
    return "this is worth one repetition only";
  }
  if (state->retries >= policy->max_retries) {
    return "all attempts were used";
  }
  return NULL;
}

/*
 * What never ran goes again at once: another connection is likely to work.
 * A preset without jitter promises its delays exactly.
 */
static int32_t delay_for(const struct hf_retry_policy *policy,
                         const struct hf_retry_state *state,
                         const struct hf_classification *why,
                         uint32_t random) {
  if (state->retries == 0 && why->outcome == HF_OUTCOME_NOT_EXECUTED &&
      !why->slow && policy->jitter == HF_JITTER_FULL) {
    return 0;
  }
  return hf_backoff_delay(policy, state->retries, why->slow, random);
}

struct hf_budget *hf_retry_budget(void) {
  return &process_budget;
}

void hf_retry_policy_init(struct hf_retry_policy *policy) {
  memset(policy, 0, sizeof(*policy));
  policy->max_retries = DEFAULT_RETRIES;
  policy->base_ms = DEFAULT_BASE_MS;
  policy->cap_ms = DEFAULT_CAP_MS;
  policy->jitter = HF_JITTER_FULL;
  policy->growth = HF_GROWTH_EXPONENTIAL;
}

bool hf_retry_preset(const char *name, struct hf_retry_policy *policy) {
  size_t i;

  for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
    if (strcmp(name, presets[i].name) == 0) {
      *policy = presets[i].policy;
      return true;
    }
  }
  return false;
}

struct hf_verdict hf_retry_judge(const struct hf_retry_policy *policy,
                                 struct hf_retry_state *state,
                                 const struct hf_classification *why,
                                 bool costly,
                                 double now_ms,
                                 uint32_t random) {
  struct hf_verdict verdict = {0};
  uint64_t now = now_ms > 0 ? (uint64_t)now_ms : 0;

  verdict.why = *why;
  verdict.refused = forbids(policy, state, why);
  if (verdict.refused != NULL) {
    return verdict;
  }
  verdict.delay_ms = delay_for(policy, state, why, random);
  if (state->deadline_at > 0 &&
      now_ms + verdict.delay_ms >= state->deadline_at) {
    verdict.delay_ms = 0;
    verdict.refused = "the deadline comes first";
    return verdict;
  }
  if (!hf_budget_take(&process_budget, now, costly ? COST_TIMED_OUT : COST)) {
    verdict.delay_ms = 0;
    verdict.refused = "too many calls of this process are being repeated";
    return verdict;
  }
  state->retries++;
  state->used_once = state->used_once || why->once;
  verdict.again = true;
  return verdict;
}

struct hf_verdict hf_retry_next(const struct hf_retry_policy *policy,
                                struct hf_retry_state *state,
                                const struct hf_evidence *evidence,
                                double now_ms,
                                uint32_t random) {
  struct hf_classification why = hf_classify(evidence);

  return hf_retry_judge(policy,
                        state,
                        &why,
                        timed_out(evidence),
                        now_ms,
                        random);
}

void hf_retry_count_call(void) {
  hf_budget_deposit(&process_budget);
}
