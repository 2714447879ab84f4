/* SPDX-License-Identifier: MIT */
/*
 * Servers that send false, endless or meaningless answers: the call settles,
 * its connection is closed, and the next call gets a new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

enum { FLOOD = 1 << 20, ROW_BYTES = 512 };

/*
 * Only "bad ..." gets the bad answer, so that other calls can show that the
 * pool still works.
 */
static bool is_bad(const char *sql) {
  return strncmp(sql, "bad", 3) == 0;
}

struct scene {
  struct fake_plan plan;
  struct fake_server *server;
  struct support_port *port;
  int pool;
};

typedef bool answer_cb(struct fake_session *session,
                       const char *sql,
                       void *ctx);

static bool send_flood(struct fake_session *session,
                       const char *sql,
                       void *ctx);

static void begin(struct scene *scene, answer_cb *answer, const char *max) {
  memset(scene, 0, sizeof *scene);
  scene->plan.key_pid = 77;
  scene->plan.answer = answer;
  scene->plan.ctx = scene;
  scene->server = fake_server_start(&scene->plan);
  scene->port = support_port_open();
  scene->pool = support_pool(scene->port,
                             fake_server_port(scene->server),
                             "maxRetries",
                             "0",
                             "maxResultBytes",
                             answer == send_flood ? "268435456" : "65536",
                             "max",
                             max,
                             NULL);
}

/* Asserts that the pool still serves calls, and closes everything. */
static void end(struct scene *scene) {
  struct support_answer answer =
      support_ask(scene->port, scene->pool, "select good");
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  support_port_close(scene->port);
  support_wait_engine_gone();
  fake_server_stop(scene->server);
}

static struct support_answer ask_bad(struct scene *scene, const char *sql) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = scene->pool,
                     .timeout_ms = 500};
  return support_wait(scene->port, support_op(scene->port, &op, sql, NULL));
}

static void expect_failure(answer_cb *answer, const char *sql) {
  struct scene scene;
  struct support_answer got;
  begin(&scene, answer, "2");
  got = ask_bad(&scene, sql);
  assert_int_equal(got.kind, HF_MSG_ERROR);
  assert_int_not_equal(got.outcome, HF_OUTCOME_NONE);
  assert_int_not_equal(got.outcome, HF_OUTCOME_NOT_EXECUTED);
  end(&scene);
}

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

/* ---- floods -------------------------------------------------------------- */

static bool send_endless_rows(struct fake_session *session,
                              const char *sql,
                              void *ctx) {
  char row[ROW_BYTES + 1];
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  memset(row, 'r', ROW_BYTES);
  row[ROW_BYTES] = '\0';
  (void)fake_send_columns(session, "value", 25);
  while (fake_send_row(session, row)) {
  }
  return true;
}

static void a_result_without_end_is_too_large_and_other_calls_go_on(
    void **state) {
  static const char *const texts[] = {"bad", "bad; bad"};
  size_t i;
  (void)state;
  for (i = 0; i < 2; i++) {
    struct scene scene;
    struct support_answer got;
    int64_t id;
    int n;
    begin(&scene, send_endless_rows, "2");
    id = support_query(scene.port, scene.pool, texts[i]);
    for (n = 0; n < 20; n++) {
      assert_int_equal(support_ask(scene.port, scene.pool, "select good").kind,
                       HF_MSG_RESULT);
    }
    got = support_wait(scene.port, id);
    assert_int_equal(got.status, HF_RESULT_TOO_LARGE);
    end(&scene);
  }
}

static long resident_kb(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0;
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
  (void)fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool send_endless_rows_to_select(struct fake_session *session,
                                        const char *sql,
                                        void *ctx) {
  return strcmp(sql, "select endless") == 0 &&
         send_endless_rows(session, "bad", ctx);
}

/* The call is cancelled, but the server does not stop sending. */
static void rows_of_an_aborted_call_are_limited_too(void **state) {
  struct scene scene;
  struct support_answer answer;
  int64_t id;
  long before;
  (void)state;
  begin(&scene, send_endless_rows_to_select, "1");
  (void)support_ask(scene.port, scene.pool, "select good");
  before = resident_kb();
  id = support_query(scene.port, scene.pool, "select endless");
  support_abort(scene.port, id);
  answer = support_wait(scene.port, id);
  assert_true(answer.status == HF_ABORTED ||
              answer.status == HF_RESULT_TOO_LARGE);
  assert_true(support_is_slow() || resident_kb() - before < 64 * 1024);
  end(&scene);
}

static bool send_flood(struct fake_session *session,
                       const char *sql,
                       void *ctx) {
  static const char notice[] = "SNOTICE\0VNOTICE\0C00000\0Mhello again\0";
  static const char note[] = "\0\0\0\x2a"
                             "channel\0payload";
  int left = support_is_slow() ? 20000 : 200000;
  (void)ctx;
  if (!is_bad(sql)) {
    return false;
  }
  while (left-- > 0 && fake_send_fields(session, 'N', notice) &&
         fake_send(session, 'A', note, sizeof note) &&
         (left % 16 != 0 || fake_send(session, 'S', "a\0b", 4))) {
  }
  (void)fake_send_tag(session, "SELECT 0");
  return true;
}

static void notices_without_a_reader_take_no_memory(void **state) {
  struct scene scene;
  struct support_answer got;
  long before;
  (void)state;
  begin(&scene, send_flood, "1");
  (void)support_ask(scene.port, scene.pool, "select good");
  before = resident_kb();
  got = support_ask(scene.port, scene.pool, "bad");
  assert_int_equal(got.kind, HF_MSG_RESULT);
  if (!support_is_slow()) {
    assert_true(resident_kb() - before < 32 * 1024);
  }
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
      cmocka_unit_test(a_result_without_end_is_too_large_and_other_calls_go_on),
      cmocka_unit_test(rows_of_an_aborted_call_are_limited_too),
      cmocka_unit_test(notices_without_a_reader_take_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
