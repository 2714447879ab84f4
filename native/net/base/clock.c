/* SPDX-License-Identifier: MIT */
#include "net/base/clock.h"

#include <time.h>

enum { NS_PER_S = 1000000000, NS_PER_US = 1000 };

uint64_t hf_clock_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t hf_clock_us(void) {
  return hf_clock_ns() / NS_PER_US;
}
