/* SPDX-License-Identifier: MIT */
/*
 * The listener against random subscribers and a random server. After every
 * step its own invariants hold, and a subscription that is LIVE is on a channel
 * that the server's session really listens to; in the end, on a server that is
 * well, all that are subscribed are LIVE and nothing else is listened to.
 */
#include <string.h>

#include "listener_support.h"

enum { RUNS = 300, STEPS = 400, CHANNELS = 3 };

static const char *const names[CHANNELS] = {"a", "b", "c"};

struct model {
  struct fixture fixture;
  uint32_t random;
  bool connecting;         /* connected or failed comes next */
  bool closing;            /* closed comes next */
  char asked;              /* '+', '-', 'p' in flight, or 0 */
  char channel;            /* of which */
  bool listened[CHANNELS]; /* by the server's session */
};

static uint32_t pick(struct model *model, uint32_t n) {
  return next_random(&model->random) % n;
}

/* Takes over what the simulation was asked for. */
static void follow(struct model *model) {
  const char *act = acts_of(&model->fixture);
  for (; *act != '\0'; act = strchr(act, ' ') + 1) {
    if (strncmp(act, "connect ", 8) == 0) {
      assert_false(model->connecting || model->closing);
      model->connecting = true;
    } else if (strncmp(act, "close ", 6) == 0) {
      model->closing = true;
      model->connecting = false;
      memset(model->listened, 0, sizeof model->listened);
    } else {
      assert_false(model->closing);
      model->asked = act[0];
      model->channel = act[1];
    }
  }
}

static void check(const struct model *model) {
  int i;
  for (i = 0; i < SUBSCRIBERS; i++) {
    const struct subscriber *one = &model->fixture.subscribers[i];
    bool live = one->subscribed && one->core.state == HF_SUBSCRIPTION_LIVE;
    assert_true(!live || model->listened[one->core.channel->name[0] - 'a']);
    assert_int_equal(one->subscribed, one->core.channel != NULL);
    assert_true(one->answers <= 1);
    assert_true(!live || one->answers == 1);
  }
}

static void change_subscription(struct model *model) {
  struct fixture *fixture = &model->fixture;
  struct subscriber *one = &fixture->subscribers[pick(model, SUBSCRIBERS)];
  if (one->subscribed) {
    unsubscribe(fixture, one);
  } else {
    one->core.ping_us = pick(model, 4) == 0 ? 30 * MS : 0;
    subscribe_for(fixture, one, names[pick(model, CHANNELS)], pick(model, 200));
  }
}

/* The server, or the way to it, does what it has to do next, well or not. */
static void answer_something(struct model *model, bool well) {
  struct fixture *fixture = &model->fixture;
  char asked = model->asked;
  if (model->closing) {
    model->closing = false;
    model->asked = 0;
    closed(fixture);
  } else if (model->connecting) {
    model->connecting = false;
    if (well) {
      connected(fixture);
    } else {
      connect_failed(fixture, pick(model, 4) > 0);
    }
  } else if (asked != 0) {
    model->asked = 0;
    if (well || asked == '-') { /* UNLISTEN does not fail */
      if (asked != 'p') {
        model->listened[model->channel - 'a'] = asked == '+';
      }
      answered(fixture);
    } else {
      answered_badly(fixture, pick(model, 4) > 0);
    }
  }
}

static void lose_something(struct model *model) {
  if (model->fixture.listener.state == HF_LISTENER_OPEN) {
    lost(&model->fixture);
  }
}

static void step(struct model *model) {
  switch (pick(model, 8)) {
  case 0:
  case 1:
  case 2:
    change_subscription(model);
    break;
  case 3:
    pass(&model->fixture, pick(model, 100));
    break;
  case 4:
    if (pick(model, 4) == 0) {
      lose_something(model);
    }
    break;
  default:
    answer_something(model, pick(model, 4) > 0);
    break;
  }
  follow(model);
  check(model);
}

/* Lets everything come to rest, on a server that is well. */
static void settle(struct model *model) {
  struct fixture *fixture = &model->fixture;
  bool wanted[CHANNELS] = {false};
  int i;
  for (i = 0; i < STEPS; i++) {
    answer_something(model, true);
    follow(model);
    if (fixture->listener.state == HF_LISTENER_WAITING) {
      pass_to_next(fixture);
      follow(model);
    } else if (fixture->listener.channels_in[HF_CHANNEL_REFUSED].count > 0) {
      pass(fixture, HF_LISTENER_CAP_MS);
      follow(model);
    }
    check(model);
  }
  for (i = 0; i < SUBSCRIBERS; i++) {
    const struct subscriber *one = &fixture->subscribers[i];
    if (one->subscribed) {
      assert_int_equal(one->core.state, HF_SUBSCRIPTION_LIVE);
      wanted[one->core.channel->name[0] - 'a'] = true;
    }
  }
  assert_memory_equal(wanted, model->listened, sizeof wanted);
}

static void a_live_subscription_is_always_listened_to(void **state) {
  static struct model model;
  uint32_t run;
  int i;
  (void)state;
  for (run = 1; run <= RUNS; run++) {
    memset(&model, 0, sizeof model);
    model.random = run * 2654435761u;
    open_listener(&model.fixture);
    for (i = 0; i < STEPS; i++) {
      model.fixture.random = next_random(&model.random) << 8;
      step(&model);
    }
    settle(&model);
    close_listener(&model.fixture);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_live_subscription_is_always_listened_to),
  };
  return cmocka_run_group_tests_name("listener model", tests, NULL, NULL);
}
