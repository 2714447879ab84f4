/* SPDX-License-Identifier: MIT */
#include "net/engine/ops.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/pool/stream.h"
#include "net/base/clock.h"
#include "net/conn/conn_copy_in.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/connect_slot.h"
#include "net/engine/health_ops.h"
#include "net/engine/intake.h"
#include "net/engine/netpool.h"
#include "net/engine/once_call.h"
#include "net/engine/ops_internal.h"
#include "net/engine/port.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

enum { FIELDS_INLINE = 64 };

/* ---- requests ------------------------------------------------------------ */

static void submit(struct hf_port *port,
                   const struct hf_op *op,
                   const char *const *fields,
                   struct hf_handle *handle,
                   struct hf_lease *lease) {
  struct hf_call *call = hf_intake_take(port, op, fields, handle, lease);
  if (call != NULL) {
    hf_pool_submit(&handle->pool->core, &call->unit.request, hf_clock_us());
  }
}

static void run_once(struct hf_handle *handle,
                     const struct hf_op *op,
                     const char *const *fields) {
  if ((op->flags & HF_FLAG_BATCH) == 0) {
    hf_ops_refuse(handle->port, op, HF_PARAM_INVALID);
  } else {
    hf_once_call_begin(handle, op, fields);
  }
}

static void run_request(struct hf_port *port,
                        const struct hf_op *op,
                        const char *const *fields) {
  struct hf_handle *handle = hf_port_handle(port, op->target);
  if (handle == NULL || handle->ending) {
    hf_ops_refuse(port, op, HF_POOL_CLOSED);
    return;
  }
  if (op->kind == HF_OP_ONCE) {
    run_once(handle, op, fields);
    return;
  }
  if (op->kind == HF_OP_QUERY && (op->flags & HF_FLAG_CACHE) != 0) {
    if ((op->flags & HF_FLAG_STREAM) != 0) {
      hf_ops_refuse(port, op, HF_PARAM_INVALID);
    } else {
      hf_query_cache_query(handle, op, fields);
    }
    return;
  }
  submit(port, op, fields, handle, NULL);
}

static struct hf_call *find_lease(const struct hf_port *port,
                                  const struct hf_op *op) {
  struct hf_call *call = hf_call_table_find_lease(port, op->target);
  return call == NULL || call->unit.request.state != HF_REQUEST_DONE ||
                 call->lease.released
             ? NULL
             : call;
}

static void run_statement(struct hf_port *port,
                          const struct hf_op *op,
                          const char *const *fields) {
  struct hf_call *lease_call = find_lease(port, op);
  if (lease_call == NULL) {
    hf_ops_refuse(port, op, HF_RELEASED);
    return;
  }
  if ((op->flags & HF_FLAG_CACHE) != 0) {
    hf_query_cache_refuse(port, op);
    return;
  }
  submit(port, op, fields, lease_call->handle, &lease_call->lease);
}

static enum hf_release release_of(const struct hf_op *op) {
  if ((op->flags & HF_FLAG_FAILED) != 0) {
    return HF_RELEASE_FAIL;
  }
  return (op->flags & HF_FLAG_CLOSE) != 0 ? HF_RELEASE_CLOSE : HF_RELEASE_KEEP;
}

/* Notes whether the handle wants notices after the release. */
static void set_notice_owner(struct hf_call *lease_call,
                             const struct hf_op *op) {
  struct hf_slot *slot = lease_call->lease.slot;
  if (slot != NULL) {
    slot->notice_owner =
        (op->flags & HF_FLAG_WANTS_NOTICES) != 0 ? lease_call->handle : NULL;
  }
}

static struct hf_call *make_finish(struct hf_port *port,
                                   const struct hf_op *op,
                                   const char *const *fields,
                                   struct hf_call *lease_call) {
  struct hf_call *call;
  enum hf_status status;
  if ((op->flags & HF_FLAG_CACHE) != 0) {
    hf_query_cache_refuse(port, op);
    return NULL;
  }
  call =
      hf_intake_take(port, op, fields, lease_call->handle, &lease_call->lease);
  status = call == NULL ? HF_OK : hf_call_end_transaction(call, op->acquire_ms);
  if (status != HF_OK) {
    hf_intake_drop(call);
    hf_ops_refuse(port, op, status);
    return NULL;
  }
  return call;
}

/* Submits the statement and releases the lease, which takes effect after it. */
static void run_finish(struct hf_port *port,
                       const struct hf_op *op,
                       const char *const *fields) {
  struct hf_call *lease_call = find_lease(port, op);
  struct hf_pool *pool;
  struct hf_call *call;
  if (lease_call == NULL) {
    hf_ops_refuse(port, op, HF_RELEASED);
    return;
  }
  pool = &lease_call->handle->pool->core;
  call = make_finish(port, op, fields, lease_call);
  set_notice_owner(lease_call, op);
  if (call != NULL) {
    hf_pool_submit(pool, &call->unit.request, hf_clock_us());
  }
  hf_pool_release(pool, &lease_call->lease, HF_RELEASE_KEEP, hf_clock_us());
}

static void run_release(struct hf_port *port, const struct hf_op *op) {
  struct hf_call *lease_call = find_lease(port, op);
  struct hf_handle *handle;
  uint64_t refusals;
  if (lease_call == NULL) {
    hf_ops_refuse(port, op, HF_RELEASED);
    return;
  }
  handle = lease_call->handle;
  set_notice_owner(lease_call, op);
  refusals = handle->pool->core.hook_refusals;
  hf_pool_release(&handle->pool->core,
                  &lease_call->lease,
                  release_of(op),
                  hf_clock_us());
  refusals = handle->pool->core.hook_refusals - refusals;
  hf_outbox_send_ok(&port->outbox, hf_op_low(op), hf_op_high(op), refusals > 0);
}

static void run_abort(struct hf_port *port, const struct hf_op *op) {
  struct hf_call *call =
      hf_call_table_find(port, hf_op_low(op), hf_op_high(op));
  if (call == NULL) {
    hf_health_ops_abort(port, hf_op_low(op), hf_op_high(op));
  } else if (call->once != NULL) {
    hf_once_call_abort(call);
  } else if ((op->flags & HF_FLAG_STREAM) != 0 &&
             hf_request_streams(&call->unit.request)) {
    hf_stream_leave(&call->handle->pool->core,
                    &call->unit.request,
                    hf_clock_us());
  } else if (!hf_query_cache_abort(call)) {
    hf_pool_abort(&call->handle->pool->core,
                  &call->unit.request,
                  hf_clock_us());
  }
}

/* A stream that waits, or has ended, needs nothing. */
static void run_read(struct hf_port *port, const struct hf_op *op) {
  struct hf_call *call =
      hf_call_table_find(port, hf_op_low(op), hf_op_high(op));
  if (call != NULL && call->unit.request.state == HF_REQUEST_RUNNING) {
    hf_conn_read_more(call->unit.request.slot->conn, &call->unit);
  }
}

/* An operation about a request. */
static void run_about(struct hf_port *port, const struct hf_op *op) {
  if (op->kind == HF_OP_READ) {
    run_read(port, op);
  } else {
    run_abort(port, op);
  }
}

/* Data for a COPY that has ended are dropped. */
static void run_write(struct hf_port *port,
                      const struct hf_op *op,
                      const char *bytes) {
  struct hf_call *call =
      hf_call_table_find(port, hf_op_low(op), hf_op_high(op));
  struct hf_request *request;
  bool last = (op->flags & HF_FLAG_CLOSE) != 0;
  if (call == NULL || call->unit.copy.direction != HF_SQL_COPY_IN) {
    return;
  }
  request = &call->unit.request;
  if (!hf_conn_copy_add(&call->unit, bytes, (size_t)op->portion, last)) {
    hf_pool_abort(&call->handle->pool->core, request, hf_clock_us());
  } else if (request->state == HF_REQUEST_RUNNING) {
    hf_conn_copy_pump(request->slot->conn);
  }
}

static void run_answer(struct hf_port *port,
                       const struct hf_op *op,
                       const char *const *fields) {
  struct hf_connect_slot *opening = hf_connect_slot_find(port, hf_op_low(op));
  bool failed = (op->flags & HF_FLAG_FAILED) != 0;
  if (opening != NULL && op->n_fields > 0) {
    hf_connect_slot_on_answer(opening,
                              failed ? NULL : fields[0],
                              failed ? fields[0] : NULL,
                              (op->flags & HF_FLAG_FORCE) != 0);
  }
}

/* ---- the batch ----------------------------------------------------------- */

static void run(struct hf_port *port,
                const struct hf_op *op,
                const char *const *fields) {
  switch ((enum hf_op_kind)op->kind) {
  case HF_OP_OPEN:
    hf_ops_open(port, op, fields);
    break;
  case HF_OP_QUERY:
  case HF_OP_ACQUIRE:
  case HF_OP_ONCE:
    run_request(port, op, fields);
    break;
  case HF_OP_LEASE_QUERY:
    run_statement(port, op, fields);
    break;
  case HF_OP_FINISH:
    run_finish(port, op, fields);
    break;
  case HF_OP_RELEASE:
    run_release(port, op);
    break;
  case HF_OP_ABORT:
  case HF_OP_READ:
  case HF_OP_WRITE: /* not here: its bytes are no fields */
    run_about(port, op);
    break;
  case HF_OP_END:
    hf_ops_end(port, op);
    break;
  case HF_OP_WARMUP:
    hf_ops_warmup(port, op);
    break;
  case HF_OP_HEALTH:
    hf_ops_health(port, op);
    break;
  case HF_OP_RESET:
    hf_ops_reset(port, op);
    break;
  case HF_OP_SUSPEND:
  case HF_OP_RESUME:
    hf_ops_suspension(port, op);
    break;
  case HF_OP_DEALLOCATE:
    hf_ops_deallocate(port, op);
    break;
  case HF_OP_ANSWER:
    run_answer(port, op, fields);
    break;
  case HF_OP_INVALIDATE:
    hf_ops_invalidate(port, op, fields);
    break;
  case HF_OP_HOOK:
    hf_ops_hook(port, op);
    break;
  case HF_OP_LISTEN:
    hf_ops_listen(port, op, fields);
    break;
  case HF_OP_UNLISTEN:
    hf_ops_unlisten(port, op, fields);
    break;
  }
}

/* Returns how many fields an operation needs. */
static int32_t least_fields(const struct hf_op *op) {
  switch ((enum hf_op_kind)op->kind) {
  case HF_OP_QUERY:
  case HF_OP_LEASE_QUERY:
  case HF_OP_FINISH:
    return (op->flags & HF_FLAG_NAMED) != 0 ? 2 : 1;
  case HF_OP_LISTEN:
    return (op->flags & HF_FLAG_CACHE) != 0 ? 2 : 1;
  case HF_OP_OPEN:
  case HF_OP_ANSWER:
  case HF_OP_UNLISTEN:
    return 1;
  case HF_OP_ONCE:
    return 2;
  case HF_OP_ACQUIRE:
  case HF_OP_RELEASE:
  case HF_OP_ABORT:
  case HF_OP_END:
  case HF_OP_HEALTH:
  case HF_OP_WARMUP:
  case HF_OP_RESET:
  case HF_OP_SUSPEND:
  case HF_OP_RESUME:
  case HF_OP_DEALLOCATE:
  case HF_OP_INVALIDATE:
  case HF_OP_HOOK:
  case HF_OP_READ:
  case HF_OP_WRITE:
    break;
  }
  return 0;
}

/*
 * Splits n fields off the text, to `fields` unless that is NULL. Returns false
 * when there are not as many.
 */
static bool split(const char **text,
                  const char *end,
                  const char **fields,
                  int32_t n) {
  int32_t i;
  for (i = 0; i < n; i++) {
    const char *nul = memchr(*text, '\0', (size_t)(end - *text));
    if (nul == NULL) {
      return false;
    }
    if (fields != NULL) {
      fields[i] = *text;
    }
    *text = nul + 1;
  }
  return true;
}

void hf_ops_run(struct hf_port *port,
                const struct hf_op *ops,
                size_t n_ops,
                const char *text,
                size_t text_bytes) {
  const char *end = text + text_bytes;
  const char *small[FIELDS_INLINE];
  size_t i;
  for (i = 0; i < n_ops; i++) {
    const struct hf_op *op = &ops[i];
    const char **fields = small;
    if (op->kind == HF_OP_WRITE) {
      if (op->portion >= 0 && op->portion <= end - text) {
        run_write(port, op, text);
        text += op->portion;
      }
      continue;
    }
    if (op->n_fields < least_fields(op) || op->n_fields > end - text) {
      continue; /* each field takes a byte at least */
    }
    if (op->n_fields > FIELDS_INLINE) {
      fields = hf_calloc((size_t)op->n_fields, sizeof *fields);
    }
    if (fields == NULL) {
      hf_ops_refuse(port, op, HF_NO_MEMORY);
      (void)split(&text, end, NULL, op->n_fields);
    } else if (split(&text, end, fields, op->n_fields)) {
      run(port, op, fields);
    }
    if (fields != small) {
      hf_free(fields);
    }
  }
}
