/* SPDX-License-Identifier: MIT */
/*
 * Expectations of a judgement. A letter stands for an outcome: N not executed,
 * R rolled back, A ambiguous, P permanent.
 */
#ifndef HF_TEST_CLASSIFY_SUPPORT_H
#define HF_TEST_CLASSIFY_SUPPORT_H

#include "core/policy/classify_text.h"
#include "core/policy/rule.h"
#include "support.h"

/* Flags of an expectation, in the order they are written below. */
enum {
  Y = 1 << 0, /* retryable */
  ONCE = 1 << 1,
  SLOW = 1 << 2,
  UNNAMED = 1 << 3,
  DISCARD = 1 << 4,
  CONNECT = 1 << 5 /* counts as a failure of connecting */
};

static inline char letter(enum hf_outcome outcome) {
  return "-NRAP"[outcome];
}

static inline int flags(const struct hf_classification *why) {
  return (why->retryable ? Y : 0) | (why->once ? ONCE : 0) |
         (why->slow ? SLOW : 0) | (why->unnamed ? UNNAMED : 0) |
         (why->discard ? DISCARD : 0) | (why->connecting ? CONNECT : 0);
}

static inline void expect(const char *what,
                          const struct hf_evidence *evidence,
                          char outcome,
                          int want) {
  struct hf_classification why = hf_classify(evidence);

  if (letter(why.outcome) != outcome || flags(&why) != want) {
    fail_msg("%s: %c %#x, not %c %#x (%s)",
             what,
             letter(why.outcome),
             (unsigned)flags(&why),
             outcome,
             (unsigned)want,
             why.reason);
  }
  assert_non_null(why.reason);
}

static inline struct hf_evidence server(const char *sqlstate) {
  struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                 .status = HF_SERVER_ERROR,
                                 .severity = HF_SEVERITY_ERROR,
                                 .speaker = HF_SPEAKER_SERVER,
                                 .sqlstate = sqlstate,
                                 .message = "said by the server"};
  return evidence;
}

static inline struct hf_evidence foreign(const char *code,
                                         const char *message) {
  struct hf_evidence evidence = {.phase = HF_PHASE_UNKNOWN,
                                 .code = code,
                                 .message = message};
  return evidence;
}

struct text_row {
  const char *text;
  char outcome;
  int want;
  char in_transaction;
};

#endif
