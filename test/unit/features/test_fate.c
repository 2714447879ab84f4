/* SPDX-License-Identifier: MIT */
/* What became of a COMMIT whose answer was lost, on virtual time. */
#include <string.h>

#include "fate_support.h"

static void a_commit_whose_answer_was_lost_is_found_committed(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

static void a_commit_that_never_arrived_is_found_rolled_back(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  answer(&asking, "aborted");
  expect_step(&asking, HF_FATE_ROLLED_BACK);
}

static void a_transaction_without_an_id_has_written_nothing(void **state) {
  struct hf_fate_identity nothing = identity;
  struct asking asking;

  (void)state;
  nothing.xid = NULL;
  asking = begin(&nothing, 0);
  expect_unknown(&asking, "the transaction had written nothing so far");
}

static void without_the_servers_identity_no_question_is_sent(void **state) {
  struct hf_fate_identity forbidden = identity;
  struct asking asking;

  (void)state;
  forbidden.server = NULL;
  asking = begin(&forbidden, 0);
  expect_step(&asking, HF_FATE_UNKNOWN);
  assert_non_null(strstr(asking.order.reason, "pg_control_system"));
}

static void an_identity_that_would_be_truncated_proves_nothing(void **state) {
  struct hf_fate_identity odd = identity;
  struct asking asking;

  (void)state;
  odd.server = "730123456789012345673012345678901234567";
  asking = begin(&odd, 0);
  expect_step(&asking, HF_FATE_UNKNOWN);
}

static void the_wrong_server_is_not_believed(void **state) {
  static const char *const statuses[] = {"committed", "aborted", NULL};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    struct asking asking = connected(&identity, 0);

    say(&asking,
        HF_FATE_EVENT_ANSWERED,
        "7309999999999999999",
        identity.timeline,
        statuses[i]);
    expect_unknown(&asking, "another server answers now");
  }
}

static void a_standby_that_was_promoted_is_not_believed(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  say(&asking,
      HF_FATE_EVENT_ANSWERED,
      identity.server,
      "00000002",
      "committed");
  expect_unknown(&asking, "the server was replaced by a standby");
}

static void a_server_without_a_record_of_it_leaves_it_in_doubt(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  answer(&asking, NULL);
  expect_unknown(&asking, "the server does not remember the transaction");
}

static void an_unknown_answer_leaves_it_in_doubt(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  answer(&asking, "who knows");
  expect_step(&asking, HF_FATE_UNKNOWN);
}

static void a_caller_that_leaves_while_the_server_is_asked_gets_unknown(
    void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_ABANDONED);
  expect_unknown(&asking, "the caller had no time to wait for the answer");
  answer(&asking, "committed"); /* too late: nothing changes it */
  expect_step(&asking, HF_FATE_UNKNOWN);
}

static void a_lost_answer_is_asked_for_on_another_connection(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  assert_int_equal(asking.order.delay_ms, HF_FATE_PAUSE_MS);
  wait_a_pause(&asking);
  expect_step(&asking, HF_FATE_CONNECT);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

static void a_server_that_does_not_come_back_leaves_it_in_doubt(void **state) {
  struct asking asking = begin(&identity, 0);
  int attempts = 0;

  (void)state;
  while (asking.order.step == HF_FATE_CONNECT) {
    attempts++;
    assert_true(asking.order.left_ms > 0);
    tell(&asking, HF_FATE_EVENT_FAILED);
    if (asking.order.step == HF_FATE_PAUSE) {
      wait_a_pause(&asking);
    }
  }
  expect_unknown(&asking, "the server could not be asked");
  assert_true(asking.now_ms <= BEGAN + HF_FATE_ASK_MS);
  assert_in_range(attempts, 100, 200);
}

static void a_server_that_comes_back_in_time_is_asked(void **state) {
  struct asking asking = begin(&identity, 0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  wait_a_pause(&asking);
  asking.now_ms += HF_FATE_ASK_MS - 1000;
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "aborted");
  expect_step(&asking, HF_FATE_ROLLED_BACK);
}

static void a_refusal_ends_the_search_at_once(void **state) {
  struct asking asking = begin(&identity, 0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_REFUSED);
  expect_unknown(&asking, "the server could not be asked");
}

static void an_event_that_does_not_fit_the_step_changes_nothing(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_CONFIRMED);
  expect_step(&asking, HF_FATE_ASK);
  tell(&asking, HF_FATE_EVENT_PAUSED);
  expect_step(&asking, HF_FATE_ASK);
}

static void no_sequence_of_events_says_more_than_the_server_did(void **state) {
  static const char *const statuses[] = {"committed",
                                         "aborted",
                                         "in progress",
                                         NULL};
  uint32_t seed = 7;
  int run;

  (void)state;
  for (run = 0; run < 20000; run++) {
    struct asking asking = begin(run % 2 == 0 ? &identity : &replicated, 0);
    bool committed = false;
    bool aborted = false;
    bool confirmed = false;

    while (asking.order.step < HF_FATE_COMMITTED) {
      enum hf_fate_event event =
          (enum hf_fate_event)(next_random(&seed) % HF_FATE_EVENT_ABANDONED);
      const char *status = statuses[next_random(&seed) % 4];
      bool same = next_random(&seed) % 8 != 0;
      bool asked = asking.order.step == HF_FATE_ASK &&
                   event == HF_FATE_EVENT_ANSWERED && same && status != NULL;

      committed |= asked && strcmp(status, "committed") == 0;
      aborted |= asked && strcmp(status, "aborted") == 0;
      confirmed |= asking.order.step == HF_FATE_CONFIRM &&
                   event == HF_FATE_EVENT_CONFIRMED;
      asking.now_ms += next_random(&seed) % 60;
      say(&asking,
          event,
          same ? identity.server : "1",
          identity.timeline,
          status);
    }
    if (asking.order.step == HF_FATE_COMMITTED) {
      assert_true(committed);
      assert_true(run % 2 == 0 || confirmed);
    } else if (asking.order.step == HF_FATE_ROLLED_BACK) {
      assert_true(aborted);
    } else {
      assert_non_null(asking.order.reason);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_commit_whose_answer_was_lost_is_found_committed),
      cmocka_unit_test(a_commit_that_never_arrived_is_found_rolled_back),
      cmocka_unit_test(a_transaction_without_an_id_has_written_nothing),
      cmocka_unit_test(without_the_servers_identity_no_question_is_sent),
      cmocka_unit_test(an_identity_that_would_be_truncated_proves_nothing),
      cmocka_unit_test(the_wrong_server_is_not_believed),
      cmocka_unit_test(a_standby_that_was_promoted_is_not_believed),
      cmocka_unit_test(a_server_without_a_record_of_it_leaves_it_in_doubt),
      cmocka_unit_test(an_unknown_answer_leaves_it_in_doubt),
      cmocka_unit_test(
          a_caller_that_leaves_while_the_server_is_asked_gets_unknown),
      cmocka_unit_test(a_lost_answer_is_asked_for_on_another_connection),
      cmocka_unit_test(a_server_that_does_not_come_back_leaves_it_in_doubt),
      cmocka_unit_test(a_server_that_comes_back_in_time_is_asked),
      cmocka_unit_test(a_refusal_ends_the_search_at_once),
      cmocka_unit_test(an_event_that_does_not_fit_the_step_changes_nothing),
      cmocka_unit_test(no_sequence_of_events_says_more_than_the_server_did),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
