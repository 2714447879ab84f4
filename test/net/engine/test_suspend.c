/* SPDX-License-Identifier: MIT */
/* Suspending a pool, and deallocating prepared statements, on a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_cluster.h"
#include "support_port.h"

enum { THREE = 3 };

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD
#define NAP      "select pg_catalog.pg_sleep(0.3)"

static struct support_cluster cluster;
static struct support_port *port;
static int admin; /* asks the server about other pools */

static int start_all(void **state) {
  (void)state;
  if (support_cluster_start(&cluster) != 0) {
    return -1;
  }
  port = support_port_open();
  admin = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  return support_ask(port, admin, "select 1").kind == HF_MSG_RESULT ? 0 : -1;
}

static int stop_all(void **state) {
  (void)state;
  if (port != NULL) { /* cmocka calls this also where start_all failed */
    support_port_close(port);
    support_wait_engine_gone();
  }
  support_cluster_stop(&cluster);
  return 0;
}

static struct support_answer run(enum hf_op_kind kind, int pool, int flags) {
  struct hf_op op = {.kind = (int32_t)kind, .target = pool, .flags = flags};
  return support_wait(port, support_op(port, &op, NULL));
}

static void close_pool(int pool) {
  assert_int_equal(run(HF_OP_END, pool, 0).kind, HF_MSG_OK);
}

/* A pool with three connections open. */
static int warm_pool(void) {
  int pool =
      support_pool(port, cluster.port, PASSWORD, "min", "3", "max", "3", NULL);
  assert_int_equal(run(HF_OP_WARMUP, pool, 0).value, THREE);
  return pool;
}

static void release(int lease) {
  assert_int_equal(support_wait(port, support_release(port, lease, 0)).kind,
                   HF_MSG_OK);
}

/* ---- suspension ---------------------------------------------------------- */

static bool only_we_look_on(void *ctx) {
  (void)ctx;
  return strcmp(support_ask(port,
                            admin,
                            "select count(*)::text from pg_stat_activity "
                            "where backend_type = 'client backend'")
                    .cell,
                "1") == 0;
}

static bool has_idle(void *ctx) {
  return support_stat(port, *(int *)ctx, "idle") > 0;
}

static void a_suspended_pool_closes_its_connections(void **state) {
  int pool = warm_pool();
  int64_t running = support_query(port, pool, NAP);
  (void)state;
  assert_int_equal(run(HF_OP_SUSPEND, pool, 0).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, running).kind, HF_MSG_RESULT);
  support_until(only_we_look_on, NULL, "the pool's leaving");
  assert_int_equal(run(HF_OP_RESUME, pool, 0).kind, HF_MSG_OK);
  support_until(has_idle, &pool, "the pool's warmth");
  close_pool(pool);
}

static void calls_wait_for_the_end_of_a_suspension(void **state) {
  int pool = warm_pool();
  struct hf_op hasty = {.kind = HF_OP_QUERY,
                        .target = pool,
                        .deadline_ms = 200};
  struct support_answer answer;
  int64_t query, lease;
  (void)state;
  (void)run(HF_OP_SUSPEND, pool, 0);
  query = support_query(port, pool, "select 'late'");
  lease = support_acquire(port, pool);
  answer = support_wait(port, support_op(port, &hasty, "select 1", NULL));
  assert_int_equal(answer.status, HF_DEADLINE);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(support_unanswered(port), 2);
  (void)run(HF_OP_RESUME, pool, 0);
  answer = support_wait(port, query);
  assert_string_equal(answer.cell, "late");
  assert_int_equal(answer.attempts, 1);
  answer = support_wait(port, lease);
  assert_int_equal(answer.kind, HF_MSG_LEASE);
  release(answer.lease);
  close_pool(pool);
}

static void a_suspended_pool_can_be_ended(void **state) {
  int pool = warm_pool();
  int64_t query;
  (void)state;
  (void)run(HF_OP_SUSPEND, pool, 0);
  query = support_query(port, pool, "select 1");
  close_pool(pool);
  assert_int_equal(support_wait(port, query).kind, HF_MSG_RESULT);
  assert_int_equal(run(HF_OP_SUSPEND, pool, 0).status, HF_POOL_CLOSED);
  assert_int_equal(run(HF_OP_RESUME, pool, 0).status, HF_POOL_CLOSED);
}

/* ---- deallocating -------------------------------------------------------- */

static void prepare(int lease) {
  struct hf_op op = {.kind = HF_OP_LEASE_QUERY,
                     .target = lease,
                     .flags = HF_FLAG_NAMED};
  struct support_answer answer =
      support_wait(port,
                   support_op(port, &op, "select 'prepared'", "mine", NULL));
  assert_string_equal(answer.cell, "prepared");
}

static void expect_prepared(int lease, const char *count) {
  assert_string_equal(
      support_say(port,
                  lease,
                  "select count(*)::text from pg_prepared_statements")
          .cell,
      count);
}

static void every_connection_deallocates_its_statements(void **state) {
  int pool = warm_pool();
  int leases[THREE];
  int64_t nap;
  int i;
  (void)state;
  for (i = 0; i < THREE; i++) {
    leases[i] = support_lease(port, pool).lease;
    prepare(leases[i]);
    expect_prepared(leases[i], "1");
  }
  release(leases[1]);
  nap = support_query(port, pool, NAP);
  release(leases[2]);
  assert_int_equal(run(HF_OP_DEALLOCATE, pool, 0).value, THREE);
  expect_prepared(leases[0], "1");
  release(leases[0]);
  assert_int_equal(support_wait(port, nap).kind, HF_MSG_RESULT);
  for (i = 0; i < THREE; i++) {
    leases[i] = support_lease(port, pool).lease;
    expect_prepared(leases[i], "0");
    prepare(leases[i]);
    expect_prepared(leases[i], "1");
  }
  for (i = 0; i < THREE; i++) {
    release(leases[i]);
  }
  assert_int_equal((int)support_stat(port, pool, "connectsStarted"), THREE);
  close_pool(pool);
}

static void statements_that_were_prepared_by_use_are_deallocated_too(
    void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int lease;
  int i;
  (void)state;
  for (i = 0; i < 5; i++) {
    (void)support_ask(port, pool, "select 'often'");
  }
  lease = support_lease(port, pool).lease;
  expect_prepared(lease, "1");
  release(lease);
  assert_int_equal(run(HF_OP_DEALLOCATE, pool, 0).value, 1);
  lease = support_lease(port, pool).lease;
  expect_prepared(lease, "0");
  release(lease);
  assert_string_equal(support_ask(port, pool, "select 'often'").cell, "often");
  lease = support_lease(port, pool).lease;
  expect_prepared(lease, "1");
  release(lease);
  close_pool(pool);
}

static void behind_a_pooler_deallocating_has_to_be_forced(void **state) {
  int pool =
      support_pool(port, cluster.port, PASSWORD, "pooler", "transaction", NULL);
  struct support_answer answer;
  (void)state;
  (void)support_ask(port, pool, "select 1");
  answer = run(HF_OP_DEALLOCATE, pool, 0);
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.status, HF_SESSION_REQUIRED);
  answer = run(HF_OP_DEALLOCATE, pool, HF_FLAG_FORCE);
  assert_int_equal(answer.kind, HF_MSG_OK);
  assert_int_equal(answer.value, 1);
  assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
  close_pool(pool);
  assert_int_equal(run(HF_OP_DEALLOCATE, pool, HF_FLAG_FORCE).status,
                   HF_POOL_CLOSED);
}

static void an_unused_pool_has_nothing_to_deallocate(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, NULL);
  struct support_answer answer = run(HF_OP_DEALLOCATE, pool, 0);
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_OK);
  assert_int_equal(answer.value, 0);
  close_pool(pool);
}

/* ---- health probes ------------------------------------------------------- */

static void a_health_probe_is_answered_though_the_queue_is_full(void **state) {
  struct hf_op op = {.kind = HF_OP_QUERY, .flags = HF_FLAG_PROBE};
  int64_t nap, waiting, refused, probe;
  (void)state;
  op.target = support_pool(port,
                           cluster.port,
                           PASSWORD,
                           "max",
                           "1",
                           "queueMax",
                           "1",
                           NULL);
  (void)support_ask(port, op.target, "select 1");
  nap = support_query(port, op.target, NAP);
  waiting = support_query(port, op.target, NAP);
  refused = support_query(port, op.target, "select 1");
  probe = support_op(port, &op, "select 1", NULL);
  assert_int_equal(support_wait(port, refused).status, HF_QUEUE_FULL);
  assert_int_equal(support_wait(port, probe).kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(port, nap).kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(port, waiting).kind, HF_MSG_RESULT);
  close_pool(op.target);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_suspended_pool_closes_its_connections),
      cmocka_unit_test(calls_wait_for_the_end_of_a_suspension),
      cmocka_unit_test(a_suspended_pool_can_be_ended),
      cmocka_unit_test(every_connection_deallocates_its_statements),
      cmocka_unit_test(
          statements_that_were_prepared_by_use_are_deallocated_too),
      cmocka_unit_test(behind_a_pooler_deallocating_has_to_be_forced),
      cmocka_unit_test(an_unused_pool_has_nothing_to_deallocate),
      cmocka_unit_test(a_health_probe_is_answered_though_the_queue_is_full),
  };
  return cmocka_run_group_tests_name("suspend", tests, start_all, stop_all);
}
