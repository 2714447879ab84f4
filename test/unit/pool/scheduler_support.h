/* SPDX-License-Identifier: MIT */
/* A pool whose connections are occupied or cannot be opened. */
#ifndef HF_TEST_SCHEDULER_SUPPORT_H
#define HF_TEST_SCHEDULER_SUPPORT_H

#include "sim.h"

enum { TEN = 10 };

static struct sim sim;

static inline size_t opening(void) {
  return sim_count(&sim, HF_SLOT_CONNECTING);
}

#endif
