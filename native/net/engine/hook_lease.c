/* SPDX-License-Identifier: MIT */
#include "net/engine/hook_lease.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/pool/queue.h"
#include "net/conn/conn.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"

static bool is_willing(const struct hf_handle *handle) {
  return handle->has_hook && !handle->ending && !handle->port->outbox.closed;
}

static struct hf_handle *choose_handle(const struct hf_netpool *pool) {
  const struct hf_request *first = hf_queue_first(&pool->core);
  struct hf_link *link;
  if (first != NULL && first->owner != NULL && is_willing(first->owner)) {
    return first->owner;
  }
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (is_willing(handle)) {
      return handle;
    }
  }
  return NULL;
}

/* Makes an acquire that is granted without having been submitted. */
static struct hf_call *call_new(struct hf_handle *handle) {
  struct hf_port *port = handle->port;
  struct hf_call *call = hf_alloc(sizeof *call);
  if (call == NULL) {
    return NULL;
  }
  memset(call, 0, sizeof *call);
  hf_request_init_granted(&call->unit.request);
  call->unit.request.owner = handle;
  call->handle = handle;
  hf_lease_init(&call->lease, handle);
  call->lease_number = ++port->last_lease;
  if (hf_call_table_add_lease(port, call) != HF_OK) {
    hf_lease_finish(&call->lease);
    hf_free(call);
    return NULL;
  }
  handle->leases++;
  return call;
}

struct hf_lease *hf_hook_lease_new(struct hf_netpool *pool,
                                   struct hf_slot *slot) {
  struct hf_handle *handle = choose_handle(pool);
  struct hf_call *call;
  if (handle == NULL) {
    return NULL;
  }
  call = call_new(handle);
  if (call == NULL) {
    /* It must not be used unprepared. */
    hf_conn_fail(slot->conn);
    return NULL;
  }
  return &call->lease;
}
