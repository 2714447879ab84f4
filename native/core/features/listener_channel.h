/* SPDX-License-Identifier: MIT */
/*
 * What a listener (listener.h) is made of: the channels it listens to, and the
 * subscriptions to them.
 *
 * A channel, while the session is OPEN:
 *
 *     WANTED ----> REQUESTED ----> LISTENING ----> UNWANTED ----> LEAVING ---->
 * (gone) ^            |           ^------------+              | |            v
 * refused    subscribed again           |
 *       +-------- REFUSED                                    |
 *       +----------------------------------------------------+
 *
 * A subscription is PENDING until its channel is heard for the first time;
 * then LIVE, and MISSED from the loss of the session until its channel is heard
 * again: in between notifications may have been lost, which it is told.
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
  HF_LISTENER_IDLE,       /* nobody subscribes, there is no session */
  HF_LISTENER_CONNECTING, /* the engine is opening one */
  HF_LISTENER_OPEN,       /* channels are listened to */
  HF_LISTENER_WAITING,    /* for the time of the next attempt */
  HF_LISTENER_CLOSING,    /* the engine gives the session back */
  HF_LISTENER_STATES
};

enum hf_channel_state {
  HF_CHANNEL_WANTED,    /* LISTEN has to be sent */
  HF_CHANNEL_REQUESTED, /* it was sent */
  HF_CHANNEL_LISTENING, /* notifications come */
  HF_CHANNEL_REFUSED,   /* LISTEN failed; it is tried again later */
  HF_CHANNEL_UNWANTED,  /* nobody subscribes: UNLISTEN has to be sent */
  HF_CHANNEL_LEAVING,   /* it was sent */
  HF_CHANNEL_STATES
};

enum hf_subscription_state {
  HF_SUBSCRIPTION_PENDING, /* not answered yet */
  HF_SUBSCRIPTION_LIVE,    /* hears what is notified */
  HF_SUBSCRIPTION_MISSED   /* the session was lost since it heard */
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
  uint64_t ping_us;           /* how often the session is to be proven alive;
                                  0 = not at all */

  /* changed by the listener */
  enum hf_subscription_state state;
  struct hf_link of_channel;
  struct hf_link of_pinged;
  struct hf_heap_node deadline;
};

/* The engine outside. The first five are called from hf_listener_run only. */
struct hf_listener_io {
  void *ctx;

  /* Opens a session: hf_listener_on_connected or _on_connect_failed. */
  void (*connect)(void *ctx);

  /* One statement at a time, each answered by hf_listener_on_answered. */
  void (*listen)(void *ctx, const char *channel);
  void (*unlisten)(void *ctx, const char *channel);
  void (*ping)(void *ctx);

  /* Gives up the session, or opening it: hf_listener_on_closed. */
  void (*close)(void *ctx);

  /*
   * A subscription is answered: it is LIVE (`error` is NULL), or was refused
   * and is the engine's again.
   */
  void (*answer)(void *ctx,
                 struct hf_subscription *subscription,
                 const struct hf_error *error);

  /* A LIVE subscription is MISSED: the session was lost. */
  void (*lost)(void *ctx, struct hf_subscription *subscription);

  /*
   * A channel is heard again, its subscriptions that were MISSED are LIVE:
   * notifications may have been lost in between.
   */
  void (*resumed)(void *ctx, struct hf_channel *channel);

  /* The session has answered what was asked at `asked_us`. */
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
  struct hf_channel *in_flight; /* whose statement is in flight, or NULL */
  bool busy;                    /* a statement is in flight */
  uint64_t asked_us;            /* since when */
  uint64_t pinged_us;           /* the next proof is a period after it */
  uint64_t alive_us;            /* what was asked then was answered */
  int32_t failures;             /* attempts in a row without a heard channel */
  bool lost;                    /* OPEN: the session is gone already */
  bool reopen_later;            /* CLOSING: the next session follows a pause */
  uint64_t retry_us;            /* WAITING: the next attempt; OPEN: refused
                                   channels are tried again */
  struct hf_error last_failure; /* of a session; HF_OK while there is one */
};

/* ---- subscriptions ------------------------------------------------------- */

/*
 * Adds a subscription, which is answered by hf_listener_io.answer, at once
 * where its channel is heard already. `deadline_us` 0 = an outage is waited
 * for without end; else it is refused with HF_DEADLINE then. HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_listener_subscribe(
    struct hf_listener *listener,
    struct hf_subscription *subscription,
    const char *channel,
    uint64_t deadline_us);

/* Takes a subscription away; nobody is told. */
void hf_listener_unsubscribe(struct hf_listener *listener,
                             struct hf_subscription *subscription);

/* Returns the channel of that name that is listened to, or NULL. */
struct hf_channel *hf_listener_find(const struct hf_listener *listener,
                                    const char *name);

/* ---- for the session: listener.c ----------------------------------------- */

/* The one mover of a channel. Asserts that the move is allowed. */
void hf_channel_move(struct hf_listener *listener,
                     struct hf_channel *channel,
                     enum hf_channel_state next);

/* Returns the channel of a link on a listener's list. */
struct hf_channel *hf_channel_of(struct hf_link *link);

/* Its LISTEN was answered: answers its subscriptions. */
void hf_channel_on_listening(struct hf_listener *listener,
                             struct hf_channel *channel);

/* Its LISTEN failed. What is PENDING is refused if repeating is of no use. */
void hf_channel_on_refused(struct hf_listener *listener,
                           struct hf_channel *channel,
                           const struct hf_error *error);

/* Its UNLISTEN was answered. Frees it unless it is subscribed to again. */
void hf_channel_on_left(struct hf_listener *listener,
                        struct hf_channel *channel);

/* The session is gone, and with it everything it listened to. */
void hf_channel_lose_all(struct hf_listener *listener);

/* Refuses everything that is PENDING while there is no session. */
void hf_channel_refuse_all(struct hf_listener *listener,
                           const struct hf_error *error);

/* Refuses what is PENDING past its deadline. */
void hf_channel_refuse_due(struct hf_listener *listener, uint64_t now_us);

#endif
