/* SPDX-License-Identifier: MIT */
/*
 * Judges one of our own errors, and writes the judgement into it.
 *
 * Ownership: borrows.
 * Threads: any; one thread at a time per error.
 */
#ifndef HF_CORE_POLICY_CLASSIFY_ERROR_H
#define HF_CORE_POLICY_CLASSIFY_ERROR_H

#include "core/base/error.h"
#include "holdfast.h"

/*
 * Judges the error in its context (only what hf_error_evidence leaves to the
 * caller is read; NULL = none set), writes outcome, unit, retryable and reason
 * into it and returns the classification.
 */
struct hf_classification hf_classify_error(struct hf_error *error,
                                           const struct hf_evidence *context);

#endif
