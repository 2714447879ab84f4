/* SPDX-License-Identifier: MIT */
/*
 * Units of time. A point in time is in microseconds of a monotonic clock;
 * UINT64_MAX means never.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_BASE_TIME_H
#define HF_CORE_BASE_TIME_H

#include <stdint.h>

enum { HF_US_PER_MS = 1000, HF_US_PER_S = 1000 * 1000 };

/* Returns the earlier of two times. */
uint64_t hf_earlier(uint64_t a, uint64_t b);

#endif
