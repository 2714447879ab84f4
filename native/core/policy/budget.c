/* SPDX-License-Identifier: MIT */
#include "core/policy/budget.h"

enum { MS_PER_TENTH = 1000 / (HF_BUDGET_FLOOR_PER_SECOND * HF_BUDGET_TENTHS) };

static const int64_t cap = (int64_t)HF_BUDGET_CAP * HF_BUDGET_TENTHS;
static const int64_t idle_cap = (int64_t)HF_BUDGET_IDLE_CAP * HF_BUDGET_TENTHS;

/* Adds tenths up to `limit`. Keeps what is already above it. */
static void add(struct hf_budget *budget, int64_t tenths, int64_t limit) {
  int64_t have = atomic_load_explicit(&budget->tenths, memory_order_relaxed);

  while (have < limit) {
    int64_t want = tenths > limit - have ? limit : have + tenths;

    if (atomic_compare_exchange_weak_explicit(&budget->tenths,
                                              &have,
                                              want,
                                              memory_order_relaxed,
                                              memory_order_relaxed)) {
      return;
    }
  }
}

/*
 * Adds the tokens for the time since the last take. Only one thread adds those
 * for any period.
 */
static void refill(struct hf_budget *budget, uint64_t now_ms) {
  uint64_t from =
      atomic_load_explicit(&budget->filled_at_ms, memory_order_relaxed);
  uint64_t tenths, upto;

  while (now_ms > from) {
    tenths = (now_ms - from) / MS_PER_TENTH;
    if (from == 0 || tenths > (uint64_t)idle_cap) {
      upto = now_ms;
      tenths = from == 0 ? 0 : (uint64_t)idle_cap;
    } else {
      upto = from + tenths * MS_PER_TENTH;
    }
    if (upto == from) {
      return;
    }
    if (atomic_compare_exchange_weak_explicit(&budget->filled_at_ms,
                                              &from,
                                              upto,
                                              memory_order_relaxed,
                                              memory_order_relaxed)) {
      add(budget, (int64_t)tenths, idle_cap);
      return;
    }
  }
}

void hf_budget_init(struct hf_budget *budget) {
  atomic_init(&budget->tenths, idle_cap);
  atomic_init(&budget->filled_at_ms, 0);
}

void hf_budget_deposit(struct hf_budget *budget) {
  add(budget, 1, cap);
}

bool hf_budget_take(struct hf_budget *budget, uint64_t now_ms, int32_t cost) {
  int64_t tenths = (int64_t)(cost < 0 ? 0 : cost) * HF_BUDGET_TENTHS;
  int64_t have;

  refill(budget, now_ms);
  have = atomic_load_explicit(&budget->tenths, memory_order_relaxed);
  while (have >= tenths) {
    if (atomic_compare_exchange_weak_explicit(&budget->tenths,
                                              &have,
                                              have - tenths,
                                              memory_order_relaxed,
                                              memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

int32_t hf_budget_tokens(struct hf_budget *budget) {
  int64_t have = atomic_load_explicit(&budget->tenths, memory_order_relaxed);

  return (int32_t)(have / HF_BUDGET_TENTHS);
}
