/* SPDX-License-Identifier: MIT */
/*
 * Subscriptions of handles to channels. A pool has one session that listens,
 * for all handles of all environments: listen_session.h. When that is opened is
 * decided by core/features/listener.
 *
 * Ownership: a subscription belongs to its handle.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_LISTEN_H
#define HF_NET_ENGINE_LISTEN_H

#include <libpq-fe.h>

struct hf_handle;
struct hf_listen;
struct hf_op;
struct hf_slot;

/*
 * Subscribes a handle to a channel; the operation is answered once the session
 * listens. Notifications are sent to the handle or, if `cached` is not NULL,
 * invalidate the query caches of that handle's pool.
 */
void hf_listen_subscribe(struct hf_handle *handle,
                         const struct hf_op *op,
                         const char *channel,
                         struct hf_handle *cached);

/* Ends one subscription of the handle. */
void hf_listen_unsubscribe(struct hf_handle *handle, const char *channel);

/* Ends all subscriptions of a handle that ends; refuses pending ones. */
void hf_listen_drop(struct hf_handle *handle);

/* Delivers a notification of the session to its subscribers. */
void hf_listen_notify(struct hf_listen *listen,
                      const struct hf_slot *slot,
                      const PGnotify *notify);

#endif
