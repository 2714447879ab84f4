/* SPDX-License-Identifier: MIT */
/* The encoder: rows, chunks, tags, limits, memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode_support.h"

enum { TEXT = 25, INT4 = 23, BOOL = 16, FLOAT8 = 701, TSTZ = 1184 };

static PGresult *make_result(int columns, const Oid *types) {
  static char names[64][16];
  PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
  PGresAttDesc descriptions[64];
  int i;
  assert_non_null(result);
  memset(descriptions, 0, sizeof descriptions);
  for (i = 0; i < columns; i++) {
    (void)snprintf(names[i], sizeof names[i], "c%d", i);
    descriptions[i].name = names[i];
    descriptions[i].typid = types[i];
    descriptions[i].typlen = -1;
    descriptions[i].atttypmod = -1;
  }
  assert_true(PQsetResultAttrs(result, columns, descriptions));
  return result;
}

static void set(PGresult *result, int row, int column, const char *text) {
  assert_true(PQsetvalue(result,
                         row,
                         column,
                         (char *)(uintptr_t)(text == NULL ? "" : text),
                         text == NULL ? -1 : (int)strlen(text)));
}

static void unit_at(const struct hf_message *message,
                    uint32_t chunk,
                    uint32_t index,
                    uint16_t *unit) {
  const struct hf_chunk *place = &message->chunks[chunk];
  const char *at = message->bytes + place->offset;
  assert_true(index < place->length);
  if (place->wide) {
    assert_int_equal(place->offset % 2, 0);
    memcpy(unit, at + (size_t)index * 2, sizeof *unit);
  } else {
    *unit = (unsigned char)at[index];
  }
}

static void one_row_becomes_one_message(void **state) {
  const Oid types[] = {INT4, TEXT, BOOL, FLOAT8, TSTZ, TEXT, TEXT};
  PGresult *result = make_result(7, types);
  struct hf_message *message;
  const int32_t *ints;
  (void)state;
  set(result, 0, 0, "-42");
  set(result, 0, 1, "hello");
  set(result, 0, 2, "t");
  set(result, 0, 3, "1.5");
  set(result, 0, 4, "1970-01-01 00:00:01+00");
  set(result, 0, 5, NULL);
  set(result, 0, 6, "");
  message = encode(result, ALL);
  ints = message->ints;
  assert_int_equal(ints[HF_INT_KIND], HF_MSG_RESULT);
  assert_int_equal(ints[HF_INT_LENGTH], message->n_ints);
  assert_int_equal(ints[HF_INT_ID_LOW], 5);
  assert_int_equal(ints[HF_INT_ID_HIGH], 6);
  assert_int_equal(ints[HF_INT_NUMS], 2);
  assert_int_equal(ints[HF_INT_CHUNKS], message->n_chunks);
  assert_int_equal(ints[HF_RESULT_ROW_DESCRIPTION], 7);
  assert_int_equal(ints[HF_RESULT_ROWS], 1);
  assert_int_equal(ints[HF_RESULT_ATTEMPTS], 0);
  ints += HF_RESULT_INTS;
  assert_int_equal(ints[0], 1 << 5);
  assert_int_equal(ints[1], -42);
  assert_int_equal(ints[2], 5);
  assert_int_equal(ints[3], 1);
  assert_int_equal(ints[4], 0);
  assert_int_equal(message->n_ints, HF_RESULT_INTS + 5);
  assert_true(message->nums[0] == 1.5 && message->nums[1] == 1000);
  assert_int_equal(message->chunks[1].length, 5);
  assert_memory_equal(message->bytes + message->chunks[1].offset, "hello", 5);
  hf_message_free(message);
  PQclear(result);
}

static void without_the_bits_everything_is_text(void **state) {
  const Oid types[] = {INT4, BOOL};
  PGresult *result = make_result(2, types);
  struct hf_message *message;
  (void)state;
  set(result, 0, 0, "42");
  set(result, 0, 1, "t");
  message = encode(result, 0);
  assert_int_equal(message->ints[HF_RESULT_INTS + 1], 2);
  assert_int_equal(message->ints[HF_RESULT_INTS + 2], 1);
  hf_message_free(message);
  PQclear(result);
}

static void bitmaps_have_a_word_per_32_columns(void **state) {
  Oid types[64];
  PGresult *result;
  struct hf_message *message;
  int i;
  (void)state;
  for (i = 0; i < 64; i++) {
    types[i] = INT4;
  }
  result = make_result(33, types);
  for (i = 0; i < 33; i++) {
    set(result, 0, i, i == 31 || i == 32 ? NULL : "1");
  }
  message = encode(result, ALL);
  assert_int_equal(message->ints[HF_RESULT_INTS], INT32_MIN);
  assert_int_equal(message->ints[HF_RESULT_INTS + 1], 1);
  assert_int_equal(message->n_ints, HF_RESULT_INTS + 2 + 31);
  hf_message_free(message);
  PQclear(result);
}

/* Reads text cells back as the consumer does, against libpq's own values. */
static void check_cells(const PGresult *result,
                        const struct hf_message *message) {
  const int32_t *at = message->ints + HF_RESULT_INTS;
  uint32_t chunk = 1;
  uint32_t used = 0;
  int row;
  for (row = 0; row < PQntuples(result); row++) {
    const char *text = PQgetvalue(result, row, 0);
    size_t bytes = (size_t)PQgetlength(result, row, 0);
    uint16_t *expected = calloc(bytes + 1, sizeof *expected);
    size_t units = hf_text_decode(text, bytes, expected);
    uint32_t i;
    assert_int_equal(*at++, 0);
    assert_int_equal(*at++, units);
    if (used + units > message->chunks[chunk].length) {
      chunk++;
      used = 0;
    }
    for (i = 0; i < units; i++) {
      uint16_t unit;
      unit_at(message, chunk, used + i, &unit);
      assert_int_equal(unit, expected[i]);
    }
    used += (uint32_t)units;
    free(expected);
  }
}

static void cells_are_where_the_format_says(void **state) {
  static const char *const pieces[] = {"",
                                       "a",
                                       "caf\xc3\xa9",
                                       "\xe6\xbc\xa2\xe5\xad\x97",
                                       "plain ascii text",
                                       "\xf0\x9f\x98\x80",
                                       "\xff\xfe broken",
                                       "x"};
  const Oid types[] = {TEXT};
  unsigned seed = 12345;
  int round;
  (void)state;
  for (round = 0; round < 30; round++) {
    PGresult *result = make_result(1, types);
    struct hf_message *message;
    int row;
    uint32_t i;
    for (row = 0; row < 120; row++) {
      char text[6000] = "";
      unsigned n;
      seed = seed * 1103515245U + 12345U;
      n = (seed >> 16) % 7 == 0 ? (seed >> 20) % 300 : (seed >> 20) % 12;
      while (n-- > 0) {
        seed = seed * 1103515245U + 12345U;
        strcat(text, pieces[(seed >> 16) % (round % 2 == 0 ? 8 : 2)]);
      }
      set(result, row, 0, text);
    }
    message = encode(result, ALL);
    check_cells(result, message);
    for (i = 2; i < message->n_chunks; i++) {
      /*
       * No chunk is empty: one would only be begun for a cell that did not fit.
       */
      assert_true(message->chunks[i].length > 0);
    }
    hf_message_free(message);
    PQclear(result);
  }
}

static void a_chunk_holds_1024_units_or_one_long_cell(void **state) {
  const Oid types[] = {TEXT};
  PGresult *result = make_result(1, types);
  struct hf_message *message;
  char long_text[3001];
  (void)state;
  memset(long_text, 'x', sizeof long_text);
  long_text[1000] = '\0';
  set(result, 0, 0, long_text);
  long_text[24] = '\0';
  set(result, 1, 0, long_text);
  set(result, 2, 0, "y");
  long_text[24] = long_text[1000] = 'x';
  long_text[3000] = '\0';
  set(result, 3, 0, long_text);
  set(result, 4, 0, "z");
  message = encode(result, ALL);
  assert_int_equal(message->n_chunks, 5);
  assert_int_equal(message->chunks[1].length, 1024);
  assert_int_equal(message->chunks[2].length, 1);
  assert_int_equal(message->chunks[3].length, 3000);
  assert_int_equal(message->chunks[4].length, 1);
  check_cells(result, message);
  hf_message_free(message);
  PQclear(result);
}

static void a_result_over_the_limit_is_refused(void **state) {
  const Oid types[] = {TEXT};
  PGresult *result = make_result(1, types);
  struct hf_encoder encoder = {0};
  int row;
  (void)state;
  for (row = 0; row < 100; row++) {
    set(result, row, 0, "0123456789012345678901234567890123456789");
  }
  hf_encoder_begin(&encoder, ALL, 2000);
  assert_int_equal(hf_encoder_add(&encoder, result), HF_RESULT_TOO_LARGE);
  assert_true(hf_encoder_bytes(&encoder) < 2200);
  hf_encoder_begin(&encoder, ALL, 20000);
  assert_int_equal(hf_encoder_add(&encoder, result), HF_OK);
  hf_encoder_finish(&encoder);
  PQclear(result);
}

static void rows_may_come_one_by_one_and_be_large(void **state) {
  static const struct hf_encoder_frame frame = {.row_description = 2};
  const Oid types[] = {TEXT};
  PGresult *result = make_result(1, types);
  struct hf_encoder encoder = {0};
  struct hf_message *message;
  int round;
  (void)state;
  set(result, 0, 0, "0123456789012345678901234567890123456789");
  for (round = 0; round < 2; round++) {
    int row;
    hf_encoder_begin(&encoder, ALL, 0);
    for (row = 0; row < 5000; row++) {
      assert_int_equal(hf_encoder_add(&encoder, result), HF_OK);
    }
    assert_int_equal(hf_encoder_end(&encoder, result, &frame, &message), HF_OK);
    assert_int_equal(message->ints[HF_RESULT_ROWS], 5000);
    assert_true(message->n_bytes >= 200000);
    hf_message_free(message);
  }
  hf_encoder_finish(&encoder);
  PQclear(result);
}

static bool fail_at(void *ctx) {
  int *left = ctx;
  return (*left)-- != 0;
}

static void running_out_of_memory_loses_nothing(void **state) {
  static const struct hf_encoder_frame frame = {.row_description = 2};
  const Oid types[] = {TEXT, INT4, FLOAT8};
  PGresult *result = make_result(3, types);
  bool finished = false;
  int n;
  int row;
  (void)state;
  for (row = 0; row < 200; row++) {
    set(result, row, 0, row % 2 ? "text" : "t\xc3\xa9xt");
    set(result, row, 1, "1");
    set(result, row, 2, "1.5");
  }
  for (n = 0; !finished && n < 100; n++) {
    struct hf_encoder encoder = {0};
    struct hf_message *message = NULL;
    int left = n;
    enum hf_status status;
    hf_alloc_set_hook(fail_at, &left);
    hf_encoder_begin(&encoder, ALL, 0);
    status = hf_encoder_add(&encoder, result);
    if (status == HF_OK) {
      status = hf_encoder_end(&encoder, result, &frame, &message);
    }
    hf_alloc_set_hook(NULL, NULL);
    finished = status == HF_OK;
    assert_true(finished || status == HF_NO_MEMORY);
    hf_message_free(message);
    hf_encoder_finish(&encoder);
  }
  assert_true(finished && n > 5);
  PQclear(result);
}

static void a_message_carries_two_texts(void **state) {
  struct hf_message_head head = {.kind = HF_MSG_ERROR,
                                 .n_ints = HF_ERROR_INTS,
                                 .id_low = 1,
                                 .id_high = 2,
                                 .text = "abc",
                                 .text_bytes = 3,
                                 .more = "\xc3\xa9",
                                 .more_bytes = 2};
  struct hf_message *message = hf_message_new(&head);
  uint16_t unit;
  (void)state;
  assert_int_equal(message->n_chunks, 2);
  assert_int_equal(message->ints[HF_INT_CHUNKS], 2);
  assert_int_equal(message->ints[HF_INT_LENGTH], HF_ERROR_INTS);
  assert_memory_equal(message->bytes + message->chunks[0].offset, "abc", 3);
  assert_true(message->chunks[1].wide);
  unit_at(message, 1, 0, &unit);
  assert_int_equal(unit, 0xe9);
  hf_message_free(message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_row_becomes_one_message),
      cmocka_unit_test(without_the_bits_everything_is_text),
      cmocka_unit_test(bitmaps_have_a_word_per_32_columns),
      cmocka_unit_test(cells_are_where_the_format_says),
      cmocka_unit_test(a_chunk_holds_1024_units_or_one_long_cell),
      cmocka_unit_test(a_result_over_the_limit_is_refused),
      cmocka_unit_test(rows_may_come_one_by_one_and_be_large),
      cmocka_unit_test(running_out_of_memory_loses_nothing),
      cmocka_unit_test(a_message_carries_two_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
