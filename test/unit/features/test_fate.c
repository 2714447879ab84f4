/* SPDX-License-Identifier: MIT */
/* What became of a COMMIT whose answer was lost, on virtual time. */
#include <string.h>

#include "core/features/fate.h"
#include "support.h"

enum { BEGAN = 1000, MILLION = 1000000 };

static const struct hf_fate_identity identity = {"4711",
                                                 "7301234567890123456",
                                                 "00000001",
                                                 "off"};

static const struct hf_fate_identity replicated = {"4711",
                                                   "7301234567890123456",
                                                   "00000001",
                                                   "on"};

/* One question after another, with the time between them. */
struct asking {
  struct hf_fate fate;
  struct hf_fate_order order;
  double now_ms;
};

static struct asking begin(const struct hf_fate_identity *who, double end_ms) {
  struct asking asking = {.now_ms = BEGAN};

  asking.order = hf_fate_begin(&asking.fate, who, asking.now_ms, end_ms);
  return asking;
}

static void say(struct asking *asking,
                enum hf_fate_event event,
                const char *first,
                const char *second,
                const char *third) {
  const char *const texts[3] = {first, second, third};

  asking->order = hf_fate_next(&asking->fate, event, texts, asking->now_ms);
}

static void tell(struct asking *asking, enum hf_fate_event event) {
  say(asking, event, NULL, NULL, NULL);
}

/* The same server, on the same timeline, says what it knows of it. */
static void answer(struct asking *asking, const char *status) {
  say(asking,
      HF_FATE_EVENT_ANSWERED,
      identity.server,
      identity.timeline,
      status);
}

static void expect_step(const struct asking *asking, enum hf_fate_step step) {
  assert_int_equal(asking->order.step, step);
}

static void expect_unknown(const struct asking *asking, const char *reason) {
  expect_step(asking, HF_FATE_UNKNOWN);
  assert_string_equal(asking->order.reason, reason);
  assert_string_equal(hf_fate_state_name(asking->fate.state), "unknown");
}

static void wait_a_pause(struct asking *asking) {
  expect_step(asking, HF_FATE_PAUSE);
  assert_true(asking->order.delay_ms > 0);
  asking->now_ms += asking->order.delay_ms;
  tell(asking, HF_FATE_EVENT_PAUSED);
}

/* A connection that was begun after the loss. */
static struct asking connected(const struct hf_fate_identity *who,
                               double end_ms) {
  struct asking asking = begin(who, end_ms);

  expect_step(&asking, HF_FATE_CONNECT);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  expect_step(&asking, HF_FATE_ASK);
  return asking;
}

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

static void a_transaction_in_progress_is_asked_for_again_soon_at_first(
    void **state) {
  static const int32_t delays[] = {5, 10, 20, 40, 25};
  struct asking asking = connected(&identity, 0);
  size_t i;

  (void)state;
  for (i = 0; i < sizeof delays / sizeof *delays; i++) {
    answer(&asking, "in progress");
    expect_step(&asking, HF_FATE_PAUSE);
    assert_int_equal(asking.order.delay_ms, delays[i]);
    wait_a_pause(&asking);
    expect_step(&asking, HF_FATE_ASK);
  }
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* Answers "in progress" until the backend is to be ended. */
static void run_out_of_patience(struct asking *asking) {
  double began_ms = asking->now_ms;

  answer(asking, "in progress");
  while (asking->order.step == HF_FATE_PAUSE) {
    wait_a_pause(asking);
    answer(asking, "in progress");
  }
  expect_step(asking, HF_FATE_TERMINATE);
  assert_true(asking->now_ms - began_ms == HF_FATE_PATIENCE_MS);
}

static void a_transaction_that_stays_in_progress_is_terminated(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_TERMINATED);
  assert_int_equal(asking.order.delay_ms, HF_FATE_FIRST_PAUSE_MS);
  wait_a_pause(&asking);
  expect_step(&asking, HF_FATE_ASK);
  answer(&asking, "aborted");
  expect_step(&asking, HF_FATE_ROLLED_BACK);
}

static void a_backend_that_does_not_end_is_terminated_again(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_TERMINATED);
  wait_a_pause(&asking);
  while (asking.order.step != HF_FATE_TERMINATE) {
    answer(&asking, "in progress");
    if (asking.order.step == HF_FATE_PAUSE) {
      wait_a_pause(&asking);
    }
  }
  assert_true(asking.now_ms < BEGAN + 3 * HF_FATE_PATIENCE_MS);
}

static void without_permission_to_terminate_it_is_asked_until_it_ends(
    void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_REFUSED);
  wait_a_pause(&asking);
  expect_step(&asking, HF_FATE_CONNECT);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* Answers "in progress" for as long as there is a question. */
static void stay_in_progress(struct asking *asking) {
  int questions;

  for (questions = 0; asking->order.step < HF_FATE_COMMITTED; questions++) {
    assert_true(questions < MILLION);
    if (asking->order.step == HF_FATE_ASK) {
      answer(asking, "in progress");
    } else if (asking->order.step == HF_FATE_TERMINATE) {
      tell(asking, HF_FATE_EVENT_TERMINATED);
    } else {
      wait_a_pause(asking);
    }
  }
}

static void a_transaction_in_progress_for_ever_stays_in_doubt(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  stay_in_progress(&asking);
  expect_unknown(&asking, "the transaction is still in progress");
  assert_true(asking.now_ms <= BEGAN + HF_FATE_ASK_MS);
  assert_true(asking.now_ms >= BEGAN + HF_FATE_ASK_MS - 2 * HF_FATE_PAUSE_MS);
}

static void the_callers_deadline_ends_the_search(void **state) {
  struct asking asking = connected(&identity, BEGAN + 300);

  (void)state;
  assert_int_equal(asking.order.left_ms, 300);
  stay_in_progress(&asking);
  expect_unknown(&asking, "the transaction is still in progress");
  assert_true(asking.now_ms <= BEGAN + 300);
}

static void a_later_deadline_does_not_prolong_the_search(void **state) {
  struct asking asking = begin(&identity, BEGAN + MILLION);

  (void)state;
  assert_int_equal(asking.order.left_ms, HF_FATE_ASK_MS);
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

static void a_commit_that_waited_for_standbys_is_confirmed_by_them(
    void **state) {
  static const char *const waits[] = {"on", "remote_write", "remote_apply"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof waits / sizeof *waits; i++) {
    struct hf_fate_identity who = identity;
    struct asking asking;

    who.waits = waits[i];
    asking = connected(&who, 0);
    answer(&asking, "committed");
    expect_step(&asking, HF_FATE_STANDBYS);
    say(&asking, HF_FATE_EVENT_NAMED, "any 1 (*)", NULL, NULL);
    expect_step(&asking, HF_FATE_CONFIRM);
    tell(&asking, HF_FATE_EVENT_CONFIRMED);
    expect_step(&asking, HF_FATE_COMMITTED);
  }
}

static void a_commit_that_waited_for_its_own_disk_needs_no_standby(
    void **state) {
  static const char *const waits[] = {"off", "local"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof waits / sizeof *waits; i++) {
    struct hf_fate_identity who = identity;
    struct asking asking;

    who.waits = waits[i];
    asking = connected(&who, 0);
    answer(&asking, "committed");
    expect_step(&asking, HF_FATE_COMMITTED);
  }
}

static void without_standbys_no_confirmation_is_needed(void **state) {
  struct asking asking = connected(&replicated, 0);

  (void)state;
  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, " \t", NULL, NULL);
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* The server has done it; its standbys are waited for. */
static struct asking confirming(double end_ms) {
  struct asking asking = connected(&replicated, end_ms);

  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, "standby1", NULL, NULL);
  expect_step(&asking, HF_FATE_CONFIRM);
  return asking;
}

static void standbys_that_do_not_confirm_in_time_leave_it_in_doubt(
    void **state) {
  struct asking asking = confirming(0);

  (void)state;
  asking.now_ms += asking.order.left_ms;
  tell(&asking, HF_FATE_EVENT_FAILED);
  expect_unknown(&asking,
                 "the server committed it, but its synchronous standbys did "
                 "not confirm it");
}

static void a_confirmation_that_is_lost_is_asked_for_again(void **state) {
  struct asking asking = confirming(0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  wait_a_pause(&asking);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, "standby1", NULL, NULL);
  tell(&asking, HF_FATE_EVENT_CONFIRMED);
  expect_step(&asking, HF_FATE_COMMITTED);
}

static void a_standby_promoted_while_it_confirmed_is_not_believed(
    void **state) {
  struct asking asking = confirming(0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  wait_a_pause(&asking);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  say(&asking,
      HF_FATE_EVENT_ANSWERED,
      identity.server,
      "00000002",
      "committed");
  expect_unknown(&asking, "the server was replaced by a standby");
}

static void a_deadline_while_standbys_are_waited_for_leaves_it_in_doubt(
    void **state) {
  struct asking asking = confirming(BEGAN + 500);

  (void)state;
  assert_int_equal(asking.order.left_ms, 500);
  asking.now_ms += 500;
  tell(&asking, HF_FATE_EVENT_ABANDONED);
  expect_step(&asking, HF_FATE_UNKNOWN);
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
          a_transaction_in_progress_is_asked_for_again_soon_at_first),
      cmocka_unit_test(a_transaction_that_stays_in_progress_is_terminated),
      cmocka_unit_test(a_backend_that_does_not_end_is_terminated_again),
      cmocka_unit_test(
          without_permission_to_terminate_it_is_asked_until_it_ends),
      cmocka_unit_test(a_transaction_in_progress_for_ever_stays_in_doubt),
      cmocka_unit_test(the_callers_deadline_ends_the_search),
      cmocka_unit_test(a_later_deadline_does_not_prolong_the_search),
      cmocka_unit_test(
          a_caller_that_leaves_while_the_server_is_asked_gets_unknown),
      cmocka_unit_test(a_lost_answer_is_asked_for_on_another_connection),
      cmocka_unit_test(a_server_that_does_not_come_back_leaves_it_in_doubt),
      cmocka_unit_test(a_server_that_comes_back_in_time_is_asked),
      cmocka_unit_test(a_refusal_ends_the_search_at_once),
      cmocka_unit_test(a_commit_that_waited_for_standbys_is_confirmed_by_them),
      cmocka_unit_test(a_commit_that_waited_for_its_own_disk_needs_no_standby),
      cmocka_unit_test(without_standbys_no_confirmation_is_needed),
      cmocka_unit_test(standbys_that_do_not_confirm_in_time_leave_it_in_doubt),
      cmocka_unit_test(a_confirmation_that_is_lost_is_asked_for_again),
      cmocka_unit_test(a_standby_promoted_while_it_confirmed_is_not_believed),
      cmocka_unit_test(
          a_deadline_while_standbys_are_waited_for_leaves_it_in_doubt),
      cmocka_unit_test(an_event_that_does_not_fit_the_step_changes_nothing),
      cmocka_unit_test(no_sequence_of_events_says_more_than_the_server_did),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
