/* SPDX-License-Identifier: MIT */
/* The session that listens: subscriptions, losses, attempts. */
#include "listener_support.h"

/* ---- subscribing --------------------------------------------------------- */

static void the_first_subscription_opens_a_session(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe(fixture, one, "a");
  assert_string_equal(acts_of(fixture), "connect ");
  assert_int_equal(one->answers, 0);
  connected(fixture);
  assert_string_equal(acts_of(fixture), "+a ");
  assert_int_equal(one->answers, 0);
  answered(fixture);
  assert_int_equal(one->answers, 1);
  assert_int_equal(one->core.state, HF_SUBSCRIPTION_LIVE);
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
}

static void channels_share_a_session_one_statement_at_a_time(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  subscribe(fixture, &some[0], "a");
  subscribe(fixture, &some[1], "b");
  connected(fixture);
  subscribe(fixture, &some[2], "c");
  assert_string_equal(acts_of(fixture), "connect +a ");
  answered(fixture);
  assert_string_equal(acts_of(fixture), "+b ");
  answered(fixture);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "+c ");
  assert_int_equal(some[2].answers, 1);
  assert_int_equal(fixture->connects, 1);
}

static void a_channel_that_is_listened_to_takes_subscriptions_at_once(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  subscribe(fixture, two, "a");
  assert_string_equal(acts_of(fixture), "");
  assert_int_equal(two->answers, 1);
}

static void a_channel_is_unlistened_when_its_last_subscription_goes(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  listen_to(fixture, &some[0], "a");
  listen_to(fixture, &some[1], "b");
  subscribe(fixture, &some[2], "b");
  unsubscribe(fixture, &some[1]);
  assert_string_equal(acts_of(fixture), "");
  unsubscribe(fixture, &some[2]);
  assert_string_equal(acts_of(fixture), "-b ");
  answered(fixture);
  assert_null(hf_listener_find(&fixture->listener, "b"));
  assert_string_equal(acts_of(fixture), "");
}

static void the_session_is_closed_when_the_last_subscription_goes(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  unsubscribe(fixture, one);
  assert_string_equal(acts_of(fixture), "close ");
  closed(fixture);
  assert_int_equal(fixture->listener.state, HF_LISTENER_IDLE);
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
}

static void a_subscription_before_unlisten_is_sent_keeps_the_channel(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  listen_to(fixture, &some[0], "a");
  listen_to(fixture, &some[1], "b");
  subscribe(fixture, &some[2], "c"); /* in flight: b has to wait */
  unsubscribe(fixture, &some[1]);
  subscribe(fixture, &some[3], "b");
  assert_int_equal(some[3].answers, 1);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "+c ");
}

static void a_subscription_after_unlisten_was_sent_listens_again(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  listen_to(fixture, &some[0], "a");
  listen_to(fixture, &some[1], "b");
  unsubscribe(fixture, &some[1]);
  subscribe(fixture, &some[2], "b");
  assert_int_equal(some[2].answers, 0);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "-b +b ");
  answered(fixture);
  assert_int_equal(some[2].answers, 1);
}

static void a_channel_unsubscribed_while_requested_is_unlistened(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  subscribe(fixture, two, "b");
  unsubscribe(fixture, two);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "+b -b ");
  answered(fixture);
  assert_null(hf_listener_find(&fixture->listener, "b"));
}

/* ---- losses -------------------------------------------------------------- */

static void a_loss_is_reported_and_so_is_its_end(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *some = fixture->subscribers;
  listen_to(fixture, &some[0], "a");
  subscribe(fixture, &some[1], "a");
  lost(fixture);
  assert_int_equal(some[0].lost, 1);
  assert_int_equal(some[1].lost, 1);
  assert_string_equal(acts_of(fixture), "close ");
  closed(fixture);
  subscribe(fixture, &some[2], "a"); /* has missed nothing */
  pass_to_next(fixture);
  connected(fixture);
  assert_int_equal(fixture->resumed, 0);
  answered(fixture);
  assert_int_equal(fixture->resumed, 1);
  assert_int_equal(some[2].answers, 1);
  assert_int_equal(some[0].answers, 1);
  assert_string_equal(acts_of(fixture), "connect +a ");
}

static void a_subscription_during_a_loss_is_answered_by_the_next_session(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe(fixture, one, "a");
  connected(fixture);
  lost(fixture);
  closed(fixture);
  pass_to_next(fixture);
  connected(fixture);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "connect +a close connect +a ");
  assert_int_equal(one->answers, 1);
  assert_int_equal(one->lost, 0);
  assert_int_equal(fixture->resumed, 0);
}

static void an_answer_after_the_loss_is_ignored(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe(fixture, one, "a");
  connected(fixture);
  lost(fixture);
  answered(fixture);
  assert_int_equal(one->answers, 0);
}

static void a_channel_unsubscribed_while_reconnecting_is_dropped(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  listen_to(fixture, two, "b");
  lost(fixture);
  closed(fixture);
  unsubscribe(fixture, one);
  pass_to_next(fixture);
  connected(fixture);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "close connect +b ");
}

static void without_subscriptions_a_waiting_listener_opens_nothing(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  lost(fixture);
  closed(fixture);
  unsubscribe(fixture, one);
  assert_int_equal(fixture->listener.state, HF_LISTENER_IDLE);
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
}

static void without_subscriptions_an_attempt_to_connect_is_given_up(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  subscribe(fixture, one, "a");
  unsubscribe(fixture, one);
  assert_string_equal(acts_of(fixture), "connect close ");
  connected(fixture); /* it was under way */
  assert_int_equal(fixture->listener.state, HF_LISTENER_CLOSING);
  closed(fixture);
  assert_int_equal(fixture->listener.state, HF_LISTENER_IDLE);
}

static void a_subscription_while_closing_opens_the_next_session_at_once(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  struct subscriber *two = subscriber_of(fixture);
  listen_to(fixture, one, "a");
  unsubscribe(fixture, one);
  subscribe(fixture, two, "a");
  assert_string_equal(acts_of(fixture), "close ");
  closed(fixture);
  assert_string_equal(acts_of(fixture), "connect ");
}

/* ---- proofs -------------------------------------------------------------- */

static void a_session_is_pinged_only_for_subscriptions_that_ask(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *plain = subscriber_of(fixture);
  struct subscriber *cache = subscriber_proving(fixture, 5000 * MS);
  listen_to(fixture, plain, "a");
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
  listen_to(fixture, cache, "b");
  pass(fixture, 4999);
  assert_string_equal(acts_of(fixture), "");
  pass(fixture, 1);
  assert_string_equal(acts_of(fixture), "ping ");
  pass(fixture, 100);
  answered(fixture);
  assert_int_equal(cache->proofs, 1);
  assert_int_equal(plain->proofs, 0);
  pass(fixture, 5000);
  assert_string_equal(acts_of(fixture), "ping ");
  unsubscribe(fixture, cache);
  answered(fixture);
  answered(fixture);
  assert_string_equal(acts_of(fixture), "-b ");
  assert_int_equal(hf_listener_next_us(&fixture->listener), UINT64_MAX);
}

static void the_shortest_period_counts(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *slow = subscriber_proving(fixture, 5000 * MS);
  struct subscriber *quick = subscriber_proving(fixture, 50 * MS);
  listen_to(fixture, slow, "a");
  subscribe(fixture, quick, "a");
  pass(fixture, 50);
  assert_string_equal(acts_of(fixture), "ping ");
  answered(fixture);
  assert_int_equal(slow->proofs, 1);
  assert_int_equal(quick->proofs, 1);
}

static void a_failed_ping_confirms_nothing(void **state) {
  struct fixture *fixture = *state;
  struct subscriber *cache = subscriber_proving(fixture, 50 * MS);
  uint64_t proven_us;
  listen_to(fixture, cache, "a");
  proven_us = fixture->listener.alive_us;
  pass(fixture, 50);
  answered_badly(fixture, true);
  assert_int_equal(cache->proofs, 0);
  assert_int_equal(fixture->listener.alive_us, proven_us);
}

/* ---- memory -------------------------------------------------------------- */

static void without_memory_a_subscription_is_refused_and_nothing_leaks(
    void **state) {
  struct fixture *fixture = *state;
  struct subscriber *one = subscriber_of(fixture);
  size_t n;
  for (n = 0;; n++) {
    enum hf_status status;
    fail_allocations_after(n);
    status = hf_listener_subscribe(&fixture->listener, &one->core, "a", 0);
    if (!allocations_were_failed()) {
      assert_int_equal(status, HF_OK);
      break;
    }
    assert_int_equal(status, HF_NO_MEMORY);
    assert_null(hf_listener_find(&fixture->listener, "a"));
    assert_int_equal(fixture->listener.subscriptions, 0);
  }
  assert_true(n > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_first_subscription_opens_a_session),
      TEST(channels_share_a_session_one_statement_at_a_time),
      TEST(a_channel_that_is_listened_to_takes_subscriptions_at_once),
      TEST(a_channel_is_unlistened_when_its_last_subscription_goes),
      TEST(the_session_is_closed_when_the_last_subscription_goes),
      TEST(a_subscription_before_unlisten_is_sent_keeps_the_channel),
      TEST(a_subscription_after_unlisten_was_sent_listens_again),
      TEST(a_channel_unsubscribed_while_requested_is_unlistened),
      TEST(a_loss_is_reported_and_so_is_its_end),
      TEST(a_subscription_during_a_loss_is_answered_by_the_next_session),
      TEST(an_answer_after_the_loss_is_ignored),
      TEST(a_channel_unsubscribed_while_reconnecting_is_dropped),
      TEST(without_subscriptions_a_waiting_listener_opens_nothing),
      TEST(without_subscriptions_an_attempt_to_connect_is_given_up),
      TEST(a_subscription_while_closing_opens_the_next_session_at_once),
      TEST(a_session_is_pinged_only_for_subscriptions_that_ask),
      TEST(the_shortest_period_counts),
      TEST(a_failed_ping_confirms_nothing),
      TEST(without_memory_a_subscription_is_refused_and_nothing_leaks),
  };
  return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
