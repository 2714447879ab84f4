/* SPDX-License-Identifier: MIT */
/*
 * How long to wait before a repetition. Pure arithmetic.
 *
 * Threads: any.
 */
#ifndef HF_CORE_POLICY_BACKOFF_H
#define HF_CORE_POLICY_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

enum hf_backoff {
  HF_BACKOFF_FULL, /* all of the delay is random */
  HF_BACKOFF_SLOW, /* the server is short: longer, and half of it is certain */
  HF_BACKOFF_HALF  /* half of it is certain */
};

enum {
  HF_BACKOFF_SLOW_BASE_MS = 250 /* at least, when the server is short */
};

/*
 * Returns the delay in ms before repetition number `retry_number` (0 is the
 * first): rand(0, min(cap, base * 2^n)) with full jitter, exactly min(cap,
 * base * 2^n) without, base * (n + 1) with linear growth. HF_BACKOFF_SLOW
 * starts from at least HF_BACKOFF_SLOW_BASE_MS (and is never capped below it).
 * It and HF_BACKOFF_HALF wait, with jitter, at least half of the delay.
 * `random` is any 32 random bits. Negative settings count as 0.
 */
int32_t hf_backoff_delay(const struct hf_retry_policy *policy,
                         int32_t retry_number,
                         enum hf_backoff kind,
                         uint32_t random);

/* Returns a number in 0..limit, both included, from 32 random bits. */
int32_t hf_backoff_spread(int32_t limit, uint32_t random);

#endif
