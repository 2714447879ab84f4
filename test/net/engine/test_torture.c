/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of the engine fails in turn, in a session that does a bit of
 * everything: each call is answered, the process survives, and the next session
 * works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "net/wire/message.h"
#include "support_port.h"
#include "support_server.h"

/* More than a session makes; the test ends at the first that is not reached. */
enum { ALLOCATIONS_MAX = 2000, OTHERS = 5 };

static atomic_int left; /* until one fails; below 0 = none does */

static bool allow(void *ctx) {
  (void)ctx;
  return atomic_fetch_sub(&left, 1) != 0;
}

static bool answer_or_fail(struct fake_session *session,
                           const char *sql,
                           void *ctx) {
  (void)ctx;
  if (strncmp(sql, "select bad", 10) == 0) {
    return fake_send_fields(session,
                            'E',
                            "SERROR\0VERROR\0C42703\0Mno such column\0");
  }
  if (strncmp(sql, "select value", 12) == 0) {
    return fake_send_columns(session, "value", 25) &&
           fake_send_row(session, "first") &&
           fake_send_tag(session, "SELECT 1");
  }
  return false;
}

static int64_t query(struct support_port *port, int pool, const char *sql) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .retries = 2,
                     .deadline_ms = 5000};
  return support_op(port, &op, sql, NULL);
}

/* Settings, a batch, a stream, and a statement in a transaction of its own. */
static int64_t submit_other(struct support_port *port, int pool, int which) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .retries = 2,
                     .deadline_ms = 5000};
  switch (which) {
  case 0:
    op.flags = HF_FLAG_SETTINGS;
    return support_op(port, &op, "select value", "1 1", "a.b", "c", NULL);
  case 1:
    op.flags = HF_FLAG_BATCH;
    return support_op(port,
                      &op,
                      "select value",
                      "2",
                      "",
                      "0",
                      "select bad",
                      "0",
                      NULL);
  case 2:
    op.flags = HF_FLAG_STREAM;
    op.portion = 1;
    return support_op(port, &op, "select value", NULL);
  default:
    op.kind = HF_OP_ONCE;
    op.flags = HF_FLAG_BATCH | HF_FLAG_EXACTLY_ONCE;
    return support_op(port,
                      &op,
                      "insert into t values (1)",
                      "2",
                      "begin",
                      "0",
                      "select value",
                      "0",
                      which == OTHERS - 1 ? "second" : "other\nfirst",
                      NULL);
  }
}

/* The answer may be an error; what counts is that there is one. */
static void run_session(int tcp_port) {
  struct support_port *port = support_port_try();
  struct support_answer lease;
  int64_t calls[3];
  int pool, i;
  if (port == NULL) {
    return;
  }
  pool = support_pool(port, tcp_port, "max", "2", NULL);
  calls[0] = query(port, pool, "select value");
  calls[1] = query(port, pool, "select bad");
  calls[2] = query(port, pool, "insert into t values (1)");
  for (i = 0; i < 3; i++) {
    (void)support_wait(port, calls[i]);
  }
  lease = support_wait(port, support_acquire(port, pool));
  if (lease.kind == HF_MSG_LEASE) {
    (void)support_say(port, lease.lease, "begin");
    (void)support_say(port, lease.lease, "select bad");
    (void)support_release(port, lease.lease, 0);
  }
  (void)support_wait(port, support_end(port, pool));
  support_port_close(port);
}

static void run_other_session(int tcp_port) {
  struct support_port *port = support_port_try();
  int64_t calls[OTHERS];
  int pool, i;
  if (port == NULL) {
    return;
  }
  pool = support_pool(port, tcp_port, "max", "2", NULL);
  for (i = 0; i < OTHERS; i++) {
    calls[i] = submit_other(port, pool, i);
  }
  for (i = 0; i < OTHERS; i++) {
    (void)support_wait(port, calls[i]);
  }
  (void)support_wait(port, support_end(port, pool));
  support_port_close(port);
}

/* Fails them one by one, until a session needs no more. */
static void fail_each(void (*run)(int tcp_port)) {
  struct fake_plan plan = {.key_pid = 77, .answer = answer_or_fail};
  int step = support_is_slow() ? 7 : 1;
  int n;
  atomic_store(&left, -1);
  hf_alloc_set_hook(allow, NULL);
  for (n = 0; n < ALLOCATIONS_MAX; n += step) {
    struct fake_server *server = fake_server_start(&plan);
    bool failed;
    atomic_store(&left, n);
    run(fake_server_port(server));
    support_wait_engine_gone();
    failed = atomic_exchange(&left, -1) < 0;
    fake_server_stop(server);
    if (!failed) {
      break;
    }
  }
  hf_alloc_set_hook(NULL, NULL);
  assert_in_range(n, 50, ALLOCATIONS_MAX - 1);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  fail_each(run_session);
}

static void every_allocation_may_fail_around_other_calls(void **state) {
  (void)state;
  fail_each(run_other_session);
}

static void a_second_text_is_chunk_1_also_without_a_first(void **state) {
  struct hf_message_head head = {.kind = HF_MSG_ERROR,
                                 .n_ints = HF_ERROR_INTS,
                                 .id_low = 1,
                                 .id_high = 2,
                                 .more = "why",
                                 .more_bytes = 3};
  struct hf_message *message = hf_message_new(&head);
  (void)state;
  assert_non_null(message);
  assert_int_equal(message->n_chunks, 2);
  assert_int_equal(message->chunks[0].length, 0);
  assert_int_equal(message->chunks[1].length, 3);
  hf_message_free(message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(every_allocation_may_fail_around_other_calls),
      cmocka_unit_test(a_second_text_is_chunk_1_also_without_a_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
