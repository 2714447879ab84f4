/* SPDX-License-Identifier: MIT */
/*
 * A simulated engine with warm-up and health on top of its pool. Calls are
 * recorded with their answers.
 *
 * Ownership: the calls belong to the features; they live until features_close.
 * Threads: one.
 */
#ifndef HF_TEST_FEATURE_SIM_H
#define HF_TEST_FEATURE_SIM_H

#include "core/features/health.h"
#include "core/features/warmup.h"
#include "sim.h"

enum { FEATURE_CALLS = 64 };

/* A call of warmup(). */
struct warmup_call {
  struct hf_warmup_call call; /* first: found by its address */
  bool used;
  int answered;
  uint64_t answered_us;
  enum hf_status status;
  enum hf_status why;
};

/* A call of health(). */
struct health_call {
  struct hf_health_check check; /* first: found by its address */
  bool used;
  int answered;
  uint64_t answered_us;
  struct hf_health_verdict verdict;
  enum hf_status error;
  bool warmed;
};

struct features {
  struct sim sim;
  struct hf_warmup warmup;
  struct hf_health health;
  struct warmup_call warmups[FEATURE_CALLS];
  struct health_call checks[FEATURE_CALLS];
  uint64_t answered_checks, answered_warmups;
  int probes;           /* made so far */
  struct call *probing; /* the last one */
  bool no_memory;       /* out of memory for probes */
  enum hf_health_role role;
  bool takes_no_writes; /* what servers report */
};

void features_open(struct features *features, const struct hf_config *config);
void features_open_max(struct features *features, int32_t max);

/* Ends the pool and asserts that every call was answered once. */
void features_close(struct features *features);

/*
 * Called after every entry of the pool, as the engine does at the end of a
 * turn.
 */
void features_settle(struct features *features);

/* Lets time pass and reviews exactly when something is due. */
void features_advance(struct features *features, uint64_t ms);

/* Must be called for each answer where a test has its own on_answer. */
void features_on_answer(struct sim *sim, struct call *call);

/* Returns true when another call of either kind can be recorded. */
bool features_can_call(const struct features *features);

/* warmup(): `ms` 0 = without a limit. */
struct warmup_call *features_warm(struct features *features,
                                  uint64_t ms,
                                  bool fail_fast);

/* health(), within `ms`. */
struct health_call *features_check(struct features *features, uint64_t ms);

/* Answers the last probe. */
void features_answer(struct features *features);

void expect_warm(const struct warmup_call *call);
void expect_refused(const struct warmup_call *call, enum hf_status status);
void expect_health(const struct health_call *call,
                   enum hf_health_status status,
                   enum hf_health_obstacle obstacle);

#endif
