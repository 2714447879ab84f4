/* SPDX-License-Identifier: MIT */
/*
 * The session that listens for a pool, on a lease of its own.
 *
 * Ownership: a pool owns its hf_listen, which is made for its first
 * subscription.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_LISTEN_SESSION_H
#define HF_NET_ENGINE_LISTEN_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/features/listener.h"

struct hf_call;
struct hf_netpool;

struct hf_listen {
  struct hf_listener listener;
  struct hf_netpool *pool;
  struct hf_call
      *acquire; /* the session's lease, also while it is waited for */
  struct hf_call *running; /* the statement in flight */
  bool granted;            /* the lease was granted */
  bool reported;           /* the listener was notified of that */
  uint64_t stamp; /* counts notifications: each handle and pool gets one once */
};

/*
 * Makes the hf_listen of a pool. `callbacks` has the operations that concern
 * subscriptions; their ctx is the hf_listen. NULL when out of memory.
 */
struct hf_listen *hf_listen_session_new(struct hf_netpool *pool,
                                        const struct hf_listener_io *callbacks);

/* A listener's call was delivered; its lease was released. */
void hf_listen_session_on_delivered(struct hf_call *call);
void hf_listen_session_on_released(struct hf_call *call);

/* Does what is due at the end of a turn, if the pool has an hf_listen. */
void hf_listen_session_end_turn(struct hf_netpool *pool);

/* Returns when hf_listen_session_end_turn is due, UINT64_MAX = never. */
uint64_t hf_listen_session_next_us(const struct hf_netpool *pool);

/* Returns whether the pool has no session. */
bool hf_listen_session_is_over(const struct hf_netpool *pool);

void hf_listen_session_free(struct hf_netpool *pool);

#endif
