/* SPDX-License-Identifier: MIT */
/*
 * warmup() and health(): from operations to the core's calls, and from their
 * answers to messages.
 *
 * Ownership: an operation's call is freed when it is answered; a probe belongs
 * to the hf_call that carries it.
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

/* Prepares the warm-up and the health of a pool whose core is there. */
void hf_health_ops_init(struct hf_netpool *pool);

/* Runs HF_OP_WARMUP. */
void hf_health_ops_warmup(struct hf_handle *handle, const struct hf_op *op);

/* Runs HF_OP_HEALTH. */
void hf_health_ops_check(struct hf_handle *handle, const struct hf_op *op);

/* Aborts a port's warm-up with this id, if one waits. */
void hf_health_ops_abort(struct hf_port *port, uint32_t low, uint32_t high);

/* A handle has ended, or goes: answers what waits in its name. */
void hf_health_ops_end(struct hf_handle *handle);

/* The core has done with a health probe. */
void hf_health_ops_on_probed(struct hf_netpool *pool, struct hf_call *call);

/* Answers what is due, and when that is: at the end of the pool's turns. */
void hf_health_ops_end_turn(struct hf_netpool *pool);
uint64_t hf_health_ops_next_us(const struct hf_netpool *pool);

#endif
