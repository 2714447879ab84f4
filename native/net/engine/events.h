/* SPDX-License-Identifier: MIT */
/*
 * What a pool tells its listeners: events, notices, notifications.
 *
 * Ownership: borrows.
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

/* Tells those who listen to the pool, or whose lease has the slot. */
void hf_events_emit(struct hf_netpool *pool,
                    struct hf_slot *slot,
                    enum hf_event event,
                    const struct hf_error *error);

/* Tells whose lease it is of a notification. */
void hf_events_emit_notification(struct hf_netpool *pool,
                                 struct hf_slot *slot,
                                 const PGnotify *notify);

/* Tells one handle; `lease` is whose it is, or 0. */
void hf_events_send_notification(struct hf_handle *handle,
                                 const struct hf_slot *slot,
                                 int32_t lease,
                                 const PGnotify *notify);

#endif
