/* SPDX-License-Identifier: MIT */
/*
 * Runs the operations of a batch.
 *
 * Ownership: borrows for the call.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_OPS_H
#define HF_NET_ENGINE_OPS_H

#include <stddef.h>

#include "holdfast.h"

struct hf_port;

/* Runs operations in order. Those that are malformed are skipped. */
void hf_ops_run(struct hf_port *port,
                const struct hf_op *ops,
                size_t n_ops,
                const char *text,
                size_t text_bytes);

#endif
