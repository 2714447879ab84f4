/* SPDX-License-Identifier: MIT */
#include "net/wire/described_columns.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/wire/encode.h"
#include "net/wire/message.h"

void hf_described_column(const PGresult *result,
                         int column,
                         int32_t decode,
                         int32_t numbers[HF_ROW_DESCRIPTION_STRIDE]) {
  Oid type = PQftype(result, column);
  numbers[0] = (int32_t)PQftable(result, column);
  numbers[1] = PQftablecol(result, column);
  numbers[2] = (int32_t)type;
  numbers[3] = PQfsize(result, column);
  numbers[4] = PQfmod(result, column);
  numbers[5] = (int32_t)hf_column_kind(type, decode);
}

bool hf_description_matches(const struct hf_row_description *description,
                            const PGresult *result,
                            int32_t decode) {
  const char *known = description->names;
  int column;
  if (description->columns != PQnfields(result)) {
    return false;
  }
  for (column = 0; column < description->columns; column++) {
    int32_t numbers[HF_ROW_DESCRIPTION_STRIDE];
    const char *name = PQfname(result, column);
    size_t bytes = strlen(name) + 1;
    hf_described_column(result, column, decode, numbers);
    if (memcmp(description->numbers +
                   (ptrdiff_t)column * HF_ROW_DESCRIPTION_STRIDE,
               numbers,
               sizeof numbers) != 0 ||
        strcmp(known, name) != 0) {
      return false;
    }
    known += bytes;
  }
  return true;
}

bool hf_description_is_same(const struct hf_row_description *one,
                            const struct hf_row_description *other) {
  return one->node.hash == other->node.hash && one->columns == other->columns &&
         one->names_bytes == other->names_bytes &&
         memcmp(one->names, other->names, one->names_bytes) == 0 &&
         memcmp(one->numbers,
                other->numbers,
                (size_t)one->columns * HF_ROW_DESCRIPTION_STRIDE *
                    sizeof *one->numbers) == 0;
}

void hf_description_free(struct hf_row_description *description) {
  if (description != NULL) {
    hf_free(description->names);
    hf_free(description->numbers);
    hf_free(description);
  }
}

/* Allocates a description whose numbers and names are filled in next. */
static struct hf_row_description *description_alloc(uint64_t hash,
                                                    int columns,
                                                    size_t names_bytes) {
  struct hf_row_description *description = hf_calloc(1, sizeof *description);
  if (description == NULL) {
    return NULL;
  }
  description->node.hash = hash;
  description->columns = columns;
  description->names_bytes = names_bytes;
  description->names = hf_alloc(names_bytes);
  description->numbers =
      hf_calloc((size_t)columns,
                HF_ROW_DESCRIPTION_STRIDE * sizeof *description->numbers);
  if (description->names == NULL || description->numbers == NULL) {
    hf_description_free(description);
    return NULL;
  }
  return description;
}

struct hf_row_description *hf_description_new(const PGresult *result,
                                              int32_t decode,
                                              uint64_t hash) {
  struct hf_row_description *description;
  int columns = PQnfields(result);
  size_t names_bytes = 0;
  char *at;
  int column;
  for (column = 0; column < columns; column++) {
    names_bytes += strlen(PQfname(result, column)) + 1;
  }
  description = description_alloc(hash, columns, names_bytes);
  if (description == NULL) {
    return NULL;
  }
  at = description->names;
  for (column = 0; column < columns; column++) {
    const char *name = PQfname(result, column);
    size_t bytes = strlen(name) + 1;
    memcpy(at, name, bytes);
    at += bytes;
    hf_described_column(result,
                        column,
                        decode,
                        description->numbers +
                            (ptrdiff_t)column * HF_ROW_DESCRIPTION_STRIDE);
  }
  return description;
}

struct hf_message *hf_description_message(
    const struct hf_row_description *description,
    int32_t id) {
  size_t n_numbers = (size_t)description->columns * HF_ROW_DESCRIPTION_STRIDE;
  struct hf_message_head head = {.kind = HF_MSG_ROW_DESCRIPTION,
                                 .n_ints = HF_ROW_DESCRIPTION_INTS +
                                           (uint32_t)n_numbers,
                                 .text = description->names,
                                 .text_bytes = description->names_bytes};
  struct hf_message *message = hf_message_new(&head);
  if (message != NULL) {
    message->ints[HF_ROW_DESCRIPTION_ID] = id;
    message->ints[HF_ROW_DESCRIPTION_COLUMNS] = description->columns;
    memcpy(message->ints + HF_ROW_DESCRIPTION_INTS,
           description->numbers,
           n_numbers * sizeof *description->numbers);
  }
  return message;
}

struct hf_row_description *hf_description_copy(
    const struct hf_row_description *from) {
  struct hf_row_description *copy =
      description_alloc(from->node.hash, from->columns, from->names_bytes);
  if (copy != NULL) {
    memcpy(copy->names, from->names, from->names_bytes);
    memcpy(copy->numbers,
           from->numbers,
           (size_t)from->columns * HF_ROW_DESCRIPTION_STRIDE *
               sizeof *copy->numbers);
  }
  return copy;
}
