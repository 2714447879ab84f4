/* SPDX-License-Identifier: MIT */
/* The world's operations: what the core asks for, done with connections. */
#include "core/base/alloc.h"
#include "net/conn/conn.h"
#include "net/engine/connect_slot.h"
#include "net/engine/greeter.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/probe.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

static void world_connect(void *ctx, struct hf_slot *slot) {
  hf_connect_slot_open(ctx, slot);
}

static struct hf_lease *world_greet(void *ctx, struct hf_slot *slot) {
  slot->hearer = NULL;
  return hf_greeter_lend(ctx, slot);
}

static bool world_usable(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  return hf_conn_is_usable(slot->conn);
}

static void world_execute(void *ctx,
                          struct hf_slot *slot,
                          struct hf_request *request) {
  (void)ctx;
  hf_call_choose_statement(hf_call_of(request));
  hf_conn_execute(slot->conn, hf_call_of(request));
}

static void world_cancel(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_cancel(slot->conn);
}

static void world_rollback(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_run_chore(slot->conn, HF_OWN_UNIT_ROLLBACK, "rollback");
}

static void world_ping(void *ctx, struct hf_slot *slot) {
  (void)ctx;
  hf_conn_run_chore(slot->conn, HF_OWN_UNIT_PING, "");
}

static void world_forget(void *ctx, struct hf_slot *slot) {
  struct hf_conn *conn = slot->conn;
  const char *sql = "set datestyle to iso"; /* the order of days stays */
  (void)ctx;
  if (slot->forget) {
    hf_prepared_drop(&conn->names, NULL);
    sql = slot->restore ? "deallocate all; set datestyle to iso"
                        : "deallocate all";
  }
  hf_conn_run_chore(conn, HF_OWN_UNIT_FORGET, sql);
}

static struct hf_request *world_replace(void *ctx, struct hf_request *request) {
  struct hf_call *stand_in = hf_call_stand_in(hf_call_of(request));
  (void)ctx;
  return stand_in == NULL ? NULL : &stand_in->request;
}

static void world_prove(void *ctx,
                        struct hf_slot *slot,
                        enum hf_proof_step step) {
  (void)ctx;
  hf_conn_prove(slot->conn, step);
}

static void world_probe(void *ctx, struct hf_slot *slot) {
  hf_probe_start(ctx, slot);
}

static void world_close(void *ctx, struct hf_slot *slot) {
  struct hf_netpool *pool = ctx;
  if (slot->dial != NULL) {
    hf_connect_slot_stop(slot->dial);
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

/* The user's answer; early when the request still runs. */
static void answer(struct hf_call *call) {
  struct hf_request *request = &call->request;
  struct hf_port *port = call->handle->port;
  (void)hf_map_remove(&port->calls,
                      hf_call_id(request->id_low, request->id_high));
  if (is_granted(request)) {
    call->handle->leases++;
  } else if (request->kind == HF_REQUEST_ACQUIRE) {
    (void)hf_map_remove(&port->leases, (uint64_t)call->lease_number);
  }
  if (call->cached != NULL) {
    hf_query_cache_answer(call);
  } else {
    hf_call_answer(call);
  }
}

static void world_deliver(void *ctx, struct hf_request *request) {
  struct hf_call *call = hf_call_of(request);
  (void)ctx;
  if (request->state == HF_REQUEST_DONE && request->ran_us != 0 &&
      request->error.status == HF_OK && call->statement != NULL) {
    hf_statement_note_run(call->statement, request->ran_us);
  }
  if (request->state == HF_REQUEST_DONE && call->handle != NULL) {
    call->handle->calls--;
  }
  if (!request->settled && call->handle != NULL) {
    answer(call);
  }
  if (request->state == HF_REQUEST_DONE && !is_granted(request)) {
    hf_call_free(call);
  }
}

static void world_released(void *ctx, struct hf_lease *lease) {
  struct hf_call *call = HF_CONTAINER_OF(lease, struct hf_call, lease);
  struct hf_handle *handle = call->handle;
  (void)ctx;
  (void)hf_map_remove(&handle->port->leases, (uint64_t)call->lease_number);
  handle->leases--;
  hf_call_free(call);
}

static void world_event(void *ctx,
                        struct hf_slot *slot,
                        enum hf_event event,
                        const struct hf_error *error) {
  hf_netpool_event(ctx, slot, event, error);
}

static void world_closed(void *ctx) {
  struct hf_netpool *pool = ctx;
  pool->closed = true;
}

static uint32_t world_random(void *ctx) {
  struct hf_netpool *pool = ctx;
  return hf_loop_random(&pool->engine->loop);
}

void hf_netpool_make_world(struct hf_netpool *pool, struct hf_world *world) {
  world->ctx = pool;
  world->connect = world_connect;
  world->greet = world_greet;
  world->usable = world_usable;
  world->execute = world_execute;
  world->cancel = world_cancel;
  world->rollback = world_rollback;
  world->ping = world_ping;
  world->forget = world_forget;
  world->replace = world_replace;
  world->prove = world_prove;
  world->probe = world_probe;
  world->close = world_close;
  world->deliver = world_deliver;
  world->released = world_released;
  world->event = world_event;
  world->closed = world_closed;
  world->random = world_random;
}
