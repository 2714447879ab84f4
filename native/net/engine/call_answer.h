/* SPDX-License-Identifier: MIT */
/*
 * The answer to a call: its messages, or its error.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CALL_ANSWER_H
#define HF_NET_ENGINE_CALL_ANSWER_H

#include "holdfast.h"

struct hf_call;
struct hf_error;
struct hf_request;

/*
 * Gives the results that the call has so far numbers of row descriptions that
 * the port still knows. Without memory for that the call fails.
 */
void hf_call_renew_row_descriptions(struct hf_call *call);

/*
 * Fills in the HF_ERROR_* of a message but for HF_ERROR_TRANSACTION. `request`
 * is what failed, or NULL.
 */
void hf_call_describe_error(struct hf_message *message,
                            const struct hf_error *error,
                            const struct hf_error *cause,
                            const struct hf_request *request,
                            const struct hf_gauges *gauges);

/* Sends the answer. Does nothing when nobody reads it any more. */
void hf_call_answer(struct hf_call *call);

#endif
