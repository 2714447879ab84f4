/* SPDX-License-Identifier: MIT */
/* The engine's tables, names and statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/conn/prepared.h"
#include "net/conn/statement.h"

enum { STEPS = 20000, LIMIT = 5, TEXTS = 12, TEXT_BYTES = 32 };

/* Pseudo-random numbers, the same in every run. */
static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static struct hf_statement_source source = {.salt = 7};

static struct hf_statement *use(struct hf_statements *statements, int i) {
  char text[TEXT_BYTES];
  struct hf_statement *statement;
  (void)snprintf(text, sizeof text, "select %d", i);
  statement = hf_statements_use(statements, text, strlen(text));
  assert_non_null(statement);
  return statement;
}

/* Only the least recently used one is evicted. */
static void prepared_statements_are_evicted_in_the_order_of_their_use(
    void **state) {
  static struct hf_statements statements;
  struct hf_statement *all[TEXTS];
  uint64_t used[TEXTS] = {0};
  struct hf_prepared_table names;
  uint32_t seed = 11;
  uint64_t clock = 0;
  int i, step;
  (void)state;
  hf_statements_init(&statements, &source);
  hf_prepared_init(&names, LIMIT);
  for (i = 0; i < TEXTS; i++) {
    all[i] = use(&statements, i);
    hf_statement_refresh(all[i], 1);
  }
  for (step = 0; step < STEPS; step++) {
    char evicted[HF_STATEMENT_NAME_BYTES];
    int oldest = -1;
    int count = 0;
    int at = (int)(next_random(&seed) % TEXTS);
    bool found = hf_prepared_find(&names, all[at]);
    assert_int_equal(found, used[at] != 0);
    for (i = 0; i < TEXTS; i++) {
      count += used[i] != 0;
      if (used[i] != 0 && (oldest < 0 || used[i] < used[oldest])) {
        oldest = i;
      }
    }
    assert_int_equal(names.by_use.count, count);
    if (found && step % 17 == 0) {
      hf_prepared_remove(&names, all[at]);
      used[at] = 0;
      continue;
    }
    if (!found) {
      assert_int_equal(hf_prepared_add(&names, all[at], evicted), HF_OK);
      assert_string_equal(evicted, count < LIMIT ? "" : all[oldest]->name);
      used[count < LIMIT ? at : oldest] = 0;
    }
    used[at] = ++clock;
  }
  hf_prepared_clear(&names);
  assert_int_equal(names.by_use.count, 0);
  assert_false(hf_prepared_find(&names, all[0]));
  hf_prepared_finish(&names);
  for (i = 0; i < TEXTS; i++) {
    hf_statement_release(all[i]);
  }
  hf_statements_finish(&statements);
}

static void a_statement_in_use_survives_its_eviction(void **state) {
  static struct hf_statements statements;
  struct hf_statement *held, *again;
  char name[HF_STATEMENT_NAME_BYTES];
  int i;
  (void)state;
  hf_statements_init(&statements, &source);
  held = use(&statements, -1);
  for (i = 0; i < HF_STATEMENTS_MAX + 10; i++) {
    hf_statement_release(use(&statements, i));
  }
  assert_string_equal(held->text, "select -1");
  assert_true(held->detached);
  /* A detached statement keeps its name: no table finds it any more. */
  (void)strcpy(name, held->name);
  hf_statement_rename(held, 1);
  assert_string_equal(held->name, name);
  again = use(&statements, -1);
  assert_ptr_not_equal(again, held);
  assert_int_equal(again->uses, 1);
  hf_statement_release(held);
  hf_statement_release(again);
  hf_statements_finish(&statements);
}

/* Texts that are large, alone or together, are not kept. */
static void statements_are_limited_by_the_size_of_their_texts(void **state) {
  enum { SMALL = HF_STATEMENT_KEPT_BYTES, LARGE = SMALL + 1, MANY = 300 };
  static struct hf_statements statements;
  static char text[LARGE + 1];
  struct hf_statement *statement;
  int i;
  (void)state;
  hf_statements_init(&statements, &source);
  memset(text, 'x', LARGE);
  for (i = 0; i < 3; i++) {
    statement = hf_statements_use(&statements, text, LARGE);
    assert_int_equal(statement->uses, 1);
    assert_true(statement->detached);
    hf_statement_release(statement);
  }
  assert_int_equal(statements.bytes, 0);
  for (i = 0; i < MANY; i++) {
    (void)snprintf(text, sizeof text, "%d", i);
    text[strlen(text)] = 'x';
    hf_statement_release(hf_statements_use(&statements, text, SMALL));
    assert_true(statements.bytes <= HF_STATEMENTS_BYTES_MAX);
  }
  assert_int_equal(statements.by_use.count, HF_STATEMENTS_BYTES_MAX / SMALL);
  statement = hf_statements_use(&statements, text, SMALL);
  assert_int_equal(statement->uses, 2);
  hf_statement_release(statement);
  hf_statements_finish(&statements);
}

/* Statements are told apart by their texts, not by their hashes. */
static void statements_with_equal_hashes_are_different_statements(
    void **state) {
  static struct hf_statements statements;
  struct hf_statement *all[TEXTS];
  struct hf_table_node *node;
  int i, other;
  (void)state;
  hf_statements_init(&statements, &source);
  for (i = 0; i < TEXTS; i++) {
    all[i] = use(&statements, i);
    hf_statement_refresh(all[i], 1);
    /* As if an attacker knew the key: all are in one chain. */
    hf_table_remove(&statements.by_text, &all[i]->node);
    all[i]->node.hash = hf_hash(&source.hash_key, "select 0", 8);
    assert_int_equal(hf_table_add(&statements.by_text, &all[i]->node), HF_OK);
  }
  assert_ptr_equal(use(&statements, 0), all[0]);
  hf_statement_release(all[0]);
  node = hf_table_first(&statements.by_text, all[0]->node.hash);
  for (i = 0; node != NULL; node = hf_table_next(node)) {
    i++;
  }
  assert_int_equal(i, TEXTS);
  for (i = 0; i < TEXTS; i++) {
    for (other = 0; other < i; other++) {
      assert_true(all[i]->id != all[other]->id);
      assert_string_not_equal(all[i]->name, all[other]->name);
    }
    hf_statement_release(all[i]);
  }
  hf_statements_finish(&statements);
}

static void names_expire_with_age_and_when_types_may_have_changed(
    void **state) {
  static struct hf_statements statements;
  static const uint64_t age_us = HF_STATEMENT_NAME_SECONDS * UINT64_C(1000000);
  struct hf_prepared_table names;
  char evicted[HF_STATEMENT_NAME_BYTES];
  char name[HF_STATEMENT_NAME_BYTES];
  struct hf_statement *statement;
  (void)state;
  hf_statements_init(&statements, &source);
  hf_prepared_init(&names, LIMIT);
  statement = use(&statements, 1);
  hf_statement_refresh(statement, 5);
  assert_int_equal(hf_prepared_add(&names, statement, evicted), HF_OK);
  (void)strcpy(name, statement->name);
  hf_statement_refresh(statement, 5 + age_us - 1);
  assert_string_equal(statement->name, name);
  hf_statement_refresh(statement, 5 + age_us);
  assert_string_not_equal(statement->name, name);
  assert_false(hf_prepared_find(&names, statement));
  /* Adding the new name evicts the old one. */
  assert_int_equal(hf_prepared_add(&names, statement, evicted), HF_OK);
  assert_string_equal(evicted, name);
  assert_int_equal(names.by_use.count, 1);
  hf_statements_expire_names(&statements);
  hf_statement_refresh(statement, 6 + age_us);
  assert_false(hf_prepared_find(&names, statement));
  hf_prepared_finish(&names);
  hf_statement_release(statement);
  hf_statements_finish(&statements);
}

static void a_renamed_statement_is_unknown_by_its_old_name(void **state) {
  static struct hf_statements statements;
  struct hf_prepared_table names;
  char evicted[HF_STATEMENT_NAME_BYTES];
  char name[HF_STATEMENT_NAME_BYTES];
  struct hf_statement *statement;
  (void)state;
  hf_statements_init(&statements, &source);
  hf_prepared_init(&names, LIMIT);
  statement = use(&statements, 1);
  assert_int_equal(hf_prepared_add(&names, statement, evicted), HF_OK);
  (void)strcpy(name, statement->name);
  hf_statement_rename(statement, 1);
  assert_string_not_equal(statement->name, name);
  assert_false(hf_prepared_find(&names, statement));
  hf_prepared_finish(&names);
  hf_statement_release(statement);
  hf_statements_finish(&statements);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          prepared_statements_are_evicted_in_the_order_of_their_use),
      cmocka_unit_test(a_statement_in_use_survives_its_eviction),
      cmocka_unit_test(a_renamed_statement_is_unknown_by_its_old_name),
      cmocka_unit_test(statements_are_limited_by_the_size_of_their_texts),
      cmocka_unit_test(statements_with_equal_hashes_are_different_statements),
      cmocka_unit_test(names_expire_with_age_and_when_types_may_have_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
