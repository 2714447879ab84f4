/* SPDX-License-Identifier: MIT */
/*
 * What is sent to a real server: named statements and their end, units that
 * carry their settings, and what goes again by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_cluster.h"
#include "support_port.h"

static struct support_cluster cluster;
static struct support_port *port;

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static int start_all(void **state) {
  struct support_answer made;
  int pool;
  (void)state;
  if (support_cluster_start(&cluster) != 0) {
    return -1;
  }
  port = support_port_open();
  pool = support_pool(port, cluster.port, PASSWORD, NULL);
  made = support_ask(port,
                     pool,
                     "create table t (a int primary key, b text);"
                     "create table deferred (a int unique deferrable "
                     "initially deferred)");
  return made.kind == HF_MSG_RESULT ? 0 : -1;
}

static int stop_all(void **state) {
  (void)state;
  support_port_close(port);
  support_wait_engine_gone();
  support_cluster_stop(&cluster);
  return 0;
}

static struct support_answer expect(int pool, const char *sql) {
  struct support_answer answer = support_ask(port, pool, sql);
  if (answer.kind != HF_MSG_RESULT) {
    (void)fprintf(stderr, "%s: %s %s\n", sql, answer.sqlstate, answer.message);
  }
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  return answer;
}

static void expect_cell(int pool, const char *sql, const char *cell) {
  assert_string_equal(expect(pool, sql).cell, cell);
}

static void close_pool(int pool) {
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
}

/* ---- names --------------------------------------------------------------- */

static const char count_names[] =
    "select count(*)::text from pg_prepared_statements "
    "where name like 'hf%'";

static void a_statement_is_prepared_on_its_third_use(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int i;
  (void)state;
  for (i = 1; i <= 5; i++) {
    expect_cell(pool, "select 'named'", "named");
    expect_cell(pool, "select /* alone */ 1", "1");
    if (i == 2) {
      assert_true(support_stat(port, pool, "statementsPrepared") == 0);
    }
  }
  assert_true(support_stat(port, pool, "statementsPrepared") == 2);
  assert_true(support_stat(port, pool, "statementsReused") == 4);
  expect_cell(pool, count_names, "2");
  close_pool(pool);
}

static void the_least_recently_used_name_is_evicted(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "max",
                          "1",
                          "statementCacheSize",
                          "2",
                          NULL);
  char sql[32];
  int round, i;
  (void)state;
  for (round = 0; round < 6; round++) {
    for (i = 0; i < 5; i++) {
      struct support_answer answer;
      (void)snprintf(sql, sizeof sql, "select 'n%d'", i);
      answer = expect(pool, sql);
      assert_int_equal(answer.cell[1], '0' + i);
      assert_int_equal(answer.results, 1);
    }
  }
  expect_cell(pool, count_names, "2");
  close_pool(pool);
}

static void a_name_that_was_discarded_is_prepared_again(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "max",
                          "1",
                          "maxRetries",
                          "0",
                          NULL);
  struct support_answer answer;
  int i;
  (void)state;
  (void)expect(pool,
               "create or replace function forget_names() returns int language "
               "plpgsql as 'begin execute ''deallocate all''; return 1; end'");
  for (i = 0; i < 4; i++) {
    expect_cell(pool, "select 'kept'", "kept");
    expect_cell(pool, "select 'kept too'", "kept too");
  }
  /* What the server says that it did is followed. */
  (void)expect(pool, "discard all");
  answer = expect(pool, "select 'kept'");
  assert_int_equal(answer.attempts, 1);
  (void)expect(pool, "select 'kept too'");
  (void)expect(pool, "select forget_names()");
  answer = expect(pool, "select 'kept'");
  assert_string_equal(answer.cell, "kept");
  assert_int_equal(answer.attempts, 2);
  /* All names were forgotten with the first. */
  answer = expect(pool, "select 'kept too'");
  assert_int_equal(answer.attempts, 1);
  expect_cell(pool, count_names, "1");
  close_pool(pool);
}

static void shared_statements_survive_a_discard(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int rounds = support_is_slow() ? 10 : 40;
  int i, round;
  (void)state;
  for (round = 0; round < rounds; round++) {
    int64_t ids[16];
    for (i = 0; i < 16; i++) {
      ids[i] =
          support_query(port, pool, i == 8 ? "discard all" : "select 'shared'");
    }
    for (i = 0; i < 16; i++) {
      struct support_answer answer = support_wait(port, ids[i]);
      assert_int_equal(answer.kind, HF_MSG_RESULT);
      assert_true(i == 8 || strcmp(answer.cell, "shared") == 0);
    }
  }
  assert_true(support_stat(port, pool, "shared") > 0);
  close_pool(pool);
}

static void a_statement_whose_plan_ddl_has_changed_is_repeated(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "2", NULL);
  int64_t ids[12];
  int i, round;
  (void)state;
  (void)expect(pool, "create table plan (a int)");
  (void)expect(pool, "insert into plan values (1)");
  for (round = 0; round < 8; round++) {
    char sql[64];
    for (i = 0; i < 12; i++) {
      ids[i] = support_query(port, pool, "select * from plan");
    }
    for (i = 0; i < 12; i++) {
      struct support_answer answer = support_wait(port, ids[i]);
      assert_int_equal(answer.kind, HF_MSG_RESULT);
      assert_int_equal(answer.rows, 1);
      assert_int_equal(answer.columns, 1 + round);
    }
    (void)
        snprintf(sql, sizeof sql, "alter table plan add column c%d int", round);
    (void)expect(pool, sql);
  }
  close_pool(pool);
}

static void a_statement_that_fails_leaves_no_name_behind(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int i;
  (void)state;
  for (i = 0; i < 5; i++) {
    struct support_answer answer =
        support_ask(port, pool, "select * from nowhere");
    assert_string_equal(answer.sqlstate, "42P01");
    assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  }
  expect_cell(pool, count_names, "0");
  (void)expect(pool, "create table nowhere as select 1 as one");
  expect_cell(pool, "select * from nowhere", "1");
  (void)expect(pool, "drop table nowhere");
  close_pool(pool);
}

static void an_error_at_sync_is_the_error_of_the_statement(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "max",
                          "1",
                          "statementCacheSize",
                          "1",
                          NULL);
  struct hf_op op = {.kind = HF_OP_QUERY, .flags = HF_FLAG_READ_ONLY};
  struct support_answer answer;
  int i;
  (void)state;
  for (i = 0; i < 5; i++) {
    /* Settings, DEALLOCATE, Parse and Execute in one unit. */
    struct hf_op read = op;
    read.target = pool;
    (void)expect(pool, "select 'in between'");
    answer = support_wait(
        port,
        support_op(port, &read, "select count(*) from deferred", NULL));
    assert_int_equal(answer.kind, HF_MSG_RESULT);
    answer = support_ask(port, pool, "insert into deferred values (1), (1)");
    assert_string_equal(answer.sqlstate, "23505");
    assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  }
  expect_cell(pool, "select count(*)::text from deferred", "0");
  close_pool(pool);
}

/* ---- units --------------------------------------------------------------- */

static void read_only_is_enforced(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .flags = HF_FLAG_READ_ONLY,
                     .retries = -1,
                     .target = pool};
  struct support_answer answer;
  (void)state;
  answer =
      support_wait(port,
                   support_op(port, &op, "insert into t values (1000)", NULL));
  assert_string_equal(answer.sqlstate, "25006");
  op.id_low = 0;
  answer = support_wait(port, support_op(port, &op, "select 'read'", NULL));
  assert_string_equal(answer.cell, "read");
  assert_int_equal(answer.results, 1);
  /* And it does not stay. */
  expect_cell(pool, "show transaction_read_only", "off");
  expect_cell(pool, "select count(*)::text from t where a = 1000", "0");
  close_pool(pool);
}

static int proxied_pool(void) {
  return support_pool(port,
                      cluster.port,
                      PASSWORD,
                      "max",
                      "1",
                      "pooler",
                      "transaction",
                      "statementTimeoutMillis",
                      "12345",
                      "set.application_name",
                      "it's \\ ours",
                      NULL);
}

static void behind_a_pooler_settings_are_sent_with_each_unit(void **state) {
  int pool = proxied_pool();
  int plain = support_pool(port, cluster.port, PASSWORD, NULL);
  struct support_answer lease;
  char sql[160];
  int i;
  (void)state;
  for (i = 0; i < 4; i++) {
    expect_cell(pool, "select current_setting('statement_timeout')", "12345ms");
    expect_cell(pool,
                "select current_setting('application_name')",
                "it's \\ ours");
  }
  expect_cell(pool, count_names, "0");
  /* Nothing stays in the session: that would be another client's. */
  lease = support_lease(port, pool);
  (void)snprintf(sql,
                 sizeof sql,
                 "select application_name from pg_stat_activity "
                 "where pid = %d",
                 lease.pid);
  expect_cell(plain, sql, "");
  assert_int_equal(lease.pooled, 1);
  assert_int_equal(support_say(port, lease.lease, "begin").kind, HF_MSG_RESULT);
  assert_string_equal(
      support_say(port, lease.lease, "show statement_timeout").cell,
      "12345ms");
  assert_int_equal(support_say(port, lease.lease, "commit").kind,
                   HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease.lease, 0));
  close_pool(pool);
  close_pool(plain);
}

static void a_direct_session_has_the_settings_since_its_start(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "statementTimeoutMillis",
                          "23456",
                          "sql.onConnect",
                          "set search_path = pg_catalog; select 1",
                          NULL);
  (void)state;
  expect_cell(pool, "show statement_timeout", "23456ms");
  expect_cell(pool, "show search_path", "pg_catalog");
  close_pool(pool);
}

static void a_statement_that_refuses_a_transaction_block_is_sent_alone(
    void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          PASSWORD,
                          "max",
                          "1",
                          "pooler",
                          "transaction",
                          NULL);
  int i;
  (void)state;
  for (i = 0; i < 3; i++) {
    (void)expect(pool, "vacuum t");
  }
  (void)expect(pool, "create database other");
  (void)expect(pool, "drop database other");
  /* Hidden from the lexer, so that the server has to say it. */
  (void)expect(pool, "do $$ begin commit; end $$");
  (void)expect(pool, "do $$ begin commit; end $$");
  expect_cell(pool, "select 'fine'", "fine");
  close_pool(pool);
}

/* Alone it would run without the settings, which nobody would notice. */
static void a_statement_that_settings_cannot_reach_is_refused(void **state) {
  static const struct {
    const char *sql;
    enum hf_outcome outcome;
  } texts[] = {{"vacuum t", HF_OUTCOME_NOT_EXECUTED},
               {"create database other", HF_OUTCOME_NOT_EXECUTED},
               {"create index concurrently on t (b)", HF_OUTCOME_NOT_EXECUTED},
               {"do $$ begin commit; end $$", HF_OUTCOME_ROLLED_BACK}};
  int pool = proxied_pool();
  size_t i;
  (void)state;
  for (i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
    struct support_answer answer = support_ask(port, pool, texts[i / 2].sql);
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.status, HF_SESSION_REQUIRED);
    assert_int_equal(answer.outcome, texts[i / 2].outcome);
  }
  (void)expect(pool, "do $$ begin perform 1; end $$");
  (void)expect(pool, "discard all");
  expect_cell(pool, "select 'fine'", "fine");
  close_pool(pool);
}

static void several_statements_are_sent_as_one_text(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct support_answer answer =
      expect(pool, "select 'a'; select 'b', 2; select 'c' where false; ");
  (void)state;
  assert_int_equal(answer.results, 3);
  assert_int_equal(answer.rows, 0);
  answer = support_ask(port, pool, "select 1; select 1/0; select 2");
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "22012");
  assert_int_equal(expect(pool, "").results, 1);
  assert_int_equal(expect(pool, "-- nothing").results, 1);
  assert_int_equal(support_ask(port, pool, "copy t from stdin").status,
                   HF_COPY_UNSUPPORTED);
  answer = support_ask(port, pool, "select 1; copy t from stdin");
  assert_int_equal(answer.status, HF_COPY_UNSUPPORTED);
  answer = support_ask(port, pool, "select 1; copy t to stdout");
  assert_int_equal(answer.status, HF_COPY_UNSUPPORTED);
  expect_cell(pool, "select 'fine'", "fine");
  close_pool(pool);
}

static void values_arrive_as_they_were_given(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int i;
  (void)state;
  for (i = 0; i < 4; i++) {
    struct hf_op op = {.kind = HF_OP_QUERY, .target = pool};
    struct support_answer answer = support_wait(
        port,
        support_op(port,
                   &op,
                   "select concat_ws('|', $1::text, $2::text is null, "
                   "$3::text, ascii($4::text), length($4::text))",
                   "it's",
                   "\1",
                   "",
                   "\1\1x",
                   NULL));
    assert_string_equal(answer.cell, "it's|t||1|2");
  }
  close_pool(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_statement_is_prepared_on_its_third_use),
      cmocka_unit_test(the_least_recently_used_name_is_evicted),
      cmocka_unit_test(a_name_that_was_discarded_is_prepared_again),
      cmocka_unit_test(shared_statements_survive_a_discard),
      cmocka_unit_test(a_statement_whose_plan_ddl_has_changed_is_repeated),
      cmocka_unit_test(a_statement_that_fails_leaves_no_name_behind),
      cmocka_unit_test(an_error_at_sync_is_the_error_of_the_statement),
      cmocka_unit_test(read_only_is_enforced),
      cmocka_unit_test(behind_a_pooler_settings_are_sent_with_each_unit),
      cmocka_unit_test(a_direct_session_has_the_settings_since_its_start),
      cmocka_unit_test(
          a_statement_that_refuses_a_transaction_block_is_sent_alone),
      cmocka_unit_test(a_statement_that_settings_cannot_reach_is_refused),
      cmocka_unit_test(several_statements_are_sent_as_one_text),
      cmocka_unit_test(values_arrive_as_they_were_given),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
