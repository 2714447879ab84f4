/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sql_support.h"

static void kinds_follow_the_first_words(void **state) {
  static const struct {
    const char *text;
    enum hf_sql_kind kind;
  } rows[] = {
      {"", HF_SQL_EMPTY},
      {" ; ; -- nothing\n /* at /* all */ */", HF_SQL_EMPTY},
      {"select 1", HF_SQL_SELECT},
      {"/* a */ -- b\n SELECT 1", HF_SQL_SELECT},
      {"((select 1) union (select 2))", HF_SQL_SELECT},
      {"values (1)", HF_SQL_SELECT},
      {"table t", HF_SQL_SELECT},
      {"with a as (select 1) select * from a", HF_SQL_SELECT},
      {"with a as (select 1) insert into t select * from a", HF_SQL_INSERT},
      {"with a as (delete from t returning 1) select * from a", HF_SQL_OTHER},
      {"insert into t values (1)", HF_SQL_INSERT},
      {"update t set a = 1", HF_SQL_UPDATE},
      {"delete from t", HF_SQL_DELETE},
      {"merge into t using u on true", HF_SQL_OTHER},
      {"begin", HF_SQL_BEGIN},
      {"begin isolation level serializable", HF_SQL_BEGIN},
      {"start transaction", HF_SQL_BEGIN},
      {"commit", HF_SQL_COMMIT},
      {"commit work", HF_SQL_COMMIT},
      {"end transaction", HF_SQL_COMMIT},
      {"commit and no chain", HF_SQL_COMMIT},
      {"commit and chain", HF_SQL_COMMIT_AND_CHAIN},
      {"end work and chain", HF_SQL_COMMIT_AND_CHAIN},
      {"prepare transaction 'x'", HF_SQL_PREPARE_TRANSACTION},
      {"commit prepared 'x'", HF_SQL_OTHER},
      {"rollback", HF_SQL_ROLLBACK},
      {"abort", HF_SQL_ROLLBACK},
      {"rollback and chain", HF_SQL_ROLLBACK_AND_CHAIN},
      {"rollback prepared 'x'", HF_SQL_OTHER},
      {"rollback to a", HF_SQL_ROLLBACK_TO},
      {"rollback work to savepoint a", HF_SQL_ROLLBACK_TO},
      {"savepoint a", HF_SQL_SAVEPOINT},
      {"release savepoint a", HF_SQL_RELEASE_SAVEPOINT},
      {"release a", HF_SQL_RELEASE_SAVEPOINT},
      {"set a = 1", HF_SQL_SET},
      {"set session a = 1", HF_SQL_SET},
      {"set local a = 1", HF_SQL_SET_LOCAL},
      {"set transaction read only", HF_SQL_SET_LOCAL},
      {"set constraints all deferred", HF_SQL_SET_LOCAL},
      {"listen a", HF_SQL_LISTEN},
      {"unlisten *", HF_SQL_LISTEN},
      {"copy t from stdin", HF_SQL_COPY},
      {"call p()", HF_SQL_CALL},
      {"do $$ begin end $$", HF_SQL_DO},
      {"explain select 1", HF_SQL_OTHER},
      {"\"select\"", HF_SQL_OTHER},
      {"1", HF_SQL_OTHER}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (scan(rows[i].text).kind != rows[i].kind) {
      fail_msg("%s: kind %d", rows[i].text, (int)scan(rows[i].text).kind);
    }
  }
}

static void statements_are_counted_where_postgresql_would(void **state) {
  static const struct {
    const char *text;
    size_t n;
  } rows[] = {
      {"select 1", 1},
      {"select 1;;", 1},
      {"select 1; select 2", 2},
      {";select 1;select 2;", 2},
      {"select ';'; select \";\"", 2},
      {"select 'a\\'; select 'b'", 2},
      {"select e'a\\'; select '", 1},
      {"select e'a'\n'\\'; x'", 1},
      {"select e'a' -- b\n '\\'; x'", 1},
      {"select 'a' '\\'; select 'x'", 2},
      {"select $1;select 2", 2},
      {"select $a$ ; $b$ ; $a$; select 2", 2},
      {"select a$b$c;select d$b$", 2},
      {"select /* ; /* ; */ ; */ 1", 1},
      {"select 1 -- ; x\n; select 2", 2},
      {"select 1 --; x\r; select 2", 2},
      {"create rule r as on insert to t do (select 1; select 2)", 1},
      {"create function f() returns int begin atomic select 1; select case "
       "when true then 1 end; end; select 2",
       2},
      {"begin; atomic; end", 3},
      {"select 1e;select 2", 2},
      {"select u&\"a;\"; select U&'b;'", 2},
      {"select x';', b';', n';'", 1},
      {"select 5-/*;*/3", 1},
      {"select 5--;\n3", 1}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_sql_info info = scan(rows[i].text);

    if (info.n_statements != rows[i].n || info.multiple != (rows[i].n > 1)) {
      fail_msg("%s: %zu statements", rows[i].text, info.n_statements);
    }
  }
}

static void a_statement_that_can_be_half_done_may_commit_midway(void **state) {
  static const struct {
    const char *text;
    bool midway;
    bool alone;
  } rows[] = {
      {"insert into t values (1)", false, false},
      {"create table t (a int)", false, false},
      {"create index i on t (a)", false, false},
      {"insert into t values (1); select 1", true, false},
      {"call p()", true, false},
      {"do 'x'", true, false},
      {"vacuum t", true, true},
      {"cluster t", true, true},
      {"reindex table concurrently t", true, true},
      {"create database d", true, true},
      {"drop database d", true, true},
      {"alter database d set tablespace t", true, true},
      {"create tablespace t location 'x'", true, true},
      {"alter system set a = 1", true, true},
      {"create subscription s connection 'x' publication p", true, true},
      {"create index concurrently i on t (a)", true, true},
      {"drop index concurrently i", true, true},
      {"alter table t detach partition p concurrently", true, true},
      {"refresh materialized view concurrently m", true, true},
      {"commit prepared 'x'", true, true},
      {"rollback prepared 'x'", true, true},
      {"discard all", true, true},
      {"discard plans", false, false},
      {"commit", false, false},
      {"select 'open", true, false}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_sql_info info = scan(rows[i].text);

    if (info.may_commit_midway != rows[i].midway ||
        info.refuses_transaction != rows[i].alone) {
      fail_msg("%s: %d %d",
               rows[i].text,
               info.may_commit_midway,
               info.refuses_transaction);
    }
  }
}

static void a_statement_that_changes_the_session_is_recognised(void **state) {
  static const struct {
    const char *text;
    bool kept;
  } rows[] = {
      {"set a = 1", true},
      {"set session a = 1", true},
      {"set local a = 1", false},
      {"set transaction read only", false},
      {"set constraints all deferred", false},
      {"reset a", true},
      {"listen a", true},
      {"unlisten a", true},
      {"discard all", true},
      {"load 'x'", true},
      {"prepare p as select 1", true},
      {"prepare transaction 'x'", false},
      {"deallocate p", true},
      {"create temp table t (a int)", true},
      {"create local temporary table t (a int)", true},
      {"create or replace temp view v as select 1", true},
      {"create table temper (a int)", false},
      {"create table pg_temp.t (a int)", true},
      {"create or replace function pg_temp.f() returns int", true},
      {"create table t (pg_temp int)", true}, /* unlikely, and harmless */
      {"update pg_settings set setting = 'a' where name = 'b'", true},
      {"update only pg_catalog.pg_settings set setting = 'a'", true},
      {"update settings set a = 'pg_settings'", false},
      {"select 1 into temp t", true},
      {"select 1 into temporary table t", true},
      {"select 1 into pg_temp.t", true},
      {"declare c cursor with hold for select 1", true},
      {"declare c cursor for select 1", false},
      {"select pg_advisory_lock(1)", true},
      {"select pg_try_advisory_lock_shared(1)", true},
      {"select pg_advisory_xact_lock(1)", false},
      {"select pg_try_advisory_xact_lock(1)", false},
      {"select set_config('a', 'b', false)", true},
      {"select set_config('a', $1, $2)", true},
      {"select set_config('a', 'b', true)", false},
      {"select set_config('a', 'b', true), set_config('c', 'd', f)", true},
      {"select 1; set a = 1", true},
      {"select 'set a = 1'", false}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (scan(rows[i].text).session_state != rows[i].kept) {
      fail_msg("%s", rows[i].text);
    }
  }
}

static void copy_and_commit_are_recognised_in_any_statement(void **state) {
  (void)state;
  assert_true(scan("select 1; copy t to stdout").copy);
  assert_false(scan("select copy from t").copy);
  assert_true(scan("insert into t values (1); commit; select 1").commits);
  assert_true(scan("select 1; end").ends_transaction);
  assert_true(scan("select 1; rollback").ends_transaction);
  assert_false(scan("select 1; rollback").commits);
  assert_false(scan("rollback to a").ends_transaction);
  assert_true(scan("prepare transaction 'x'").commits);
  assert_false(scan("select commit from t").commits);
}

static void word_lists_are_sorted(void **state) {
  (void)state;
  assert_true(hf_sql_words_sorted());
  assert_true(hf_sql_is_read_only_function("abs"));
  assert_true(hf_sql_is_read_only_function("xpath_exists"));
  assert_false(hf_sql_is_read_only_function("nextval"));
  assert_true(hf_sql_is_known_operator("!~~*"));
  assert_true(hf_sql_is_known_operator("~~*"));
  assert_true(hf_sql_is_known_operator("?|"));
  assert_false(hf_sql_is_known_operator("@@@@"));
  assert_true(hf_sql_is_paren_keyword("values"));
}

static void operators_are_split_as_in_postgresql(void **state) {
  static const char *const want[] = {"=", "-", "@-", "*", "<="};
  struct hf_sql_lexer lexer;
  struct hf_sql_token token;
  const char *text = "=- @- *--x\n <=/**/";
  size_t i;

  (void)state;
  hf_sql_lex_init(&lexer, text, strlen(text));
  for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
    hf_sql_lex_next(&lexer, &token);
    assert_int_equal(token.kind, HF_TOKEN_OPERATOR);
    assert_string_equal(token.text, want[i]);
  }
  hf_sql_lex_next(&lexer, &token);
  assert_int_equal(token.kind, HF_TOKEN_END);
  hf_sql_lex_next(&lexer, &token);
  assert_int_equal(token.kind, HF_TOKEN_END);
}

static void overlong_words_and_operators_do_no_harm(void **state) {
  char text[300];

  (void)state;
  memset(text, 'a', sizeof(text));
  memcpy(text, "select ", 7);
  memcpy(text + sizeof(text) - 4, "(1)", 4);
  assert_false(scan(text).read_only);
  memset(text, '@', sizeof(text));
  memcpy(text, "select ", 7);
  text[sizeof(text) - 1] = '\0';
  assert_false(scan(text).read_only);
}

/* Whatever the bytes are, the scan ends within them. */
static void random_bytes_do_no_harm(void **state) {
  static const char alphabet[] = "se'\"$a1;-/*(){}\\\n&uE:.=+@ \x80";
  uint32_t seed = 7;
  int round;

  (void)state;
  for (round = 0; round < 20000; round++) {
    char text[48];
    size_t n = next_random(&seed) % sizeof(text);
    size_t i;

    for (i = 0; i < n; i++) {
      text[i] = alphabet[next_random(&seed) % (sizeof(alphabet) - 1)];
    }
    text[n] = '\0';
    scan(text);
  }
}

static void statements_of_a_batch_are_described_together(void **state) {
  static const char *const texts[] = {"select a from b",
                                      "set role a",
                                      "select 1",
                                      "vacuum"};
  struct hf_sql_info all, next;
  size_t i;

  (void)state;
  hf_sql_scan(texts[0], strlen(texts[0]), &all);
  assert_true(all.read_only);
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    hf_sql_scan(texts[i], strlen(texts[i]), &next);
    hf_sql_join(&all, &next);
    assert_int_equal(all.kind, i == 0 ? HF_SQL_SELECT : HF_SQL_OTHER);
    assert_true(all.read_only == (i == 0));
    assert_true(all.session_state == (i > 0));
    assert_true(all.refuses_transaction == (i == 3));
    assert_int_equal(all.n_statements, 1);
    assert_false(all.multiple || all.commits || all.copy);
  }
  hf_sql_scan("commit; copy a to stdout", 24, &next);
  hf_sql_join(&all, &next);
  assert_true(all.multiple && all.commits && all.copy && all.ends_transaction);
}

static void the_way_of_a_copy_and_whether_it_reads_are_recognised(
    void **state) {
  static const struct {
    const char *text;
    enum hf_sql_copy copies;
    bool read_only;
  } rows[] = {
      {"copy t from stdin", HF_SQL_COPY_IN, false},
      {"COPY s.t (a, b) FROM STDIN WITH (FORMAT csv)", HF_SQL_COPY_IN, false},
      {"copy t from stdin where a > lower('to')", HF_SQL_COPY_IN, false},
      {"copy t from stdout", HF_SQL_COPY_IN, false},
      {"copy binary t from stdin", HF_SQL_COPY_IN, false},
      {"copy \"from\" to stdout", HF_SQL_COPY_OUT, true},
      {"copy t to stdout", HF_SQL_COPY_OUT, true},
      {"copy t (a, b) to stdout (format binary);", HF_SQL_COPY_OUT, true},
      {"copy (select a from t) to stdout", HF_SQL_COPY_OUT, true},
      {"copy(values (1), (2)) to stdout csv", HF_SQL_COPY_OUT, true},
      {"copy (with a as (select 1) table a) to stdout", HF_SQL_COPY_OUT, true},
      {"copy (select f(a) from t) to stdout", HF_SQL_COPY_OUT, false},
      {"copy (select a from t for update) to stdout", HF_SQL_COPY_OUT, false},
      {"copy (insert into t values (1) returning a) to stdout",
       HF_SQL_COPY_OUT,
       false},
      {"copy (with a as (delete from t returning 1) table a) to stdout",
       HF_SQL_COPY_OUT,
       false},
      {"copy (select 1 as \"from\" from stdin) to 'f'", HF_SQL_COPY_NOT, false},
      {"copy t from 'stdin'", HF_SQL_COPY_NOT, false},
      {"copy t to program 'stdout'", HF_SQL_COPY_NOT, false},
      {"select a from stdin", HF_SQL_COPY_NOT, true}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_sql_info info = scan(rows[i].text);

    if (info.copies != rows[i].copies || info.read_only != rows[i].read_only) {
      fail_msg("%s: %d, reads %d",
               rows[i].text,
               (int)info.copies,
               info.read_only);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_follow_the_first_words),
      cmocka_unit_test(statements_are_counted_where_postgresql_would),
      cmocka_unit_test(a_statement_that_can_be_half_done_may_commit_midway),
      cmocka_unit_test(a_statement_that_changes_the_session_is_recognised),
      cmocka_unit_test(copy_and_commit_are_recognised_in_any_statement),
      cmocka_unit_test(the_way_of_a_copy_and_whether_it_reads_are_recognised),
      cmocka_unit_test(word_lists_are_sorted),
      cmocka_unit_test(operators_are_split_as_in_postgresql),
      cmocka_unit_test(overlong_words_and_operators_do_no_harm),
      cmocka_unit_test(random_bytes_do_no_harm),
      cmocka_unit_test(statements_of_a_batch_are_described_together),
  };

  return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
