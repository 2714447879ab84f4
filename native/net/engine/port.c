/* SPDX-License-Identifier: MIT */
/* Ports: the hf_port_* of holdfast.h, and their engine side. */
#include "net/engine/port.h"

#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/system.h"
#include "net/conn/conn.h"
#include "net/engine/call.h"
#include "net/engine/connect_slot.h"
#include "net/engine/engine.h"
#include "net/engine/netpool.h"
#include "net/engine/ops.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

/* The engine's thread may wait for a processor; who counts shall not long. */
enum { CATCH_UP_NS = 10 * 1000 * 1000, CATCH_UP_PAUSE_NS = 10 * 1000 };

/* A batch on its way to the engine's thread. */
struct batch {
  struct hf_post post;
  struct hf_port *port;
  struct hf_op *ops;
  size_t n_ops;
  char *text;
  size_t text_bytes;
};

/* ---- the environment's side ---------------------------------------------- */

enum hf_status hf_port_open(hf_wake_cb wake, void *ctx, struct hf_port **port) {
  enum hf_status status;
  struct hf_port *made = hf_calloc(1, sizeof *made);
  if (made == NULL) {
    return HF_NO_MEMORY;
  }
  hf_list_init(&made->handle_list);
  status = hf_outbox_init(&made->outbox, wake, ctx);
  if (status != HF_OK) {
    goto fail_outbox;
  }
  if (uv_mutex_init(&made->gauges_lock) != 0) {
    status = HF_NO_MEMORY;
    goto fail_mutex;
  }
  status = hf_engine_attach(&made->engine);
  if (status != HF_OK) {
    goto fail_engine;
  }
  made->outbox.filled = &made->engine->filled_outboxes;
  hf_row_descriptions_init(&made->shapes, &made->engine->hash_key);
  *port = made;
  return HF_OK;

fail_engine:
  uv_mutex_destroy(&made->gauges_lock);
fail_mutex:
  hf_outbox_finish(&made->outbox);
fail_outbox:
  hf_free(made);
  return status;
}

/* Passwords come with these; the target has a copy that it wipes. */
static bool holds_secret(const struct batch *batch) {
  size_t i;
  for (i = 0; i < batch->n_ops; i++) {
    if (batch->ops[i].kind == HF_OP_OPEN ||
        batch->ops[i].kind == HF_OP_ANSWER) {
      return true;
    }
  }
  return false;
}

static void on_batch(struct hf_post *post) {
  struct batch *batch = HF_CONTAINER_OF(post, struct batch, post);
  struct hf_port *port = batch->port;
  hf_ops_run(batch->port,
             batch->ops,
             batch->n_ops,
             batch->text,
             batch->text_bytes);
  if (holds_secret(batch)) {
    hf_system_wipe(batch->text, batch->text_bytes);
  }
  hf_buffer_free(batch->ops);
  hf_buffer_free(batch->text);
  hf_free(batch);
  (void)atomic_fetch_add(&port->taken, 1);
}

enum hf_status hf_port_submit(struct hf_port *port,
                              struct hf_op *ops,
                              size_t n_ops,
                              char *text,
                              size_t text_bytes) {
  struct batch *batch = hf_alloc(sizeof *batch);
  if (batch == NULL) {
    hf_buffer_free(ops);
    hf_buffer_free(text);
    return HF_NO_MEMORY;
  }
  memset(batch, 0, sizeof *batch);
  batch->post.run = on_batch;
  batch->port = port;
  batch->ops = ops;
  batch->n_ops = n_ops;
  batch->text = text;
  batch->text_bytes = text_bytes;
  (void)atomic_fetch_add(&port->posted, 1);
  hf_loop_post(&port->engine->loop, &batch->post);
  return HF_OK;
}

void hf_port_catch_up(struct hf_port *port) {
  const struct timespec pause = {0, CATCH_UP_PAUSE_NS};
  uint64_t until = uv_hrtime() + CATCH_UP_NS;
  while (atomic_load(&port->taken) != atomic_load(&port->posted) &&
         uv_hrtime() < until) {
    (void)nanosleep(&pause, NULL);
  }
}

/* By place and not by list: what is read moves slots between the lists. */
static void resume(struct hf_netpool *pool) {
  int32_t i;
  for (i = 0; i < pool->core.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&pool->core, i);
    if (slot->conn != NULL) {
      hf_conn_resume(slot->conn);
    }
  }
}

/* The environment took what it had: its connections read on. */
static void on_relief(struct hf_post *post) {
  struct hf_port *port = HF_CONTAINER_OF(post, struct hf_port, relief);
  struct hf_link *link;
  atomic_store(&port->relieving, false);
  HF_LIST_EACH(link, &port->handle_list) {
    resume(HF_CONTAINER_OF(link, struct hf_handle, of_port)->pool);
  }
}

struct hf_message *hf_port_take(struct hf_port *port) {
  bool waited_for;
  struct hf_message *first = hf_outbox_take(&port->outbox, &waited_for);
  if (waited_for && !atomic_exchange(&port->relieving, true)) {
    port->relief.run = on_relief;
    hf_loop_post(&port->engine->loop, &port->relief);
  }
  return first;
}

bool hf_port_gauges(struct hf_port *port, int32_t pool, struct hf_gauges *out) {
  const struct hf_stats *stats;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    hf_stats_get_gauges(stats, out);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return stats != NULL;
}

size_t hf_port_stats(struct hf_port *port,
                     int32_t pool,
                     double *out,
                     size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read(stats, out, n);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return count;
}

size_t hf_port_buckets(struct hf_port *port,
                       int32_t pool,
                       double *out,
                       size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read_buckets(stats, out, n);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return count;
}

/* ---- the engine's side --------------------------------------------------- */

void hf_port_publish(struct hf_port *port, int32_t number, void *stats) {
  uv_mutex_lock(&port->gauges_lock);
  if (stats == NULL) {
    (void)hf_map_remove(&port->gauges, (uint64_t)number);
  } else {
    /* Without memory the gauges just stay unseen. */
    (void)!hf_map_set(&port->gauges, (uint64_t)number, stats);
  }
  uv_mutex_unlock(&port->gauges_lock);
}

/* Leases that the user still holds, though their pool has closed. */
static void drop_leases(struct hf_port *port, struct hf_handle *handle) {
  size_t i = 0;
  while (handle->leases > 0 && i < port->leases.size) {
    struct hf_call *call = port->leases.places[i].value;
    if (call == NULL || call->handle != handle ||
        call->unit.request.state != HF_REQUEST_DONE) {
      i++;
      continue;
    }
    /* What is removed may be followed into its place by another. */
    (void)hf_map_remove(&port->leases, port->leases.places[i].key);
    handle->leases--;
    hf_call_free(call);
  }
}

/* Questions that this handle's environment was asked. */
static void drop_asks(struct hf_port *port, const struct hf_handle *handle) {
  size_t i = 0;
  while (i < port->asks.size) {
    struct hf_connect_slot *dial = port->asks.places[i].value;
    if (dial != NULL && hf_connect_slot_asked(dial) == handle) {
      hf_connect_slot_ask_another(dial);
      i = 0;
    } else {
      i++;
    }
  }
}

void hf_port_forget(struct hf_port *port, struct hf_handle *handle) {
  struct hf_netpool *pool = handle->pool;
  hf_port_publish(port, handle->number, NULL);
  (void)hf_map_remove(&port->handles, (uint64_t)handle->number);
  hf_list_remove(&port->handle_list, &handle->of_port);
  drop_leases(port, handle);
  hf_query_cache_close(handle);
  hf_netpool_detach(pool, handle, port->outbox.closed);
  drop_asks(port, handle);
  if (port->outbox.closed) {
    /* Others need the connections that waited for this environment. */
    resume(pool);
  }
  hf_free(handle);
}

/* Rolls back and gives back what the environment still held. */
static void release_leases(struct hf_port *port) {
  uint64_t number;
  struct hf_call *call;
  while ((call = hf_map_any(&port->leases, &number)) != NULL) {
    (void)hf_map_remove(&port->leases, number);
    if (call->unit.request.state == HF_REQUEST_DONE) {
      hf_pool_release(&call->handle->pool->core,
                      &call->lease,
                      HF_RELEASE_CUT,
                      hf_clock_us());
    }
  }
}

/*
 * Everything of the environment that waits is dropped before anything it held
 * is given back: nobody would be there to take it.
 */
static void drop_waiting(struct hf_port *port) {
  uint64_t now_us = hf_clock_us();
  struct hf_link *link;
  HF_LIST_EACH(link, &port->handle_list) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_port);
    hf_query_cache_close(handle);
    hf_pool_drop_owner(&handle->pool->core, handle, true, now_us);
  }
}

static void on_close(struct hf_post *post) {
  struct hf_port_closing *closing =
      HF_CONTAINER_OF(post, struct hf_port_closing, post);
  struct hf_port *port = closing->port;
  struct hf_engine *engine = port->engine;
  void (*closed)(void *ctx) = closing->closed;
  void *ctx = closing->ctx;
  struct hf_link *link;
  port->outbox.closed = true;
  drop_waiting(port);
  release_leases(port);
  while ((link = hf_list_first(&port->handle_list)) != NULL) {
    hf_port_forget(port, HF_CONTAINER_OF(link, struct hf_handle, of_port));
  }
  hf_outbox_finish(&port->outbox);
  hf_map_finish(&port->handles);
  hf_map_finish(&port->calls);
  hf_map_finish(&port->leases);
  hf_map_finish(&port->asks);
  hf_map_finish(&port->gauges);
  hf_row_descriptions_finish(&port->shapes);
  uv_mutex_destroy(&port->gauges_lock);
  hf_free(port);
  closed(ctx);
  hf_engine_detach(engine);
}

void hf_port_close(struct hf_port *port,
                   void (*closed)(void *closed_ctx),
                   void *closed_ctx) {
  struct hf_port_closing *closing = &port->closing;
  closing->post.run = on_close;
  closing->port = port;
  closing->closed = closed;
  closing->ctx = closed_ctx;
  hf_loop_post_last(&port->engine->loop, &closing->post);
}
