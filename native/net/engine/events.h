/* SPDX-License-Identifier: MIT */
/*
 * Sends a pool's events, notices and notifications to its handles.
 *
 * Ownership: borrows.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_EVENTS_H
#define HF_NET_ENGINE_EVENTS_H

#include <stdint.h>

#include <libpq-fe.h>

#include "holdfast.h"

struct hf_error;
struct hf_handle;
struct hf_netpool;
struct hf_slot;

/*
 * Sends an event to the handles that want events, or a private one to the
 * handle whose lease has the slot. `error` may be NULL.
 */
void hf_events_emit(struct hf_netpool *pool,
                    struct hf_slot *slot,
                    enum hf_event event,
                    const struct hf_error *error);

/*
 * Sends a notification to the handle whose lease has the slot; without a lease
 * to all handles that want events.
 */
void hf_events_emit_notification(struct hf_netpool *pool,
                                 struct hf_slot *slot,
                                 const PGnotify *notify);

/*
 * Returns a notification for one handle, to be sent or freed by the caller;
 * `lease` is its lease's number, or 0. NULL when out of memory.
 */
struct hf_message *hf_events_new_notification(const struct hf_handle *handle,
                                              const struct hf_slot *slot,
                                              int32_t lease,
                                              const PGnotify *notify);

#endif
