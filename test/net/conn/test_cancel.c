/* SPDX-License-Identifier: MIT */
/*
 * Ending statements before their answer, on a real server: a cancel never hits
 * another statement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_server.h"
#include "support_suite.h"

static int pool_of(const char *max, const char *share_max) {
  return support_pool(port,
                      cluster.port,
                      PASSWORD,
                      "max",
                      max,
                      "shareMax",
                      share_max,
                      "maxRetries",
                      "0",
                      NULL);
}

static int64_t query_for(int pool, const char *sql, int timeout_ms) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .timeout_ms = timeout_ms};
  return support_op(port, &op, sql, NULL);
}

static void a_time_out_cancels_and_keeps_the_connection(void **state) {
  int pool = pool_of("1", "8");
  struct support_answer before = support_ask(port, pool, "select 1");
  struct support_answer answer =
      support_wait(port, query_for(pool, "select pg_sleep(60)", 50));
  struct support_answer after = support_ask(port, pool, "select 1");
  (void)state;
  assert_int_equal(answer.status, HF_QUERY_TIMEOUT);
  assert_string_equal(answer.sqlstate, "57014");
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(before.connection, after.connection);
  close_pool(pool);
}

static void an_abort_cancels_what_runs_and_what_waits(void **state) {
  int pool = pool_of("1", "1");
  int64_t running = support_query(port, pool, "select pg_sleep(60)");
  int64_t waiting = support_query(port, pool, "select 1");
  struct support_answer answer;
  (void)state;
  support_flush(port);
  support_abort(port, waiting);
  answer = support_wait(port, waiting);
  assert_int_equal(answer.status, HF_ABORTED);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  support_abort(port, running);
  answer = support_wait(port, running);
  assert_int_equal(answer.status, HF_ABORTED);
  support_abort(port, running);
  assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
  close_pool(pool);
}

/*
 * Statements that end by themselves at about the moment they are aborted.
 * Whether they are cancelled or not, the cancel must not hit the next one on
 * that connection.
 */
static void race(int pool, const char *sql, int rounds) {
  int i;
  for (i = 0; i < rounds; i++) {
    int64_t first = support_query(port, pool, sql);
    int64_t second = support_query(port, pool, sql);
    struct support_answer answer;
    support_flush(port);
    support_abort(port, first);
    answer = support_wait(port, first);
    assert_true(answer.kind == HF_MSG_RESULT || answer.status == HF_ABORTED);
    answer = support_wait(port, second);
    if (answer.kind != HF_MSG_RESULT) {
      (void)fprintf(stderr, "%s %s\n", answer.sqlstate, answer.message);
    }
    assert_int_equal(answer.kind, HF_MSG_RESULT);
  }
}

static void two_hundred_cancels_never_hit_another_statement(void **state) {
  int rounds = support_is_slow() ? 15 : 50;
  int alone = pool_of("1", "1");
  int shared = pool_of("1", "8");
  (void)state;
  (void)support_ask(port, alone, "create table race (a int)");
  race(alone, "select 1", rounds);
  race(alone, "select pg_sleep(0.001)", rounds);
  race(shared, "select 1", rounds);
  race(shared, "select count(*) from pg_class", rounds);
  race(shared, "insert into race values (1)", rounds);
  close_pool(alone);
  close_pool(shared);
}

static void a_shared_statement_is_answered_early_and_not_cancelled(
    void **state) {
  int pool = pool_of("1", "8");
  int64_t slow[2];
  int64_t other;
  struct support_answer answer;
  (void)state;
  (void)support_ask(port, pool, "select 1");
  slow[0] =
      query_for(pool, "select count(*) from generate_series(1, 3000000)", 0);
  slow[1] = query_for(pool, "select 'neighbour'", 0);
  other = query_for(pool, "insert into race values (2)", 0);
  support_flush(port);
  support_abort(port, slow[0]);
  answer = support_wait(port, slow[0]);
  /*
   * It is cancelled if it had the connection to itself, and may have ended
   * before.
   */
  assert_true(answer.kind == HF_MSG_RESULT || answer.status == HF_ABORTED);
  answer = support_wait(port, slow[1]);
  assert_string_equal(answer.cell, "neighbour");
  assert_int_equal(support_wait(port, other).kind, HF_MSG_RESULT);
  close_pool(pool);
}

static void a_lease_goes_on_after_a_cancel(void **state) {
  int pool = pool_of("1", "8");
  int lease = support_lease(port, pool).lease;
  struct hf_op op = {.kind = HF_OP_LEASE_QUERY,
                     .target = lease,
                     .timeout_ms = 50};
  struct support_answer answer;
  (void)state;
  assert_int_equal(support_say(port, lease, "begin").kind, HF_MSG_RESULT);
  answer =
      support_wait(port, support_op(port, &op, "select pg_sleep(60)", NULL));
  assert_int_equal(answer.status, HF_QUERY_TIMEOUT);
  assert_int_equal(answer.unit, HF_UNIT_TRANSACTION);
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  answer = support_say(port, lease, "select 1");
  assert_string_equal(answer.sqlstate, "25P02");
  /* COMMIT answered with ROLLBACK is an error. */
  answer = support_say(port, lease, "commit");
  assert_int_equal(answer.status, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_int_equal(support_say(port, lease, "select 1").kind, HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease, 0));
  close_pool(pool);
}

static void the_callers_deadline_ends_a_running_statement(void **state) {
  int pool = pool_of("1", "8");
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .flags = HF_FLAG_CALLER_DEADLINE,
                     .deadline_ms = 300};
  struct support_answer answer =
      support_wait(port, support_op(port, &op, "select pg_sleep(60)", NULL));
  (void)state;
  assert_int_equal(answer.status, HF_DEADLINE);
  close_pool(pool);
}

static void ending_a_pool_cancels_what_still_runs(void **state) {
  int pool =
      support_pool(port, cluster.port, PASSWORD, "drainMillis", "100", NULL);
  int64_t id = support_query(port, pool, "select pg_sleep(60)");
  int64_t end;
  struct support_answer answer;
  (void)state;
  (void)support_ask(port, pool, "select 1");
  end = support_end(port, pool);
  answer = support_wait(port, id);
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.status, HF_POOL_CLOSED);
  assert_int_equal(support_wait(port, end).kind, HF_MSG_OK);
}

static bool stall(struct fake_session *session, const char *sql, void *ctx) {
  (void)ctx;
  if (strncmp(sql, "stall", 5) != 0) {
    return false;
  }
  fake_stall(session);
  return true;
}

static void a_cancel_without_effect_ends_after_a_second(void **state) {
  struct fake_plan plan = {.key_pid = 7, .answer = stall};
  struct fake_server *server;
  int i;
  (void)state;
  for (i = 0; i < 2; i++) {
    struct support_answer answer;
    int pool;
    plan.stall_cancels = i == 1;
    server = fake_server_start(&plan);
    pool = support_pool(port,
                        fake_server_port(server),
                        "max",
                        "1",
                        "maxRetries",
                        "0",
                        NULL);
    answer = support_wait(port, query_for(pool, "stall", 20));
    assert_int_equal(answer.status, HF_QUERY_TIMEOUT);
    assert_int_equal(answer.outcome, HF_OUTCOME_AMBIGUOUS);
    /*
     * The state of that connection is unknown, so the next call gets another.
     */
    answer = support_ask(port, pool, "select 1");
    assert_int_equal(answer.connection, 2);
    fake_server_stop(server);
    close_pool(pool);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_time_out_cancels_and_keeps_the_connection),
      cmocka_unit_test(an_abort_cancels_what_runs_and_what_waits),
      cmocka_unit_test(two_hundred_cancels_never_hit_another_statement),
      cmocka_unit_test(a_shared_statement_is_answered_early_and_not_cancelled),
      cmocka_unit_test(a_lease_goes_on_after_a_cancel),
      cmocka_unit_test(the_callers_deadline_ends_a_running_statement),
      cmocka_unit_test(ending_a_pool_cancels_what_still_runs),
      cmocka_unit_test(a_cancel_without_effect_ends_after_a_second),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
