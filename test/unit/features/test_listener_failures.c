/* SPDX-License-Identifier: MIT */
/* Channels that are refused, and a server that cannot be reached. */
#include "listener_support.h"

/* ---- a channel fails ----------------------------------------------------- */

static void a_refused_channel_does_not_affect_the_others(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  struct subscriber *three = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  subscribe(fixture, two, "b");
  subscribe(fixture, three, "c");
  answered_badly(fixture, false);
  assert_int_equal(two->refused, HF_SERVER_ERROR);
  assert_int_equal(three->answers, 0);
  answered(fixture);
  assert_int_equal(three->answers, 1);
  assert_int_equal(one->lost, 0);
  assert_string_equal(acts_of(fixture), "+b +c ");
}

static void a_channel_refused_by_a_retryable_error_is_retried(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  subscribe(fixture, two, "b");
  answered_badly(fixture, true);
  assert_string_equal(acts_of(fixture), "+b ");
  pass_to_next(fixture);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "+b ");
  assert_int_equal(two->answers, 1);
  assert_int_equal(two->refused, HF_OK);
}

static void a_channel_that_was_listened_to_is_never_refused(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  listen_to(fixture, two, "b");
  lost(fixture);
  closed(fixture);
  pass_to_next(fixture);
  connected(fixture);
  answered_badly(fixture, false);
  answered(fixture);
  assert_true(one->subscribed);
  assert_int_equal(fixture->resumed, 1);
  pass_to_next(fixture);
  answered(fixture);
  assert_int_equal(fixture->resumed, 2);
  assert_string_equal(acts_of(fixture), "close connect +a +b +a ");
}

static void a_session_whose_channels_are_all_refused_is_replaced(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  lost(fixture);
  closed(fixture);
  pass_to_next(fixture);
  connected(fixture); /* to a replica, which cannot listen */
  answered_badly(fixture, false);
  assert_string_equal(acts_of(fixture), "close connect +a close ");
  closed(fixture);
  pass_to_next(fixture);
  connected(fixture);
  answered(fixture);
  assert_int_equal(fixture->resumed, 1);
}

/* ---- a server that is away ----------------------------------------------- */

static void a_permanent_error_refuses_a_subscription_at_once(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  subscribe(fixture, &some[0], "a");
  subscribe(fixture, &some[1], "b");
  connect_failed(fixture, false);
  assert_int_equal(some[0].refused, HF_SERVER_ERROR);
  assert_int_equal(some[1].refused, HF_SERVER_ERROR);
  assert_int_equal(fixture->listener.state, HF_LISTENER_IDLE);
}

static void an_outage_is_waited_for_until_the_deadline(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  subscribe_for(fixture, one, "a", 100);
  subscribe(fixture, two, "b");
  connect_failed(fixture, true);
  pass(fixture, 99);
  assert_int_equal(one->answers, 0);
  pass(fixture, 1);
  assert_int_equal(one->refused, HF_DEADLINE);
  assert_int_equal(fixture->listener.last_failure.status, HF_SERVER_ERROR);
  assert_int_equal(two->answers, 0);
  assert_true(two->subscribed);
}

static void a_live_subscription_has_no_deadline(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe_for(fixture, one, "a", 100);
  connected(fixture);
  answered(fixture);
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
}

/* Fails attempt after attempt; returns how long the n-th pause was, in ms. */
static uint64_t nth_pause(struct fixture *fixture, int n) {
  uint64_t before_us = 0;
  int i;
  for (i = 0; i < n; i++) {
    connect_failed(fixture, true);
    before_us = fixture->now_us;
    pass_to_next(fixture);
  }
  return (fixture->now_us - before_us) / MS;
}

static void an_unreachable_server_is_tried_every_two_seconds_at_most(
    void **state) {
  static const uint64_t most[] = {50, 50, 100, 200, 400, 800, 1600, 2000, 2000};
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  uint64_t began_us;
  size_t i;
  listen_to(fixture, one, "a");
  fixture->random = UINT32_MAX;
  lost(fixture);
  closed(fixture);
  began_us = fixture->now_us;
  pass_to_next(fixture);
  assert_int_equal((fixture->now_us - began_us) / MS, most[0]);
  for (i = 1; i < sizeof most / sizeof most[0]; i++) {
    assert_int_equal(nth_pause(fixture, 1), most[i]);
  }
  began_us = fixture->now_us;
  while (fixture->now_us - began_us < 3600ull * 1000 * MS) {
    assert_int_equal(nth_pause(fixture, 1), HF_LISTENER_CAP_MS);
  }
  connected(fixture);
  answered(fixture);
  assert_int_equal(fixture->resumed, 1);
}

static void processes_do_not_reconnect_in_step(void **state) {
  struct fixture *fixture = *state;
  struct fixture other;
  open_listener(&other);
  listen_to(fixture, subscriber_of(fixture), "a");
  listen_to(&other, subscriber_of(&other), "a");
  fixture->random = 0;
  other.random = UINT32_MAX;
  lost(fixture);
  lost(&other);
  closed(fixture);
  closed(&other);
  assert_int_equal(fixture->connects, 2);
  assert_int_equal(hf_listener_next_us(&other.listener) - other.now_us,
                   HF_LISTENER_BASE_MS * MS);
  pass_to_next(&other);
  assert_int_equal(nth_pause(fixture, 8), HF_LISTENER_CAP_MS / 2);
  assert_int_equal(nth_pause(&other, 8), HF_LISTENER_CAP_MS);
  close_listener(&other);
}

static void a_session_that_listened_resets_the_delay(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe(fixture, one, "a");
  fixture->random = UINT32_MAX;
  (void)nth_pause(fixture, 9);
  connected(fixture);
  answered(fixture);
  lost(fixture);
  closed(fixture);
  assert_int_equal(hf_listener_next_us(&fixture->listener) - fixture->now_us,
                   HF_LISTENER_BASE_MS * MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_refused_channel_does_not_affect_the_others),
      TEST(a_channel_refused_by_a_retryable_error_is_retried),
      TEST(a_channel_that_was_listened_to_is_never_refused),
      TEST(a_session_whose_channels_are_all_refused_is_replaced),
      TEST(a_permanent_error_refuses_a_subscription_at_once),
      TEST(an_outage_is_waited_for_until_the_deadline),
      TEST(a_live_subscription_has_no_deadline),
      TEST(an_unreachable_server_is_tried_every_two_seconds_at_most),
      TEST(processes_do_not_reconnect_in_step),
      TEST(a_session_that_listened_resets_the_delay),
  };
  return cmocka_run_group_tests_name("listener failures", tests, NULL, NULL);
}
