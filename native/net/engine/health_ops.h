/* SPDX-License-Identifier: MIT */
/*
 * warmup() and health(), decided by core/features: operations in, answers out.
 *
 * Ownership: borrows. A health probe belongs to its hf_call.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_HEALTH_OPS_H
#define HF_NET_ENGINE_HEALTH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_netpool;
struct hf_port;

/* Initialises warm-up and health of a pool; its core is initialised. */
void hf_health_ops_init(struct hf_netpool *pool);

/* Runs HF_OP_WARMUP. */
void hf_health_ops_warmup(struct hf_handle *handle, const struct hf_op *op);

/* Runs HF_OP_HEALTH. */
void hf_health_ops_check(struct hf_handle *handle, const struct hf_op *op);

/* Aborts the port's warm-up with this id, if there is one. */
void hf_health_ops_abort(struct hf_port *port, uint32_t low, uint32_t high);

/* Answers what waits for a handle that ends or goes. */
void hf_health_ops_end(struct hf_handle *handle);

/* The call of a health probe was delivered. */
void hf_health_ops_on_probed(struct hf_netpool *pool, struct hf_call *call);

/* Answers what is due at the end of a turn; returns when that is. */
void hf_health_ops_end_turn(struct hf_netpool *pool);
uint64_t hf_health_ops_next_us(const struct hf_netpool *pool);

#endif
