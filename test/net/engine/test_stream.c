/* SPDX-License-Identifier: MIT */
/* Streams: no portion without room for it, leaving, and the end, for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support_suite.h"

enum { PORTION = 10, ROWS = 1000, AHEAD = HF_STREAM_AHEAD * PORTION };

#define SERIES                                                                 \
  "select i, pg_catalog.repeat('x', 9000) "                                    \
  "from pg_catalog.generate_series(1, 1000) i"

static int64_t begin_stream(enum hf_op_kind kind, int target) {
  struct hf_op op = {.kind = (int32_t)kind,
                     .target = target,
                     .flags = HF_FLAG_STREAM,
                     .portion = PORTION};
  return support_op(port, &op, SERIES, NULL);
}

/* Adds an operation about a stream. */
static void tell(enum hf_op_kind kind, int64_t id, int flags) {
  struct hf_op op = {.kind = (int32_t)kind,
                     .id_low = (int32_t)(uint32_t)id,
                     .id_high = (int32_t)(id >> 32),
                     .flags = flags};
  (void)support_op(port, &op, NULL);
}

static bool is_ahead(void *ctx) {
  /* the first portion may have been sent before it was full */
  return support_stat(port, *(int *)ctx, "rows") > PORTION;
}

static void wait_until_ahead(int pool) {
  support_flush(port);
  support_until(is_ahead, &pool, "a stream that is ahead of its reader");
}

struct reader {
  int pool;
  int64_t id;
};

static bool has_read_all(void *ctx) {
  const struct reader *reader = ctx;
  tell(HF_OP_READ, reader->id, 0);
  support_flush(port);
  return support_stat(port, reader->pool, "rows") >= ROWS;
}

static void it_goes_no_further_than_its_reader_has_room(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "2", NULL);
  int64_t id = begin_stream(HF_OP_QUERY, pool);
  struct support_answer answer;
  struct reader reader;
  int i;
  (void)state;
  wait_until_ahead(pool);
  for (i = 1; i <= 3; i++) {
    /* others are served meanwhile */
    assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
    assert_in_range((int)support_stat(port, pool, "rows"), 1, AHEAD + i);
  }
  reader.pool = pool;
  reader.id = id;
  support_until(has_read_all, &reader, "the rows of the stream");
  tell(HF_OP_READ, id, 0); /* for the end, which comes after them */
  answer = support_wait(port, id);
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  assert_int_equal(answer.affected, ROWS);
  assert_true(answer.results > ROWS / PORTION / 2);
  (void)support_wait(port, support_end(port, pool));
}

static void its_reader_leaves_and_the_connection_is_used_again(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int64_t id = begin_stream(HF_OP_QUERY, pool);
  int connection;
  (void)state;
  wait_until_ahead(pool);
  tell(HF_OP_ABORT, id, HF_FLAG_STREAM);
  assert_int_equal(support_wait(port, id).kind, HF_MSG_OK);
  connection = support_ask(port, pool, "select 1").connection;
  assert_int_equal(connection, 1);
  assert_int_equal((int)support_stat(port, pool, "aborts"), 0);
  (void)support_wait(port, support_end(port, pool));
}

static void an_abort_is_a_failure(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int64_t id = begin_stream(HF_OP_QUERY, pool);
  (void)state;
  wait_until_ahead(pool);
  tell(HF_OP_ABORT, id, 0);
  assert_int_equal(support_wait(port, id).status, HF_ABORTED);
  assert_int_equal(support_ask(port, pool, "select 1").connection, 1);
  (void)support_wait(port, support_end(port, pool));
}

static void leaving_it_in_a_transaction_keeps_the_transaction(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int lease = support_lease(port, pool).lease;
  int64_t id;
  (void)state;
  assert_int_equal(support_say(port, lease, "begin").kind, HF_MSG_RESULT);
  id = begin_stream(HF_OP_LEASE_QUERY, lease);
  wait_until_ahead(pool);
  tell(HF_OP_ABORT, id, HF_FLAG_STREAM);
  assert_int_equal(support_wait(port, id).value, 'T');
  assert_int_equal(support_say(port, lease, "select 1").kind, HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease, 0));
  (void)support_wait(port, support_end(port, pool));
}

static void an_environment_that_ends_leaves_its_streams(void **state) {
  struct support_port *other = support_port_open();
  int pool = support_pool(other, cluster.port, PASSWORD, "max", "1", NULL);
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .flags = HF_FLAG_STREAM,
                     .portion = PORTION};
  (void)state;
  (void)support_op(other, &op, SERIES, NULL);
  support_flush(other);
  support_port_close(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_goes_no_further_than_its_reader_has_room),
      cmocka_unit_test(its_reader_leaves_and_the_connection_is_used_again),
      cmocka_unit_test(an_abort_is_a_failure),
      cmocka_unit_test(leaving_it_in_a_transaction_keeps_the_transaction),
      cmocka_unit_test(an_environment_that_ends_leaves_its_streams),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
