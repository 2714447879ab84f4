/* SPDX-License-Identifier: MIT */
/*
 * Rows become ints, numbers and chunks of text.
 *
 * A chunk ends before the cell that would make it longer than CHUNK_UNITS.
 * JavaScript cuts cells from a chunk without copying, so that a cell which is
 * kept keeps its chunk alive: about a kilobyte, not the whole result.
 */
#include "net/wire/encode.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/wire/encode_internal.h"

enum {
  CHUNK_UNITS = 1024,
  FIRST_ITEMS = 64,
  COLUMNS_PER_WORD = 32,
  OID_BOOL = 16,
  OID_INT2 = 21,
  OID_INT4 = 23,
  OID_OID = 26,
  OID_FLOAT4 = 700,
  OID_FLOAT8 = 701,
  OID_TIMESTAMPTZ = 1184
};

enum hf_column hf_column_kind(Oid type, int32_t decode) {
  int32_t bit = 0;
  enum hf_column kind = HF_COLUMN_TEXT;
  switch (type) {
  case OID_BOOL:
    bit = HF_DECODE_BOOL;
    kind = HF_COLUMN_BOOL;
    break;
  case OID_INT2:
    bit = HF_DECODE_INT2;
    kind = HF_COLUMN_INT;
    break;
  case OID_INT4:
    bit = HF_DECODE_INT4;
    kind = HF_COLUMN_INT;
    break;
  case OID_OID:
    bit = HF_DECODE_OID;
    kind = HF_COLUMN_FLOAT;
    break;
  case OID_FLOAT4:
    bit = HF_DECODE_FLOAT4;
    kind = HF_COLUMN_FLOAT;
    break;
  case OID_FLOAT8:
    bit = HF_DECODE_FLOAT8;
    kind = HF_COLUMN_FLOAT;
    break;
  case OID_TIMESTAMPTZ:
    bit = HF_DECODE_TIMESTAMPTZ;
    kind = HF_COLUMN_TIME;
    break;
  default: /* every other type is sent as text */
    break;
  }
  return (decode & bit) != 0 ? kind : HF_COLUMN_TEXT;
}

bool hf_encoder_reserve(void **buffer,
                        size_t *size,
                        size_t needed,
                        size_t item_bytes) {
  size_t grown = *size < FIRST_ITEMS ? FIRST_ITEMS : *size;
  void *moved;
  if (needed <= *size) {
    return true;
  }
  while (grown < needed) {
    if (grown > SIZE_MAX / 2 / item_bytes) {
      return false;
    }
    grown *= 2;
  }
  moved = hf_realloc(*buffer, grown * item_bytes);
  if (moved == NULL) {
    return false;
  }
  *buffer = moved;
  *size = grown;
  return true;
}

static bool reserve_bytes(struct hf_encoder *encoder, size_t more) {
  void *buffer = encoder->bytes;
  bool enough = hf_encoder_reserve(&buffer,
                                   &encoder->bytes_size,
                                   encoder->n_bytes + more,
                                   1);
  encoder->bytes = buffer;
  return enough;
}

/* Opens a chunk, at an even offset because it may become a wide one. */
static struct hf_chunk *open_chunk(struct hf_encoder *encoder) {
  void *buffer = encoder->chunks;
  struct hf_chunk *chunk;
  bool enough = hf_encoder_reserve(&buffer,
                                   &encoder->chunks_size,
                                   encoder->n_chunks + 1,
                                   sizeof *encoder->chunks);
  encoder->chunks = buffer;
  if (!enough || !reserve_bytes(encoder, 1)) {
    return NULL;
  }
  if (encoder->n_bytes % 2 != 0) {
    encoder->bytes[encoder->n_bytes++] = 0;
  }
  chunk = &encoder->chunks[encoder->n_chunks++];
  chunk->offset = (uint32_t)encoder->n_bytes;
  chunk->length = 0;
  chunk->wide = false;
  chunk->raw = false;
  return chunk;
}

/* Returns the chunk that takes a cell of so many units, or NULL. */
static struct hf_chunk *chunk_for(struct hf_encoder *encoder, size_t units) {
  struct hf_chunk *chunk;
  if (encoder->n_chunks == 0) {
    return open_chunk(encoder);
  }
  chunk = &encoder->chunks[encoder->n_chunks - 1];
  if (chunk->length != 0 && units != 0 && chunk->length + units > CHUNK_UNITS) {
    return open_chunk(encoder);
  }
  return chunk;
}

/* Widens ASCII to UTF-16, from the end: both may begin at the same address. */
static void widen(const char *from, char *to, size_t n) {
  while (n > 0) {
    uint16_t unit;
    n--;
    unit = (unsigned char)from[n];
    memcpy(to + n * 2, &unit, sizeof unit);
  }
}

static bool add_ascii(struct hf_encoder *encoder,
                      const char *text,
                      size_t bytes) {
  struct hf_chunk *chunk = chunk_for(encoder, bytes);
  if (chunk == NULL || !reserve_bytes(encoder, bytes * 2)) {
    return false;
  }
  if (chunk->wide) {
    widen(text, encoder->bytes + encoder->n_bytes, bytes);
    encoder->n_bytes += bytes * 2;
  } else {
    memcpy(encoder->bytes + encoder->n_bytes, text, bytes);
    encoder->n_bytes += bytes;
  }
  chunk->length += (uint32_t)bytes;
  return true;
}

static bool add_wide(struct hf_encoder *encoder,
                     const char *text,
                     size_t bytes,
                     size_t units) {
  struct hf_chunk *chunk = chunk_for(encoder, units);
  if (chunk == NULL || !reserve_bytes(encoder, chunk->length + units * 2)) {
    return false;
  }
  if (!chunk->wide) {
    char *start = encoder->bytes + chunk->offset;
    widen(start, start, chunk->length);
    encoder->n_bytes += chunk->length;
    chunk->wide = true;
  }
  (void)hf_text_decode(text,
                       bytes,
                       (uint16_t *)(void *)(encoder->bytes + encoder->n_bytes));
  encoder->n_bytes += units * 2;
  chunk->length += (uint32_t)units;
  return true;
}

/* Appends a text cell; `*units` is its length. */
static enum hf_status add_text(struct hf_encoder *encoder,
                               const char *text,
                               size_t bytes,
                               int32_t *units) {
  bool added;
  /* A text has no more units than bytes: shorter ones need not be counted. */
  if (bytes > HF_STRING_UNITS_MAX &&
      hf_text_units(text, bytes) > HF_STRING_UNITS_MAX) {
    encoder->too_long = true;
    return HF_RESULT_TOO_LARGE;
  }
  if (encoder->n_bytes > UINT32_MAX / 2 || bytes > UINT32_MAX / 4 ||
      (encoder->max_bytes != 0 &&
       encoder->n_bytes + bytes > encoder->max_bytes)) {
    return HF_RESULT_TOO_LARGE;
  }
  if (hf_text_is_ascii(text, bytes)) {
    *units = (int32_t)bytes;
    added = add_ascii(encoder, text, bytes);
  } else {
    size_t counted = hf_text_units(text, bytes);
    *units = (int32_t)counted;
    added = add_wide(encoder, text, bytes, counted);
  }
  return added ? HF_OK : HF_NO_MEMORY;
}

/* Appends a cell that is not NULL; there is room for a number. */
static enum hf_status add_cell(struct hf_encoder *encoder,
                               enum hf_column kind,
                               const char *text,
                               size_t bytes) {
  switch (kind) {
  case HF_COLUMN_TEXT: {
    int32_t units = 0;
    enum hf_status status = add_text(encoder, text, bytes, &units);
    encoder->ints[encoder->n_ints++] = units;
    return status;
  }
  case HF_COLUMN_INT:
    encoder->ints[encoder->n_ints++] = hf_int_read(text, bytes);
    break;
  case HF_COLUMN_BOOL:
    encoder->ints[encoder->n_ints++] = bytes == 1 && text[0] == 't';
    break;
  case HF_COLUMN_FLOAT:
    encoder->nums[encoder->n_nums++] = hf_number_read(text, bytes);
    break;
  case HF_COLUMN_TIME:
    encoder->nums[encoder->n_nums++] = hf_time_read(text, bytes);
    break;
  }
  return HF_OK;
}

/* Makes room for the ints and numbers of one row. */
static enum hf_status reserve_row(struct hf_encoder *encoder, size_t words) {
  size_t columns = (size_t)encoder->columns;
  size_t n_ints = encoder->n_ints + words + columns + 1; /* never none */
  size_t n_nums = encoder->n_nums + columns;
  void *buffer = encoder->ints;
  bool enough;

  if (n_ints > INT32_MAX / 2 || encoder->rows == INT32_MAX) {
    return HF_RESULT_TOO_LARGE;
  }
  enough = hf_encoder_reserve(&buffer,
                              &encoder->ints_size,
                              n_ints,
                              sizeof *encoder->ints);
  encoder->ints = buffer;
  if (!enough) {
    return HF_NO_MEMORY;
  }
  buffer = encoder->nums;
  enough = hf_encoder_reserve(&buffer,
                              &encoder->nums_size,
                              n_nums,
                              sizeof *encoder->nums);
  encoder->nums = buffer;
  return enough ? HF_OK : HF_NO_MEMORY;
}

static enum hf_status add_row(struct hf_encoder *encoder,
                              const PGresult *result,
                              int row) {
  size_t words =
      ((size_t)encoder->columns + COLUMNS_PER_WORD - 1) / COLUMNS_PER_WORD;
  size_t bitmap = encoder->n_ints;
  enum hf_status status = reserve_row(encoder, words);
  int column;

  if (status != HF_OK) {
    return status;
  }
  memset(encoder->ints + bitmap, 0, words * sizeof *encoder->ints);
  encoder->n_ints += words;
  for (column = 0; column < encoder->columns && status == HF_OK; column++) {
    int bytes = PQgetlength(result, row, column);
    if (bytes == 0 && PQgetisnull(result, row, column)) {
      size_t word = bitmap + (size_t)column / COLUMNS_PER_WORD;
      uint32_t bit = UINT32_C(1) << (column % COLUMNS_PER_WORD);
      encoder->ints[word] = (int32_t)((uint32_t)encoder->ints[word] | bit);
    } else {
      status = add_cell(encoder,
                        (enum hf_column)encoder->kinds[column],
                        PQgetvalue(result, row, column),
                        (size_t)bytes);
    }
  }
  encoder->rows++;
  return status;
}

static enum hf_status set_columns(struct hf_encoder *encoder,
                                  const PGresult *result) {
  int columns = PQnfields(result);
  void *buffer = encoder->kinds;
  int column;
  bool enough = hf_encoder_reserve(&buffer,
                                   &encoder->kinds_size,
                                   (size_t)columns,
                                   sizeof *encoder->kinds);
  encoder->kinds = buffer;
  if (!enough) {
    return HF_NO_MEMORY;
  }
  for (column = 0; column < columns; column++) {
    enum hf_column kind =
        hf_column_kind(PQftype(result, column), encoder->decode);
    encoder->kinds[column] = (uint8_t)kind;
  }
  encoder->columns = columns;
  return HF_OK;
}

void hf_encoder_begin(struct hf_encoder *encoder,
                      int32_t decode,
                      size_t max_bytes) {
  encoder->decode = decode;
  encoder->max_bytes = max_bytes;
  encoder->columns = -1;
  encoder->rows = 0;
  encoder->n_ints = 0;
  encoder->n_nums = 0;
  encoder->n_chunks = 0;
  encoder->n_bytes = 0;
  encoder->tag[0] = '\0';
}

/* PQcmdStatus takes a pointer to non-const but only reads. */
static void keep_tag(struct hf_encoder *encoder, const PGresult *result) {
  const char *tag = PQcmdStatus((PGresult *)result);
  size_t bytes = tag == NULL ? 0 : strlen(tag);
  if (bytes != 0 && bytes < HF_TAG_BYTES) {
    memcpy(encoder->tag, tag, bytes + 1);
  }
}

enum hf_status hf_encoder_add(struct hf_encoder *encoder,
                              const PGresult *result) {
  enum hf_status status = HF_OK;
  int rows = PQntuples(result);
  int row;

  if (encoder->columns < 0) {
    status = set_columns(encoder, result);
  }
  assert(status != HF_OK || encoder->columns == PQnfields(result));
  keep_tag(encoder, result);
  for (row = 0; row < rows && status == HF_OK; row++) {
    status = add_row(encoder, result, row);
    if (status == HF_OK && encoder->max_bytes != 0 &&
        hf_encoder_bytes(encoder) > encoder->max_bytes) {
      status = HF_RESULT_TOO_LARGE;
    }
  }
  return status;
}

size_t hf_encoder_bytes(const struct hf_encoder *encoder) {
  return (encoder->n_ints + HF_RESULT_INTS) * sizeof *encoder->ints +
         encoder->n_nums * sizeof *encoder->nums +
         encoder->n_chunks * sizeof *encoder->chunks + encoder->n_bytes;
}
