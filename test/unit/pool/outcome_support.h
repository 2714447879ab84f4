/* SPDX-License-Identifier: MIT */
/* A request that runs on one of two connections. */
#ifndef HF_TEST_OUTCOME_SUPPORT_H
#define HF_TEST_OUTCOME_SUPPORT_H

#include "core/policy/budget.h"
#include "core/policy/load.h"
#include "core/policy/retry.h"
#include "sim.h"

enum { US = 1000, LONG_MS = 3000 };

static struct sim sim;

/* A query of a kind that runs on one of two connections. */
static inline struct call *run(enum hf_sql_kind kind, int flags) {
  struct call *call;

  sim_open_max(&sim, 2);
  sim_warm(&sim, 2);
  call = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&call->request, kind);
  call->request.flags = flags;
  sim_submit(&sim, call);
  assert_int_equal(call->sent, 1);
  return call;
}

#endif
