/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/environment.h"
#include "net/engine/handle.h"
#include "net/engine/health_ops.h"
#include "net/engine/listen.h"
#include "net/engine/netpool.h"
#include "net/engine/ops_internal.h"
#include "net/engine/port.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

void hf_ops_refuse(struct hf_port *port,
                   const struct hf_op *op,
                   enum hf_status status) {
  hf_outbox_refuse(&port->outbox, hf_op_low(op), hf_op_high(op), status, NULL);
}

static bool answer_open(struct hf_port *port,
                        const struct hf_op *op,
                        const struct hf_netpool *pool,
                        bool existing) {
  struct hf_message_head head = {.kind = HF_MSG_OPENED,
                                 .n_ints = HF_OPENED_INTS,
                                 .id_low = op->id_low,
                                 .id_high = op->id_high,
                                 .text = pool->options,
                                 .text_bytes = pool->options_bytes};
  struct hf_message *message = hf_message_new(&head);
  if (message == NULL) {
    return false;
  }
  message->ints[HF_OPENED_EXISTING] = existing;
  hf_outbox_send(&port->outbox, message);
  return true;
}

/*
 * Reads the options that are the core's; hf_netpool_new has checked the others.
 */
static enum hf_status read_config(struct hf_config *config,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  struct hf_error *error) {
  enum hf_status status = HF_OK;
  int32_t i;
  hf_config_init(config);
  for (i = 0; i + 1 < n_fields && status == HF_OK; i += 2) {
    if (hf_config_knows(fields[i])) {
      status = hf_config_set(config, fields[i], fields[i + 1], error);
    }
  }
  return status;
}

static struct hf_handle *handle_new(struct hf_port *port,
                                    const struct hf_op *op,
                                    const char *const *fields,
                                    struct hf_error *error) {
  struct hf_handle *handle = hf_calloc(1, sizeof *handle);
  if (handle == NULL) {
    return NULL;
  }
  handle->port = port;
  handle->number = op->target;
  handle->by_number.hash = (uint64_t)op->target;
  handle->listens = (op->flags & HF_FLAG_EVENTS) != 0;
  handle->notified = (op->flags & HF_FLAG_NOTIFIED) != 0;
  hf_list_init(&handle->subscriptions);
  if (read_config(&handle->config, fields + 1, op->n_fields - 1, error) !=
          HF_OK ||
      hf_table_add(&port->handles, &handle->by_number) != HF_OK) {
    hf_free(handle);
    return NULL;
  }
  hf_list_push(&port->handle_list, &handle->of_port);
  return handle;
}

static void refuse_open(struct hf_port *port,
                        const struct hf_op *op,
                        struct hf_error *error) {
  hf_outbox_refuse(&port->outbox,
                   hf_op_low(op),
                   hf_op_high(op),
                   error->status == HF_OK ? HF_NO_MEMORY : error->status,
                   error);
  hf_error_finish(error);
}

/* Applies further options of an open handle. */
static void reopen(struct hf_port *port,
                   const struct hf_op *op,
                   const char *const *fields,
                   struct hf_handle *handle) {
  struct hf_error error;
  hf_error_init(&error);
  if (hf_netpool_configure(handle->pool,
                           fields + 1,
                           op->n_fields - 1,
                           &error) != HF_OK) {
    refuse_open(port, op, &error);
  } else if (!answer_open(port, op, handle->pool, true)) {
    hf_ops_refuse(port, op, HF_NO_MEMORY);
  }
}

static struct hf_netpool *new_pool(struct hf_port *port,
                                   const struct hf_op *op,
                                   const char *const *fields,
                                   struct hf_error *error) {
  bool shared = (op->flags & HF_FLAG_SHARED) != 0;
  struct hf_netpool *pool =
      hf_netpool_new(port->pools, fields, op->n_fields, shared, error);
  if (pool != NULL) {
    hf_health_ops_init(pool);
  }
  return pool;
}

void hf_ops_open(struct hf_port *port,
                 const struct hf_op *op,
                 const char *const *fields) {
  bool shared = (op->flags & HF_FLAG_SHARED) != 0;
  struct hf_netpool *pool = NULL;
  struct hf_handle *handle = hf_port_handle(port, op->target);
  struct hf_error error;
  bool existing;
  if (handle != NULL) {
    reopen(port, op, fields, handle);
    return;
  }
  hf_error_init(&error);
  if (shared) {
    pool = hf_netpool_find(port->pools, fields[0]);
  }
  existing = pool != NULL;
  if (pool == NULL) {
    pool = new_pool(port, op, fields, &error);
  } else if (hf_netpool_configure(pool, fields + 1, op->n_fields - 1, &error) !=
             HF_OK) {
    refuse_open(port, op, &error);
    return;
  }
  handle = pool == NULL ? NULL : handle_new(port, op, fields, &error);
  if (handle == NULL) {
    if (pool != NULL && !existing) {
      hf_pool_end(&pool->core, 0, hf_clock_us());
    }
    refuse_open(port, op, &error);
    return;
  }
  hf_handle_attach(pool, handle);
  hf_port_publish(handle, &pool->core.stats);
  if (!answer_open(port, op, pool, existing)) {
    hf_environment_drop(port, handle);
    hf_ops_refuse(port, op, HF_NO_MEMORY);
  }
}

void hf_ops_hook(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle != NULL) {
    handle->has_hook = true;
  }
}

void hf_ops_listen(struct hf_port *port,
                   const struct hf_op *op,
                   const char *const *fields) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  struct hf_handle *cached = NULL;
  bool invalidates = (op->flags & HF_FLAG_CACHE) != 0;
  if (invalidates) {
    cached = hf_port_handle(port, (int32_t)strtol(fields[1], NULL, 10));
  }
  if (handle == NULL || handle->ending ||
      (invalidates && (cached == NULL || cached->ending))) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_listen_subscribe(handle, op, fields[0], cached);
}

void hf_ops_unlisten(struct hf_port *port,
                     const struct hf_op *op,
                     const char *const *fields) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_listen_unsubscribe(handle, fields[0]);
  hf_outbox_send_ok(&port->outbox, hf_op_low(op), hf_op_high(op), 0);
}

void hf_ops_end(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL || handle->ending) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_handle_end(handle->pool, handle, op);
}

void hf_ops_warmup(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL || handle->ending) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_health_ops_warmup(handle, op);
}

void hf_ops_health(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_health_ops_check(handle, op);
}

void hf_ops_reset(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  hf_pool_reset(&handle->pool->core, hf_clock_us());
  hf_outbox_send_ok(&port->outbox, hf_op_low(op), hf_op_high(op), 0);
}

void hf_ops_suspension(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  if (op->kind == HF_OP_SUSPEND) {
    hf_handle_suspend(handle->pool, handle);
  } else {
    hf_handle_resume_all(handle->pool);
  }
  hf_outbox_send_ok(&port->outbox, hf_op_low(op), hf_op_high(op), 0);
}

void hf_ops_deallocate(struct hf_port *port, const struct hf_op *op) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  bool forced = (op->flags & HF_FLAG_FORCE) != 0;
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
  } else if (hf_netpool_is_proxied(handle->pool) && !forced) {
    /* It would reach server connections that other clients use. */
    hf_ops_refuse(port, op, HF_SESSION_REQUIRED);
  } else {
    hf_outbox_send_ok(&port->outbox,
                      hf_op_low(op),
                      hf_op_high(op),
                      hf_pool_deallocate(&handle->pool->core, hf_clock_us()));
  }
}

void hf_ops_invalidate(struct hf_port *port,
                       const struct hf_op *op,
                       const char *const *fields) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  int32_t count = 0;
  int32_t i;
  if (handle == NULL) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  for (i = 0; i < op->n_fields; i++) {
    count += hf_query_cache_invalidate(handle->pool, fields[i]);
  }
  if (op->n_fields == 0) {
    count = hf_query_cache_invalidate(handle->pool, NULL);
  }
  hf_outbox_send_ok(&port->outbox, hf_op_low(op), hf_op_high(op), count);
}
