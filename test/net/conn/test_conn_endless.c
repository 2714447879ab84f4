/* SPDX-License-Identifier: MIT */
/*
 * Servers that send without end: the call settles, memory stays bounded, and
 * the next call gets a new connection.
 */
#include <stdio.h>
#include <unistd.h>

#include "conn_read_support.h"

enum { ROW_BYTES = 512 };

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
  begin_with(&scene, send_flood, "1", "268435456");
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
      cmocka_unit_test(a_result_without_end_is_too_large_and_other_calls_go_on),
      cmocka_unit_test(rows_of_an_aborted_call_are_limited_too),
      cmocka_unit_test(notices_without_a_reader_take_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
