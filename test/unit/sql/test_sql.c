/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/sql/lex.h"
#include "core/sql/scan.h"
#include "core/sql/words.h"
#include "holdfast.h"
#include "support.h"

static struct hf_sql_info scan(const char *text) {
  /* A copy of the exact size, so that sanitizers see a read past the end. */
  size_t bytes = strlen(text);
  char *copy = malloc(bytes == 0 ? 1 : bytes);
  struct hf_sql_info info;

  assert_non_null(copy);
  memcpy(copy, text, bytes);
  hf_sql_scan(copy, bytes, &info);
  free(copy);
  return info;
}

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

static void plain_reads_are_recognised(void **state) {
  static const char *const texts[] = {
      "select 1",
      "select 1;",
      "select a, b from t where id = $1 and c in ($2, $3)",
      "select count(*), sum(x), lower(y) from t group by (a) having (b > 1)",
      "select pg_catalog.lower(x) from t",
      "select \"a\".\"b\" from \"s\".\"t\" as \"a\"",
      "select ';', 'it''s', e'it\\'s;', u&'x;', $$ ; f(1) $$, $a$ ; $$ $a$",
      "select x::numeric(10, 2), cast(y as varchar(3)) from t",
      "select a -> 'b' ->> 'c', d @> e, f ~* 'x', g || h from t",
      "with a as materialized (select 1), b as (select 2) select * from a, b",
      "values (1), (2)",
      "table t",
      "select row_number() over (partition by (a) order by (b)) from t",
      "select count(*) filter (where x) over (order by a) from t",
      "select substring(a for 3), extract(year from d) from t",
      "select case when (a) then (b) else (c) end from t",
      "select 1 /* insert into t; */ -- delete from t\n",
      "select * from generate_series(1, 10) g",
      "select - -1, 2+-3, .5, 1e-3, 4.",
      "select interval(3) '1 s', timestamp '2024-01-01'",
      "select cast(x as pg_catalog.text), y::pg_catalog.int4[] from t",
      "select x::timestamp with time zone at time zone 'UTC' from t",
      "select x::double precision, y::character varying(10) from t",
      "select pg_catalog.log(x), pg_catalog.area(b) from t",
      "select a from t left join (select 1 as b) u on true",
      "select a from t join (values (1)) u on true",
      "select a from t where name like 'x%' escape '!' or b ilike ($1)",
      "select a from t where (b, c) overlaps (d, e) and b not like ('x')",
      "select a from t group by cube (a), b",
      "select distinct on (a) a, row_number() over (order by b) from t",
      "with a as not materialized (select 1) select * from a",
      "select * from pg_catalog.pg_class where relname ~ '^\\d+$'",
      "select coalesce(json_agg(x), '[]') from t limit (1) offset (2)",
      "select a from t group by grouping sets ((a), ())",
      "select * from t where a = any(array[1,2]) and exists (select 1)"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    struct hf_sql_info info = scan(texts[i]);

    if (!info.read_only || info.may_commit_midway || info.session_state) {
      fail_msg("not read-only: %s", texts[i]);
    }
  }
}

/* It depends on the server how this is read. */
static void a_backslash_before_a_quote_is_read_both_ways(void **state) {
  static const struct {
    const char *text;
    bool standard, certain;
  } rows[] = {{"select a from t where b like $1 escape '\\'", true, false},
              {"select a from t where b ~ '^\\d+$'", true, true},
              {"select '\\', ' || w(8)::text --'", true, false},
              {"select '\\', w(8)", false, false},
              {"select e'\\', w(8) --'", true, true},
              {"select 1", true, true}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct hf_sql_info info = scan(rows[i].text);

    if (info.read_if_standard != rows[i].standard ||
        info.read_only != rows[i].certain) {
      fail_msg("%s: %d %d",
               rows[i].text,
               info.read_if_standard,
               info.read_only);
    }
  }
}

static void a_statement_that_might_write_is_no_read(void **state) {
  static const char *const texts[] = {
      "",
      "select 1; select 2",
      "select nextval('s')",
      "select my_function(1)",
      "select \"lower\"(x) from t",
      "select public.lower(x) from t",
      "select a.pg_catalog.lower(x) from t",
      "select pg_catalog.my_function(x)",
      "select filter(x) from t",
      "select over (x) from t",
      "select by(1)",
      "select rollup(1)",
      "select materialized(1)",
      "select sets(1)",
      "select * into u from t",
      "select * from t for update",
      "select * from t for no key update",
      "select * from t for share",
      "select * from t for key share",
      "with a as (insert into t values (1) returning 1) select * from a",
      "with a as (select 1) delete from t",
      "select 1 === 2",
      "select a operator(public.+) b",
      "select query_to_xml('delete from t', true, true, '')",
      "select pg_advisory_lock(1)",
      "select set_config('a', 'b', true)",
      "explain analyze select 1",
      "show a",
      "select 'open",
      "select \"open",
      "select $$open",
      "select 1 /* open",
      "select (1;)",
      /* keywords that functions may be called by */
      "select similar(1)",
      "select join(1)",
      "select ilike(1)",
      "select varying(1)",
      "select left(1)",
      "select right(1)",
      "select like(1)",
      "select overlaps(1)",
      "select not like(1)",
      "select distinct on (a) like(1) from t",
      "select distinct on (a) over(1) from t",
      "select a from t order by like('x')",
      "select a operator(pg_catalog.+) like(1) from t",
      "select * from t, lateral join(1)",
      "select * from t order by cube(1)",
      "select * from t order by rollup(1)",
      "select row_number() over (partition by cube(1)) from t",
      "select not materialized(1)",
      /* names that users give functions of their own */
      "select log('x')",
      "select any_value(x) from t",
      "select array_sort(x) from t",
      /* types and casts that are not built in */
      "select 1::dom",
      "select 1::public.dom",
      "select 1::\"Dom\"",
      "select 1::pg_catalog.dom",
      "select 1::text.dom",
      "select cast(1 as dom)",
      "select cast((select 1 as x) as dom)",
      "select treat(x as dom) from t",
      "select dom '1'",
      "select public.dom '1'",
      "select \"Dom\" '1'",
      "select like 'x'",
      "select zone 'x'",
      "select escape 'x'",
      "select row(1)::ct + row(2)::ct",
      "select json_populate_record(x, y) from t",
      /* functions written like columns */
      "select (t).touch from t",
      "select ('s'::regclass).nextval",
      "select a.nextval from unnest(array['s'::regclass]) a",
      /* what is one string or more, as standard_conforming_strings has it */
      "select '\\', ' || w(8)::text --'",
      "insert into t values (1)"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    if (scan(texts[i]).read_only) {
      fail_msg("read-only: %s", texts[i]);
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
      {"select 1 into temp t", true},
      {"select 1 into temporary table t", true},
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

static void a_text_with_a_nul_is_no_read(void **state) {
  struct hf_sql_info info;

  (void)state;
  hf_sql_scan("select 1\0", 9, &info);
  assert_false(info.read_only);
}

static void traits_distinguish_reads_from_what_may_commit(void **state) {
  (void)state;
  assert_int_equal(hf_text_traits("select 1", 8), HF_TEXT_READS);
  assert_int_equal(hf_text_traits("delete from a", 13), 0);
  assert_int_equal(hf_text_traits("call p()", 8), HF_TEXT_COMMITS_MIDWAY);
  assert_int_equal(hf_text_traits("select 1\0", 9), HF_TEXT_COMMITS_MIDWAY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_follow_the_first_words),
      cmocka_unit_test(plain_reads_are_recognised),
      cmocka_unit_test(a_backslash_before_a_quote_is_read_both_ways),
      cmocka_unit_test(a_statement_that_might_write_is_no_read),
      cmocka_unit_test(statements_are_counted_where_postgresql_would),
      cmocka_unit_test(a_statement_that_can_be_half_done_may_commit_midway),
      cmocka_unit_test(a_statement_that_changes_the_session_is_recognised),
      cmocka_unit_test(copy_and_commit_are_recognised_in_any_statement),
      cmocka_unit_test(word_lists_are_sorted),
      cmocka_unit_test(operators_are_split_as_in_postgresql),
      cmocka_unit_test(overlong_words_and_operators_do_no_harm),
      cmocka_unit_test(random_bytes_do_no_harm),
      cmocka_unit_test(a_text_with_a_nul_is_no_read),
      cmocka_unit_test(traits_distinguish_reads_from_what_may_commit),
  };

  return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
