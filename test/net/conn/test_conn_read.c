/* SPDX-License-Identifier: MIT */
/*
 * Servers that send false or meaningless answers: the call settles,
 * its connection is closed, and the next call gets a new one.
 */
#include "conn_read_support.h"

enum { FLOOD = 1 << 20 };

/* ---- not the protocol ---------------------------------------------------- */

static bool send_garbage(struct fake_session *session,
                         const char *sql,
                         void *ctx) {
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  (void)fake_send_raw(session, "HTTP/1.1 200 OK\r\n\r\nhello", 24);
  fake_stall(session);
  return true;
}

static void garbage_fails_the_call_and_its_connection(void **state) {
  (void)state;
  expect_failure(send_garbage, "bad");
  expect_failure(send_garbage, "bad; bad");
}

static void expect_too_large(answer_cb *answer, const char *sql) {
  struct scene scene;
  begin(&scene, answer, "2");
  assert_int_equal(support_ask(scene.port, scene.pool, sql).status,
                   HF_RESULT_TOO_LARGE);
  end(&scene);
}

static bool send_huge_length(struct fake_session *session,
                             const char *sql,
                             void *ctx) {
  char filler[4096];
  int i;
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  memset(filler, 'x', sizeof filler);
  (void)fake_send_columns(session, "value", 25);
  (void)fake_send_raw(session, "D\x04\x00\x00\x00", 5);
  for (i = 0; i < FLOOD / 64; i++) {
    if (!fake_send_raw(session, filler, sizeof filler)) {
      break;
    }
  }
  fake_stall(session);
  return true;
}

static void a_huge_length_does_not_take_memory_for_ever(void **state) {
  (void)state;
  expect_too_large(send_huge_length, "bad");
  expect_too_large(send_huge_length, "bad; bad");
}

static bool send_bare_error(struct fake_session *session,
                            const char *sql,
                            void *ctx) {
  (void)ctx;
  return is_bad(sql) && fake_send(session, 'E', "", 1);
}

static void an_error_without_fields_is_an_error(void **state) {
  (void)state;
  expect_failure(send_bare_error, "bad");
  expect_failure(send_bare_error, "bad; bad");
}

static bool send_codeless_error(struct fake_session *session,
                                const char *sql,
                                void *ctx) {
  (void)ctx;
  return is_bad(sql) && fake_send_fields(session, 'E', "SERROR\0Mno code\0");
}

static void an_error_without_a_sqlstate_is_ambiguous(void **state) {
  struct scene scene;
  struct support_answer got;
  (void)state;
  begin(&scene, send_codeless_error, "1");
  got = ask_bad(&scene, "bad");
  assert_int_equal(got.kind, HF_MSG_ERROR);
  assert_string_equal(got.message, "no code");
  assert_int_equal(got.outcome, HF_OUTCOME_AMBIGUOUS);
  end(&scene);
}

/* ---- COPY ---------------------------------------------------------------- */

static char copy_type;
static bool copy_floods;

static bool send_copy(struct fake_session *session,
                      const char *sql,
                      void *ctx) {
  static const char body[3] = {0, 0, 0};
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  while (fake_send(session, copy_type, body, sizeof body) && copy_floods) {
  }
  if (!copy_floods) {
    fake_stall(session);
  }
  return true;
}

static void an_unexpected_copy_ends_the_call(void **state) {
  static const char types[] = "GHW";
  int i;
  (void)state;
  for (i = 0; i < 6; i++) {
    copy_type = types[i % 3];
    copy_floods = i >= 3;
    expect_failure(send_copy, "bad");
    expect_failure(send_copy, "bad; bad");
  }
}

/* ---- false answers ------------------------------------------------------- */

static bool lie_about_ready(struct fake_session *session,
                            const char *sql,
                            void *ctx) {
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  (void)(fake_send_tag(session, "SELECT 0") && fake_send(session, 'Z', "T", 1));
  fake_stall(session);
  return true;
}

static void a_transaction_nobody_opened_is_an_error(void **state) {
  struct scene scene;
  struct support_answer got;
  (void)state;
  begin(&scene, lie_about_ready, "2");
  got = ask_bad(&scene, "bad");
  assert_int_equal(got.kind, HF_MSG_ERROR);
  assert_int_equal(got.status, HF_TRANSACTION_OPEN);
  end(&scene);
}

static bool send_two_results(struct fake_session *session,
                             const char *sql,
                             void *ctx) {
  int i;
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  for (i = 0; i < 2; i++) {
    (void)(fake_send_columns(session, "value", 25) &&
           fake_send_row(session, "x") && fake_send_tag(session, "SELECT 1"));
  }
  return true;
}

static void a_second_result_for_a_statement_does_not_disturb_other_calls(
    void **state) {
  struct scene scene;
  struct support_answer got;
  (void)state;
  begin(&scene, send_two_results, "1");
  got = ask_bad(&scene, "bad");
  assert_true(got.kind == HF_MSG_RESULT || got.kind == HF_MSG_ERROR);
  end(&scene);
}

static bool change_encoding(struct fake_session *session,
                            const char *sql,
                            void *ctx) {
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  (void)(fake_send(session, 'S', "client_encoding\0LATIN1", 23) &&
         fake_send_tag(session, "SELECT 0"));
  return true;
}

static void a_changed_encoding_ends_the_connection(void **state) {
  struct scene scene;
  struct support_answer first, second;
  (void)state;
  begin(&scene, change_encoding, "1");
  first = ask_bad(&scene, "bad");
  second = support_ask(scene.port, scene.pool, "select good");
  assert_int_equal(first.kind, HF_MSG_RESULT);
  assert_int_equal(second.kind, HF_MSG_RESULT);
  assert_int_not_equal(first.connection, second.connection);
  end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(garbage_fails_the_call_and_its_connection),
      cmocka_unit_test(a_huge_length_does_not_take_memory_for_ever),
      cmocka_unit_test(an_error_without_fields_is_an_error),
      cmocka_unit_test(an_error_without_a_sqlstate_is_ambiguous),
      cmocka_unit_test(an_unexpected_copy_ends_the_call),
      cmocka_unit_test(a_transaction_nobody_opened_is_an_error),
      cmocka_unit_test(
          a_second_result_for_a_statement_does_not_disturb_other_calls),
      cmocka_unit_test(a_changed_encoding_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
