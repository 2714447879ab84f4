/* SPDX-License-Identifier: MIT */
/*
 * Judges what became of an attempt from all that is known about it: its error,
 * how far the statement got and whether it was inside a transaction.
 *
 * Ownership: borrows the request.
 * Threads: any; pure.
 */
#ifndef HF_CORE_POOL_ATTEMPT_H
#define HF_CORE_POOL_ATTEMPT_H

#include "holdfast.h"

struct hf_request;

/*
 * Turns a success into HF_COMMIT_ROLLED_BACK when COMMIT was answered with
 * ROLLBACK. Called before the attempt is classified.
 */
void hf_attempt_check_commit(struct hf_request *request);

/*
 * Classifies request->error and writes outcome, unit, retryable and reason into
 * it.
 */
struct hf_classification hf_attempt_classify(struct hf_request *request);

/*
 * Refines the classification with what the request knows and its error does
 * not: options of the caller, whether a transaction was undone, and which
 * status describes the failure best.
 */
void hf_attempt_correct(struct hf_request *request,
                        struct hf_classification *why);

/*
 * Turns a success into HF_OUTCOME_AMBIGUOUS when the server stopped waiting for
 * its synchronous standbys and the caller needs to know.
 */
void hf_attempt_doubt_replication(struct hf_request *request);

#endif
