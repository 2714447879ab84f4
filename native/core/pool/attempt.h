/* SPDX-License-Identifier: MIT */
/*
 * What became of an attempt, by all that is known of it: the error, how far the
 * statement came, what it was inside of.
 *
 * Ownership: borrows.
 * Threads: any; pure.
 */
#ifndef HF_CORE_POOL_ATTEMPT_H
#define HF_CORE_POOL_ATTEMPT_H

#include "holdfast.h"

struct hf_request;

/* A COMMIT that was answered with ROLLBACK says so before all else. */
void hf_attempt_check_commit(struct hf_request *request);

/* Judges request->error, and writes the judgement into it. */
struct hf_classification hf_attempt_classify(struct hf_request *request);

/*
 * Corrects that judgement where the request says more than its error: what the
 * caller asked for, what could be undone, whose words say it best.
 */
void hf_attempt_correct(struct hf_request *request,
                        struct hf_classification *why);

/*
 * A server that stops waiting for its synchronous standbys says success, and
 * warns: makes that a doubt where the caller has to know.
 */
void hf_attempt_doubt_replication(struct hf_request *request);

#endif
