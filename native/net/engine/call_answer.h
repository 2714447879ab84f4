/* SPDX-License-Identifier: MIT */
/*
 * Sends the answer to a call: its results, its lease, or its error.
 *
 * Ownership: borrows.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CALL_ANSWER_H
#define HF_NET_ENGINE_CALL_ANSWER_H

#include "holdfast.h"

struct hf_call;
struct hf_error;
struct hf_request;

/*
 * Renews numbers of row descriptions that the port has forgotten since the
 * results were made. Without memory for that the call fails.
 */
void hf_call_renew_row_descriptions(struct hf_call *call);

/*
 * Fills in all HF_ERROR_* of a message except HF_ERROR_TRANSACTION. `request`
 * is the one that failed, or NULL.
 */
void hf_call_describe_error(struct hf_message *message,
                            const struct hf_error *error,
                            const struct hf_error *cause,
                            const struct hf_request *request,
                            const struct hf_gauges *gauges);

/* Sends its results, as the first part of an answer. */
void hf_call_answer_in_part(struct hf_call *call);

/* Sends the answer. Does nothing when the handle is closed. */
void hf_call_answer(struct hf_call *call);

#endif
