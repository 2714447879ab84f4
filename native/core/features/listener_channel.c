/* SPDX-License-Identifier: MIT */
#include "core/features/listener_channel.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

/* clang-format off */
/* The loss of the session moves every channel to WANTED. */
static const unsigned channel_moves[HF_CHANNEL_STATES] = {
  [HF_CHANNEL_WANTED]    = 1u << HF_CHANNEL_REQUESTED,
  [HF_CHANNEL_REQUESTED] = 1u << HF_CHANNEL_LISTENING |
                           1u << HF_CHANNEL_REFUSED |
                           1u << HF_CHANNEL_UNWANTED |
                           1u << HF_CHANNEL_WANTED,
  [HF_CHANNEL_LISTENING] = 1u << HF_CHANNEL_UNWANTED |
                           1u << HF_CHANNEL_WANTED,
  [HF_CHANNEL_REFUSED]   = 1u << HF_CHANNEL_WANTED,
  [HF_CHANNEL_UNWANTED]  = 1u << HF_CHANNEL_LISTENING |
                           1u << HF_CHANNEL_LEAVING,
  [HF_CHANNEL_LEAVING]   = 1u << HF_CHANNEL_WANTED,
};
/* clang-format on */

void hf_channel_move(struct hf_listener *listener,
                     struct hf_channel *channel,
                     enum hf_channel_state next) {
  assert((channel_moves[channel->state] & 1u << next) != 0);
  hf_list_remove(&listener->channels_in[channel->state], &channel->link);
  hf_list_push(&listener->channels_in[next], &channel->link);
  channel->state = next;
}

struct hf_channel *hf_channel_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_channel, link);
}

static struct hf_subscription *subscription_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_subscription, of_channel);
}

/* ---- channels ------------------------------------------------------------ */

static struct hf_channel *find(const struct hf_listener *listener,
                               uint64_t hash,
                               const char *name) {
  struct hf_table_node *node = hf_table_first(&listener->channels, hash);
  while (node != NULL) {
    struct hf_channel *channel = HF_CONTAINER_OF(node, struct hf_channel, node);
    if (strcmp(channel->name, name) == 0) {
      return channel;
    }
    node = hf_table_next(node);
  }
  return NULL;
}

struct hf_channel *hf_listener_find(const struct hf_listener *listener,
                                    const char *name) {
  return find(listener,
              hf_table_hash(&listener->channels, name, strlen(name)),
              name);
}

static struct hf_channel *channel_new(struct hf_listener *listener,
                                      uint64_t hash,
                                      const char *name) {
  size_t bytes = strlen(name) + 1;
  struct hf_channel *channel = hf_alloc(sizeof *channel + bytes);
  if (channel == NULL) {
    return NULL;
  }
  memset(channel, 0, sizeof *channel);
  hf_list_init(&channel->subscriptions);
  memcpy(channel->name, name, bytes);
  channel->node.hash = hash;
  if (hf_table_add(&listener->channels, &channel->node) != HF_OK) {
    hf_free(channel);
    return NULL;
  }
  hf_list_push(&listener->channels_in[HF_CHANNEL_WANTED], &channel->link);
  return channel;
}

static void channel_free(struct hf_listener *listener,
                         struct hf_channel *channel) {
  assert(hf_list_empty(&channel->subscriptions));
  hf_list_remove(&listener->channels_in[channel->state], &channel->link);
  hf_table_remove(&listener->channels, &channel->node);
  hf_free(channel);
}

/* The last subscription is gone. A statement in flight is waited for first. */
static void leave_channel(struct hf_listener *listener,
                          struct hf_channel *channel) {
  switch (channel->state) {
  case HF_CHANNEL_WANTED:
  case HF_CHANNEL_REFUSED:
    channel_free(listener, channel);
    break;
  case HF_CHANNEL_LISTENING:
    hf_channel_move(listener, channel, HF_CHANNEL_UNWANTED);
    break;
  case HF_CHANNEL_REQUESTED:
  case HF_CHANNEL_UNWANTED:
  case HF_CHANNEL_LEAVING:
  case HF_CHANNEL_STATES:
    break;
  }
}

/* ---- subscriptions ------------------------------------------------------- */

static void answer(struct hf_listener *listener,
                   struct hf_subscription *subscription) {
  subscription->state = HF_SUBSCRIPTION_LIVE;
  hf_heap_remove(&listener->deadlines, &subscription->deadline);
  listener->io.answer(listener->io.ctx, subscription, NULL);
}

static void detach(struct hf_listener *listener,
                   struct hf_subscription *subscription) {
  hf_heap_remove(&listener->deadlines, &subscription->deadline);
  if (hf_link_queued(&subscription->of_pinged)) {
    hf_list_remove(&listener->pinged, &subscription->of_pinged);
  }
  hf_list_remove(&subscription->channel->subscriptions,
                 &subscription->of_channel);
  subscription->channel = NULL;
  listener->subscriptions--;
}

enum hf_status hf_listener_subscribe(struct hf_listener *listener,
                                     struct hf_subscription *subscription,
                                     const char *name,
                                     uint64_t deadline_us) {
  uint64_t hash = hf_table_hash(&listener->channels, name, strlen(name));
  struct hf_channel *channel = find(listener, hash, name);
  if (channel == NULL) {
    channel = channel_new(listener, hash, name);
  }
  if (channel == NULL) {
    return HF_NO_MEMORY;
  }
  subscription->channel = channel;
  subscription->state = HF_SUBSCRIPTION_PENDING;
  hf_list_push(&channel->subscriptions, &subscription->of_channel);
  if (subscription->ping_us != 0) {
    hf_list_push(&listener->pinged, &subscription->of_pinged);
  }
  if (deadline_us != 0) {
    hf_heap_push(&listener->deadlines, &subscription->deadline, deadline_us);
  }
  listener->subscriptions++;
  if (channel->state == HF_CHANNEL_UNWANTED) {
    hf_channel_move(listener, channel, HF_CHANNEL_LISTENING);
  } else if (channel->state == HF_CHANNEL_REFUSED) {
    hf_channel_move(listener, channel, HF_CHANNEL_WANTED);
  }
  if (channel->state == HF_CHANNEL_LISTENING) {
    answer(listener, subscription);
  }
  return HF_OK;
}

void hf_listener_unsubscribe(struct hf_listener *listener,
                             struct hf_subscription *subscription) {
  struct hf_channel *channel = subscription->channel;
  detach(listener, subscription);
  if (hf_list_empty(&channel->subscriptions)) {
    leave_channel(listener, channel);
  }
}

static void refuse(struct hf_listener *listener,
                   struct hf_subscription *subscription,
                   const struct hf_error *error) {
  hf_listener_unsubscribe(listener, subscription);
  listener->io.answer(listener->io.ctx, subscription, error);
}

/* Refuses what is PENDING on a channel, which may be freed with the last. */
static void refuse_pending(struct hf_listener *listener,
                           struct hf_channel *channel,
                           const struct hf_error *error) {
  struct hf_link *link = hf_list_first(&channel->subscriptions);
  while (link != NULL) {
    struct hf_subscription *subscription = subscription_of(link);
    link = hf_list_next(&channel->subscriptions, link);
    if (subscription->state == HF_SUBSCRIPTION_PENDING) {
      refuse(listener, subscription, error);
    }
  }
}

void hf_channel_refuse_due(struct hf_listener *listener, uint64_t now_us) {
  struct hf_heap_node *node;
  struct hf_error error;
  hf_error_init(&error);
  while ((node = hf_heap_peek(&listener->deadlines)) != NULL &&
         node->key <= now_us) {
    hf_error_set(&error, HF_DEADLINE, HF_PHASE_ACQUIRE, NULL);
    error.outcome = HF_OUTCOME_NOT_EXECUTED;
    error.retryable = true;
    refuse(listener,
           HF_CONTAINER_OF(node, struct hf_subscription, deadline),
           &error);
  }
  hf_error_finish(&error);
}

/* ---- what becomes of them with the session ------------------------------- */

/* Makes MISSED subscriptions LIVE again. Returns true if there were any. */
static bool resume(struct hf_channel *channel) {
  struct hf_link *link;
  bool any = false;
  HF_LIST_EACH(link, &channel->subscriptions) {
    struct hf_subscription *subscription = subscription_of(link);
    if (subscription->state == HF_SUBSCRIPTION_MISSED) {
      subscription->state = HF_SUBSCRIPTION_LIVE;
      any = true;
    }
  }
  return any;
}

void hf_channel_on_listening(struct hf_listener *listener,
                             struct hf_channel *channel) {
  struct hf_link *link;
  if (hf_list_empty(&channel->subscriptions)) {
    hf_channel_move(listener, channel, HF_CHANNEL_UNWANTED);
    return;
  }
  hf_channel_move(listener, channel, HF_CHANNEL_LISTENING);
  if (resume(channel)) {
    listener->io.resumed(listener->io.ctx, channel);
  }
  HF_LIST_EACH(link, &channel->subscriptions) {
    if (subscription_of(link)->state == HF_SUBSCRIPTION_PENDING) {
      answer(listener, subscription_of(link));
    }
  }
}

void hf_channel_on_refused(struct hf_listener *listener,
                           struct hf_channel *channel,
                           const struct hf_error *error) {
  hf_error_copy(&listener->last_failure, error);
  hf_channel_move(listener, channel, HF_CHANNEL_REFUSED);
  if (hf_list_empty(&channel->subscriptions)) {
    channel_free(listener, channel);
  } else if (!error->retryable) {
    refuse_pending(listener, channel, error);
  }
}

void hf_channel_on_left(struct hf_listener *listener,
                        struct hf_channel *channel) {
  hf_channel_move(listener, channel, HF_CHANNEL_WANTED);
  if (hf_list_empty(&channel->subscriptions)) {
    channel_free(listener, channel);
  }
}

static void miss(struct hf_listener *listener, struct hf_channel *channel) {
  struct hf_link *link;
  HF_LIST_EACH(link, &channel->subscriptions) {
    struct hf_subscription *subscription = subscription_of(link);
    if (subscription->state == HF_SUBSCRIPTION_LIVE) {
      subscription->state = HF_SUBSCRIPTION_MISSED;
      listener->io.lost(listener->io.ctx, subscription);
    }
  }
}

void hf_channel_lose_all(struct hf_listener *listener) {
  int state;
  listener->in_flight = NULL;
  listener->busy = false;
  for (state = HF_CHANNEL_WANTED + 1; state < HF_CHANNEL_STATES; state++) {
    struct hf_list *list = &listener->channels_in[state];
    struct hf_link *link;
    while ((link = hf_list_first(list)) != NULL) {
      struct hf_channel *channel = hf_channel_of(link);
      if (hf_list_empty(&channel->subscriptions)) {
        channel_free(listener, channel);
        continue;
      }
      miss(listener, channel);
      hf_channel_move(listener, channel, HF_CHANNEL_WANTED);
    }
  }
}

void hf_channel_refuse_all(struct hf_listener *listener,
                           const struct hf_error *error) {
  struct hf_list *wanted = &listener->channels_in[HF_CHANNEL_WANTED];
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, wanted) {
    refuse_pending(listener, hf_channel_of(link), error);
  }
}
