/* SPDX-License-Identifier: MIT */
/*
 * The engine without memory: whichever allocation of a session fails, either
 * the port does not open or each of its calls is answered, and nothing leaks.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "support_port.h"
#include "support_server.h"

enum { ALLOCATIONS_MAX = 2000 };

static atomic_long allocations, fails_at, fails_until;

static bool allow(void *ctx) {
  long n = atomic_fetch_add(&allocations, 1) + 1;
  (void)ctx;
  return n < atomic_load(&fails_at) || n >= atomic_load(&fails_until);
}

static int64_t query_with_values(struct support_port *port, int pool) {
  struct hf_op op = {.kind = HF_OP_QUERY, .target = pool, .retries = -1};
  return support_op(port, &op, "select value", "a", "b", "\1", NULL);
}

static bool answer_rows(struct fake_session *session,
                        const char *sql,
                        void *ctx) {
  (void)ctx;
  if (strcmp(sql, "fail") == 0) {
    return fake_send_fields(session,
                            'E',
                            "SERROR\0VERROR\0C22012\0Mdivision by zero\0");
  }
  if (strcmp(sql, "select value") != 0) {
    return false;
  }
  return fake_send_columns(session, "value", 25) &&
         fake_send_row(session, "text") && fake_send_tag(session, "SELECT 1");
}

static struct fake_plan plan = {.key_pid = 77, .answer = answer_rows};
static struct fake_server *server;

/* Every kind of operation once; returns false when the port did not open. */
static bool run_session(void) {
  struct support_port *port = support_port_try();
  struct support_answer lease;
  int64_t ids[8];
  int pool, i;
  if (port == NULL) {
    return false;
  }
  pool = support_pool(port,
                      fake_server_port(server),
                      "max",
                      "2",
                      "set.work_mem",
                      "64kB",
                      "pg.application_name",
                      "t",
                      "maxRetries",
                      "1",
                      "connectionTimeoutMillis",
                      "3000",
                      NULL);
  for (i = 0; i < 4; i++) {
    ids[i] = query_with_values(port, pool);
  }
  ids[4] = support_query(port, pool, "fail");
  ids[5] = support_query(port, pool, "select 1; select 2");
  ids[6] = support_query(port, pool, "copy t from stdin");
  ids[7] = support_query(port, pool + 1, "select 1");
  for (i = 0; i < 8; i++) {
    (void)support_wait(port, ids[i]);
  }
  lease = support_wait(port, support_acquire(port, pool));
  if (lease.kind == HF_MSG_LEASE) {
    (void)support_say(port, lease.lease, "select value");
    (void)support_wait(port, support_release(port, lease.lease, 0));
  }
  (void)support_wait(port, support_end(port, pool));
  assert_int_equal(support_unanswered(port), 0);
  support_port_close(port);
  return true;
}

/*
 * Fails `count` allocations in a row, beginning with the first, the next and so
 * on, until a session does not reach them.
 */
static void fail_each(long count, long step) {
  long n;
  server = fake_server_start(&plan);
  for (n = 1; n < ALLOCATIONS_MAX; n += step) {
    atomic_store(&allocations, 0);
    atomic_store(&fails_at, n);
    atomic_store(&fails_until, n + count);
    (void)run_session();
    support_wait_engine_gone();
    if (atomic_load(&allocations) < n) {
      break;
    }
    /*
     * The scripted server keeps its sessions until it stops: replaces it now
     * and then.
     */
    if (n / step % 50 == 49) {
      fake_server_stop(server);
      server = fake_server_start(&plan);
    }
  }
  atomic_store(&fails_at, LONG_MAX);
  fake_server_stop(server);
  assert_in_range(n, 50, ALLOCATIONS_MAX - 1);
}

static void any_one_allocation_may_fail(void **state) {
  (void)state;
  fail_each(1, support_is_slow() ? 3 : 1);
}

static void any_five_allocations_may_fail(void **state) {
  (void)state;
  fail_each(5, support_is_slow() ? 11 : 3);
}

/* ---- malformed batches --------------------------------------------------- */

static void a_malformed_operation_does_not_disturb_others(void **state) {
  struct support_port *port = support_port_open();
  static const int32_t kinds[] = {HF_OP_LEASE_QUERY,
                                  HF_OP_RELEASE,
                                  HF_OP_END,
                                  HF_OP_WARMUP,
                                  HF_OP_RESET,
                                  HF_OP_ACQUIRE,
                                  HF_OP_QUERY};
  size_t i;
  int64_t last = 0;
  struct hf_op unknown = {.kind = 99, .id_low = 1};
  struct hf_op empty = {.kind = HF_OP_QUERY, .id_low = 1};
  struct hf_op abort = {.kind = HF_OP_ABORT, .id_low = 12345};
  struct hf_op answer = {.kind = HF_OP_ANSWER, .id_low = 12345};
  (void)state;
  server = fake_server_start(&plan);
  (void)support_op(port, &unknown, NULL);
  (void)support_op(port, &empty, NULL);
  (void)support_op(port, &abort, NULL);
  (void)support_op(port, &answer, "text", NULL);
  for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct hf_op op = {.kind = kinds[i], .target = 42};
    last = support_op(port, &op, "select 1", NULL);
    assert_int_equal(support_wait(port, last).kind, HF_MSG_ERROR);
  }
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_one_allocation_may_fail),
      cmocka_unit_test(any_five_allocations_may_fail),
      cmocka_unit_test(a_malformed_operation_does_not_disturb_others),
  };
  /* The hook may only be set before there are threads. */
  atomic_store(&fails_at, LONG_MAX);
  hf_alloc_set_hook(allow, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
