/* SPDX-License-Identifier: MIT */
#include "core/policy/retry.h"

#include <stdatomic.h>
#include <string.h>

#include "core/policy/backoff.h"
#include "core/policy/budget.h"
#include "core/policy/load.h"

enum {
  DEFAULT_RETRIES = 2,
  DEFAULT_BASE_MS = 50,
  DEFAULT_CAP_MS = 2000,
  COST = 1,
  COST_TIMED_OUT = 2,
  /* a server that comes back is noticed within a second */
  WAIT_CAP_MS = 1000,
  WAIT_LEAST_MS = 10
};

struct preset {
  const char *name;
  struct hf_retry_policy policy;
};

#define PRESET(retries, base, cap)                                             \
  {                                                                            \
    .max_retries = (retries), .base_ms = (base), .cap_ms = (cap),              \
    .jitter = HF_JITTER_NONE, .growth = HF_GROWTH_LINEAR, .count_given = true, \
    .delays_given = true                                                       \
  }

/* Delays that applications commonly use, exact to the millisecond. */
static const struct preset presets[] = {
    {"fast", PRESET(1, 20, 20)},
    {"linear", PRESET(3, 100, 300)},
    {"serverless", PRESET(2, 500, 1000)},
};
static const struct hf_retry_policy *const linear = &presets[1].policy;

static struct hf_budget process_budget = HF_BUDGET_INITIALIZER;
static struct hf_load process_load;
static _Atomic uint64_t cuts;

static bool timed_out(const struct hf_evidence *evidence) {
  return evidence->status == HF_QUERY_TIMEOUT ||
         evidence->status == HF_CONNECT_TIMEOUT ||
         evidence->status == HF_SILENT;
}

/* A prepared statement of a driver was missing or a different one. */
static bool is_about_names(const struct hf_retry_policy *policy,
                           const struct hf_classification *why) {
  return policy->external && why->unnamed;
}

/*
 * The server is not there, which may pass. A host name that does not exist
 * stays so.
 */
static bool is_unreachable(const struct hf_classification *why) {
  return why->no_server && why->outcome == HF_OUTCOME_NOT_EXECUTED &&
         why->retryable && !why->once && !why->overload;
}

/*
 * A server that is not there is waited for until the deadline, as the pool
 * does.
 */
static bool waits_for_server(const struct hf_retry_policy *policy,
                             const struct hf_retry_state *state,
                             const struct hf_classification *why) {
  return policy->external && !policy->count_given && !policy->delays_given &&
         state->deadline_at > 0 && is_unreachable(why);
}

static int32_t limit_of(const struct hf_retry_policy *policy,
                        const struct hf_classification *why) {
  return is_about_names(policy, why) && !policy->count_given
             ? policy->name_retries
             : policy->max_retries;
}

/* Returns why a retry is not allowed, or NULL. */
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
  if (!policy->external && why->once && state->used_once) {
    return "this is worth one repetition only";
  }
  if (!waits_for_server(policy, state, why) &&
      state->retries - state->waits >= limit_of(policy, why)) {
    return "all attempts were used";
  }
  return NULL;
}

static int32_t wait_for_server(const struct hf_retry_policy *policy,
                               int32_t n,
                               uint32_t random) {
  struct hf_retry_policy patient = *policy;
  int32_t delay;

  if (patient.cap_ms > WAIT_CAP_MS) {
    patient.cap_ms = WAIT_CAP_MS;
  }
  delay = hf_backoff_delay(&patient, n, HF_BACKOFF_HALF, random);
  return delay < WAIT_LEAST_MS ? WAIT_LEAST_MS : delay;
}

/*
 * What was not executed is retried at once because another connection is likely
 * to work, unless none could be opened. A preset without jitter promises exact
 * delays.
 */
static int32_t delay_for(const struct hf_retry_policy *policy,
                         const struct hf_retry_state *state,
                         const struct hf_classification *why,
                         uint32_t random) {
  int32_t n = state->retries - state->waits;

  if (waits_for_server(policy, state, why)) {
    return wait_for_server(policy, state->waits, random);
  }
  if (is_about_names(policy, why) && !policy->count_given &&
      !policy->delays_given) {
    return hf_backoff_delay(linear, n, HF_BACKOFF_FULL, random);
  }
  if (why->slow) {
    return hf_backoff_delay(policy, n, HF_BACKOFF_SLOW, random);
  }
  if (policy->external && why->no_server) {
    return hf_backoff_delay(policy, n, HF_BACKOFF_HALF, random);
  }
  if (state->retries == 0 && why->outcome == HF_OUTCOME_NOT_EXECUTED &&
      policy->jitter == HF_JITTER_FULL) {
    return 0;
  }
  return hf_backoff_delay(policy, n, HF_BACKOFF_FULL, random);
}

/* Counts a failure that says something about the load of the server. */
static void note_failure(const struct hf_retry_policy *policy,
                         const struct hf_classification *why,
                         uint64_t now,
                         bool given_up) {
  if (why->overload) {
    hf_load_overloaded(&process_load, now);
  }
  if (why->retryable && why->outcome != HF_OUTCOME_PERMANENT &&
      !is_about_names(policy, why) && !is_unreachable(why)) {
    hf_load_failure(&process_load, now, given_up);
  }
}

/*
 * The budget protects a server from retries in great number. What was not
 * executed or rolled back is limited only while the server is overloaded, and
 * attempts to connect never are.
 */
static bool is_cut(const struct hf_retry_policy *policy,
                   const struct hf_classification *why,
                   bool costly,
                   uint64_t now) {
  if (policy->unbudgeted || is_unreachable(why)) {
    return false;
  }
  if (why->outcome != HF_OUTCOME_AMBIGUOUS &&
      !hf_load_is_high(&process_load, now)) {
    return false;
  }
  return !hf_budget_take(&process_budget, now, costly ? COST_TIMED_OUT : COST);
}

/* Returns the delay, shortened if the deadline would come first, or -1. */
static int32_t fit_delay(const struct hf_retry_state *state,
                         int32_t delay_ms,
                         double now_ms,
                         bool waits) {
  double left = state->deadline_at - now_ms;

  if (state->deadline_at <= 0 || delay_ms < left) {
    return delay_ms;
  }
  /* a last attempt before the deadline is worth more than the full delay */
  return waits && left > 2 * WAIT_LEAST_MS ? (int32_t)(left / 2) : -1;
}

struct hf_budget *hf_retry_budget(void) {
  return &process_budget;
}

struct hf_load *hf_retry_load(void) {
  return &process_load;
}

void hf_retry_policy_init(struct hf_retry_policy *policy) {
  memset(policy, 0, sizeof(*policy));
  policy->max_retries = DEFAULT_RETRIES;
  policy->base_ms = DEFAULT_BASE_MS;
  policy->cap_ms = DEFAULT_CAP_MS;
  policy->jitter = HF_JITTER_FULL;
  policy->growth = HF_GROWTH_EXPONENTIAL;
  policy->name_retries = linear->max_retries;
}

bool hf_retry_preset(const char *name, struct hf_retry_policy *policy) {
  size_t i;

  for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
    if (strcmp(name, presets[i].name) == 0) {
      *policy = presets[i].policy;
      policy->name_retries = policy->max_retries;
      return true;
    }
  }
  return false;
}

void hf_retry_policy_within(struct hf_retry_policy *policy,
                            const struct hf_retry_policy *around) {
  struct hf_retry_policy own = *policy;

  if (own.count_given || own.delays_given) {
    return;
  }
  *policy = *around;
  policy->retry_ambiguous = own.retry_ambiguous;
  policy->unbudgeted = own.unbudgeted || around->unbudgeted;
}

static struct hf_verdict decide(const struct hf_retry_policy *policy,
                                struct hf_retry_state *state,
                                const struct hf_classification *why,
                                bool costly,
                                double now_ms,
                                uint32_t random) {
  struct hf_verdict verdict = {0};
  uint64_t now = now_ms > 0 ? (uint64_t)now_ms : 0;
  int32_t delay;

  verdict.why = *why;
  verdict.refused = forbids(policy, state, why);
  if (verdict.refused != NULL) {
    return verdict;
  }
  verdict.waits = waits_for_server(policy, state, why);
  delay = fit_delay(state,
                    delay_for(policy, state, why, random),
                    now_ms,
                    verdict.waits);
  if (delay < 0) {
    verdict.refused = "the deadline comes first";
    return verdict;
  }
  if (state->partial) {
    verdict.partial = true;
    verdict.refused = "part of it is done already";
    return verdict;
  }
  if (is_cut(policy, why, costly, now)) {
    atomic_fetch_add_explicit(&cuts, 1, memory_order_relaxed);
    verdict.cut = true;
    verdict.refused = "too many calls of this process are being repeated";
    return verdict;
  }
  verdict.delay_ms = delay;
  state->retries++;
  state->waits += verdict.waits ? 1 : 0;
  state->used_once = state->used_once || why->once;
  verdict.again = true;
  return verdict;
}

struct hf_verdict hf_retry_judge(const struct hf_retry_policy *policy,
                                 struct hf_retry_state *state,
                                 const struct hf_classification *why,
                                 bool costly,
                                 double now_ms,
                                 uint32_t random) {
  struct hf_verdict verdict =
      decide(policy, state, why, costly, now_ms, random);

  note_failure(policy, why, now_ms > 0 ? (uint64_t)now_ms : 0, !verdict.again);
  return verdict;
}

struct hf_verdict hf_retry_next(const struct hf_retry_policy *policy,
                                struct hf_retry_state *state,
                                const struct hf_evidence *evidence,
                                double now_ms,
                                uint32_t random) {
  struct hf_classification why = hf_classify(evidence);
  struct hf_retry_policy external = *policy;

  external.external = true;
  external.retry_ambiguous |= evidence->only_reads;
  return hf_retry_judge(&external,
                        state,
                        &why,
                        timed_out(evidence),
                        now_ms,
                        random);
}

void hf_retry_count_call(double now_ms) {
  hf_budget_deposit(&process_budget);
  if (now_ms > 0) {
    hf_load_call(&process_load, (uint64_t)now_ms);
  }
}

double hf_retry_cuts(void) {
  return (double)atomic_load_explicit(&cuts, memory_order_relaxed);
}
