/* SPDX-License-Identifier: MIT */
/*
 * How long to wait before a repetition. Pure arithmetic.
 *
 * Threads: any.
 */
#ifndef HF_CORE_BACKOFF_H
#define HF_CORE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

enum {
  HF_BACKOFF_SLOW_BASE_MS = 250 /* at least, when the server is short */
};

/*
 * Returns the delay in ms before repetition number `retry_number` (0 is the
 * first): rand(0, min(cap, base * 2^n)) with full jitter, exactly min(cap,
 * base * 2^n) without, base * (n + 1) with linear growth. `slow` starts from
 * at least HF_BACKOFF_SLOW_BASE_MS (and is never capped below it) and, with
 * jitter, waits at least half of it. `random` is any 32 random bits. Negative
 * settings count as 0.
 */
int32_t hf_backoff_delay(const struct hf_retry_policy *policy,
                         int32_t retry_number,
                         bool slow,
                         uint32_t random);

/* Returns a number in 0..limit, both included, from 32 random bits. */
int32_t hf_backoff_spread(int32_t limit, uint32_t random);

#endif
