/* SPDX-License-Identifier: MIT */
/*
 * LISTEN for whoever subscribes: one session per pool, whatever number of
 * environments have a handle on it. When it is opened, repeated and given up
 * is core/features/listener's, the session is listen_session's; this is who
 * subscribes, and is told.
 *
 * Ownership: a subscription belongs to its handle.
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
 * Subscribes a handle to a channel in the name of an operation, which is
 * answered once it is listened to. What is notified goes to the environment,
 * or, where `cached` is a handle, invalidates the caches of that one's pool.
 */
void hf_listen_subscribe(struct hf_handle *handle,
                         const struct hf_op *op,
                         const char *channel,
                         struct hf_handle *cached);

/* Takes back one subscription of the handle that was answered. */
void hf_listen_unsubscribe(struct hf_handle *handle, const char *channel);

/* Takes back all of a handle that goes; what waits is refused. */
void hf_listen_drop(struct hf_handle *handle);

/* A notification came to the session. */
void hf_listen_notify(struct hf_listen *listen,
                      const struct hf_slot *slot,
                      const PGnotify *notify);

#endif
