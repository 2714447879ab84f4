/* SPDX-License-Identifier: MIT */
/* What a pool tells its listeners: events, notices, notifications. */
#include <string.h>

#include "block.h"
#include "call.h"
#include "netpool.h"
#include "port.h"

/* What an event has as its number. */
static int32_t value_of(const struct hf_netpool *pool,
                        const struct hf_slot *slot,
                        enum hf_event event) {
  uint64_t took_us = pool->core.now_us - slot->since_us;
  switch (event) {
  case HF_EVENT_CONNECT:
  case HF_EVENT_CONNECT_FAILED:
    return took_us < INT32_MAX ? (int32_t)took_us : INT32_MAX;
  case HF_EVENT_BREAKER:
    return (int32_t)hf_breaker_state(&pool->core.breaker);
  case HF_EVENT_REMOVE:
  case HF_EVENT_ERROR:
  case HF_EVENT_NOTICE:
  case HF_EVENT_NOTIFY:
  case HF_EVENT_WARNING:
  case HF_EVENT_LOST:
  case HF_EVENT_CONNECTING:
    break;
  }
  return 0;
}

static void send_event(struct hf_handle *handle,
                       const struct hf_slot *slot,
                       enum hf_event event,
                       int32_t lease,
                       const struct hf_error *error) {
  struct hf_block *block =
      hf_block_message(HF_MSG_EVENT,
                       HF_EVENT_INTS,
                       handle->number,
                       (int32_t)slot->serial,
                       error == NULL ? NULL : error->fields,
                       error == NULL ? 0 : error->fields_bytes);
  if (block != NULL) {
    block->ints[HF_EVENT_KIND] = (int32_t)event;
    block->ints[HF_EVENT_VALUE] = value_of(handle->pool, slot, event);
    block->ints[HF_EVENT_LEASE] = lease;
    block->ints[HF_EVENT_STATUS] =
        error == NULL ? HF_OK : (int32_t)error->status;
    block->ints[HF_EVENT_ERRNO] = error == NULL ? 0 : error->sys_errno;
    hf_port_send(handle->port, block);
  }
}

/* The call whose lease holds the slot. */
static struct hf_call *holder_of(const struct hf_slot *slot) {
  return HF_CONTAINER_OF(slot->lease, struct hf_call, lease);
}

void hf_netpool_event(struct hf_netpool *pool,
                      struct hf_slot *slot,
                      enum hf_event event,
                      const struct hf_error *error) {
  struct hf_link *link;
  if (slot->lease != NULL) {
    const struct hf_call *call = holder_of(slot);
    if (call->handle != NULL) {
      send_event(call->handle, slot, event, call->lease_number, error);
    }
    return;
  }
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (handle->listens) {
      send_event(handle, slot, event, 0, error);
    }
  }
}

void hf_netpool_notify(struct hf_netpool *pool,
                       struct hf_slot *slot,
                       const PGnotify *notify) {
  const struct hf_call *call;
  struct hf_block *block;
  (void)pool;
  if (slot->lease == NULL || holder_of(slot)->handle == NULL) {
    return;
  }
  call = holder_of(slot);
  block = hf_block_message2(HF_MSG_EVENT,
                            HF_EVENT_INTS,
                            call->handle->number,
                            (int32_t)slot->serial,
                            notify->relname,
                            strlen(notify->relname),
                            notify->extra,
                            strlen(notify->extra));
  if (block != NULL) {
    block->ints[HF_EVENT_KIND] = HF_EVENT_NOTIFY;
    block->ints[HF_EVENT_VALUE] = notify->be_pid;
    block->ints[HF_EVENT_LEASE] = call->lease_number;
    hf_port_send(call->handle->port, block);
  }
}
