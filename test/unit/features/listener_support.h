/* SPDX-License-Identifier: MIT */
/*
 * A listener with an engine that notes what it is asked for, on virtual time.
 */
#ifndef HF_TEST_LISTENER_SUPPORT_H
#define HF_TEST_LISTENER_SUPPORT_H

#include "core/features/listener.h"
#include "support.h"

enum { MS = 1000, ACTS_BYTES = 512, SUBSCRIBERS = 8 };

struct subscriber {
  struct hf_subscription core;
  int answers; /* refused or not */
  bool subscribed;
  enum hf_status refused; /* with this, or HF_OK */
  int lost, proofs;
};

struct fixture {
  struct hf_listener listener;
  uint64_t now_us;
  uint32_t random;       /* what the simulation draws next */
  char acts[ACTS_BYTES]; /* what was asked for since, each with a blank */
  int connects;
  int resumed; /* channels told of */
  struct subscriber subscribers[SUBSCRIBERS];
  int n_subscribers; /* handed out */
  bool busy, open;   /* a statement is in flight; a session is opened or open */
};

void open_listener(struct fixture *fixture);

/* Hands out a subscriber, one that wants proofs where `proof_us` is not 0. */
struct subscriber *subscriber_of(struct fixture *fixture);
struct subscriber *subscriber_proving(struct fixture *fixture,
                                      uint64_t proof_us);

/* Takes everything away and finishes. */
void close_listener(struct fixture *fixture);

/* Returns what was asked for since the last time. */
const char *acts_of(struct fixture *fixture);

/* Subscribes without a deadline, and runs. */
void subscribe(struct fixture *fixture,
               struct subscriber *subscriber,
               const char *channel);

/* The same, to be refused after so long. */
void subscribe_for(struct fixture *fixture,
                   struct subscriber *subscriber,
                   const char *channel,
                   uint64_t ms);

void unsubscribe(struct fixture *fixture, struct subscriber *subscriber);

/* What the simulation answers; each runs the listener. */
void connected(struct fixture *fixture);
void answered(struct fixture *fixture);
void lost(struct fixture *fixture);
void closed(struct fixture *fixture);

/* With an error that is, or is not, worth repeating. */
void connect_failed(struct fixture *fixture, bool retryable);
void answered_badly(struct fixture *fixture, bool retryable);

/* Lets time pass, and runs the listener. */
void pass(struct fixture *fixture, uint64_t ms);

/* Lets time pass until the listener has something to do. */
void pass_to_next(struct fixture *fixture);

/* Subscribes and has a session that is open and listens to that channel. */
void listen_to(struct fixture *fixture,
               struct subscriber *subscriber,
               const char *channel);

/* Runs each test of a group with a listener of its own. */
static inline int open_one(void **state) {
  static struct fixture fixture;
  open_listener(&fixture);
  *state = &fixture;
  return 0;
}

static inline int close_one(void **state) {
  close_listener(*state);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_one, close_one)

#endif
