/* SPDX-License-Identifier: MIT */
/*
 * What is sent to a real server: units that carry their settings, statements
 * that must be alone in their unit, values.
 */
#include <stdio.h>

#include "conn_send_support.h"

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
  /* The session is not left read-only. */
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
  /* Nothing may stay in the session: the pooler's next client would get it. */
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
  /* The lexer does not see this COMMIT: only the server's error tells. */
  (void)expect(pool, "do $$ begin commit; end $$");
  (void)expect(pool, "do $$ begin commit; end $$");
  expect_cell(pool, "select 'fine'", "fine");
  close_pool(pool);
}

/* Sent alone it would run without the settings, and nobody would notice. */
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
