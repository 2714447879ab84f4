/* SPDX-License-Identifier: MIT */
#include "net/engine/environment.h"

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/connect_slot.h"
#include "net/engine/handle.h"
#include "net/engine/listen.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/single_flight.h"

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
static void drop_questions(struct hf_port *port,
                           const struct hf_handle *handle) {
  size_t i = 0;
  while (i < port->questions.size) {
    struct hf_connect_slot *opening = port->questions.places[i].value;
    if (opening != NULL && hf_connect_slot_asked_handle(opening) == handle) {
      hf_connect_slot_ask_another(opening);
      i = 0;
    } else {
      i++;
    }
  }
}

void hf_environment_drop(struct hf_port *port, struct hf_handle *handle) {
  struct hf_netpool *pool = handle->pool;
  hf_port_publish(port, handle->number, NULL);
  (void)hf_map_remove(&port->handles, (uint64_t)handle->number);
  hf_list_remove(&port->handle_list, &handle->of_port);
  drop_leases(port, handle);
  hf_listen_drop(handle);
  hf_query_cache_close(handle);
  hf_handle_detach(pool, handle, port->outbox.closed);
  drop_questions(port, handle);
  if (port->outbox.closed) {
    /* Others need the connections that waited for this environment. */
    hf_netpool_resume_reading(pool);
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

void hf_environment_close(struct hf_port *port) {
  struct hf_link *link;
  port->outbox.closed = true;
  drop_waiting(port);
  release_leases(port);
  while ((link = hf_list_first(&port->handle_list)) != NULL) {
    hf_environment_drop(port, HF_CONTAINER_OF(link, struct hf_handle, of_port));
  }
  hf_outbox_finish(&port->outbox);
  hf_map_finish(&port->handles);
  hf_map_finish(&port->calls);
  hf_map_finish(&port->leases);
  hf_map_finish(&port->questions);
  hf_map_finish(&port->gauges);
  hf_row_descriptions_finish(&port->row_descriptions);
  uv_mutex_destroy(&port->gauges_lock);
  hf_free(port);
}
