/* SPDX-License-Identifier: MIT */
/*
 * Makes calls from operations, checks them and adds them to hf_call_table.
 *
 * Ownership: the core borrows a call from hf_pool_submit on.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_INTAKE_H
#define HF_NET_ENGINE_INTAKE_H

#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_lease;
struct hf_port;

/*
 * Makes a call of an operation, for hf_pool_submit. Returns NULL when it was
 * refused, and answered.
 */
struct hf_call *hf_intake_take(struct hf_port *port,
                               const struct hf_op *op,
                               const char *const *fields,
                               struct hf_handle *handle,
                               struct hf_lease *lease);

/*
 * Makes a call of an operation that is not found by its id. Returns NULL when
 * it was refused, and answered.
 */
struct hf_call *hf_intake_make(struct hf_port *port,
                               const struct hf_op *op,
                               const char *const *fields,
                               struct hf_handle *handle);

/* Undoes hf_intake_take, without an answer. */
void hf_intake_drop(struct hf_call *call);

#endif
