/* SPDX-License-Identifier: MIT */
#include "net/engine/pool_io.h"

#include "core/base/alloc.h"
#include "core/pool/stream.h"
#include "net/base/clock.h"
#include "net/conn/conn.h"
#include "net/conn/conn_copy_in.h"
#include "net/conn/conn_stream.h"
#include "net/engine/call.h"
#include "net/engine/call_answer.h"
#include "net/engine/call_table.h"
#include "net/engine/connect_slot.h"
#include "net/engine/events.h"
#include "net/engine/health_ops.h"
#include "net/engine/hook_lease.h"
#include "net/engine/listen.h"
#include "net/engine/listen_session.h"
#include "net/engine/netpool.h"
#include "net/engine/once_call.h"
#include "net/engine/port.h"
#include "net/engine/probe.h"
#include "net/engine/single_flight.h"
#include "net/wire/message.h"

static void io_connect(void *ctx, struct hf_slot *slot) {
  hf_connect_slot_open(ctx, slot);
}

static struct hf_lease *io_begin_hook(void *ctx, struct hf_slot *slot) {
  slot->notice_owner = NULL;
  return hf_hook_lease_new(ctx, slot);
}

static bool io_usable(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  return hf_conn_is_usable(slot->conn);
}

static void io_execute(void *ctx,
                       struct hf_slot *slot,
                       struct hf_request *request) {
  (void)ctx;
  hf_call_choose_statement(hf_call_of(request));
  hf_conn_execute(slot->conn, hf_unit_of(request));
}

static void io_cancel(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_skip(slot->conn);
  if (!hf_conn_copy_fail(slot->conn)) {
    hf_conn_cancel(slot->conn);
  }
}

static void io_skip(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_skip(slot->conn);
}

static void io_rollback(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_run_internal(slot->conn, HF_INTERNAL_UNIT_ROLLBACK, "rollback");
}

static void io_ping(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_run_internal(slot->conn, HF_INTERNAL_UNIT_PING, "");
}

static void io_deallocate(void *ctx, struct hf_slot *slot) {
  struct hf_conn *conn = slot->conn;
  const char *sql =
      "set datestyle to iso"; /* keeps the order of day and month */
  (void)ctx;
  if (slot->deallocate || slot->dirty) {
    hf_prepared_clear(&conn->prepared);
  }
  if (slot->dirty) {
    hf_conn_discard(conn);
    return;
  }
  if (slot->deallocate) {
    sql = slot->restore_settings ? "deallocate all; set datestyle to iso"
                                 : "deallocate all";
  }
  hf_conn_run_internal(conn, HF_INTERNAL_UNIT_DEALLOCATE, sql);
}

static struct hf_request *io_replace(void *ctx, struct hf_request *request) {
  struct hf_call *stand_in = hf_call_new_replacement(hf_call_of(request));
  (void)ctx;
  return stand_in == NULL ? NULL : &stand_in->unit.request;
}

static void io_prove(void *ctx, struct hf_slot *slot, enum hf_proof_step step) {
  (void)ctx;
  hf_conn_prove(slot->conn, step);
}

static bool io_probe(void *ctx, struct hf_slot *slot) {
  return hf_probe_start(ctx, slot);
}

static void io_close(void *ctx, struct hf_slot *slot) {
  struct hf_netpool *pool = ctx;
  if (slot->connect != NULL) {
    hf_connect_slot_stop(slot->connect);
  } else if (slot->conn != NULL) {
    hf_conn_close(slot->conn);
  } else {
    hf_netpool_fail_later(pool, slot);
  }
}

static bool is_granted(const struct hf_request *request) {
  return request->kind == HF_REQUEST_ACQUIRE &&
         request->state == HF_REQUEST_DONE && request->error.status == HF_OK;
}

/* Answers the user, early when the request still runs. */
static void answer(struct hf_call *call) {
  struct hf_request *request = &call->unit.request;
  struct hf_port *port = call->handle->port;
  hf_call_table_remove(port, call);
  if (is_granted(request)) {
    call->handle->leases++;
  } else if (request->kind == HF_REQUEST_ACQUIRE) {
    hf_call_table_remove_lease(port, call);
  }
  if (call->cached != NULL) {
    hf_query_cache_answer(call);
  } else {
    hf_call_answer(call);
  }
}

static void io_deliver(void *ctx, struct hf_request *request) {
  struct hf_call *call = hf_call_of(request);
  if (request->state == HF_REQUEST_DONE && request->ran_us != 0 &&
      request->error.status == HF_OK && call->unit.statement != NULL &&
      call->unit.batch == NULL) {
    hf_statement_note_duration(call->unit.statement, request->ran_us);
  }
  if (call->listen != NULL) {
    hf_listen_session_on_delivered(call);
    return;
  }
  if (call->once != NULL) {
    hf_once_call_on_delivered(ctx, call);
    return;
  }
  if (request->state == HF_REQUEST_DONE && call->handle != NULL) {
    call->handle->calls--;
  }
  if (!request->settled && call->unit.probe != NULL) {
    hf_health_ops_on_probed(ctx, call);
  } else if (!request->settled && call->handle != NULL) {
    answer(call);
  }
  if (request->state == HF_REQUEST_DONE && !is_granted(request)) {
    hf_call_free(call);
  }
}

static void io_released(void *ctx, struct hf_lease *lease) {
  struct hf_call *call = HF_CONTAINER_OF(lease, struct hf_call, lease);
  struct hf_handle *handle = call->handle;
  (void)ctx;
  if (call->listen != NULL) {
    hf_listen_session_on_released(call);
    return;
  }
  if (call->once != NULL) {
    hf_once_call_on_released(call);
    return;
  }
  hf_call_table_remove_lease(handle->port, call);
  handle->leases--;
  hf_call_free(call);
}

static void io_event(void *ctx,
                     struct hf_slot *slot,
                     enum hf_event event,
                     const struct hf_error *error) {
  hf_events_emit(ctx, slot, event, error);
}

static void io_closed(void *ctx) {
  struct hf_netpool *pool = ctx;
  pool->closed = true;
}

static uint32_t io_random(void *ctx) {
  struct hf_netpool *pool = ctx;
  return hf_loop_random(pool->pools->loop);
}

const struct hf_pool_io hf_pool_io_table = {
    .connect = io_connect,
    .begin_hook = io_begin_hook,
    .usable = io_usable,
    .execute = io_execute,
    .cancel = io_cancel,
    .skip = io_skip,
    .rollback = io_rollback,
    .ping = io_ping,
    .deallocate = io_deallocate,
    .replace = io_replace,
    .prove = io_prove,
    .probe = io_probe,
    .close = io_close,
    .deliver = io_deliver,
    .released = io_released,
    .event = io_event,
    .closed = io_closed,
    .random = io_random,
};

/* ---- events of connections ----------------------------------------------- */

static struct hf_netpool *pool_of(const struct hf_conn *conn) {
  return HF_CONTAINER_OF(conn->shared, struct hf_netpool, shared);
}

/* Returns the call whose lease has the slot, or NULL. */
static struct hf_call *lease_call_of(const struct hf_slot *slot) {
  return slot->lease == NULL
             ? NULL
             : HF_CONTAINER_OF(slot->lease, struct hf_call, lease);
}

static void conn_finished(struct hf_conn *conn,
                          struct hf_unit *unit,
                          char transaction) {
  if (hf_conn_stream_undo(conn, unit)) {
    return;
  }
  hf_pool_on_finished(&pool_of(conn)->core,
                      &unit->request,
                      transaction,
                      hf_clock_us());
}

static void conn_internal_done(struct hf_conn *conn) {
  struct hf_slot *slot = conn->slot;
  if (slot->connect != NULL) {
    hf_connect_slot_on_setup(slot->connect);
  } else if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
    hf_pool_on_checked(&pool_of(conn)->core, slot, hf_clock_us());
  } else {
    hf_conn_fail(conn);
  }
}

static void conn_proved(struct hf_conn *conn, enum hf_proof proof) {
  hf_pool_on_proved(&pool_of(conn)->core, conn->slot, proof, hf_clock_us());
}

static void conn_lost(struct hf_conn *conn, struct hf_error *error) {
  struct hf_slot *slot = conn->slot;
  if (slot->connect != NULL) {
    hf_error_move(&conn->final_error, error);
    hf_connect_slot_on_setup(slot->connect);
  } else {
    hf_pool_on_lost(&pool_of(conn)->core, slot, error, hf_clock_us());
  }
}

static void conn_closed(struct hf_conn *conn) {
  hf_pool_on_closed(&pool_of(conn)->core, conn->slot, hf_clock_us());
}

static void conn_notice(struct hf_conn *conn, const struct hf_error *error) {
  hf_events_emit(pool_of(conn), conn->slot, HF_EVENT_NOTICE, error);
}

static void conn_notification(struct hf_conn *conn, const PGnotify *notify) {
  const struct hf_call *lease_call = lease_call_of(conn->slot);
  if (lease_call != NULL && lease_call->listen != NULL) {
    hf_listen_notify(lease_call->listen, conn->slot, notify);
  } else {
    hf_events_emit_notification(pool_of(conn), conn->slot, notify);
  }
}

static void conn_define(struct hf_unit *unit, struct hf_message *definition) {
  struct hf_call *call = hf_call_of(&unit->request);
  hf_outbox_send(&call->handle->port->outbox, definition);
}

static void conn_rows(struct hf_unit *unit,
                      struct hf_message *message,
                      bool first) {
  struct hf_call *call = hf_call_of(&unit->request);
  struct hf_pool *pool = &call->handle->pool->core;
  message->ints[HF_RESULT_ATTEMPTS] = unit->request.attempts;
  message->ints[HF_RESULT_FLAGS] = HF_RESULT_MORE | HF_RESULT_PART;
  hf_outbox_send(&call->handle->port->outbox, message);
  if (first) {
    hf_stream_on_rows(pool, &unit->request, hf_clock_us());
  }
}

static void conn_copied(struct hf_unit *unit,
                        struct hf_message *message,
                        size_t taken,
                        bool first) {
  struct hf_call *call = hf_call_of(&unit->request);
  struct hf_pool *pool = unit->request.slot->pool;
  if (message == NULL && taken > 0 && call->handle != NULL) {
    message = hf_outbox_new_copy(&call->handle->port->outbox,
                                 unit->request.id_low,
                                 unit->request.id_high,
                                 taken);
  }
  if (message != NULL) {
    hf_outbox_send(&call->handle->port->outbox, message);
  }
  if (first) {
    hf_stream_on_rows(pool, &unit->request, hf_clock_us());
  }
}

static void conn_held(struct hf_unit *unit, bool held) {
  struct hf_request *request = &unit->request;
  struct hf_pool *pool = request->slot->pool;
  if (held) {
    hf_stream_on_held(pool, request, hf_clock_us());
  } else {
    hf_stream_on_resumed(pool, request, hf_clock_us());
  }
}

/* Returns whether the handle's environment has too many messages to take. */
static bool is_choked(const struct hf_netpool *pool,
                      const struct hf_handle *handle) {
  return handle != NULL &&
         hf_outbox_is_full(&handle->port->outbox,
                           (size_t)pool->core.config.max_buffered_bytes);
}

/* Notifications of an idle connection need memory as rows do. */
static bool conn_is_full(const struct hf_conn *conn) {
  const struct hf_netpool *pool = pool_of(conn);
  struct hf_unit *unit = hf_conn_head(conn);
  const struct hf_call *call =
      unit == NULL ? lease_call_of(conn->slot) : hf_call_of(&unit->request);
  struct hf_link *link;
  if (call != NULL && call->listen == NULL) {
    return is_choked(pool, call->handle);
  }
  if (call == NULL && !hf_slot_is_idle(conn->slot)) {
    return false;
  }
  HF_LIST_EACH(link, &pool->handles) {
    if (is_choked(pool, HF_CONTAINER_OF(link, struct hf_handle, of_pool))) {
      return true;
    }
  }
  return false;
}

const struct hf_conn_callbacks hf_pool_io_callbacks = {
    .finished = conn_finished,
    .internal_done = conn_internal_done,
    .proved = conn_proved,
    .lost = conn_lost,
    .closed = conn_closed,
    .notice = conn_notice,
    .notification = conn_notification,
    .define = conn_define,
    .rows = conn_rows,
    .copied = conn_copied,
    .held = conn_held,
    .is_full = conn_is_full,
};
