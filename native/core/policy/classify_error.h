/* SPDX-License-Identifier: MIT */
/*
 * Classifies one of our own errors and writes the result into it.
 *
 * Ownership: borrows.
 * Threads: any; one thread at a time per error.
 */
#ifndef HF_CORE_POLICY_CLASSIFY_ERROR_H
#define HF_CORE_POLICY_CLASSIFY_ERROR_H

#include "core/base/error.h"
#include "holdfast.h"

/*
 * Classifies `error`, writes outcome, unit, retryable and reason into it and
 * returns the classification. `context` has the evidence that
 * hf_error_evidence() leaves to the caller; NULL = none.
 */
struct hf_classification hf_classify_error(struct hf_error *error,
                                           const struct hf_evidence *context);

#endif
