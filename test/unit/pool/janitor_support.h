/* SPDX-License-Identifier: MIT */
/* A request that runs while the janitor does its rounds. */
#ifndef HF_TEST_JANITOR_SUPPORT_H
#define HF_TEST_JANITOR_SUPPORT_H

#include "sim.h"

enum { SECOND_MS = 1000, HOUR_MS = 3600000 };

static struct sim sim;

static inline struct call *run(void) {
  struct call *call;

  sim_open_max(&sim, 2);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  return call;
}

#endif
