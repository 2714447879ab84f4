/* SPDX-License-Identifier: MIT */
/*
 * What a pool tells its listeners: events, notices, notifications.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_EVENTS_H
#define HF_NET_ENGINE_EVENTS_H

#include <libpq-fe.h>

#include "holdfast.h"

struct hf_error;
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

#endif
