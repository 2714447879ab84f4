/* SPDX-License-Identifier: MIT */
/*
 * What a listener (listener.h) is made of: the channels it listens to, and the
 * subscriptions to them.
 *
 * A channel, while the session is OPEN:
 *
 *              sent           answered         no subscription
 *     WANTED ------> REQUESTED -------> LISTENING ----> UNWANTED
 *      ^ ^            |                    ^             |   | sent
 *      | |    refused |                    +-------------+   v
 *      | +-- REFUSED <+                 subscribed again  LEAVING --> (gone)
 *      |                                                     |
 *      +-----------------------------------------------------+
 *
 * A subscription is PENDING until its channel is listened to for the first
 * time; then LIVE. It is MISSED from the loss of the session until its channel
 * is listened to again, because notifications in between were lost.
 *
 * Ownership: the listener owns its channels; subscriptions are the engine's and
 * are borrowed until they are unsubscribed or refused.
 * Threads: none; one thread at a time per listener.
 */
#ifndef HF_CORE_FEATURES_LISTENER_CHANNEL_H
#define HF_CORE_FEATURES_LISTENER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/hash_table.h"
#include "core/base/heap.h"
#include "core/base/list.h"
#include "core/base/siphash.h"
#include "holdfast.h"

enum hf_listener_state {
  HF_LISTENER_IDLE,       /* no subscriptions, no session */
  HF_LISTENER_CONNECTING, /* the engine is opening a session */
  HF_LISTENER_OPEN,       /* the session is open */
  HF_LISTENER_WAITING,    /* waits before the next attempt */
  HF_LISTENER_CLOSING,    /* the engine is closing the session */
  HF_LISTENER_STATES
};

enum hf_channel_state {
  HF_CHANNEL_WANTED,    /* LISTEN must be sent */
  HF_CHANNEL_REQUESTED, /* it was sent */
  HF_CHANNEL_LISTENING, /* notifications arrive */
  HF_CHANNEL_REFUSED,   /* LISTEN failed and is retried later */
  HF_CHANNEL_UNWANTED,  /* no subscriptions: UNLISTEN must be sent */
  HF_CHANNEL_LEAVING,   /* it was sent */
  HF_CHANNEL_STATES
};

enum hf_subscription_state {
  HF_SUBSCRIPTION_PENDING, /* not answered yet */
  HF_SUBSCRIPTION_LIVE,    /* receives notifications */
  HF_SUBSCRIPTION_MISSED   /* the session was lost and is not back yet */
};

struct hf_channel {
  struct hf_table_node node;
  struct hf_link link; /* on the listener's list of its state */
  enum hf_channel_state state;
  struct hf_list subscriptions;
  char name[]; /* NUL-terminated */
};

/* Zeroed memory is a subscription of no listener. */
struct hf_subscription {
  /* set by hf_listener_subscribe */
  struct hf_channel *channel; /* NULL = of no listener */
  uint64_t ping_us; /* how often the session must be pinged for it; 0 = never */

  /* changed by the listener */
  enum hf_subscription_state state;
  struct hf_link of_channel;
  struct hf_link of_pinged;
  struct hf_heap_node deadline;
};

/*
 * The operations that the engine provides. The first five are called only from
 * hf_listener_run().
 */
struct hf_listener_io {
  void *ctx;

  /*
   * Opens a session: hf_listener_on_connected or hf_listener_on_connect_failed.
   */
  void (*connect)(void *ctx);

  /* Sends a statement, one at a time: hf_listener_on_answered. */
  void (*listen)(void *ctx, const char *channel);
  void (*unlisten)(void *ctx, const char *channel);
  void (*ping)(void *ctx);

  /* Closes the session, or stops opening it: hf_listener_on_closed. */
  void (*close)(void *ctx);

  /*
   * Answers a subscription: it is LIVE (`error` is NULL), or was refused and
   * belongs to the engine again.
   */
  void (*answer)(void *ctx,
                 struct hf_subscription *subscription,
                 const struct hf_error *error);

  /* A LIVE subscription became MISSED: the session was lost. */
  void (*lost)(void *ctx, struct hf_subscription *subscription);

  /*
   * A channel is listened to again and its MISSED subscriptions are LIVE.
   * Notifications in between were lost.
   */
  void (*resumed)(void *ctx, struct hf_channel *channel);

  /* The session has answered a statement sent at `asked_us`. */
  void (*alive)(void *ctx,
                struct hf_subscription *subscription,
                uint64_t asked_us);

  uint32_t (*random)(void *ctx);
};

struct hf_listener {
  /* set at init, read-only */
  struct hf_listener_io io;

  /* changed by the movers */
  enum hf_listener_state state;
  struct hf_list channels_in[HF_CHANNEL_STATES];

  /* changed by the listener */
  struct hf_table channels;
  struct hf_heap deadlines; /* of PENDING subscriptions */
  struct hf_list pinged;    /* subscriptions with ping_us */
  size_t subscriptions;
  struct hf_channel
      *in_flight;     /* channel of the statement in flight, or NULL */
  bool busy;          /* a statement is in flight */
  uint64_t asked_us;  /* when it was sent */
  uint64_t pinged_us; /* the next ping is due one period later */
  uint64_t alive_us;  /* when the last answered statement was sent */
  int32_t failures;   /* failed attempts in a row */
  bool lost;          /* OPEN: the session was lost */
  bool reopen_later;  /* CLOSING: wait before opening the next session */
  uint64_t retry_us;  /* WAITING: time of the next attempt; OPEN: when refused
                         channels are retried */
  struct hf_error last_failure; /* HF_OK while a session works */
};

/* ---- subscriptions ------------------------------------------------------- */

/*
 * Adds a subscription. It is answered by hf_listener_io.answer, at once when
 * its channel is listened to already. `deadline_us`: when it is refused with
 * HF_DEADLINE; 0 = an outage is waited out. Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_listener_subscribe(
    struct hf_listener *listener,
    struct hf_subscription *subscription,
    const char *channel,
    uint64_t deadline_us);

/* Removes a subscription without an answer. */
void hf_listener_unsubscribe(struct hf_listener *listener,
                             struct hf_subscription *subscription);

/* Returns the channel with that name, or NULL. */
struct hf_channel *hf_listener_find(const struct hf_listener *listener,
                                    const char *name);

/* ---- for the session: listener.c ----------------------------------------- */

/*
 * The only place that changes a channel's state. Asserts that the move is
 * allowed.
 */
void hf_channel_move(struct hf_listener *listener,
                     struct hf_channel *channel,
                     enum hf_channel_state next);

/* Returns the channel of a link on a listener's list. */
struct hf_channel *hf_channel_of(struct hf_link *link);

/* LISTEN was answered: answers the channel's subscriptions. */
void hf_channel_on_listening(struct hf_listener *listener,
                             struct hf_channel *channel);

/*
 * LISTEN failed. PENDING subscriptions are refused if the error is permanent.
 */
void hf_channel_on_refused(struct hf_listener *listener,
                           struct hf_channel *channel,
                           const struct hf_error *error);

/*
 * UNLISTEN was answered. Frees the channel unless it has subscriptions again.
 */
void hf_channel_on_left(struct hf_listener *listener,
                        struct hf_channel *channel);

/* The session is gone: every channel must be listened to again. */
void hf_channel_lose_all(struct hf_listener *listener);

/* Refuses all PENDING subscriptions while there is no session. */
void hf_channel_refuse_all(struct hf_listener *listener,
                           const struct hf_error *error);

/* Refuses PENDING subscriptions that are past their deadline. */
void hf_channel_refuse_due(struct hf_listener *listener, uint64_t now_us);

#endif
