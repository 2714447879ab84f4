/* SPDX-License-Identifier: MIT */
#include "net/engine/listen.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/events.h"
#include "net/engine/listen_session.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000 };

/* The first letter of a label that is a tag. */
enum { LABEL_TAG = 't' };

/* More than one read of a socket has. */
enum { EARLY_MAX = 1024 };

struct hf_listen_subscription {
  struct hf_subscription core;
  struct hf_link of_handle;
  struct hf_handle *handle;
  struct hf_handle *cached; /* whose cache it invalidates, or NULL */
  uint32_t id_low, id_high; /* of the operation */
  /*
   * Notifications that came along with the answer to LISTEN, which is ours only
   * at the end of the turn: they are sent behind it.
   */
  struct hf_message *early, *early_last;
  int n_early;
};

static struct hf_listen_subscription *of_core(
    struct hf_subscription *subscription) {
  return HF_CONTAINER_OF(subscription, struct hf_listen_subscription, core);
}

static struct hf_listen_subscription *of_channel(struct hf_link *link) {
  return of_core(HF_CONTAINER_OF(link, struct hf_subscription, of_channel));
}

/* ---- invalidation of caches ---------------------------------------------- */

/* Notifications may have been missed: cached results may be out of date. */
static void begin_trust(struct hf_listen *listen, struct hf_netpool *pool) {
  hf_cache_trust_begin(&pool->trust, listen->listener.alive_us);
  (void)hf_query_cache_invalidate(pool, NULL);
}

/* Invalidates once per pool, not once per subscription. */
static void invalidate(struct hf_listen *listen,
                       struct hf_netpool *pool,
                       const char *payload) {
  size_t bytes = strlen(payload);
  char *label = NULL;
  if (pool->last_stamp == listen->stamp) {
    return;
  }
  pool->last_stamp = listen->stamp;
  if (bytes > 0) {
    label = hf_alloc(bytes + 2);
  }
  if (label != NULL) {
    label[0] = LABEL_TAG;
    memcpy(label + 1, payload, bytes + 1);
  }
  /* Without memory for the tag everything is invalidated. */
  (void)hf_query_cache_invalidate(pool, label);
  hf_free(label);
}

/* ---- subscriptions ------------------------------------------------------- */

static void subscription_free(struct hf_listen_subscription *subscription) {
  hf_list_remove(&subscription->handle->subscriptions,
                 &subscription->of_handle);
  if (subscription->cached != NULL) {
    subscription->cached->invalidator = NULL;
  }
  hf_message_free_all(subscription->early);
  hf_free(subscription);
}

/* The reason why there is no session says more than a deadline. */
static void send_refusal(const struct hf_listen *listen,
                         const struct hf_listen_subscription *subscription,
                         const struct hf_error *error) {
  hf_outbox_refuse(&subscription->handle->port->outbox,
                   subscription->id_low,
                   subscription->id_high,
                   error->status,
                   error->status == HF_DEADLINE ? &listen->listener.last_failure
                                                : error);
}

static void io_answer(void *ctx,
                      struct hf_subscription *core,
                      const struct hf_error *error) {
  struct hf_listen *listen = ctx;
  struct hf_listen_subscription *subscription = of_core(core);
  if (error != NULL) {
    send_refusal(listen, subscription, error);
    subscription_free(subscription);
    return;
  }
  if (subscription->cached != NULL) {
    begin_trust(listen, subscription->cached->pool);
  }
  hf_outbox_send_ok(&subscription->handle->port->outbox,
                    subscription->id_low,
                    subscription->id_high,
                    0);
  if (subscription->early != NULL) {
    hf_outbox_send(&subscription->handle->port->outbox, subscription->early);
    subscription->early = NULL;
  }
}

static void io_lost(void *ctx, struct hf_subscription *core) {
  const struct hf_listen_subscription *subscription = of_core(core);
  (void)ctx;
  if (subscription->cached != NULL) {
    hf_cache_trust_lose(&subscription->cached->pool->trust);
  }
}

static void io_alive(void *ctx,
                     struct hf_subscription *core,
                     uint64_t asked_us) {
  const struct hf_listen_subscription *subscription = of_core(core);
  (void)ctx;
  if (subscription->cached != NULL) {
    hf_cache_trust_confirm(&subscription->cached->pool->trust, asked_us);
  }
}

/* Returns whether the handle has not got the current notification yet. */
static bool mark_notified(const struct hf_listen *listen,
                          struct hf_handle *handle) {
  bool is_new = handle->last_stamp != listen->stamp;
  handle->last_stamp = listen->stamp;
  return is_new;
}

static void send_resumed(struct hf_handle *handle, const char *channel) {
  struct hf_message_head head = {.kind = HF_MSG_EVENT,
                                 .n_ints = HF_EVENT_INTS,
                                 .id_low = handle->number,
                                 .text = channel,
                                 .text_bytes = strlen(channel)};
  struct hf_message *message = hf_message_new(&head);
  if (message != NULL) {
    message->ints[HF_EVENT_KIND] = HF_EVENT_RESUMED;
    hf_outbox_send(&handle->port->outbox, message);
  }
}

static void io_resumed(void *ctx, struct hf_channel *channel) {
  struct hf_listen *listen = ctx;
  struct hf_link *link;
  listen->stamp++;
  HF_LIST_EACH(link, &channel->subscriptions) {
    const struct hf_listen_subscription *subscription = of_channel(link);
    if (subscription->core.state != HF_SUBSCRIPTION_LIVE) {
      continue;
    }
    if (subscription->cached != NULL) {
      begin_trust(listen, subscription->cached->pool);
    } else if (mark_notified(listen, subscription->handle)) {
      send_resumed(subscription->handle, channel->name);
    }
  }
}

static void notify_one(struct hf_listen_subscription *subscription,
                       const struct hf_slot *slot,
                       const PGnotify *notify) {
  struct hf_message *message =
      hf_events_new_notification(subscription->handle, slot, 0, notify);
  if (message == NULL) {
    return;
  }
  if (subscription->core.state == HF_SUBSCRIPTION_LIVE) {
    hf_outbox_send(&subscription->handle->port->outbox, message);
  } else if (subscription->n_early == EARLY_MAX) {
    hf_message_free_all(message);
  } else {
    if (subscription->early == NULL) {
      subscription->early = message;
    } else {
      subscription->early_last->next = message;
    }
    subscription->early_last = message;
    subscription->n_early++;
  }
}

/* Notifies each handle once, by a subscription in that state. */
static void notify_in_state(struct hf_listen *listen,
                            const struct hf_channel *channel,
                            enum hf_subscription_state state,
                            const struct hf_slot *slot,
                            const PGnotify *notify) {
  struct hf_link *link;
  HF_LIST_EACH(link, &channel->subscriptions) {
    struct hf_listen_subscription *subscription = of_channel(link);
    if (subscription->core.state != state) {
      continue;
    }
    if (subscription->cached != NULL) {
      invalidate(listen, subscription->cached->pool, notify->extra);
    } else if (mark_notified(listen, subscription->handle)) {
      notify_one(subscription, slot, notify);
    }
  }
}

void hf_listen_notify(struct hf_listen *listen,
                      const struct hf_slot *slot,
                      const PGnotify *notify) {
  const struct hf_channel *channel =
      hf_listener_find(&listen->listener, notify->relname);
  if (channel == NULL) {
    return;
  }
  listen->stamp++;
  notify_in_state(listen, channel, HF_SUBSCRIPTION_LIVE, slot, notify);
  notify_in_state(listen, channel, HF_SUBSCRIPTION_PENDING, slot, notify);
}

/* Returns the pool's hf_listen, made if necessary; NULL when out of memory. */
static struct hf_listen *listen_of(struct hf_netpool *pool) {
  static const struct hf_listener_io callbacks = {.answer = io_answer,
                                                  .lost = io_lost,
                                                  .resumed = io_resumed,
                                                  .alive = io_alive};
  return pool->listen != NULL ? pool->listen
                              : hf_listen_session_new(pool, &callbacks);
}

static struct hf_listen_subscription *subscription_new(
    struct hf_handle *handle,
    const struct hf_op *op,
    struct hf_handle *cached) {
  struct hf_listen_subscription *subscription =
      hf_calloc(1, sizeof *subscription);
  if (subscription == NULL) {
    return NULL;
  }
  subscription->handle = handle;
  subscription->id_low = (uint32_t)op->id_low;
  subscription->id_high = (uint32_t)op->id_high;
  hf_list_push(&handle->subscriptions, &subscription->of_handle);
  if (cached != NULL) {
    subscription->cached = cached;
    subscription->core.ping_us = hf_netpool_cache_probe_us(cached->pool);
    cached->invalidator = subscription;
  }
  return subscription;
}

void hf_listen_subscribe(struct hf_handle *handle,
                         const struct hf_op *op,
                         const char *channel,
                         struct hf_handle *cached) {
  struct hf_listen *listen = listen_of(handle->pool);
  uint64_t deadline_us =
      op->deadline_ms <= 0
          ? 0
          : hf_clock_us() + (uint64_t)op->deadline_ms * US_PER_MS;
  struct hf_listen_subscription *subscription = NULL;
  if (cached != NULL && cached->invalidator != NULL) {
    hf_outbox_send_ok(&handle->port->outbox,
                      (uint32_t)op->id_low,
                      (uint32_t)op->id_high,
                      0);
    return;
  }
  if (listen != NULL) {
    subscription = subscription_new(handle, op, cached);
  }
  if (subscription == NULL || hf_listener_subscribe(&listen->listener,
                                                    &subscription->core,
                                                    channel,
                                                    deadline_us) != HF_OK) {
    if (subscription != NULL) {
      subscription_free(subscription);
    }
    hf_outbox_refuse(&handle->port->outbox,
                     (uint32_t)op->id_low,
                     (uint32_t)op->id_high,
                     HF_NO_MEMORY,
                     NULL);
  }
}

static void end_subscription(struct hf_listen_subscription *subscription) {
  struct hf_listen *listen = subscription->handle->pool->listen;
  if (subscription->cached != NULL &&
      subscription->core.state == HF_SUBSCRIPTION_LIVE) {
    hf_cache_trust_lose(&subscription->cached->pool->trust);
  }
  hf_listener_unsubscribe(&listen->listener, &subscription->core);
  subscription_free(subscription);
}

void hf_listen_unsubscribe(struct hf_handle *handle, const char *channel) {
  struct hf_listen *listen = handle->pool->listen;
  const struct hf_channel *found =
      listen == NULL ? NULL : hf_listener_find(&listen->listener, channel);
  struct hf_link *link;
  if (found == NULL) {
    return;
  }
  HF_LIST_EACH(link, &found->subscriptions) {
    struct hf_listen_subscription *subscription = of_channel(link);
    if (subscription->handle == handle && subscription->cached == NULL &&
        subscription->core.state != HF_SUBSCRIPTION_PENDING) {
      end_subscription(subscription);
      return;
    }
  }
}

/* Its operation gets an answer, if it had none. */
static void drop(struct hf_listen_subscription *subscription) {
  if (subscription->core.state == HF_SUBSCRIPTION_PENDING) {
    hf_outbox_refuse(&subscription->handle->port->outbox,
                     subscription->id_low,
                     subscription->id_high,
                     HF_POOL_CLOSED,
                     NULL);
  }
  end_subscription(subscription);
}

void hf_listen_drop(struct hf_handle *handle) {
  struct hf_link *link;
  if (handle->invalidator != NULL) {
    drop(handle->invalidator);
  }
  while ((link = hf_list_first(&handle->subscriptions)) != NULL) {
    drop(HF_CONTAINER_OF(link, struct hf_listen_subscription, of_handle));
  }
}
