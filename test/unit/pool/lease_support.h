/* SPDX-License-Identifier: MIT */
/* A lease on the only connection of a pool. */
#ifndef HF_TEST_LEASE_SUPPORT_H
#define HF_TEST_LEASE_SUPPORT_H

#include "sim.h"

static struct sim sim;

/* A granted lease on the pool's only connection. */
static inline struct call *hold(void) {
  struct call *lease;

  sim_open_max(&sim, 1);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  expect_success(lease);
  return lease;
}

/* The same with a transaction open. */
static inline struct call *hold_transaction(void) {
  struct call *lease = hold();

  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  return lease;
}

#endif
