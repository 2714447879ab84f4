/* SPDX-License-Identifier: MIT */
#include "net/engine/events.h"

#include <string.h>

#include "net/base/system.h"
#include "net/engine/call.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

/* Returns HF_EVENT_VALUE of an event. */
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
  case HF_EVENT_RESUMED:
    break;
  }
  return 0;
}

static void send_event(struct hf_handle *handle,
                       const struct hf_slot *slot,
                       enum hf_event event,
                       int32_t lease,
                       const struct hf_error *error) {
  struct hf_message_head head = {.kind = HF_MSG_EVENT,
                                 .n_ints = HF_EVENT_INTS,
                                 .id_low = handle->number,
                                 .id_high = (int32_t)slot->serial,
                                 .text = error == NULL ? NULL : error->fields,
                                 .text_bytes =
                                     error == NULL ? 0 : error->fields_bytes};
  struct hf_message *message = hf_message_new(&head);
  if (message != NULL) {
    message->ints[HF_EVENT_KIND] = (int32_t)event;
    message->ints[HF_EVENT_VALUE] = value_of(handle->pool, slot, event);
    message->ints[HF_EVENT_LEASE] = lease;
    message->ints[HF_EVENT_STATUS] =
        error == NULL ? HF_OK : (int32_t)error->status;
    message->ints[HF_EVENT_ERRNO] =
        error == NULL ? 0 : hf_system_number_for_node(error->sys_errno);
    message->ints[HF_EVENT_PID] = slot->backend_pid;
    message->ints[HF_EVENT_POOLED] = slot->proxied;
    hf_outbox_send(&handle->port->outbox, message);
  }
}

/* Returns the call whose lease has the slot. */
static struct hf_call *lease_call_of(const struct hf_slot *slot) {
  return HF_CONTAINER_OF(slot->lease, struct hf_call, lease);
}

/* Returns whether only the lease's user gets the event. */
static bool is_private(const struct hf_slot *slot, enum hf_event event) {
  return slot->lease != NULL &&
         (event == HF_EVENT_NOTICE || event == HF_EVENT_LOST);
}

/* Returns the lease by which the handle prepares the connection, or 0. */
static int32_t lease_for(const struct hf_handle *handle,
                         const struct hf_slot *slot,
                         enum hf_event event) {
  const struct hf_call *call;
  if (event != HF_EVENT_CONNECT || slot->lease == NULL) {
    return 0;
  }
  call = lease_call_of(slot);
  return call->handle == handle ? call->lease_number : 0;
}

void hf_events_emit(struct hf_netpool *pool,
                    struct hf_slot *slot,
                    enum hf_event event,
                    const struct hf_error *error) {
  struct hf_link *link;
  if (is_private(slot, event)) {
    const struct hf_call *call = lease_call_of(slot);
    if (call->handle != NULL) {
      send_event(call->handle, slot, event, call->lease_number, error);
    }
    return;
  }
  if (event == HF_EVENT_NOTICE) {
    if (slot->notice_owner != NULL) {
      send_event(slot->notice_owner, slot, event, 0, error);
    }
    return;
  }
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (handle->listens) {
      send_event(handle, slot, event, lease_for(handle, slot, event), error);
    }
  }
}

struct hf_message *hf_events_new_notification(const struct hf_handle *handle,
                                              const struct hf_slot *slot,
                                              int32_t lease,
                                              const PGnotify *notify) {
  struct hf_message_head head = {.kind = HF_MSG_EVENT,
                                 .n_ints = HF_EVENT_INTS,
                                 .id_low = handle->number,
                                 .id_high = (int32_t)slot->serial,
                                 .text = notify->relname,
                                 .text_bytes = strlen(notify->relname),
                                 .more = notify->extra,
                                 .more_bytes = strlen(notify->extra)};
  struct hf_message *message = hf_message_new(&head);
  if (message != NULL) {
    message->ints[HF_EVENT_KIND] = HF_EVENT_NOTIFY;
    message->ints[HF_EVENT_VALUE] = notify->be_pid;
    message->ints[HF_EVENT_LEASE] = lease;
  }
  return message;
}

static void send_notification(struct hf_handle *handle,
                              const struct hf_slot *slot,
                              int32_t lease,
                              const PGnotify *notify) {
  struct hf_message *message =
      hf_events_new_notification(handle, slot, lease, notify);
  if (message != NULL) {
    hf_outbox_send(&handle->port->outbox, message);
  }
}

void hf_events_emit_notification(struct hf_netpool *pool,
                                 struct hf_slot *slot,
                                 const PGnotify *notify) {
  struct hf_link *link;
  if (slot->lease != NULL) {
    const struct hf_call *call = lease_call_of(slot);
    if (call->handle != NULL) {
      send_notification(call->handle, slot, call->lease_number, notify);
    }
    return;
  }
  /*
   * A released connection may still LISTEN: JavaScript knows for which client.
   */
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (handle->listens) {
      send_notification(handle, slot, 0, notify);
    }
  }
}
