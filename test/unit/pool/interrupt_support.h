/* SPDX-License-Identifier: MIT */
/* A request that runs alone, to be interrupted. */
#ifndef HF_TEST_INTERRUPT_SUPPORT_H
#define HF_TEST_INTERRUPT_SUPPORT_H

#include "sim.h"

enum { GRACE_MS = 1000 };

static struct sim sim;

/* A query that runs alone on the only connection. */
static inline struct call *run(void) {
  struct call *call;

  sim_open_max(&sim, 1);
  sim_warm(&sim, 1);
  call = sim_write(&sim);
  assert_int_equal(call->sent, 1);
  return call;
}

#endif
