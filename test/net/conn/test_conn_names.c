/* SPDX-License-Identifier: MIT */
/* Names of prepared statements, on a real server. */
#include <stdio.h>
#include <string.h>

#include "conn_send_support.h"

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
  /* The command tag of DISCARD ALL says that all names are gone. */
  (void)expect(pool, "discard all");
  answer = expect(pool, "select 'kept'");
  assert_int_equal(answer.attempts, 1);
  (void)expect(pool, "select 'kept too'");
  (void)expect(pool, "select forget_names()");
  answer = expect(pool, "select 'kept'");
  assert_string_equal(answer.cell, "kept");
  assert_int_equal(answer.attempts, 2);
  /* The first failure made the connection drop all its names. */
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_statement_is_prepared_on_its_third_use),
      cmocka_unit_test(the_least_recently_used_name_is_evicted),
      cmocka_unit_test(a_name_that_was_discarded_is_prepared_again),
      cmocka_unit_test(shared_statements_survive_a_discard),
      cmocka_unit_test(a_statement_whose_plan_ddl_has_changed_is_repeated),
      cmocka_unit_test(a_statement_that_fails_leaves_no_name_behind),
      cmocka_unit_test(an_error_at_sync_is_the_error_of_the_statement),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
