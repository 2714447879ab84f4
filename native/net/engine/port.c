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

/* Answers that can be given before memory must be had again. */
enum { SPARE_BLOCKS = 32 };

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

static void fill_spare(struct hf_port *port) {
  while (port->n_spare < SPARE_BLOCKS) {
    struct hf_message *block = hf_message_new(HF_ERROR_INTS, 0, 0, 0);
    if (block == NULL) {
      return;
    }
    block->next = port->spare;
    port->spare = block;
    port->n_spare++;
  }
}

static void drop_blocks(struct hf_message *block) {
  while (block != NULL) {
    struct hf_message *next = block->next;
    hf_message_free(block);
    block = next;
  }
}

enum hf_status hf_port_open(hf_wake_cb wake, void *ctx, struct hf_port **port) {
  enum hf_status status;
  struct hf_port *made = hf_calloc(1, sizeof *made);
  if (made == NULL) {
    return HF_NO_MEMORY;
  }
  made->wake = wake;
  made->ctx = ctx;
  hf_list_init(&made->handle_list);
  fill_spare(made);
  if (uv_mutex_init(&made->lock) != 0) {
    status = HF_NO_MEMORY;
    goto fail_mutex;
  }
  status = hf_engine_attach(&made->engine);
  if (status != HF_OK) {
    goto fail_engine;
  }
  hf_row_descriptions_init(&made->shapes, &made->engine->hash_key);
  *port = made;
  return HF_OK;

fail_engine:
  uv_mutex_destroy(&made->lock);
fail_mutex:
  drop_blocks(made->spare);
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
  struct hf_message *first;
  uv_mutex_lock(&port->lock);
  first = port->done_first;
  port->done_first = NULL;
  port->done_last = NULL;
  uv_mutex_unlock(&port->lock);
  atomic_store(&port->buffered, 0);
  if (atomic_exchange(&port->choked, false) &&
      !atomic_exchange(&port->relieving, true)) {
    port->relief.run = on_relief;
    hf_loop_post(&port->engine->loop, &port->relief);
  }
  return first;
}

bool hf_port_gauges(struct hf_port *port, int32_t pool, struct hf_gauges *out) {
  const struct hf_stats *stats;
  uv_mutex_lock(&port->lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    hf_stats_get_gauges(stats, out);
  }
  uv_mutex_unlock(&port->lock);
  return stats != NULL;
}

size_t hf_port_stats(struct hf_port *port,
                     int32_t pool,
                     double *out,
                     size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read(stats, out, n);
  }
  uv_mutex_unlock(&port->lock);
  return count;
}

size_t hf_port_buckets(struct hf_port *port,
                       int32_t pool,
                       double *out,
                       size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read_buckets(stats, out, n);
  }
  uv_mutex_unlock(&port->lock);
  return count;
}

/* ---- the engine's side --------------------------------------------------- */

void hf_port_publish(struct hf_port *port, int32_t number, void *stats) {
  uv_mutex_lock(&port->lock);
  if (stats == NULL) {
    (void)hf_map_remove(&port->gauges, (uint64_t)number);
  } else {
    /* Without memory the gauges just stay unseen. */
    (void)!hf_map_set(&port->gauges, (uint64_t)number, stats);
  }
  uv_mutex_unlock(&port->lock);
}

bool hf_port_is_choked(struct hf_port *port, size_t limit) {
  if (atomic_load(&port->buffered) <= limit) {
    return false;
  }
  atomic_store(&port->choked, true);
  /* Taken in between: nobody would tell us. */
  return atomic_load(&port->buffered) > limit;
}

void hf_port_send(struct hf_port *port, struct hf_message *block) {
  if (port->closed) {
    while (block != NULL) {
      struct hf_message *next = block->next;
      hf_message_free(block);
      block = next;
    }
    return;
  }
  if (port->out_last == NULL) {
    port->out_first = block;
  } else {
    port->out_last->next = block;
  }
  for (;;) {
    (void)atomic_fetch_add(&port->buffered, hf_message_bytes(block));
    if (block->next == NULL) {
      break;
    }
    block = block->next;
  }
  port->out_last = block;
  if (!hf_link_queued(&port->dirty)) {
    hf_list_push(&port->engine->dirty_ports, &port->dirty);
  }
}

void hf_port_hand_over(struct hf_port *port) {
  uv_mutex_lock(&port->lock);
  if (port->done_last == NULL) {
    port->done_first = port->out_first;
  } else {
    port->done_last->next = port->out_first;
  }
  port->done_last = port->out_last;
  uv_mutex_unlock(&port->lock);
  port->out_first = NULL;
  port->out_last = NULL;
  port->wake(port->ctx);
  fill_spare(port);
}

struct hf_message *hf_port_spare(struct hf_port *port,
                                 enum hf_msg_kind kind,
                                 uint32_t n_ints,
                                 int32_t id_low,
                                 int32_t id_high) {
  struct hf_message *block = port->spare;
  if (block == NULL) {
    return NULL;
  }
  port->spare = block->next;
  port->n_spare--;
  block->next = NULL;
  block->n_ints = n_ints;
  block->ints[HF_INT_KIND] = (int32_t)kind;
  block->ints[HF_INT_LENGTH] = (int32_t)n_ints;
  block->ints[HF_INT_ID_LOW] = id_low;
  block->ints[HF_INT_ID_HIGH] = id_high;
  return block;
}

void hf_port_send_ok(struct hf_port *port,
                     uint32_t id_low,
                     uint32_t id_high,
                     int32_t value) {
  struct hf_message *block = hf_message_message(HF_MSG_OK,
                                                HF_OK_INTS,
                                                (int32_t)id_low,
                                                (int32_t)id_high,
                                                NULL,
                                                0);
  if (block == NULL) {
    block = hf_port_spare(port,
                          HF_MSG_OK,
                          HF_OK_INTS,
                          (int32_t)id_low,
                          (int32_t)id_high);
  }
  if (block != NULL) {
    block->ints[HF_OK_STATUS] = value;
    hf_port_send(port, block);
  }
}

void hf_port_send_refusal(struct hf_port *port,
                          uint32_t id_low,
                          uint32_t id_high,
                          enum hf_status status,
                          const struct hf_error *cause) {
  struct hf_error error;
  struct hf_message *block;
  hf_error_init(&error);
  if (cause != NULL && cause->status == status) {
    hf_error_copy(&error, cause);
    cause = NULL;
  } else {
    hf_error_set(&error, status, HF_PHASE_LOCAL, NULL);
    error.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  block = hf_message_message2(HF_MSG_ERROR,
                              HF_ERROR_INTS,
                              (int32_t)id_low,
                              (int32_t)id_high,
                              error.fields,
                              error.fields_bytes,
                              cause == NULL ? NULL : cause->fields,
                              cause == NULL ? 0 : cause->fields_bytes);
  if (block == NULL) {
    block = hf_port_spare(port,
                          HF_MSG_ERROR,
                          HF_ERROR_INTS,
                          (int32_t)id_low,
                          (int32_t)id_high);
  }
  if (block != NULL) {
    block->ints[HF_ERROR_STATUS] = (int32_t)error.status;
    block->ints[HF_ERROR_OUTCOME] = (int32_t)error.outcome;
    block->ints[HF_ERROR_RETRYABLE] = error.retryable;
    block->ints[HF_ERROR_PHASE] = (int32_t)error.phase;
    block->ints[HF_ERROR_ERRNO] = error.sys_errno;
    if (cause != NULL) {
      block->ints[HF_ERROR_CAUSE_STATUS] = (int32_t)cause->status;
      block->ints[HF_ERROR_CAUSE_ERRNO] = cause->sys_errno;
    }
    hf_port_send(port, block);
  }
  hf_error_finish(&error);
}

/* Leases that the user still holds, though their pool has closed. */
static void drop_leases(struct hf_port *port, struct hf_handle *handle) {
  size_t i = 0;
  while (handle->leases > 0 && i < port->leases.size) {
    struct hf_call *call = port->leases.places[i].value;
    if (call == NULL || call->handle != handle ||
        call->request.state != HF_REQUEST_DONE) {
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
  hf_netpool_detach(pool, handle, port->closed);
  drop_asks(port, handle);
  if (port->closed) {
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
    if (call->request.state == HF_REQUEST_DONE) {
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
  port->closed = true;
  drop_waiting(port);
  release_leases(port);
  while ((link = hf_list_first(&port->handle_list)) != NULL) {
    hf_port_forget(port, HF_CONTAINER_OF(link, struct hf_handle, of_port));
  }
  if (hf_link_queued(&port->dirty)) {
    hf_list_remove(&engine->dirty_ports, &port->dirty);
  }
  drop_blocks(port->out_first);
  drop_blocks(port->done_first);
  drop_blocks(port->spare);
  hf_map_finish(&port->handles);
  hf_map_finish(&port->calls);
  hf_map_finish(&port->leases);
  hf_map_finish(&port->asks);
  hf_map_finish(&port->gauges);
  hf_row_descriptions_finish(&port->shapes);
  uv_mutex_destroy(&port->lock);
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
