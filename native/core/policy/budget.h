/* SPDX-License-Identifier: MIT */
/*
 * A budget of repetitions: each call earns a tenth of a token, each repetition
 * takes one, and a floor of 5 tokens a second keeps a quiet process able to
 * repeat. So a failing server sees at most a tenth more load.
 *
 * Threads: any, at once.
 */
#ifndef HF_CORE_POLICY_BUDGET_H
#define HF_CORE_POLICY_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

enum {
  HF_BUDGET_TENTHS = 10,    /* of which a token consists */
  HF_BUDGET_CAP = 500,      /* tokens that calls can save up */
  HF_BUDGET_IDLE_CAP = 100, /* tokens that time alone can give */
  HF_BUDGET_FLOOR_PER_SECOND = 5
};

struct hf_budget {
  _Atomic int64_t tenths;
  _Atomic uint64_t filled_at_ms; /* time is credited up to here; 0 = never */
};

/* A budget that starts with HF_BUDGET_IDLE_CAP tokens. */
/* clang-format off */
#define HF_BUDGET_INITIALIZER                                                  \
  { (int64_t)HF_BUDGET_IDLE_CAP * HF_BUDGET_TENTHS, 0 }
/* clang-format on */

/* Makes a budget with HF_BUDGET_IDLE_CAP tokens. */
void hf_budget_init(struct hf_budget *budget);

/* Counts one call. */
void hf_budget_deposit(struct hf_budget *budget);

/*
 * Takes `cost` tokens (1, or 2 after a time-out). Returns false, and takes
 * nothing, when there are fewer. `now_ms` must be of one clock for all users
 * of the budget; a clock that goes back earns nothing until it catches up.
 */
HF_NODISCARD bool hf_budget_take(struct hf_budget *budget,
                                 uint64_t now_ms,
                                 int32_t cost);

/* Returns how many whole tokens there are. */
int32_t hf_budget_tokens(struct hf_budget *budget);

#endif
