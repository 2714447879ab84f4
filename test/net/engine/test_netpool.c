/* SPDX-License-Identifier: MIT */
/*
 * A pool on a real server: backends that are terminated, restarts, reset,
 * warm-up.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "netpool_support.h"

static void terminate(int pid) {
  char sql[64];
  (void)snprintf(sql, sizeof sql, "select pg_terminate_backend(%d, 5000)", pid);
  assert_string_equal(support_ask(port, admin, sql).cell, "t");
}

/* ---- the end of backends ------------------------------------------------- */

static void calls_do_not_notice_a_backend_that_ended_while_idle(void **state) {
  int pool = pool_of("1");
  int i;
  (void)state;
  for (i = 0; i < 5; i++) {
    struct support_answer lease = support_lease(port, pool);
    release(lease.lease, 0);
    terminate(lease.pid);
    assert_int_equal(support_ask(port, pool, "insert into t values (9)").kind,
                     HF_MSG_RESULT);
  }
  assert_string_equal(
      support_ask(port, pool, "select count(*)::text from t where a = 9").cell,
      "5");
  (void)support_ask(port, pool, "delete from t");
  close_pool(pool);
}

static void terminate_sleeper(void) {
  static const char sql[] =
      "select count(pg_terminate_backend(pid, 5000))::text "
      "from pg_stat_activity where query like '%pg_sleep(60)%' "
      "and wait_event = 'PgSleep'";
  while (strcmp(support_ask(port, admin, sql).cell, "1") != 0) {
  }
}

static void a_read_whose_backend_ends_is_repeated(void **state) {
  int pool = pool_of("1");
  struct support_answer answer;
  int64_t id;
  (void)state;
  (void)support_ask(port, admin, "create sequence attempts");
  id = support_query(port,
                     pool,
                     "select case nextval('attempts') when 1 then "
                     "pg_sleep(60)::text else 'again' end");
  support_flush(port);
  terminate_sleeper();
  answer = support_wait(port, id);
  assert_string_equal(answer.cell, "again");
  assert_int_equal(answer.attempts, 2);
  close_pool(pool);
}

static void a_lease_remembers_how_its_connection_was_lost(void **state) {
  int pool = pool_of("1");
  struct support_answer lease = support_lease(port, pool);
  struct support_answer answer;
  int lost = support_events(port, HF_EVENT_LOST);
  (void)state;
  (void)support_say(port, lease.lease, "begin");
  (void)support_say(port, lease.lease, "insert into t values (10)");
  terminate(lease.pid);
  support_wait_events(port, HF_EVENT_LOST, lost + 1);
  answer = support_say(port, lease.lease, "commit");
  assert_string_equal(answer.sqlstate, "57P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(answer.unit, HF_UNIT_TRANSACTION);
  release(lease.lease, 0);
  assert_string_equal(
      support_ask(port, pool, "select count(*)::text from t").cell,
      "0");
  close_pool(pool);
}

static void a_backend_that_ends_in_a_transaction_fails_its_statement(
    void **state) {
  int pool = pool_of("1");
  struct support_answer lease = support_lease(port, pool);
  struct support_answer answer;
  int64_t id, queued;
  (void)state;
  (void)support_say(port, lease.lease, "begin");
  id = support_on_lease(port, lease.lease, "select pg_sleep(60)");
  queued = support_on_lease(port, lease.lease, "commit");
  support_flush(port);
  terminate_sleeper();
  answer = support_wait(port, id);
  assert_string_equal(answer.sqlstate, "57P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(answer.attempts, 1);
  answer = support_wait(port, queued);
  assert_string_equal(answer.sqlstate, "57P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  release(lease.lease, 0);
  close_pool(pool);
}

static void calls_wait_for_a_server_that_has_crashed(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "max",
                          "4",
                          "maxRetries",
                          "5",
                          NULL);
  struct support_answer lease = support_lease(port, pool);
  struct support_answer answer;
  int64_t ids[30];
  int i;
  (void)state;
  for (i = 0; i < 30; i++) {
    ids[i] = support_query(port, pool, "select count(*)::text from t");
  }
  support_flush(port);
  /* One backend dies of SIGKILL: the server ends all and recovers. */
  assert_int_equal(kill(lease.pid, SIGKILL), 0);
  for (i = 0; i < 30; i++) {
    assert_int_equal(support_wait(port, ids[i]).kind, HF_MSG_RESULT);
  }
  answer = support_say(port, lease.lease, "insert into t values (1)");
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  release(lease.lease, 0);
  do {
    answer = support_ask(port, admin, "select 1");
  } while (answer.kind != HF_MSG_RESULT);
  close_pool(pool);
}

/* ---- the life of connections --------------------------------------------- */

static int64_t simple_op(enum hf_op_kind kind, int pool, int deadline_ms) {
  struct hf_op op = {.kind = (int32_t)kind,
                     .target = pool,
                     .deadline_ms = deadline_ms};
  return support_op(port, &op, NULL);
}

static void a_reset_replaces_every_connection(void **state) {
  int pool = pool_of("3");
  struct support_answer held = support_lease(port, pool);
  struct support_answer idle = support_ask(port, pool, "select 1");
  struct support_answer answer;
  int i;
  (void)state;
  assert_int_equal(support_wait(port, simple_op(HF_OP_RESET, pool, 0)).kind,
                   HF_MSG_OK);
  /* A held connection stays usable until it is released. */
  assert_int_equal(support_say(port, held.lease, "select 1").kind,
                   HF_MSG_RESULT);
  release(held.lease, 0);
  for (i = 0; i < 6; i++) {
    answer = support_ask(port, pool, "select 1");
    assert_int_equal(answer.kind, HF_MSG_RESULT);
    assert_true(answer.connection > held.connection &&
                answer.connection > idle.connection);
  }
  close_pool(pool);
}

static void warming_up_opens_min_connections(void **state) {
  int pool =
      support_pool(port, cluster.port, PASSWORD, "max", "5", "min", "3", NULL);
  struct support_answer answer =
      support_wait(port, simple_op(HF_OP_WARMUP, pool, 20000));
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_OK);
  assert_true(answer.value >= 3);
  assert_true(support_stat(port, pool, "connectsSucceeded") >= 3);
  close_pool(pool);
}

static void warming_up_reports_why_it_failed(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          "pg.password",
                          "wrong",
                          "min",
                          "2",
                          NULL);
  struct support_answer answer =
      support_wait(port, simple_op(HF_OP_WARMUP, pool, 20000));
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "28P01");
  answer = support_ask(port, pool, "select 1");
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.phase, HF_PHASE_CONNECT);
  close_pool(pool);
  pool = support_pool(port, 1, "min", "2", NULL);
  answer = support_wait(port, simple_op(HF_OP_WARMUP, pool, 200));
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.status, HF_DEADLINE);
  close_pool(pool);
}

static void ending_while_warming_up_answers_both(void **state) {
  int pool = support_pool(port, 1, "min", "2", NULL);
  int64_t warming = simple_op(HF_OP_WARMUP, pool, 20000);
  int64_t end = support_end(port, pool);
  (void)state;
  assert_int_equal(support_wait(port, warming).kind, HF_MSG_ERROR);
  assert_int_equal(support_wait(port, end).kind, HF_MSG_OK);
}

static void connections_and_notifications_are_reported_as_events(void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  int notes = support_events(port, HF_EVENT_NOTIFY);
  int notices = support_events(port, HF_EVENT_NOTICE);
  (void)state;
  assert_true(support_events(port, HF_EVENT_CONNECT) > 0);
  (void)support_say(port, lease, "listen news");
  (void)support_ask(port, admin, "notify news, 'payload'");
  support_wait_events(port, HF_EVENT_NOTIFY, notes + 1);
  (void)support_say(port, lease, "do $$ begin raise notice 'hear'; end $$");
  support_wait_events(port, HF_EVENT_NOTICE, notices + 1);
  assert_string_equal(support_event_text(port), "hear");
  (void)support_say(port, lease, "unlisten *");
  release(lease, 0);
  close_pool(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_do_not_notice_a_backend_that_ended_while_idle),
      cmocka_unit_test(a_read_whose_backend_ends_is_repeated),
      cmocka_unit_test(a_lease_remembers_how_its_connection_was_lost),
      cmocka_unit_test(
          a_backend_that_ends_in_a_transaction_fails_its_statement),
      cmocka_unit_test(a_reset_replaces_every_connection),
      cmocka_unit_test(warming_up_opens_min_connections),
      cmocka_unit_test(warming_up_reports_why_it_failed),
      cmocka_unit_test(ending_while_warming_up_answers_both),
      cmocka_unit_test(connections_and_notifications_are_reported_as_events),
      cmocka_unit_test(calls_wait_for_a_server_that_has_crashed),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
