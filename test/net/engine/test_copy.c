/* SPDX-License-Identifier: MIT */
/* COPY against a server: data both ways, room for them, and every end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_suite.h"

enum { ROW_BYTES = 2000, ROWS = 4000 };

#define LONG                                                                   \
  "copy (select pg_catalog.repeat('x', 1999) "                                 \
  "from pg_catalog.generate_series(1, 4000)) to stdout"

static int64_t begin_copy(enum hf_op_kind kind,
                          int target,
                          int flags,
                          const char *sql) {
  struct hf_op op = {.kind = (int32_t)kind, .target = target, .flags = flags};
  return support_op(port, &op, sql, NULL);
}

/* Adds an operation about a copy. */
static void tell(enum hf_op_kind kind, int64_t id, int flags) {
  struct hf_op op = {.kind = (int32_t)kind,
                     .id_low = (int32_t)id,
                     .flags = flags};
  (void)support_op(port, &op, NULL);
}

/* The bytes are no field: what ends one is left over, so it goes alone. */
static void give(int64_t id, const char *bytes, int flags) {
  struct hf_op op = {.kind = HF_OP_WRITE,
                     .id_low = (int32_t)id,
                     .portion = (int32_t)strlen(bytes),
                     .flags = flags};
  support_flush(port);
  (void)support_op(port, &op, bytes, NULL);
  support_flush(port);
}

static int open_pool(void) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  assert_int_equal(support_ask(port, pool, "drop table if exists c").kind,
                   HF_MSG_RESULT);
  assert_int_equal(support_ask(port, pool, "create table c (a int)").kind,
                   HF_MSG_RESULT);
  return pool;
}

static int rows_of(int pool) {
  return support_ask(port, pool, "select a from c").rows;
}

static void data_are_stored_with_the_last_of_them(void **state) {
  int pool = open_pool();
  int64_t id =
      begin_copy(HF_OP_QUERY, pool, HF_FLAG_COPY_IN, "copy c from stdin");
  struct support_answer answer;
  (void)state;
  give(id, "1\n2", 0);
  give(id, "3\n", 0);
  give(id, "", HF_FLAG_CLOSE);
  answer = support_wait(port, id);
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  assert_string_equal(answer.command, "COPY");
  assert_int_equal(answer.affected, 2);
  assert_int_equal(answer.taken, 5);
  assert_int_equal(rows_of(pool), 2);
  (void)support_wait(port, support_end(port, pool));
}

static void one_that_is_given_up_stores_nothing(void **state) {
  static const struct {
    int flags;
    enum hf_msg_kind kind;
  } ends[] = {{0, HF_MSG_ERROR}, {HF_FLAG_STREAM, HF_MSG_OK}};
  int pool = open_pool();
  size_t i;
  (void)state;
  for (i = 0; i < sizeof ends / sizeof *ends; i++) {
    int64_t id =
        begin_copy(HF_OP_QUERY, pool, HF_FLAG_COPY_IN, "copy c from stdin");
    struct support_answer answer;
    give(id, "1\n", 0);
    tell(HF_OP_ABORT, id, ends[i].flags);
    answer = support_wait(port, id);
    assert_int_equal(answer.kind, ends[i].kind);
    assert_int_equal(answer.status, i == 0 ? HF_ABORTED : HF_OK);
    assert_int_equal(rows_of(pool), 0);
    assert_int_equal(support_ask(port, pool, "select 1").connection, 1);
  }
  (void)support_wait(port, support_end(port, pool));
}

static void a_wrong_line_ends_it_before_its_data_end(void **state) {
  int pool = open_pool();
  int64_t id =
      begin_copy(HF_OP_QUERY, pool, HF_FLAG_COPY_IN, "copy c from stdin");
  struct support_answer answer;
  (void)state;
  give(id, "1\nx\n", 0);
  answer = support_wait(port, id);
  assert_string_equal(answer.sqlstate, "22P02");
  assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  give(id, "2\n", HF_FLAG_CLOSE); /* too late: it is dropped */
  assert_int_equal(rows_of(pool), 0);
  assert_int_equal(support_ask(port, pool, "select 1").connection, 1);
  (void)support_wait(port, support_end(port, pool));
}

static void a_text_that_is_no_such_copy_is_refused(void **state) {
  static const struct {
    int flags;
    const char *sql;
  } rows[] = {{HF_FLAG_COPY_IN, "copy c to stdout"},
              {HF_FLAG_COPY_OUT, "copy c from stdin"},
              {HF_FLAG_COPY_OUT, "select 1"},
              {HF_FLAG_COPY_OUT, "copy c to stdout; select 1"},
              {HF_FLAG_COPY_IN | HF_FLAG_READ_ONLY, "copy c from stdin"}};
  int pool = open_pool();
  size_t i;
  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    int64_t id = begin_copy(HF_OP_QUERY, pool, rows[i].flags, rows[i].sql);
    assert_int_equal(support_wait(port, id).status, HF_PARAM_INVALID);
  }
  assert_int_equal(support_ask(port, pool, "copy c to stdout").status,
                   HF_COPY_UNSUPPORTED);
  (void)support_wait(port, support_end(port, pool));
}

struct reader {
  int pool;
  int64_t id;
};

static bool has_read_all(void *ctx) {
  const struct reader *reader = ctx;
  tell(HF_OP_READ, reader->id, 0);
  support_flush(port);
  return support_stat(port, reader->pool, "bytesIn") >= ROWS * ROW_BYTES;
}

/* Takes the rest, and returns the answer. */
static struct support_answer read_on(int pool, int64_t id) {
  struct reader reader = {pool, id};
  support_until(has_read_all, &reader, "the data of the copy");
  tell(HF_OP_READ, id, 0); /* for the end, which comes after them */
  return support_wait(port, id);
}

static bool is_ahead(void *ctx) {
  return support_stat(port, *(int *)ctx, "bytesIn") > HF_COPY_BYTES;
}

static void no_more_is_read_than_there_is_room_for(void **state) {
  int pool = open_pool();
  int64_t id = begin_copy(HF_OP_QUERY, pool, HF_FLAG_COPY_OUT, LONG);
  struct support_answer answer;
  (void)state;
  support_flush(port);
  support_until(is_ahead, &pool, "a copy that is ahead of its reader");
  assert_in_range((int)support_stat(port, pool, "bytesIn"),
                  HF_COPY_BYTES,
                  HF_COPY_AHEAD * (HF_COPY_BYTES + ROW_BYTES));
  answer = read_on(pool, id);
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  assert_int_equal(answer.copied, ROWS * ROW_BYTES);
  assert_int_equal(answer.affected, ROWS);
  (void)support_wait(port, support_end(port, pool));
}

static void its_reader_leaves_and_a_transaction_goes_on(void **state) {
  int pool = open_pool();
  int lease = support_lease(port, pool).lease;
  int64_t id;
  (void)state;
  assert_int_equal(support_say(port, lease, "begin").kind, HF_MSG_RESULT);
  id = begin_copy(HF_OP_LEASE_QUERY, lease, HF_FLAG_COPY_OUT, LONG);
  support_flush(port);
  support_until(is_ahead, &pool, "a copy that is ahead of its reader");
  tell(HF_OP_ABORT, id, HF_FLAG_STREAM);
  assert_int_equal(support_wait(port, id).value, 'T');
  id = begin_copy(HF_OP_LEASE_QUERY,
                  lease,
                  HF_FLAG_COPY_OUT | HF_FLAG_READ_ONLY,
                  "copy (select 1) to stdout");
  assert_int_equal(support_wait(port, id).copied, 2);
  assert_int_equal(support_say(port, lease, "select 1").kind, HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease, 0));
  (void)support_wait(port, support_end(port, pool));
}

static void an_environment_that_ends_leaves_its_copies(void **state) {
  struct support_port *other = support_port_open();
  int pool = support_pool(other, cluster.port, PASSWORD, "max", "2", NULL);
  struct hf_op in = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .flags = HF_FLAG_COPY_IN};
  struct hf_op out = {.kind = HF_OP_QUERY,
                      .target = pool,
                      .flags = HF_FLAG_COPY_OUT};
  (void)state;
  (void)support_op(other, &in, "copy c from stdin", NULL);
  (void)support_op(other, &out, LONG, NULL);
  support_flush(other);
  support_port_close(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(data_are_stored_with_the_last_of_them),
      cmocka_unit_test(one_that_is_given_up_stores_nothing),
      cmocka_unit_test(a_wrong_line_ends_it_before_its_data_end),
      cmocka_unit_test(a_text_that_is_no_such_copy_is_refused),
      cmocka_unit_test(no_more_is_read_than_there_is_room_for),
      cmocka_unit_test(its_reader_leaves_and_a_transaction_goes_on),
      cmocka_unit_test(an_environment_that_ends_leaves_its_copies),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
