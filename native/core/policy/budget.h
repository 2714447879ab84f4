/* SPDX-License-Identifier: MIT */
/*
 * A budget for retries: each call earns a tenth of a token, each retry costs
 * one, and 5 tokens per second are added so that a process with few calls can
 * retry as well. A failing server sees at most a tenth more load.
 *
 * Threads: any, concurrently.
 */
#ifndef HF_CORE_POLICY_BUDGET_H
#define HF_CORE_POLICY_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

enum {
  HF_BUDGET_TENTHS = 10,    /* per token */
  HF_BUDGET_CAP = 500,      /* maximum from calls */
  HF_BUDGET_IDLE_CAP = 100, /* maximum from time alone */
  HF_BUDGET_FLOOR_PER_SECOND = 5
};

struct hf_budget {
  _Atomic int64_t tenths;
  _Atomic uint64_t filled_at_ms; /* time is credited up to here; 0 = never */
};

/* A budget of HF_BUDGET_IDLE_CAP tokens. */
/* clang-format off */
#define HF_BUDGET_INITIALIZER                                                  \
  { (int64_t)HF_BUDGET_IDLE_CAP * HF_BUDGET_TENTHS, 0 }
/* clang-format on */

/* Initializes a budget of HF_BUDGET_IDLE_CAP tokens. */
void hf_budget_init(struct hf_budget *budget);

/* Counts one call. */
void hf_budget_deposit(struct hf_budget *budget);

/*
 * Takes `cost` tokens (1, or 2 after a timeout). Returns false and takes
 * nothing when there are fewer. `now_ms` must be of the same clock for all
 * users of a budget; a clock that goes back adds nothing until it catches up.
 */
HF_NODISCARD bool hf_budget_take(struct hf_budget *budget,
                                 uint64_t now_ms,
                                 int32_t cost);

/* Returns the number of whole tokens. */
int32_t hf_budget_tokens(struct hf_budget *budget);

#endif
