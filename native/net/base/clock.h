/* SPDX-License-Identifier: MIT */
/*
 * CLOCK_MONOTONIC, the clock of every time in the engine; uv_hrtime() reads it,
 * too.
 *
 * Threads: any.
 */
#ifndef HF_NET_BASE_CLOCK_H
#define HF_NET_BASE_CLOCK_H

#include <stdint.h>

/* Returns the time in nanoseconds. */
uint64_t hf_clock_ns(void);

/* Returns the time in microseconds, the unit of the core. */
uint64_t hf_clock_us(void);

#endif
