/* SPDX-License-Identifier: MIT */
#include "core/features/listener.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/features/listener_channel.h"
#include "core/policy/backoff.h"

/* clang-format off */
static const unsigned moves[HF_LISTENER_STATES] = {
  [HF_LISTENER_IDLE]       = 1u << HF_LISTENER_CONNECTING,
  [HF_LISTENER_CONNECTING] = 1u << HF_LISTENER_OPEN |
                             1u << HF_LISTENER_WAITING |
                             1u << HF_LISTENER_CLOSING,
  [HF_LISTENER_OPEN]       = 1u << HF_LISTENER_CLOSING,
  [HF_LISTENER_WAITING]    = 1u << HF_LISTENER_CONNECTING |
                             1u << HF_LISTENER_IDLE,
  [HF_LISTENER_CLOSING]    = 1u << HF_LISTENER_WAITING |
                             1u << HF_LISTENER_IDLE,
};
/* clang-format on */

static void move(struct hf_listener *listener, enum hf_listener_state next) {
  assert((moves[listener->state] & 1u << next) != 0);
  listener->state = next;
}

static size_t count_in(const struct hf_listener *listener,
                       enum hf_channel_state state) {
  return listener->channels_in[state].count;
}

void hf_listener_init(struct hf_listener *listener,
                      const struct hf_listener_io *io,
                      const struct hf_hash_key *hash_key) {
  int state;
  memset(listener, 0, sizeof *listener);
  listener->io = *io;
  hf_table_init(&listener->channels, hash_key);
  for (state = 0; state < HF_CHANNEL_STATES; state++) {
    hf_list_init(&listener->channels_in[state]);
  }
  hf_heap_init(&listener->deadlines);
  hf_list_init(&listener->pinged);
  hf_error_init(&listener->last_failure);
}

void hf_listener_finish(struct hf_listener *listener) {
  assert(listener->state == HF_LISTENER_IDLE);
  assert(listener->subscriptions == 0 && listener->channels.count == 0);
  hf_table_finish(&listener->channels);
  hf_error_finish(&listener->last_failure);
}

/* ---- the session --------------------------------------------------------- */

/* The first retry is spread over its whole delay. */
static uint64_t delay_us(struct hf_listener *listener) {
  const struct hf_retry_policy policy = {.base_ms = HF_LISTENER_BASE_MS,
                                         .cap_ms = HF_LISTENER_CAP_MS,
                                         .jitter = HF_JITTER_FULL};
  int32_t ms = hf_backoff_delay(
      &policy,
      listener->failures == 0 ? 0 : listener->failures - 1,
      listener->failures == 0 ? HF_BACKOFF_FULL : HF_BACKOFF_HALF,
      listener->io.random(listener->io.ctx));
  if (listener->failures < INT32_MAX) {
    listener->failures++;
  }
  return (uint64_t)ms * HF_US_PER_MS;
}

void hf_listener_on_connected(struct hf_listener *listener, uint64_t now_us) {
  if (listener->state == HF_LISTENER_CONNECTING) {
    move(listener, HF_LISTENER_OPEN);
    listener->busy = false;
    listener->in_flight = NULL;
    listener->pinged_us = now_us;
  }
}

void hf_listener_on_connect_failed(struct hf_listener *listener,
                                   const struct hf_error *error,
                                   uint64_t now_us) {
  if (listener->state != HF_LISTENER_CONNECTING) {
    return;
  }
  hf_error_copy(&listener->last_failure, error);
  move(listener, HF_LISTENER_WAITING);
  listener->retry_us = now_us + delay_us(listener);
  if (!error->retryable) {
    hf_channel_refuse_all(listener, error);
  }
}

static void report_alive(struct hf_listener *listener) {
  struct hf_link *link;
  HF_LIST_EACH(link, &listener->pinged) {
    struct hf_subscription *subscription =
        HF_CONTAINER_OF(link, struct hf_subscription, of_pinged);
    if (subscription->state == HF_SUBSCRIPTION_LIVE) {
      listener->io.alive(listener->io.ctx, subscription, listener->asked_us);
    }
  }
}

void hf_listener_on_answered(struct hf_listener *listener,
                             const struct hf_error *error,
                             uint64_t now_us) {
  struct hf_channel *channel = listener->in_flight;
  if (listener->state != HF_LISTENER_OPEN) {
    return; /* of a session that was given up */
  }
  listener->busy = false;
  listener->in_flight = NULL;
  listener->pinged_us = now_us;
  if (error == NULL) {
    listener->alive_us = listener->asked_us;
  }
  if (channel == NULL) {
    if (error == NULL) {
      report_alive(listener);
    }
  } else if (channel->state == HF_CHANNEL_LEAVING) {
    hf_channel_on_left(listener, channel);
  } else if (error == NULL) {
    listener->failures = 0;
    hf_error_finish(&listener->last_failure);
    hf_channel_on_listening(listener, channel);
  } else {
    listener->retry_us = now_us + delay_us(listener);
    hf_channel_on_refused(listener, channel, error);
  }
}

static void close_session(struct hf_listener *listener, bool reopen_later) {
  move(listener, HF_LISTENER_CLOSING);
  listener->reopen_later = reopen_later;
  hf_channel_lose_all(listener);
  listener->io.close(listener->io.ctx);
}

void hf_listener_on_lost(struct hf_listener *listener,
                         const struct hf_error *error,
                         uint64_t now_us) {
  (void)now_us;
  if (listener->state != HF_LISTENER_OPEN) {
    return;
  }
  hf_error_copy(&listener->last_failure, error);
  listener->lost = true;
  hf_channel_lose_all(listener);
}

void hf_listener_on_closed(struct hf_listener *listener, uint64_t now_us) {
  if (listener->state != HF_LISTENER_CLOSING) {
    return;
  }
  if (listener->subscriptions == 0) {
    listener->failures = 0;
    move(listener, HF_LISTENER_IDLE);
    return;
  }
  listener->retry_us =
      now_us + (listener->reopen_later ? delay_us(listener) : 0);
  move(listener, HF_LISTENER_WAITING);
}

/* ---- what comes next ----------------------------------------------------- */

static uint64_t ping_at(const struct hf_listener *listener) {
  uint64_t period_us = UINT64_MAX;
  struct hf_link *link;
  HF_LIST_EACH(link, &listener->pinged) {
    const struct hf_subscription *subscription =
        HF_CONTAINER_OF(link, struct hf_subscription, of_pinged);
    if (subscription->ping_us < period_us) {
      period_us = subscription->ping_us;
    }
  }
  return period_us == UINT64_MAX ? UINT64_MAX : listener->pinged_us + period_us;
}

/* Every channel was refused: another session may be on another server. */
static bool is_useless(const struct hf_listener *listener) {
  return count_in(listener, HF_CHANNEL_REFUSED) == listener->channels.count;
}

static void send(struct hf_listener *listener,
                 struct hf_channel *channel,
                 uint64_t now_us) {
  listener->busy = true;
  listener->in_flight = channel;
  listener->asked_us = now_us;
  if (channel == NULL) {
    listener->io.ping(listener->io.ctx);
  } else if (channel->state == HF_CHANNEL_WANTED) {
    hf_channel_move(listener, channel, HF_CHANNEL_REQUESTED);
    listener->io.listen(listener->io.ctx, channel->name);
  } else {
    hf_channel_move(listener, channel, HF_CHANNEL_LEAVING);
    listener->io.unlisten(listener->io.ctx, channel->name);
  }
}

static void retry_refused(struct hf_listener *listener) {
  struct hf_link *link;
  while ((link = hf_list_first(&listener->channels_in[HF_CHANNEL_REFUSED])) !=
         NULL) {
    hf_channel_move(listener, hf_channel_of(link), HF_CHANNEL_WANTED);
  }
}

/* Does one step. Returns true when there may be more to do. */
static bool run_session(struct hf_listener *listener, uint64_t now_us) {
  struct hf_link *link;
  if (listener->subscriptions == 0 || listener->lost ||
      (!listener->busy && is_useless(listener))) {
    close_session(listener, listener->subscriptions > 0);
    return true;
  }
  if (listener->busy) {
    return false;
  }
  link = hf_list_first(&listener->channels_in[HF_CHANNEL_WANTED]);
  if (link == NULL) {
    link = hf_list_first(&listener->channels_in[HF_CHANNEL_UNWANTED]);
  }
  if (link != NULL) {
    send(listener, hf_channel_of(link), now_us);
    return true;
  }
  if (count_in(listener, HF_CHANNEL_REFUSED) > 0 &&
      now_us >= listener->retry_us) {
    retry_refused(listener);
    return true;
  }
  if (now_us >= ping_at(listener)) {
    send(listener, NULL, now_us);
    return true;
  }
  return false;
}

static bool connect(struct hf_listener *listener) {
  move(listener, HF_LISTENER_CONNECTING);
  listener->lost = false;
  listener->io.connect(listener->io.ctx);
  return true;
}

static bool act(struct hf_listener *listener, uint64_t now_us) {
  bool wanted = listener->subscriptions > 0;
  switch (listener->state) {
  case HF_LISTENER_IDLE:
    return wanted && connect(listener);
  case HF_LISTENER_CONNECTING:
    if (!wanted) {
      close_session(listener, false);
    }
    return !wanted;
  case HF_LISTENER_OPEN:
    return run_session(listener, now_us);
  case HF_LISTENER_WAITING:
    if (!wanted) {
      listener->failures = 0;
      move(listener, HF_LISTENER_IDLE);
      return true;
    }
    return now_us >= listener->retry_us && connect(listener);
  case HF_LISTENER_CLOSING:
  case HF_LISTENER_STATES:
    break;
  }
  return false;
}

void hf_listener_run(struct hf_listener *listener, uint64_t now_us) {
  hf_channel_refuse_due(listener, now_us);
  while (act(listener, now_us)) {
  }
}

static uint64_t session_next_us(const struct hf_listener *listener) {
  uint64_t next_us;
  if (listener->lost) {
    return 0;
  }
  if (listener->busy) {
    return UINT64_MAX;
  }
  if (count_in(listener, HF_CHANNEL_WANTED) +
          count_in(listener, HF_CHANNEL_UNWANTED) >
      0) {
    return 0;
  }
  next_us = count_in(listener, HF_CHANNEL_REFUSED) > 0 ? listener->retry_us
                                                       : UINT64_MAX;
  return is_useless(listener) ? 0 : hf_earlier(next_us, ping_at(listener));
}

uint64_t hf_listener_next_us(const struct hf_listener *listener) {
  const struct hf_heap_node *due = hf_heap_peek(&listener->deadlines);
  uint64_t next_us = due == NULL ? UINT64_MAX : due->key;
  bool wanted = listener->subscriptions > 0;
  switch (listener->state) {
  case HF_LISTENER_IDLE:
    return wanted ? 0 : UINT64_MAX;
  case HF_LISTENER_CONNECTING:
    return wanted ? next_us : 0;
  case HF_LISTENER_OPEN:
    return wanted ? hf_earlier(next_us, session_next_us(listener)) : 0;
  case HF_LISTENER_WAITING:
    return wanted ? hf_earlier(next_us, listener->retry_us) : 0;
  case HF_LISTENER_CLOSING:
  case HF_LISTENER_STATES:
    break;
  }
  return next_us;
}

/* ---- for tests ----------------------------------------------------------- */

/* Asserts the states of a channel's subscriptions. */
static void assert_channel(const struct hf_channel *channel) {
  struct hf_link *link;
  HF_LIST_EACH(link, &channel->subscriptions) {
    const struct hf_subscription *subscription =
        HF_CONTAINER_OF(link, struct hf_subscription, of_channel);
    assert(subscription->channel == channel);
    assert((subscription->state == HF_SUBSCRIPTION_LIVE) ==
           (channel->state == HF_CHANNEL_LISTENING));
  }
  assert(channel->state != HF_CHANNEL_UNWANTED ||
         hf_list_empty(&channel->subscriptions));
}

void hf_listener_assert(const struct hf_listener *listener) {
  size_t channels = 0;
  size_t subscriptions = 0;
  int state;
  for (state = 0; state < HF_CHANNEL_STATES; state++) {
    struct hf_link *link;
    channels += listener->channels_in[state].count;
    assert(state == HF_CHANNEL_WANTED ||
           hf_list_empty(&listener->channels_in[state]) ||
           listener->state == HF_LISTENER_OPEN);
    HF_LIST_EACH(link, &listener->channels_in[state]) {
      assert(hf_channel_of(link)->state == (enum hf_channel_state)state);
      assert_channel(hf_channel_of(link));
      subscriptions += hf_channel_of(link)->subscriptions.count;
    }
  }
  assert(channels == listener->channels.count);
  assert(subscriptions == listener->subscriptions);
  assert(count_in(listener, HF_CHANNEL_REQUESTED) +
             count_in(listener, HF_CHANNEL_LEAVING) ==
         (listener->in_flight != NULL));
}
