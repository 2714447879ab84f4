/* SPDX-License-Identifier: MIT */
/*
 * Any rows from a server: the encoder makes messages that can be read to their
 * ends without reading outside them, and gives equal lists of columns one
 * number. See `make fuzz-encoder`.
 *
 * Input: the decode mask, the limit, the number of columns; for each column its
 * type and name; then rows, each value as a length (255 = NULL) and its bytes.
 * The last byte of a row says whether a PGresult ends there, as chunks of rows
 * do; 255 says that the rest is the command tag.
 */
#include <math.h>

#include <libpq-fe.h>

#include "fuzz.h"
#include "net/wire/encode.h"
#include "net/wire/row_description.h"

enum { COLUMNS_MAX = 40, NAME_MAX = 16, ROWS_MAX = 400, LONG = 254 };

struct table {
  int columns;
  Oid types[COLUMNS_MAX];
  char names[COLUMNS_MAX][NAME_MAX + 1];
};

static const Oid types[] = {16, 21, 23, 26, 700, 701, 1184, 25, 20, 1114, 0};

static void read_table(struct fuzz *fuzz, struct table *table) {
  int i;
  memset(table, 0, sizeof *table);
  table->columns = fuzz_byte(fuzz) % (COLUMNS_MAX + 1);
  for (i = 0; i < table->columns; i++) {
    int choice = fuzz_byte(fuzz);
    size_t n;
    const unsigned char *name = fuzz_bytes(fuzz, (size_t)choice % NAME_MAX, &n);
    table->types[i] = types[(size_t)choice % (sizeof types / sizeof *types)];
    if (n > 0) {
      memcpy(table->names[i], name, n);
    }
  }
}

static PGresult *make_result(struct table *table) {
  PGresAttDesc columns[COLUMNS_MAX];
  PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
  int i;
  demand(result != NULL);
  memset(columns, 0, sizeof columns);
  for (i = 0; i < table->columns; i++) {
    columns[i].name = table->names[i];
    columns[i].typid = table->types[i];
    columns[i].typlen = -1;
    columns[i].atttypmod = -1;
  }
  demand(table->columns == 0 ||
         PQsetResultAttrs(result, table->columns, columns));
  return result;
}

/* Values from the input; LONG repeats one so that cells outgrow a chunk. */
static void add_value(struct fuzz *fuzz,
                      PGresult *result,
                      int row,
                      int column) {
  static char text[70000];
  int length = fuzz_byte(fuzz);
  size_t n;
  const unsigned char *from;
  if (length > LONG) {
    demand(PQsetvalue(result, row, column, NULL, -1));
    return;
  }
  from = fuzz_bytes(fuzz, length == LONG ? 7 : (size_t)length, &n);
  if (n > 0) {
    memcpy(text, from, n);
  }
  if (length == LONG && n > 0) {
    size_t whole = sizeof text - (size_t)fuzz_byte(fuzz);
    size_t i;
    for (i = n; i < whole; i++) {
      text[i] = text[i - n];
    }
    n = whole;
  }
  demand(PQsetvalue(result, row, column, text, (int)n));
}

/* Returns whether the tag follows. */
static bool add_rows(struct fuzz *fuzz, PGresult *result, int columns) {
  int row;
  for (row = 0; row < ROWS_MAX && columns > 0 && fuzz->left > 0; row++) {
    int column;
    int end;
    for (column = 0; column < columns; column++) {
      add_value(fuzz, result, row, column);
    }
    end = fuzz_byte(fuzz);
    if (end >= 250) {
      return end == 255;
    }
  }
  return columns == 0 || fuzz->left == 0;
}

/* libpq keeps 64 bytes of a tag, ended by a NUL. */
static void set_tag(struct fuzz *fuzz, PGresult *result) {
  size_t n;
  const unsigned char *tag = fuzz_bytes(fuzz, HF_TAG_BYTES - 1, &n);
  char *place = PQcmdStatus(result);
  if (n > 0) {
    memcpy(place, tag, n);
  }
  place[n] = '\0';
}

/* ---- the message --------------------------------------------------------- */

struct reader {
  const struct hf_message *message;
  uint32_t ints, nums, chunk, unit; /* read so far */
};

static void read_text(struct reader *reader, int32_t units) {
  const struct hf_message *message = reader->message;
  demand(units >= 0);
  if (units == 0) {
    return;
  }
  if (reader->chunk >= message->n_chunks ||
      reader->unit + (uint32_t)units > message->chunks[reader->chunk].length) {
    reader->chunk++;
    reader->unit = 0;
  }
  demand(reader->chunk < message->n_chunks);
  demand(reader->unit + (uint32_t)units <=
         message->chunks[reader->chunk].length);
  reader->unit += (uint32_t)units;
}

static void read_cell(struct reader *reader, enum hf_column kind) {
  const struct hf_message *message = reader->message;
  double number;
  switch (kind) {
  case HF_COLUMN_TEXT:
    demand(reader->ints < message->n_ints);
    read_text(reader, message->ints[reader->ints++]);
    break;
  case HF_COLUMN_BOOL:
    demand(reader->ints < message->n_ints);
    demand((message->ints[reader->ints++] & ~1) == 0);
    break;
  case HF_COLUMN_INT:
    demand(reader->ints < message->n_ints);
    reader->ints++;
    break;
  case HF_COLUMN_FLOAT:
    demand(reader->nums < message->n_nums);
    reader->nums++;
    break;
  case HF_COLUMN_TIME:
    demand(reader->nums < message->n_nums);
    number = message->nums[reader->nums++];
    demand(isnan(number) || isinf(number) || number == trunc(number));
    break;
  }
}

static void check_chunks(const struct hf_message *message) {
  uint32_t i;
  for (i = 0; i < message->n_chunks; i++) {
    const struct hf_chunk *chunk = &message->chunks[i];
    size_t bytes = (size_t)chunk->length * (chunk->wide ? 2 : 1);
    demand(!chunk->wide || chunk->offset % 2 == 0);
    demand(chunk->offset + bytes <= message->n_bytes);
  }
}

static void check_message(const struct hf_message *message,
                          const struct table *table,
                          int rows,
                          int32_t decode) {
  struct reader reader = {.message = message, .ints = HF_RESULT_INTS};
  int row;
  demand(message->ints[HF_INT_KIND] == HF_MSG_RESULT);
  demand((uint32_t)message->ints[HF_INT_LENGTH] == message->n_ints);
  demand((uint32_t)message->ints[HF_INT_NUMS] == message->n_nums);
  demand((uint32_t)message->ints[HF_INT_CHUNKS] == message->n_chunks);
  demand(message->ints[HF_RESULT_ROWS] == rows);
  check_chunks(message);
  if (message->ints[HF_RESULT_COMMAND] == HF_COMMAND_OTHER) {
    demand(message->n_chunks > 0);
    reader.chunk = 1;
  }
  for (row = 0; row < rows; row++) {
    uint32_t bitmap = reader.ints;
    int column;
    reader.ints += ((uint32_t)table->columns + 31) / 32;
    demand(reader.ints <= message->n_ints);
    for (column = 0; column < table->columns; column++) {
      uint32_t nulls = (uint32_t)message->ints[bitmap + (uint32_t)column / 32];
      if ((nulls >> column % 32 & 1) == 0) {
        read_cell(&reader, hf_column_kind(table->types[column], decode));
      }
    }
  }
  demand(reader.ints == message->n_ints);
  demand(reader.nums == message->n_nums);
}

/* The same columns have the same number, with or without a guess. */
static void check_shapes(const PGresult *result, int32_t decode) {
  static const struct hf_hash_key key;
  static struct hf_row_descriptions row_descriptions;
  struct hf_message *definition;
  int32_t id = 0;
  int32_t again = 0;
  hf_row_descriptions_init(&row_descriptions, &key);
  demand(hf_row_descriptions_find(&row_descriptions,
                                  result,
                                  decode,
                                  &id,
                                  &definition) == HF_OK);
  demand((definition != NULL) == (id != 0));
  while (definition != NULL) {
    struct hf_message *next = definition->next;
    check_chunks(definition);
    hf_message_free(definition);
    definition = next;
  }
  demand(hf_row_descriptions_find(&row_descriptions,
                                  result,
                                  decode,
                                  &again,
                                  &definition) == HF_OK);
  demand(again == id && definition == NULL);
  demand(hf_row_descriptions_knows(&row_descriptions, id));
  hf_row_descriptions_finish(&row_descriptions);
}

static void check_texts(const unsigned char *data, size_t bytes) {
  /* A copy of the exact size, so that sanitizers see a read past the end. */
  char *text = malloc(bytes == 0 ? 1 : bytes);
  uint16_t *units = malloc(bytes == 0 ? 1 : bytes * sizeof *units);
  size_t n;
  demand(text != NULL && units != NULL);
  if (bytes > 0) {
    memcpy(text, data, bytes);
  }
  n = hf_text_units(text, bytes);
  demand(n <= bytes && hf_text_decode(text, bytes, units) == n);
  demand(!hf_text_is_ascii(text, bytes) || n == bytes);
  (void)hf_number_read(text, bytes);
  (void)hf_int_read(text, bytes);
  (void)hf_time_read(text, bytes);
  free(text);
  free(units);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t bytes) {
  static struct hf_encoder encoder;
  static const struct hf_encoder_frame frame = {.id_low = 1};
  struct fuzz fuzz = {data, bytes};
  int32_t decode = fuzz_byte(&fuzz);
  int limit = fuzz_byte(&fuzz);
  enum hf_status status = HF_OK;
  PGresult *result = NULL;
  struct hf_message *message;
  struct table table;
  int rows = 0;
  int parts = 0;
  bool last = false;

  check_texts(data, bytes);
  read_table(&fuzz, &table);
  hf_encoder_begin(&encoder, decode, (size_t)limit * 16);
  while (!last && status == HF_OK && parts++ < ROWS_MAX) {
    PQclear(result);
    result = make_result(&table);
    last = add_rows(&fuzz, result, table.columns);
    rows += PQntuples(result);
    if (last) {
      set_tag(&fuzz, result);
    }
    status = hf_encoder_add(&encoder, result);
  }
  demand(status == HF_OK || (status == HF_RESULT_TOO_LARGE && limit > 0));
  check_shapes(result, decode);
  if (status == HF_OK) {
    demand(limit == 0 || rows == 0 ||
           hf_encoder_bytes(&encoder) <= (size_t)limit * 16);
    demand(hf_encoder_end(&encoder, result, &frame, &message) == HF_OK);
    check_message(message, &table, rows, decode);
    hf_message_free(message);
  }
  PQclear(result);
  return 0;
}
