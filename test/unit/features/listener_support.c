/* SPDX-License-Identifier: MIT */
#include "listener_support.h"

#include <stdio.h>
#include <string.h>

static struct subscriber *of_core(struct hf_subscription *core) {
  return HF_CONTAINER_OF(core, struct subscriber, core);
}

static void note(struct fixture *fixture, const char *verb, const char *name) {
  size_t used = strlen(fixture->acts);
  (void)snprintf(fixture->acts + used,
                 sizeof fixture->acts - used,
                 "%s%s ",
                 verb,
                 name);
}

static void start(struct fixture *fixture, const char *verb, const char *name) {
  assert_true(fixture->open);
  assert_false(fixture->busy);
  fixture->busy = true;
  note(fixture, verb, name);
}

static void sim_connect(void *ctx) {
  struct fixture *fixture = ctx;
  assert_false(fixture->open);
  fixture->open = true;
  fixture->connects++;
  note(fixture, "connect", "");
}

static void sim_listen(void *ctx, const char *channel) {
  start(ctx, "+", channel);
}

static void sim_unlisten(void *ctx, const char *channel) {
  start(ctx, "-", channel);
}

static void sim_ping(void *ctx) {
  start(ctx, "ping", "");
}

static void sim_close(void *ctx) {
  assert_true(((struct fixture *)ctx)->open);
  note(ctx, "close", "");
}

static void sim_answer(void *ctx,
                       struct hf_subscription *core,
                       const struct hf_error *error) {
  struct subscriber *subscriber = of_core(core);
  (void)ctx;
  assert_int_equal(subscriber->answers, 0);
  subscriber->answers++;
  if (error != NULL) {
    subscriber->refused = error->status;
    subscriber->subscribed = false;
    assert_null(core->channel);
  }
}

static void sim_lost(void *ctx, struct hf_subscription *core) {
  (void)ctx;
  of_core(core)->lost++;
}

static void sim_resumed(void *ctx, struct hf_channel *channel) {
  (void)channel;
  ((struct fixture *)ctx)->resumed++;
}

static void sim_proven(void *ctx,
                       struct hf_subscription *core,
                       uint64_t asked_us) {
  assert_true(asked_us <= ((struct fixture *)ctx)->now_us);
  of_core(core)->proofs++;
}

static uint32_t sim_random(void *ctx) {
  return ((struct fixture *)ctx)->random;
}

void open_listener(struct fixture *fixture) {
  const struct hf_hash_key key = {1, 2};
  const struct hf_listener_io sim = {.ctx = fixture,
                                     .connect = sim_connect,
                                     .listen = sim_listen,
                                     .unlisten = sim_unlisten,
                                     .ping = sim_ping,
                                     .close = sim_close,
                                     .answer = sim_answer,
                                     .lost = sim_lost,
                                     .resumed = sim_resumed,
                                     .alive = sim_proven,
                                     .random = sim_random};
  memset(fixture, 0, sizeof *fixture);
  fixture->now_us = 1000 * MS;
  fixture->random = UINT32_MAX / 2;
  hf_listener_init(&fixture->listener, &sim, &key);
}

static void run(struct fixture *fixture) {
  hf_listener_assert(&fixture->listener);
  hf_listener_run(&fixture->listener, fixture->now_us);
  hf_listener_assert(&fixture->listener);
  assert_true(hf_listener_next_us(&fixture->listener) > fixture->now_us);
}

struct subscriber *subscriber_proving(struct fixture *fixture,
                                      uint64_t proof_us) {
  struct subscriber *subscriber =
      &fixture->subscribers[fixture->n_subscribers++];
  assert_true(fixture->n_subscribers <= SUBSCRIBERS);
  subscriber->core.ping_us = proof_us;
  return subscriber;
}

struct subscriber *subscriber_of(struct fixture *fixture) {
  return subscriber_proving(fixture, 0);
}

void close_listener(struct fixture *fixture) {
  int i;
  for (i = 0; i < SUBSCRIBERS; i++) {
    struct hf_subscription *core = &fixture->subscribers[i].core;
    if (core->channel != NULL) {
      hf_listener_unsubscribe(&fixture->listener, core);
    }
  }
  run(fixture);
  closed(fixture);
  hf_listener_finish(&fixture->listener);
}

const char *acts_of(struct fixture *fixture) {
  static char taken[ACTS_BYTES];
  (void)snprintf(taken, sizeof taken, "%s", fixture->acts);
  fixture->acts[0] = '\0';
  return taken;
}

void subscribe_for(struct fixture *fixture,
                   struct subscriber *subscriber,
                   const char *channel,
                   uint64_t ms) {
  uint64_t proof_us = subscriber->core.ping_us;
  memset(subscriber, 0, sizeof *subscriber);
  subscriber->core.ping_us = proof_us;
  subscriber->subscribed = true;
  assert_int_equal(
      hf_listener_subscribe(&fixture->listener,
                            &subscriber->core,
                            channel,
                            ms == 0 ? 0 : fixture->now_us + ms * MS),
      HF_OK);
  run(fixture);
}

void subscribe(struct fixture *fixture,
               struct subscriber *subscriber,
               const char *channel) {
  subscribe_for(fixture, subscriber, channel, 0);
}

void unsubscribe(struct fixture *fixture, struct subscriber *subscriber) {
  hf_listener_unsubscribe(&fixture->listener, &subscriber->core);
  subscriber->subscribed = false;
  run(fixture);
}

void connected(struct fixture *fixture) {
  hf_listener_on_connected(&fixture->listener, fixture->now_us);
  run(fixture);
}

static void fill(struct hf_error *error, bool retryable) {
  hf_error_init(error);
  hf_error_set(error, HF_SERVER_ERROR, HF_PHASE_AWAIT, "no");
  error->retryable = retryable;
}

void connect_failed(struct fixture *fixture, bool retryable) {
  struct hf_error error;
  fixture->open = false;
  fill(&error, retryable);
  hf_listener_on_connect_failed(&fixture->listener, &error, fixture->now_us);
  hf_error_finish(&error);
  run(fixture);
}

static void answer(struct fixture *fixture, const struct hf_error *error) {
  assert_true(fixture->busy);
  fixture->busy = false;
  hf_listener_on_answered(&fixture->listener, error, fixture->now_us);
  run(fixture);
}

void answered(struct fixture *fixture) {
  answer(fixture, NULL);
}

void answered_badly(struct fixture *fixture, bool retryable) {
  struct hf_error error;
  fill(&error, retryable);
  answer(fixture, &error);
  hf_error_finish(&error);
}

void lost(struct fixture *fixture) {
  struct hf_error error;
  fill(&error, true);
  hf_listener_on_lost(&fixture->listener, &error, fixture->now_us);
  hf_error_finish(&error);
  run(fixture);
}

void closed(struct fixture *fixture) {
  fixture->busy = false;
  fixture->open = false;
  hf_listener_on_closed(&fixture->listener, fixture->now_us);
  run(fixture);
}

void pass(struct fixture *fixture, uint64_t ms) {
  fixture->now_us += ms * MS;
  run(fixture);
}

void pass_to_next(struct fixture *fixture) {
  uint64_t next_us = hf_listener_next_us(&fixture->listener);
  assert_true(next_us != UINT64_MAX);
  if (next_us > fixture->now_us) {
    fixture->now_us = next_us;
  }
  run(fixture);
}

void listen_to(struct fixture *fixture,
               struct subscriber *subscriber,
               const char *channel) {
  subscribe(fixture, subscriber, channel);
  if (fixture->listener.state == HF_LISTENER_CONNECTING) {
    connected(fixture);
  }
  answered(fixture);
  assert_int_equal(subscriber->core.state, HF_SUBSCRIPTION_LIVE);
  (void)acts_of(fixture);
}
