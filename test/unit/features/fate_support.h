/* SPDX-License-Identifier: MIT */
/* Asks for the fate of a COMMIT, one event after another, on virtual time. */
#ifndef HF_TEST_FATE_SUPPORT_H
#define HF_TEST_FATE_SUPPORT_H

#include "core/features/fate.h"
#include "support.h"

enum { BEGAN = 1000 };

static const struct hf_fate_identity identity = {"4711",
                                                 "7301234567890123456",
                                                 "00000001",
                                                 "off"};

static const struct hf_fate_identity replicated = {"4711",
                                                   "7301234567890123456",
                                                   "00000001",
                                                   "on"};

/* One question after another, with the time between them. */
struct asking {
  struct hf_fate fate;
  struct hf_fate_order order;
  double now_ms;
};

static inline struct asking begin(const struct hf_fate_identity *who,
                                  double end_ms) {
  struct asking asking = {.now_ms = BEGAN};

  asking.order = hf_fate_begin(&asking.fate, who, asking.now_ms, end_ms);
  return asking;
}

static inline void say(struct asking *asking,
                       enum hf_fate_event event,
                       const char *first,
                       const char *second,
                       const char *third) {
  const char *const texts[3] = {first, second, third};

  asking->order = hf_fate_next(&asking->fate, event, texts, asking->now_ms);
}

static inline void tell(struct asking *asking, enum hf_fate_event event) {
  say(asking, event, NULL, NULL, NULL);
}

/* The same server, on the same timeline, says what it knows of it. */
static inline void answer(struct asking *asking, const char *status) {
  say(asking,
      HF_FATE_EVENT_ANSWERED,
      identity.server,
      identity.timeline,
      status);
}

static inline void expect_step(const struct asking *asking,
                               enum hf_fate_step step) {
  assert_int_equal(asking->order.step, step);
}

static inline void expect_unknown(const struct asking *asking,
                                  const char *reason) {
  expect_step(asking, HF_FATE_UNKNOWN);
  assert_string_equal(asking->order.reason, reason);
  assert_string_equal(hf_fate_state_name(asking->fate.state), "unknown");
}

static inline void wait_a_pause(struct asking *asking) {
  expect_step(asking, HF_FATE_PAUSE);
  assert_true(asking->order.delay_ms > 0);
  asking->now_ms += asking->order.delay_ms;
  tell(asking, HF_FATE_EVENT_PAUSED);
}

/* A connection that was begun after the loss. */
static inline struct asking connected(const struct hf_fate_identity *who,
                                      double end_ms) {
  struct asking asking = begin(who, end_ms);

  expect_step(&asking, HF_FATE_CONNECT);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  expect_step(&asking, HF_FATE_ASK);
  return asking;
}

#endif
