/* SPDX-License-Identifier: MIT */
/*
 * One list of columns: their names and types, and the message that describes
 * them. A part of the table of descriptions.
 *
 * Ownership: a description owns copies of the columns' names; messages are the
 * caller's.
 * Threads: one at a time.
 */
#ifndef HF_NET_WIRE_DESCRIBED_COLUMNS_H
#define HF_NET_WIRE_DESCRIBED_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/hash_table.h"
#include "holdfast.h"

struct hf_message;

struct hf_row_description {
  struct hf_table_node node;       /* while it is in the table */
  struct hf_row_description *next; /* among the retired */
  int32_t id;
  int32_t held; /* results with it that are not sent yet */
  int columns;
  int32_t *numbers; /* HF_ROW_DESCRIPTION_STRIDE each */
  char *names;      /* NUL after each */
  size_t names_bytes;
};

/* Writes the numbers of a column. */
void hf_described_column(const PGresult *result,
                         int column,
                         int32_t decode,
                         int32_t numbers[HF_ROW_DESCRIPTION_STRIDE]);

/* Returns whether a result has these columns. */
bool hf_description_matches(const struct hf_row_description *description,
                            const PGresult *result,
                            int32_t decode);

/* Returns whether both have the same columns. */
bool hf_description_is_same(const struct hf_row_description *one,
                            const struct hf_row_description *other);

/* Makes the description of a result. NULL when out of memory. */
struct hf_row_description *hf_description_new(const PGresult *result,
                                              int32_t decode,
                                              uint64_t hash);

/* The same of another's columns. */
struct hf_row_description *hf_description_copy(
    const struct hf_row_description *from);

/* Frees a description. Accepts NULL. */
void hf_description_free(struct hf_row_description *description);

/*
 * Makes the message that describes the columns to JavaScript, as number `id`.
 * NULL when out of memory.
 */
struct hf_message *hf_description_message(
    const struct hf_row_description *description,
    int32_t id);

#endif
