/* SPDX-License-Identifier: MIT */
/* The hf_port_* functions of holdfast.h. */
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "net/base/system.h"
#include "net/engine/engine.h"
#include "net/engine/environment.h"
#include "net/engine/netpool.h"
#include "net/engine/ops.h"
#include "net/engine/port.h"

/* How long hf_port_catch_up waits for the engine at most. */
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

enum hf_status hf_port_open(hf_wake_cb wake, void *ctx, struct hf_port **port) {
  enum hf_status status;
  struct hf_port *made = hf_calloc(1, sizeof *made);
  if (made == NULL) {
    return HF_NO_MEMORY;
  }
  hf_list_init(&made->handle_list);
  hf_list_init(&made->warmups);
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
  made->pools = &made->engine->pools;
  made->outbox.filled = &made->engine->filled_outboxes;
  hf_row_descriptions_init(&made->row_descriptions, &made->pools->hash_key);
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

/* Returns whether the text of the batch may have a password. */
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

/* The environment has taken its messages: connections read again. */
static void on_resume(struct hf_post *post) {
  struct hf_port *port = HF_CONTAINER_OF(post, struct hf_port, resume);
  struct hf_link *link;
  atomic_store(&port->resume_posted, false);
  HF_LIST_EACH(link, &port->handle_list) {
    hf_netpool_resume_reading(
        HF_CONTAINER_OF(link, struct hf_handle, of_port)->pool);
  }
}

struct hf_message *hf_port_take(struct hf_port *port) {
  bool readers_waited;
  struct hf_message *first = hf_outbox_take(&port->outbox, &readers_waited);
  if (readers_waited && !atomic_exchange(&port->resume_posted, true)) {
    port->resume.run = on_resume;
    hf_loop_post(&port->engine->loop, &port->resume);
  }
  return first;
}

static void on_close(struct hf_post *post) {
  struct hf_port_closing *closing =
      HF_CONTAINER_OF(post, struct hf_port_closing, post);
  struct hf_port *port = closing->port;
  struct hf_engine *engine = port->engine;
  void (*closed)(void *ctx) = closing->closed;
  void *ctx = closing->ctx;
  hf_environment_close(port);
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
