/* SPDX-License-Identifier: MIT */
/*
 * A port: what joins one JavaScript environment to the engine, and what that
 * environment has there. Its functions for the environment are in api.c.
 *
 * Ownership: made by hf_port_open; the engine frees it after hf_port_close.
 * Threads: as marked.
 */
#ifndef HF_NET_ENGINE_PORT_H
#define HF_NET_ENGINE_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/base/hash_table.h"
#include "core/base/list.h"
#include "core/policy/config.h"
#include "holdfast.h"
#include "net/base/loop.h"
#include "net/engine/outbox.h"
#include "net/wire/row_description.h"

struct hf_engine;
struct hf_listen_subscription;
struct hf_netpool;
struct hf_netpools;
struct hf_query_cache;
struct hf_stats;

/* One environment's hold on a pool: hf_request.owner of its requests. */
struct hf_handle {
  struct hf_link of_port, of_pool;
  struct hf_table_node by_number;
  struct hf_port *port;
  struct hf_netpool *pool;
  int32_t number;          /* in its port */
  struct hf_config config; /* as this handle was opened */
  bool listens;            /* wants the pool's events */
  bool greets;             /* prepares new connections */
  bool notified;           /* its cache is trusted only while writes of other
                              processes are heard of */
  bool ending;   /* end() was called; answered when its work is done */
  bool suspends; /* called suspend(), and nobody has resumed since */
  uint32_t end_id_low, end_id_high;
  uint64_t drain_us;             /* while ending: when the rest is cut short */
  bool cut;                      /* and that was done */
  int32_t calls;                 /* of this handle in flight or waiting */
  int32_t leases;                /* held */
  struct hf_query_cache *cached; /* its query cache, or NULL */
  struct hf_list subscriptions;  /* to channels */
  struct hf_listen_subscription *invalidator; /* by which `cached` hears */
  uint64_t last_stamp; /* the last of hf_listen.stamp that it was told of */

  /* under the port's gauges_lock */
  struct hf_table_node by_stats;
  const struct hf_stats *stats; /* of its pool; NULL = not published */
};

/* The last thing a port is posted for. */
struct hf_port_closing {
  struct hf_post post;
  struct hf_port *port;
  void (*closed)(void *ctx);
  void *ctx;
};

struct hf_port {
  /* set at open, read-only */
  struct hf_engine *engine;
  struct hf_netpools *pools; /* of the engine */

  struct hf_outbox outbox; /* threads: its own */

  /* under its lock */
  uv_mutex_t gauges_lock;
  struct hf_table published; /* hf_handle.by_stats: by handle number */

  /* the engine's thread only */
  struct hf_table handles;   /* hf_handle.by_number */
  struct hf_table calls;     /* hf_call.by_id: not answered yet */
  struct hf_table leases;    /* hf_call.by_lease: calls that acquired one */
  struct hf_table questions; /* hf_question.node: not answered yet */
  struct hf_list handle_list;
  struct hf_list warmups; /* that are not answered yet */
  struct hf_row_descriptions row_descriptions;
  int32_t last_lease;
  uint32_t last_question;
  struct hf_port_closing closing;

  /* written by both sides */
  atomic_bool resume_posted; /* `relief` is on its way to the engine */
  atomic_uint posted;        /* batches handed over */
  atomic_uint taken;         /* and those whose operations were begun */
  struct hf_post resume;
};

/*
 * Makes the statistics of the handle's pool readable by the environment. The
 * engine's thread.
 */
void hf_port_publish(struct hf_handle *handle, const struct hf_stats *stats);

/* Undoes hf_port_publish; does nothing when nothing was published. */
void hf_port_unpublish(struct hf_handle *handle);

/* Returns the port's handle of that number, or NULL. The engine's thread. */
struct hf_handle *hf_port_handle(const struct hf_port *port, int32_t number);

#endif
