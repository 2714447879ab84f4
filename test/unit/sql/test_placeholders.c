/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "support.h"

enum { LIST = 16, SHOWN = 256, ROUNDS = 20000 };

/* What stands before a placeholder that is within something. */
static const char *mark_of(enum hf_within within) {
  switch (within) {
  case HF_WITHIN_NOTHING:
    return "";
  case HF_WITHIN_STRING:
    return "'";
  case HF_WITHIN_DOLLAR_QUOTES:
    return "$$";
  case HF_WITHIN_QUOTED_NAME:
    return "\"";
  case HF_WITHIN_COMMENT:
    return "--";
  }
  return "?";
}

/* Writes the placeholders of a text, a blank between two. */
static void show(const char *text, size_t bytes, char out[SHOWN]) {
  /* A copy of the exact size, so that sanitizers see a read past the end. */
  char *copy = malloc(bytes == 0 ? 1 : bytes);
  struct hf_placeholder list[LIST];
  int32_t n, i;

  assert_non_null(copy);
  memcpy(copy, text, bytes);
  out[0] = '\0';
  n = hf_text_placeholders(copy, bytes, list, LIST);
  if (n == HF_TEXT_UNTERMINATED) {
    strcpy(out, "unterminated");
  }
  for (i = 0; i < n && i < LIST; i++) {
    size_t length = list[i].end - list[i].start;

    assert_true(list[i].end <= bytes);
    assert_int_equal(copy[list[i].start],
                     list[i].kind == HF_PLACEHOLDER_NUMBER ? '$' : ':');
    if (i > 0) {
      strcat(out, " ");
    }
    strcat(out, mark_of(list[i].within));
    strncat(out, copy + list[i].start, length);
  }
  free(copy);
}

struct row {
  const char *text;
  const char *found;
};

static void check(const struct row *rows, size_t n) {
  size_t i;

  for (i = 0; i < n; i++) {
    char found[SHOWN];

    show(rows[i].text, strlen(rows[i].text), found);
    if (strcmp(found, rows[i].found) != 0) {
      fail_msg("%s: found '%s' instead of '%s'",
               rows[i].text,
               found,
               rows[i].found);
    }
  }
}

static void names_and_numbers_are_found_in_order(void **state) {
  static const struct row rows[] = {
      {"", ""},
      {"select 1", ""},
      {"select :a", ":a"},
      {":a", ":a"},
      {"select :a, :b, :a", ":a :b :a"},
      {"select $1, $23", "$1 $23"},
      {"where a=:a and b = :b", ":a :b"},
      {"where a in (:a,:b)", ":a :b"},
      {"select :Name, :name_2, :_x", ":Name :name_2 :_x"},
      {"select :gr\xc3\xb6\xc3\x9f"
       "e",
       ":gr\xc3\xb6\xc3\x9f"
       "e"},
      {"select :a -- why\n, :b", ":a :b"},
      {"limit :n offset :m", ":n :m"},
      {"select distinct on (a) :x", ":x"},
      {"values (:a), (:b)", ":a :b"},
      {"select:a from t where:b and:c limit:d", ":a :b :c :d"},
      {"select :a_name_that_is_longer_than_a_token_is_kept_for_the_word_lists",
       ":a_name_that_is_longer_than_a_token_is_kept_for_the_word_lists"},
      {"a$1 $1", "$1"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_cast_is_no_name(void **state) {
  static const struct row rows[] = {{"select a::text", ""},
                                    {"select :a::text", ":a"},
                                    {"select :a::text::int, b::int", ":a"},
                                    {"select '1'::int", ""},
                                    {"select :a :: text", ":a"},
                                    {"select $1::text", "$1"},
                                    {"select (:a)::text[]", ":a"},
                                    {"select array[:a]::int[]", ":a"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void an_assignment_is_no_name(void **state) {
  static const struct row rows[] = {{"call p(a := 1)", ""},
                                    {"call p(a := :a)", ":a"},
                                    {"call p(a:=:a, b => :b)", ":a :b"},
                                    {"call p(a=>:a)", ":a"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void the_middle_of_a_slice_is_no_name(void **state) {
  static const struct row rows[] = {
      {"select a[1:2]", ""},
      {"select a[:2], a[1:]", ""},
      {"select a[1:n]", ""},
      {"select a[lo:hi]", ""},
      {"select a[lo :hi]", ""},
      {"select a[f(x) :hi], a[b[1]:hi], a[\"lo\":hi]", ""},
      {"select a[:i]", ":i"},
      {"select a[:lo:hi]", ":lo"},
      {"select a[:lo : :hi]", ":lo :hi"},
      {"select a[1 : :hi]", ":hi"},
      {"select array[:a, :b]", ":a :b"},
      {"select array[case when x then :a else :b end]", ":a :b"},
      {"select a[f(:x)]", ":x"},
      {"select a[1:2][:i]", ":i"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void the_colon_of_a_json_member_is_no_name(void **state) {
  static const struct row rows[] = {
      {"select json_object('a':b, 'c' : d, 'e' :f)", ""},
      {"select json_object('a': :b)", ":b"},
      {"select json_object(k:v, lower(k):v)", ""},
      {"select json_object(:k : :v)", ":k :v"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void operators_may_stand_before_a_name(void **state) {
  static const struct row rows[] = {
      {"select d->:k, d->>:k, d#>>:p, d@>:j", ":k :k :p :j"},
      {"select d ? :k, d ?| :l, d ?& :m", ":k :l :m"},
      {"select d @@ :q, d @? :p", ":q :p"},
      {"select a||:b, -:c, a<:d, a>=:e", ":b :c :d :e"},
      {"select a operator(pg_catalog.+) :b", ":b"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void within_quotes_and_comments_is_said_so(void **state) {
  static const struct row rows[] = {
      {"select '$1 :a'", "'$1 ':a"},
      {"select '12:30:00', 'a::b', ':', '$'", ""},
      {"select 'it''s :a', :b", "':a :b"},
      {"select E'it\\'s :a', :b", "':a :b"},
      {"select U&'\\0041 :a', :b", "':a :b"},
      {"select 'a'\n':b'", "':b"},
      {"select \":a $1\", :b", "\":a \"$1 :b"},
      {"select \"a\"\":b\"", "\":b"},
      {"select $$ :a $1 $$, :b", "$$:a $$$1 :b"},
      {"select $$:a$$, $x$:b$x$", "$$:a $$:b"},
      {"select $x$ $$ :a $$ $x$, $1", "$$:a $1"},
      {"-- :a $1\nselect :b", "--:a --$1 :b"},
      {"/* :a /* $1 */ :b */ select :c", "--:a --$1 --:b :c"},
      {"select :a /* ':b' */", ":a --:b"},
      {"select :a -- :b", ":a --:b"},
      {"do $$ begin a := :b; end $$", "$$:b"}};

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void what_does_not_end_is_unterminated(void **state) {
  static const struct row rows[] = {{"select 'a :b", "unterminated"},
                                    {"select \"a", "unterminated"},
                                    {"select $$ a", "unterminated"},
                                    {"select $x$ a $$", "unterminated"},
                                    {"/* /* */ :a", "unterminated"},
                                    {"select E'\\'", "unterminated"},
                                    {"select '\\', :a", ":a"}};
  char found[SHOWN];

  (void)state;
  check(rows, sizeof(rows) / sizeof(rows[0]));
  show("select :a\0", 10, found);
  assert_string_equal(found, "unterminated");
}

static void those_past_the_list_are_counted(void **state) {
  struct hf_placeholder list[1];
  const char *text = "select :a, :b, '$1'";

  (void)state;
  assert_int_equal(hf_text_placeholders(text, strlen(text), list, 1), 3);
  assert_int_equal(list[0].start, 7);
  assert_int_equal(list[0].end, 9);
  assert_int_equal(hf_text_placeholders(text, strlen(text), NULL, 0), 3);
}

static void deep_brackets_do_no_harm(void **state) {
  char text[512];
  char found[SHOWN];

  (void)state;
  memset(text, '[', sizeof(text));
  memcpy(text + 300, " :name ]", 8);
  show(text, sizeof(text), found);
  assert_string_equal(found, ":name");
  memset(text, ']', sizeof(text));
  memcpy(text + sizeof(text) - 8, ", :name ", 8);
  show(text, sizeof(text), found);
  assert_string_equal(found, ":name");
}

/* Whatever the bytes are, placeholders are within them, in order and apart. */
static void random_bytes_give_placeholders_in_order(void **state) {
  static const char alphabet[] = "ab:$1'\"[](),-/*\n e=\\\xc3";
  uint32_t seed = 11;
  int round;

  (void)state;
  for (round = 0; round < ROUNDS; round++) {
    char text[48];
    struct hf_placeholder list[LIST];
    size_t n, i, at = 0;
    int32_t count, k;

    seed = seed * 1664525u + 1013904223u;
    n = (seed >> 8) % sizeof(text);
    for (i = 0; i < n; i++) {
      seed = seed * 1664525u + 1013904223u;
      text[i] = alphabet[(seed >> 8) % (sizeof(alphabet) - 1)];
    }
    count = hf_text_placeholders(text, n, list, LIST);
    for (k = 0; k < count && k < LIST; k++) {
      assert_true(list[k].start >= at);
      assert_true(list[k].end >= list[k].start + 2);
      assert_true(list[k].end <= n);
      at = list[k].end;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_numbers_are_found_in_order),
      cmocka_unit_test(a_cast_is_no_name),
      cmocka_unit_test(an_assignment_is_no_name),
      cmocka_unit_test(the_middle_of_a_slice_is_no_name),
      cmocka_unit_test(the_colon_of_a_json_member_is_no_name),
      cmocka_unit_test(operators_may_stand_before_a_name),
      cmocka_unit_test(within_quotes_and_comments_is_said_so),
      cmocka_unit_test(what_does_not_end_is_unterminated),
      cmocka_unit_test(those_past_the_list_are_counted),
      cmocka_unit_test(deep_brackets_do_no_harm),
      cmocka_unit_test(random_bytes_give_placeholders_in_order),
  };

  return cmocka_run_group_tests_name("placeholders", tests, NULL, NULL);
}
