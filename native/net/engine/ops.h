/* SPDX-License-Identifier: MIT */
/*
 * The operations of a batch: from words and text to what they ask for.
 *
 * Ownership: borrows for the call.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_OPS_H
#define HF_NET_ENGINE_OPS_H

#include <stddef.h>

#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_lease;

/* Runs a batch in order. A malformed one ends where it stops making sense. */
void hf_ops_run(struct hf_port *port,
                const struct hf_op *ops,
                size_t n_ops,
                const char *text,
                size_t text_bytes);

/*
 * Makes a call of an operation and enters it at its port; hf_pool_submit is
 * next. NULL when it was refused: the user is told.
 */
struct hf_call *hf_ops_take(struct hf_port *port,
                            const struct hf_op *op,
                            const char *const *fields,
                            struct hf_handle *handle,
                            struct hf_lease *lease);

/* Undoes hf_ops_take; nobody is told. */
void hf_ops_drop(struct hf_call *call);

#endif
