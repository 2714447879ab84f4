/* SPDX-License-Identifier: MIT */
/* Which statements are known to be reads. */
#include "sql_support.h"

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
      cmocka_unit_test(plain_reads_are_recognised),
      cmocka_unit_test(a_backslash_before_a_quote_is_read_both_ways),
      cmocka_unit_test(a_statement_that_might_write_is_no_read),
      cmocka_unit_test(a_text_with_a_nul_is_no_read),
      cmocka_unit_test(traits_distinguish_reads_from_what_may_commit),
  };

  return cmocka_run_group_tests_name("sql reads", tests, NULL, NULL);
}
