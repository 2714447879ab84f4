/* SPDX-License-Identifier: MIT */
/* The table of row descriptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "net/wire/row_description.h"

enum { ALL = 0x7f };

static const struct hf_hash_key key = {1, 2};

static PGresult *make_result(const char *first, const char *second, Oid type) {
  PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
  PGresAttDesc descriptions[2];
  memset(descriptions, 0, sizeof descriptions);
  descriptions[0].name = (char *)(uintptr_t)first;
  descriptions[0].typid = type;
  descriptions[0].tableid = 77;
  descriptions[0].columnid = 1;
  descriptions[0].typlen = 4;
  descriptions[0].atttypmod = -1;
  descriptions[1].name = (char *)(uintptr_t)second;
  descriptions[1].typid = 25;
  assert_true(PQsetResultAttrs(result, second == NULL ? 1 : 2, descriptions));
  return result;
}

static int32_t find(struct hf_row_descriptions *row_descriptions,
                    const PGresult *result,
                    int32_t decode,
                    int32_t guess,
                    struct hf_message **definition) {
  assert_int_equal(hf_row_descriptions_find(row_descriptions,
                                            result,
                                            decode,
                                            &guess,
                                            definition),
                   HF_OK);
  return guess;
}

static void columns_are_described_once(void **state) {
  struct hf_row_descriptions row_descriptions;
  struct hf_message *message;
  PGresult *result = make_result("id", "n\xc3\xa4me", 23);
  int32_t id;
  (void)state;
  hf_row_descriptions_init(&row_descriptions, &key);
  id = find(&row_descriptions, result, ALL, 0, &message);
  assert_int_equal(id, 2);
  assert_non_null(message);
  assert_int_equal(message->ints[HF_INT_KIND], HF_MSG_ROW_DESCRIPTION);
  assert_int_equal(message->ints[HF_INT_LENGTH], HF_ROW_DESCRIPTION_INTS + 12);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_ID], 2);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_COLUMNS], 2);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS], 77);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 1], 1);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 2], 23);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 3], 4);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 4], -1);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 5], HF_COLUMN_INT);
  assert_int_equal(message->chunks[0].length, 8); /* id NUL name NUL, wide */
  assert_true(message->chunks[0].wide);
  hf_message_free(message);
  assert_int_equal(find(&row_descriptions, result, ALL, 0, &message), 2);
  assert_null(message);
  assert_int_equal(find(&row_descriptions, result, ALL, 2, &message), 2);
  assert_null(message);
  assert_int_equal(find(&row_descriptions, result, ALL, 999, &message), 2);
  assert_null(message);
  hf_row_descriptions_finish(&row_descriptions);
  PQclear(result);
}

static void columns_that_differ_have_different_numbers(void **state) {
  struct hf_row_descriptions row_descriptions;
  struct hf_message *message;
  PGresult *results[4];
  int i;
  (void)state;
  hf_row_descriptions_init(&row_descriptions, &key);
  results[0] = make_result("a", "b", 23);
  results[1] = make_result("a", "c", 23);
  results[2] = make_result("a", "b", 20);
  results[3] = make_result("a", NULL, 23);
  for (i = 0; i < 4; i++) {
    assert_int_equal(find(&row_descriptions, results[i], ALL, 2, &message),
                     i + 2);
    hf_message_free(message);
  }
  assert_int_equal(find(&row_descriptions, results[0], 0, 2, &message), 6);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_INTS + 5], HF_COLUMN_TEXT);
  hf_message_free(message);
  for (i = 0; i < 4; i++) {
    assert_int_equal(find(&row_descriptions, results[i], ALL, 3, &message),
                     i + 2);
    assert_null(message);
    PQclear(results[i]);
  }
  hf_row_descriptions_finish(&row_descriptions);
}

static void a_result_without_columns_has_no_description(void **state) {
  struct hf_row_descriptions row_descriptions;
  struct hf_message *message;
  PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);
  (void)state;
  hf_row_descriptions_init(&row_descriptions, &key);
  assert_int_equal(find(&row_descriptions, result, ALL, 5, &message), 0);
  assert_null(message);
  PQclear(result);
  hf_row_descriptions_finish(&row_descriptions);
}

static void a_full_table_forgets_all_and_says_so(void **state) {
  struct hf_row_descriptions row_descriptions;
  struct hf_message *message;
  PGresult *result;
  char name[16];
  int i;
  (void)state;
  hf_row_descriptions_init(&row_descriptions, &key);
  for (i = 0; i < HF_ROW_DESCRIPTIONS_MAX; i++) {
    (void)snprintf(name, sizeof name, "c%d", i);
    result = make_result(name, NULL, 25);
    assert_int_equal(find(&row_descriptions, result, ALL, 0, &message), i + 2);
    assert_null(message->next);
    hf_message_free(message);
    PQclear(result);
  }
  result = make_result("one more", NULL, 25);
  /*
   * The number is a new one: results with the old ones may still be under way.
   */
  assert_int_equal(find(&row_descriptions, result, ALL, 0, &message),
                   HF_ROW_DESCRIPTIONS_MAX + 2);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_ID], 1);
  assert_int_equal(message->ints[HF_ROW_DESCRIPTION_COLUMNS], 0);
  assert_int_equal(message->next->ints[HF_ROW_DESCRIPTION_ID],
                   HF_ROW_DESCRIPTIONS_MAX + 2);
  hf_message_free(message->next);
  hf_message_free(message);
  PQclear(result);
  assert_int_equal(row_descriptions.count, 1);
  hf_row_descriptions_finish(&row_descriptions);
}

static bool fail_at(void *ctx) {
  int *left = ctx;
  return (*left)-- != 0;
}

static void running_out_of_memory_changes_nothing(void **state) {
  struct hf_row_descriptions row_descriptions;
  struct hf_message *message;
  PGresult *result = make_result("a", "b", 23);
  enum hf_status status = HF_NO_MEMORY;
  int n;
  (void)state;
  hf_row_descriptions_init(&row_descriptions, &key);
  for (n = 0; status != HF_OK && n < 20; n++) {
    int left = n;
    int32_t id = 0;
    hf_alloc_set_hook(fail_at, &left);
    status =
        hf_row_descriptions_find(&row_descriptions, result, ALL, &id, &message);
    hf_alloc_set_hook(NULL, NULL);
    assert_int_equal(row_descriptions.count, status == HF_OK ? 1 : 0);
  }
  assert_true(n > 3);
  hf_message_free(message);
  PQclear(result);
  hf_row_descriptions_finish(&row_descriptions);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_are_described_once),
      cmocka_unit_test(columns_that_differ_have_different_numbers),
      cmocka_unit_test(a_result_without_columns_has_no_description),
      cmocka_unit_test(a_full_table_forgets_all_and_says_so),
      cmocka_unit_test(running_out_of_memory_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
