/* SPDX-License-Identifier: MIT */
/* A pool with its health checks, and what a check says. */
#ifndef HF_TEST_HEALTH_SUPPORT_H
#define HF_TEST_HEALTH_SUPPORT_H

#include "feature_sim.h"

enum { US_PER_MS = 1000, MANY = 8, LIMIT_MS = 2000 };

static struct features features;

static inline void open_connected(int32_t max) {
  features_open_max(&features, max);
  sim_warm(&features.sim, 1);
}

static inline struct health_call *check(void) {
  return features_check(&features, LIMIT_MS);
}

static inline void expect_up(const struct health_call *call) {
  expect_health(call, HF_HEALTH_UP, HF_OBSTACLE_NONE);
  assert_int_equal(call->verdict.issues, 0);
}

static inline void expect_unanswered(const struct health_call *call) {
  assert_int_equal(call->answered, 0);
}

static inline void expect_down(const struct health_call *call,
                               enum hf_health_obstacle obstacle) {
  expect_health(call, HF_HEALTH_DOWN, obstacle);
}

#endif
