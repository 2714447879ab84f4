/* SPDX-License-Identifier: MIT */
/*
 * HF_OP_ONCE: three calls that follow each other without the environment: one
 * acquires a lease, one runs BEGIN, the statement and the query for the
 * identity in one flight, and one ends the transaction. They have one id, under
 * which the first is found, and one answer.
 *
 * Ownership: the call that acquires has it; freed with it.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_ONCE_CALL_H
#define HF_NET_ENGINE_ONCE_CALL_H

#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_netpool;

/* Begins an operation; refuses and answers what cannot work. */
void hf_once_call_begin(struct hf_handle *handle,
                        const struct hf_op *op,
                        const char *const *fields);

/* Aborts the one of its calls that is under way. */
void hf_once_call_abort(struct hf_call *call);

/*
 * One of its calls was delivered: goes on, once the core has delivered
 * everything else.
 */
void hf_once_call_on_delivered(struct hf_netpool *pool, struct hf_call *call);

/* The core has released its lease. */
void hf_once_call_on_released(struct hf_call *call);

#endif
