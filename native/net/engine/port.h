/* SPDX-License-Identifier: MIT */
/*
 * A port: the connection of a JavaScript environment with the engine, and what
 * the environment has there.
 *
 * Ownership: made by hf_port_open; the engine frees it after hf_port_close.
 *
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

/* An environment's handle on a pool; hf_request.owner of its requests. */
struct hf_handle {
  struct hf_link of_port, of_pool;
  struct hf_table_node by_number;
  struct hf_port *port;
  struct hf_netpool *pool;
  int32_t number;          /* in its port */
  struct hf_config config; /* as the handle was opened */
  bool listens;            /* wants the pool's events */
  bool has_hook;           /* has a hook that prepares new connections */
  bool
      notified; /* its cache is valid only while it listens for invalidations */
  bool ending;  /* end() was called */
  bool suspends; /* has suspended the pool */
  uint32_t end_id_low, end_id_high;
  uint64_t drain_us;             /* while ending: when the drain time is over */
  bool cut;                      /* and its calls were cut short */
  int32_t calls;                 /* that are not delivered yet */
  int32_t leases;                /* held */
  struct hf_query_cache *cached; /* its query cache, or NULL */
  struct hf_list subscriptions;  /* to channels */
  struct hf_listen_subscription *invalidator; /* that invalidates `cached` */
  uint64_t last_stamp; /* of hf_listen.stamp: the last notification it got */

  /* under the port's gauges_lock */
  struct hf_table_node by_stats;
  const struct hf_stats *stats; /* of its pool; NULL = not published */
};

/* The post that closes a port. */
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
  atomic_bool resume_posted; /* `resume` was posted */
  atomic_uint posted;        /* batches that were handed over */
  atomic_uint taken;         /* batches that were run */
  struct hf_post resume;
};

/*
 * Lets the environment read the statistics of the handle's pool. The engine's
 * thread.
 */
void hf_port_publish(struct hf_handle *handle, const struct hf_stats *stats);

/* Undoes hf_port_publish; does nothing when nothing was published. */
void hf_port_unpublish(struct hf_handle *handle);

/* Returns the port's handle with this number, or NULL. The engine's thread. */
struct hf_handle *hf_port_handle(const struct hf_port *port, int32_t number);

#endif
