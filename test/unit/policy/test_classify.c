/* SPDX-License-Identifier: MIT */
/* What is known of a failure beside its code: our status, its phase. */
#include "classify_support.h"

struct status_row {
  enum hf_status status;
  char before;
  int want_before;
  char after;
  int want_after;
};

static const struct status_row statuses[] = {
    {HF_NO_MEMORY, 'N', 0, 'A', DISCARD},
    {HF_SERVER_ERROR, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_SOCKET_ERROR, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_NAME_ERROR, 'N', Y | ONCE | DISCARD, 'N', Y | ONCE | DISCARD},
    {HF_TLS_ERROR, 'P', DISCARD, 'A', DISCARD},
    {HF_AUTH_ERROR, 'P', DISCARD, 'P', DISCARD},
    {HF_PROTOCOL_ERROR, 'P', DISCARD, 'A', DISCARD},
    {HF_ACQUIRE_TIMEOUT, 'N', Y | SLOW, 'N', Y | SLOW},
    {HF_QUEUE_FULL, 'N', Y | SLOW, 'N', Y | SLOW},
    {HF_CONNECT_TIMEOUT, 'N', Y | DISCARD, 'N', Y | DISCARD},
    {HF_QUERY_TIMEOUT, 'N', Y, 'A', Y | DISCARD},
    {HF_DEADLINE, 'N', 0, 'A', DISCARD},
    {HF_ABORTED, 'N', 0, 'A', 0},
    {HF_POOL_CLOSED, 'P', 0, 'A', DISCARD},
    {HF_RELEASED, 'P', 0, 'P', 0},
    {HF_PARAM_INVALID, 'P', 0, 'P', 0},
    {HF_COPY_UNSUPPORTED, 'P', 0, 'P', 0},
    {HF_RESULT_TOO_LARGE, 'P', 0, 'P', DISCARD},
    {HF_OUTCOME_UNKNOWN, 'A', Y | DISCARD, 'A', Y | DISCARD},
    {HF_BREAKER_OPEN, 'N', Y, 'N', Y},
    {HF_SESSION_REQUIRED, 'P', 0, 'P', 0},
    {HF_TRANSACTION_OPEN, 'P', 0, 'P', 0},
    {HF_COMMIT_ROLLED_BACK, 'R', 0, 'R', 0},
    {HF_SILENT, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_ROLLED_BACK, 'N', 0, 'A', 0},
    {HF_HOOK_FAILED, 'N', 0, 'N', 0},
};

static void every_status_of_ours_is_judged_by_what_was_sent(void **state) {
  size_t i;

  (void)state;
  assert_int_equal(sizeof(statuses) / sizeof(statuses[0]), HF_STATUS_COUNT - 1);
  for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
    const struct status_row *row = &statuses[i];
    struct hf_evidence evidence = {.phase = HF_PHASE_SEND,
                                   .status = row->status,
                                   .message = "x"};

    expect(hf_status_code(row->status), &evidence, row->after, row->want_after);
    evidence.nothing_sent = true;
    expect(hf_status_code(row->status),
           &evidence,
           row->before,
           row->want_before);
    evidence.nothing_sent = false;
    evidence.phase = HF_PHASE_LOCAL;
    expect(hf_status_code(row->status),
           &evidence,
           row->before,
           row->want_before);
  }
}

static void a_refusal_for_lack_of_time_or_room_may_be_made_again(void **state) {
  int status;

  (void)state;
  for (status = 1; status < HF_STATUS_COUNT; status++) {
    bool again = status == HF_ACQUIRE_TIMEOUT || status == HF_QUEUE_FULL ||
                 status == HF_DEADLINE || status == HF_BREAKER_OPEN;

    if (hf_classify_may_be_made_again((enum hf_status)status) != again) {
      fail_msg("%s", hf_status_code((enum hf_status)status));
    }
  }
}

static void a_lost_transaction_is_rolled_back_until_commit_is_sent(
    void **state) {
  static const enum hf_status losses[] = {HF_SOCKET_ERROR,
                                          HF_SILENT,
                                          HF_QUERY_TIMEOUT,
                                          HF_PROTOCOL_ERROR,
                                          HF_DEADLINE,
                                          HF_ABORTED,
                                          HF_TLS_ERROR,
                                          HF_NO_MEMORY,
                                          HF_POOL_CLOSED,
                                          HF_SERVER_ERROR};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
    struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                   .status = losses[i],
                                   .in_transaction = true};
    struct hf_classification why = hf_classify(&evidence);

    assert_int_equal(letter(why.outcome), 'R');
    assert_int_equal(why.unit, HF_UNIT_TRANSACTION);
    evidence.commit_sent = true;
    why = hf_classify(&evidence);
    assert_int_equal(letter(why.outcome), 'A');
    assert_int_equal(why.unit, HF_UNIT_TRANSACTION);
    evidence.commit_sent = false;
    evidence.may_commit_midway = true;
    assert_int_equal(letter(hf_classify(&evidence).outcome), 'A');
  }
}

static void a_statement_that_was_not_sent_still_loses_its_transaction(
    void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_SEND,
                                 .status = HF_SOCKET_ERROR,
                                 .nothing_sent = true,
                                 .in_transaction = true};

  (void)state;
  expect("never left", &evidence, 'R', Y | DISCARD);
  assert_int_equal(hf_classify(&evidence).unit, HF_UNIT_TRANSACTION);
}

static void a_confirmed_cancel_is_rolled_back(void **state) {
  static const enum hf_status causes[] = {HF_QUERY_TIMEOUT,
                                          HF_DEADLINE,
                                          HF_ABORTED,
                                          HF_RESULT_TOO_LARGE};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
    struct hf_evidence evidence = server("57014");

    evidence.status = causes[i];
    expect("57014", &evidence, 'R', 0);
  }
}

static void zeroed_evidence_is_ambiguous(void **state) {
  struct hf_evidence evidence = {0};

  (void)state;
  expect("nothing", &evidence, 'A', 0);
  evidence.phase = HF_PHASE_CONNECT;
  expect("nothing, connecting", &evidence, 'N', Y | DISCARD | CONNECT);
  evidence.phase = HF_PHASE_ACQUIRE;
  expect("nothing, waiting", &evidence, 'N', Y | DISCARD);
}

static void an_end_between_two_attempts_is_rolled_back(void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_BACKOFF,
                                 .status = HF_DEADLINE};

  (void)state;
  expect("after an attempt that ran", &evidence, 'R', 0);
  evidence.nothing_sent = true;
  expect("after an attempt that did not", &evidence, 'N', 0);
}

static void only_failures_to_connect_count_for_the_breaker(void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_CONNECT,
                                 .status = HF_SOCKET_ERROR};

  (void)state;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_CONNECT_TIMEOUT;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_AUTH_ERROR;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_ABORTED;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_DEADLINE;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_POOL_CLOSED;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_SOCKET_ERROR;
  evidence.phase = HF_PHASE_AWAIT;
  assert_false(hf_classify(&evidence).connecting);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_of_ours_is_judged_by_what_was_sent),
      cmocka_unit_test(a_refusal_for_lack_of_time_or_room_may_be_made_again),
      cmocka_unit_test(a_lost_transaction_is_rolled_back_until_commit_is_sent),
      cmocka_unit_test(
          a_statement_that_was_not_sent_still_loses_its_transaction),
      cmocka_unit_test(a_confirmed_cancel_is_rolled_back),
      cmocka_unit_test(zeroed_evidence_is_ambiguous),
      cmocka_unit_test(an_end_between_two_attempts_is_rolled_back),
      cmocka_unit_test(only_failures_to_connect_count_for_the_breaker),
  };

  return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
