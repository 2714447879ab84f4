/* SPDX-License-Identifier: MIT */
#include "core/policy/backoff.h"

static int64_t at_least_zero(int32_t value) {
  return value < 0 ? 0 : value;
}

static int64_t grow(enum hf_growth growth, int64_t base, int32_t n) {
  /* 31 doublings overflow any int32 base */
  enum { DOUBLINGS = 31 };

  if (growth == HF_GROWTH_LINEAR) {
    return base * (at_least_zero(n) + 1);
  }
  return base << (n < 0 ? 0 : n > DOUBLINGS ? DOUBLINGS : n);
}

int32_t hf_backoff_spread(int32_t limit, uint32_t random) {
  if (limit <= 0) {
    return 0;
  }
  return (int32_t)(((uint64_t)random * ((uint64_t)limit + 1)) >> 32);
}

int32_t hf_backoff_delay(const struct hf_retry_policy *policy,
                         int32_t retry_number,
                         enum hf_backoff kind,
                         uint32_t random) {
  int64_t base = at_least_zero(policy->base_ms);
  int64_t cap = at_least_zero(policy->cap_ms);
  int64_t ceiling;
  int64_t floor = 0;

  if (kind == HF_BACKOFF_SLOW && policy->jitter == HF_JITTER_FULL) {
    base = base < HF_BACKOFF_SLOW_BASE_MS ? HF_BACKOFF_SLOW_BASE_MS : base;
    cap = cap < HF_BACKOFF_SLOW_BASE_MS ? HF_BACKOFF_SLOW_BASE_MS : cap;
  }
  ceiling = grow(policy->growth, base, retry_number);
  if (ceiling > cap) {
    ceiling = cap;
  }
  if (policy->jitter == HF_JITTER_NONE) {
    return (int32_t)ceiling;
  }
  if (kind != HF_BACKOFF_FULL) {
    floor = ceiling / 2;
  }
  return (int32_t)floor + hf_backoff_spread((int32_t)(ceiling - floor), random);
}
