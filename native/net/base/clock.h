/* SPDX-License-Identifier: MIT */
/*
 * The clock everything in this process goes by: CLOCK_MONOTONIC, the same as
 * uv_hrtime().
 *
 * Threads: any.
 */
#ifndef HF_NET_BASE_CLOCK_H
#define HF_NET_BASE_CLOCK_H

#include <stdint.h>

/* Returns now in nanoseconds. */
uint64_t hf_clock_ns(void);

/* Returns now in microseconds, as the core counts. */
uint64_t hf_clock_us(void);

#endif
