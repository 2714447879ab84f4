/* SPDX-License-Identifier: MIT */
/* What the files of operations share among themselves. */
#ifndef HF_NET_ENGINE_OPS_INTERNAL_H
#define HF_NET_ENGINE_OPS_INTERNAL_H

#include <stdint.h>

#include "holdfast.h"

struct hf_handle;

static inline uint32_t hf_op_low(const struct hf_op *op) {
  return (uint32_t)op->id_low;
}

static inline uint32_t hf_op_high(const struct hf_op *op) {
  return (uint32_t)op->id_high;
}

/* Answers an operation with one of our own errors. */
void hf_ops_refuse(struct hf_port *port,
                   const struct hf_op *op,
                   enum hf_status status);

/* ---- on a pool (ops_pool.c) ---------------------------------------------- */

void hf_ops_open(struct hf_port *port,
                 const struct hf_op *op,
                 const char *const *fields);
void hf_ops_hook(struct hf_port *port, const struct hf_op *op);
void hf_ops_listen(struct hf_port *port,
                   const struct hf_op *op,
                   const char *const *fields);
void hf_ops_unlisten(struct hf_port *port,
                     const struct hf_op *op,
                     const char *const *fields);
void hf_ops_end(struct hf_port *port, const struct hf_op *op);
void hf_ops_warmup(struct hf_port *port, const struct hf_op *op);
void hf_ops_health(struct hf_port *port, const struct hf_op *op);
void hf_ops_reset(struct hf_port *port, const struct hf_op *op);
void hf_ops_suspension(struct hf_port *port, const struct hf_op *op);
void hf_ops_deallocate(struct hf_port *port, const struct hf_op *op);
void hf_ops_invalidate(struct hf_port *port,
                       const struct hf_op *op,
                       const char *const *fields);

#endif
