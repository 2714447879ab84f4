/* SPDX-License-Identifier: MIT */
/*
 * The outcome that our own errors carry, and the rank of a failure among
 * several.
 */
#include "core/policy/rule.h"

/* One of our errors may know more than is left of its evidence. */
void hf_classify_known(const struct hf_evidence *evidence,
                       struct hf_classification *why) {
  if (evidence->known == HF_OUTCOME_NONE ||
      (why->outcome == evidence->known &&
       why->retryable == evidence->known_retryable)) {
    return;
  }
  why->outcome = evidence->known;
  why->retryable = evidence->known_retryable;
  why->once = false;
  why->slow = false;
  why->unnamed = false;
  why->no_server = false;
  why->overload = false;
  why->unknown = false;
  why->reason = "the error itself says so";
}

/*
 * If one of several failures may have done something, all of them may have.
 * Among equal ones, the one that is useless to retry says more.
 */
int32_t hf_classify_doubt(const struct hf_classification *why) {
  static const int32_t ranks[] = {[HF_OUTCOME_NONE] = 0,
                                  [HF_OUTCOME_NOT_EXECUTED] = 1,
                                  [HF_OUTCOME_ROLLED_BACK] = 2,
                                  [HF_OUTCOME_PERMANENT] = 3,
                                  [HF_OUTCOME_AMBIGUOUS] = 4};

  return 2 * ranks[why->outcome] + (why->retryable ? 0 : 1);
}
