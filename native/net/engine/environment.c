/* SPDX-License-Identifier: MIT */
#include "net/engine/environment.h"

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/connect_slot.h"
#include "net/engine/handle.h"
#include "net/engine/listen.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/single_flight.h"

static struct hf_call *of_lease(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_call, by_lease);
}

/* Returns a lease that was granted to the handle, or NULL. */
static struct hf_call *find_granted(const struct hf_port *port,
                                    const struct hf_handle *handle) {
  struct hf_table_node *node;
  HF_TABLE_EACH(node, &port->leases) {
    struct hf_call *call = of_lease(node);
    if (call->handle == handle && call->unit.request.state == HF_REQUEST_DONE) {
      return call;
    }
  }
  return NULL;
}

/* Frees leases that the user still holds though the pool has closed. */
static void drop_leases(struct hf_port *port, struct hf_handle *handle) {
  struct hf_call *call;
  while (handle->leases > 0 && (call = find_granted(port, handle)) != NULL) {
    hf_call_table_remove_lease(port, call);
    handle->leases--;
    hf_call_free(call);
  }
}

void hf_environment_drop(struct hf_port *port, struct hf_handle *handle) {
  struct hf_netpool *pool = handle->pool;
  hf_port_unpublish(handle);
  hf_table_remove(&port->handles, &handle->by_number);
  hf_list_remove(&port->handle_list, &handle->of_port);
  drop_leases(port, handle);
  hf_listen_drop(handle);
  hf_query_cache_close(handle);
  hf_handle_detach(pool, handle, port->outbox.closed);
  hf_connect_slot_ask_others(port, handle);
  if (port->outbox.closed) {
    /* Connections that waited for this environment have to read again. */
    hf_netpool_resume_reading(pool);
  }
  hf_free(handle);
}

/* Releases the leases that the environment still has. */
static void release_leases(struct hf_port *port) {
  struct hf_table_node *node;
  while ((node = hf_table_any(&port->leases)) != NULL) {
    struct hf_call *call = of_lease(node);
    hf_call_table_remove_lease(port, call);
    if (call->unit.request.state == HF_REQUEST_DONE) {
      hf_pool_release(&call->handle->pool->core,
                      &call->lease,
                      HF_RELEASE_CUT,
                      hf_clock_us());
    }
  }
}

/*
 * Drops the environment's waiting calls. This comes before its leases are
 * released: a connection must not be given to a call that nobody reads.
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

void hf_environment_close(struct hf_port *port) {
  struct hf_link *link;
  port->outbox.closed = true;
  drop_waiting(port);
  release_leases(port);
  while ((link = hf_list_first(&port->handle_list)) != NULL) {
    hf_environment_drop(port, HF_CONTAINER_OF(link, struct hf_handle, of_port));
  }
  hf_outbox_finish(&port->outbox);
  hf_table_finish(&port->handles);
  hf_table_finish(&port->calls);
  hf_table_finish(&port->leases);
  hf_table_finish(&port->questions);
  hf_table_finish(&port->published);
  hf_row_descriptions_finish(&port->row_descriptions);
  uv_mutex_destroy(&port->gauges_lock);
  hf_free(port);
}
