/* SPDX-License-Identifier: MIT */
/*
 * Calls as they come in: made of an operation, checked, entered in the books
 * of their port.
 *
 * Ownership: a call is the core's from hf_pool_submit on.
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
 * Makes a call of an operation and enters it at its port; hf_pool_submit is
 * next. NULL when it was refused: the user is told.
 */
struct hf_call *hf_intake_take(struct hf_port *port,
                               const struct hf_op *op,
                               const char *const *fields,
                               struct hf_handle *handle,
                               struct hf_lease *lease);

/* Undoes hf_intake_take; nobody is told. */
void hf_intake_drop(struct hf_call *call);

#endif
