/* SPDX-License-Identifier: MIT */
/*
 * The delay before a retry. Pure arithmetic.
 *
 * Threads: any.
 */
#ifndef HF_CORE_POLICY_BACKOFF_H
#define HF_CORE_POLICY_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

enum hf_backoff {
  HF_BACKOFF_FULL, /* anywhere between zero and the full delay */
  HF_BACKOFF_SLOW, /* between half of the delay and all of it, and longer: the
                      server is overloaded */
  HF_BACKOFF_HALF  /* between half of the delay and all of it */
};

enum {
  HF_BACKOFF_SLOW_BASE_MS = 250 /* the base with HF_BACKOFF_SLOW, at least */
};

/*
 * Returns the delay in ms before retry number `retry_number` (0 is the first):
 * rand(0, min(cap, base * 2^n)) with full jitter, exactly min(cap, base * 2^n)
 * without jitter, base * (n + 1) with linear growth. HF_BACKOFF_SLOW starts
 * from at least HF_BACKOFF_SLOW_BASE_MS and is never capped below it.
 * HF_BACKOFF_SLOW and HF_BACKOFF_HALF wait at least half of the delay. `random`
 * is any 32 random bits. Negative settings count as 0.
 */
int32_t hf_backoff_delay(const struct hf_retry_policy *policy,
                         int32_t retry_number,
                         enum hf_backoff kind,
                         uint32_t random);

/* Returns a number from 0 to `limit`, both included, from 32 random bits. */
int32_t hf_backoff_spread(int32_t limit, uint32_t random);

#endif
