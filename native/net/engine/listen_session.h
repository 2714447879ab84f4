/* SPDX-License-Identifier: MIT */
/*
 * The session that listens for a pool: a lease that no environment holds.
 *
 * Ownership: a pool owns its hf_listen, made with the first subscription.
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
  struct hf_call *acquire; /* the session's, from when it is asked for */
  struct hf_call *running; /* the statement in flight */
  bool granted;            /* `acquired` has a connection, or had one */
  bool reported;           /* and the listener knows */
  uint64_t stamp; /* of what is told now: each handle and pool hears it once */
};

/*
 * Makes what listens for a pool that has none. Of `told` the operations that
 * concern subscriptions are taken; they get the hf_listen as their ctx. NULL
 * when out of memory.
 */
struct hf_listen *hf_listen_session_new(struct hf_netpool *pool,
                                        const struct hf_listener_io *callbacks);

/* The core is done with a call of a listener's own, or with its lease. */
void hf_listen_session_on_delivered(struct hf_call *call);
void hf_listen_session_on_released(struct hf_call *call);

/* Does what is due. Does nothing where nobody ever listened. */
void hf_listen_session_end_turn(struct hf_netpool *pool);

/* Returns when hf_listen_session_end_turn has to be called, UINT64_MAX = never.
 */
uint64_t hf_listen_session_next_us(const struct hf_netpool *pool);

/* Returns whether there is no session any more. */
bool hf_listen_session_is_over(const struct hf_netpool *pool);

void hf_listen_session_free(struct hf_netpool *pool);

#endif
