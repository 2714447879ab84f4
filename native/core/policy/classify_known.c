/* SPDX-License-Identifier: MIT */
/*
 * What an error of ours says of itself, and which of several failures counts.
 */
#include "core/policy/rule.h"

/* An error may know more than is left of its evidence. Then it is believed. */
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
 * Where one of several failures may have done something, all of them may. Of
 * equal ones the one that is of no use to repeat says more.
 */
int32_t hf_classify_doubt(const struct hf_classification *why) {
  static const int32_t ranks[] = {[HF_OUTCOME_NONE] = 0,
                                  [HF_OUTCOME_NOT_EXECUTED] = 1,
                                  [HF_OUTCOME_ROLLED_BACK] = 2,
                                  [HF_OUTCOME_PERMANENT] = 3,
                                  [HF_OUTCOME_AMBIGUOUS] = 4};

  return 2 * ranks[why->outcome] + (why->retryable ? 0 : 1);
}
