/* SPDX-License-Identifier: MIT */
#include "core/policy/classify_error.h"

struct hf_classification hf_classify_error(struct hf_error *error,
                                           const struct hf_evidence *context) {
  struct hf_evidence evidence = {0};
  struct hf_classification why;

  if (context != NULL) {
    evidence = *context;
  }
  hf_error_evidence(error, &evidence);
  why = hf_classify(&evidence);
  error->outcome = why.outcome;
  error->unit = why.unit;
  error->retryable = why.retryable;
  error->reason = why.reason;
  return why;
}
