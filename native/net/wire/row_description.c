/* SPDX-License-Identifier: MIT */
/*
 * The table of column lists. A list is found by the caller's guess, which is
 * nearly always right, else by a hash over its columns.
 *
 * Ownership: shapes own their copies of the columns. Threads: one at a time.
 */
#include "net/wire/row_description.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/wire/encode.h"
#include "net/wire/message.h"

enum { FIRST_ID = 2, FORGET_ID = 1 };

struct hf_row_description {
  struct hf_row_description *next; /* in its bucket, or among the retired */
  uint64_t hash;
  int32_t id;
  int32_t held; /* results that are not sent yet */
  int columns;
  int32_t *numbers; /* HF_ROW_DESCRIPTION_STRIDE each */
  char *names;      /* NUL after each */
  size_t names_bytes;
};

static void describe(const PGresult *result,
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

/* Names and types are somebody's choice: the hash is keyed. */
static uint64_t hash_columns(const struct hf_hash_key *key,
                             const PGresult *result,
                             int32_t decode) {
  int columns = PQnfields(result);
  uint64_t hash = (uint64_t)columns;
  int column;
  for (column = 0; column < columns; column++) {
    struct {
      uint64_t before, name;
      int32_t numbers[HF_ROW_DESCRIPTION_STRIDE];
    } part;
    const char *name = PQfname(result, column);
    memset(&part, 0, sizeof part);
    part.before = hash;
    part.name = hf_hash(key, name, strlen(name));
    describe(result, column, decode, part.numbers);
    hash = hf_hash(key, &part, sizeof part);
  }
  return hash;
}

static bool matches(const struct hf_row_description *description,
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
    describe(result, column, decode, numbers);
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

static struct hf_row_description *find(const struct hf_row_descriptions *table,
                                       const PGresult *result,
                                       int32_t decode,
                                       uint64_t hash) {
  struct hf_row_description *description =
      table->buckets[hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  while (description != NULL &&
         (description->hash != hash || !matches(description, result, decode))) {
    description = description->next;
  }
  return description;
}

static void description_free(struct hf_row_description *description) {
  if (description != NULL) {
    hf_free(description->names);
    hf_free(description->numbers);
    hf_free(description);
  }
}

static struct hf_row_description *description_new(const PGresult *result,
                                                  int32_t decode,
                                                  uint64_t hash) {
  struct hf_row_description *description = hf_calloc(1, sizeof *description);
  char *at;
  int column;

  if (description == NULL) {
    return NULL;
  }
  description->hash = hash;
  description->columns = PQnfields(result);
  for (column = 0; column < description->columns; column++) {
    description->names_bytes += strlen(PQfname(result, column)) + 1;
  }
  description->names = hf_alloc(description->names_bytes);
  description->numbers =
      hf_calloc((size_t)description->columns,
                HF_ROW_DESCRIPTION_STRIDE * sizeof *description->numbers);
  if (description->names == NULL || description->numbers == NULL) {
    description_free(description);
    return NULL;
  }
  at = description->names;
  for (column = 0; column < description->columns; column++) {
    const char *name = PQfname(result, column);
    size_t bytes = strlen(name) + 1;
    memcpy(at, name, bytes);
    at += bytes;
    describe(result,
             column,
             decode,
             description->numbers +
                 (ptrdiff_t)column * HF_ROW_DESCRIPTION_STRIDE);
  }
  return description;
}

/* Makes the message that describes a shape. */
static struct hf_message *new_definition(
    const struct hf_row_description *description,
    int32_t id) {
  size_t n_numbers = (size_t)description->columns * HF_ROW_DESCRIPTION_STRIDE;
  struct hf_message *message =
      hf_message_new(HF_MSG_ROW_DESCRIPTION,
                     HF_ROW_DESCRIPTION_INTS + (uint32_t)n_numbers,
                     0,
                     0,
                     description->names,
                     description->names_bytes);
  if (message != NULL) {
    message->ints[HF_ROW_DESCRIPTION_ID] = id;
    message->ints[HF_ROW_DESCRIPTION_COLUMNS] = description->columns;
    memcpy(message->ints + HF_ROW_DESCRIPTION_INTS,
           description->numbers,
           n_numbers * sizeof *description->numbers);
  }
  return message;
}

/* Makes the message that has all shapes forgotten. */
static struct hf_message *new_forget_all(void) {
  struct hf_message *message = hf_message_new(HF_MSG_ROW_DESCRIPTION,
                                              HF_ROW_DESCRIPTION_INTS,
                                              0,
                                              0,
                                              NULL,
                                              0);
  if (message != NULL) {
    message->ints[HF_ROW_DESCRIPTION_ID] = FORGET_ID;
  }
  return message;
}

/* Empties the table, but for the shapes of results that are still held. */
static void forget_all(struct hf_row_descriptions *table) {
  struct hf_row_description *retired = table->retired;
  int32_t i;
  for (i = 0; i < table->count; i++) {
    struct hf_row_description *description = table->by_id[i];
    if (description->held == 0) {
      description_free(description);
    } else {
      description->next = retired;
      retired = description;
    }
  }
  *table = (struct hf_row_descriptions){.key = table->key, .retired = retired};
}

/* Adds a shape and makes its definition; changes nothing on failure. */
static enum hf_status add(struct hf_row_descriptions *table,
                          struct hf_row_description *description,
                          struct hf_message **definition) {
  bool full = table->count == HF_ROW_DESCRIPTIONS_MAX;
  int32_t index = full ? 0 : table->count;
  struct hf_message *first = NULL;
  /* A number is never used again: results described before a "forget all"
   * may still be on their way. */
  int32_t base = full ? table->base + table->count : table->base;
  struct hf_message *message =
      new_definition(description, base + index + FIRST_ID);

  if (message == NULL) {
    return HF_NO_MEMORY;
  }
  if (full) {
    first = new_forget_all();
    if (first == NULL) {
      hf_message_free(message);
      return HF_NO_MEMORY;
    }
    forget_all(table);
    table->base = base;
    first->next = message;
  }
  description->id = base + index + FIRST_ID;
  description->next =
      table->buckets[description->hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  table->buckets[description->hash % HF_ROW_DESCRIPTIONS_BUCKETS] = description;
  table->by_id[index] = description;
  table->count = index + 1;
  *definition = full ? first : message;
  return HF_OK;
}

void hf_row_descriptions_init(struct hf_row_descriptions *table,
                              const struct hf_hash_key *key) {
  *table = (struct hf_row_descriptions){.key = *key};
}

enum hf_status hf_row_descriptions_find(struct hf_row_descriptions *table,
                                        const PGresult *result,
                                        int32_t decode,
                                        int32_t *id,
                                        struct hf_message **definition) {
  int32_t guess = *id - FIRST_ID - table->base;
  struct hf_row_description *description;
  uint64_t hash;

  *definition = NULL;
  *id = 0;
  if (PQnfields(result) == 0) {
    return HF_OK;
  }
  if (guess >= 0 && guess < table->count &&
      matches(table->by_id[guess], result, decode)) {
    *id = table->by_id[guess]->id;
    return HF_OK;
  }
  hash = hash_columns(&table->key, result, decode);
  description = find(table, result, decode, hash);
  if (description == NULL) {
    description = description_new(result, decode, hash);
    if (description == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(table, description, definition) != HF_OK) {
      description_free(description);
      return HF_NO_MEMORY;
    }
  }
  *id = description->id;
  return HF_OK;
}

/* Returns the place of a retired shape, or of the end of their list. */
static struct hf_row_description **find_retired(
    struct hf_row_descriptions *table,
    int32_t id) {
  struct hf_row_description **link = &table->retired;
  while (*link != NULL && (*link)->id != id) {
    link = &(*link)->next;
  }
  return link;
}

static struct hf_row_description *find_current(
    const struct hf_row_descriptions *table,
    int32_t id) {
  int32_t index = id - FIRST_ID - table->base;
  return index >= 0 && index < table->count ? table->by_id[index] : NULL;
}

bool hf_row_descriptions_knows(const struct hf_row_descriptions *table,
                               int32_t id) {
  return id == 0 || find_current(table, id) != NULL;
}

void hf_row_descriptions_hold(struct hf_row_descriptions *table, int32_t id) {
  struct hf_row_description *description = find_current(table, id);
  if (description != NULL) {
    description->held++;
  }
}

void hf_row_descriptions_release(struct hf_row_descriptions *table,
                                 int32_t id) {
  struct hf_row_description *description = find_current(table, id);
  struct hf_row_description **link;
  if (description != NULL) {
    description->held--;
    return;
  }
  link = find_retired(table, id);
  description = *link;
  if (description != NULL && --description->held == 0) {
    *link = description->next;
    description_free(description);
  }
}

static bool is_same(const struct hf_row_description *one,
                    const struct hf_row_description *other) {
  return one->hash == other->hash && one->columns == other->columns &&
         one->names_bytes == other->names_bytes &&
         memcmp(one->names, other->names, one->names_bytes) == 0 &&
         memcmp(one->numbers,
                other->numbers,
                (size_t)one->columns * HF_ROW_DESCRIPTION_STRIDE *
                    sizeof *one->numbers) == 0;
}

static struct hf_row_description *description_copy(
    const struct hf_row_description *description) {
  size_t n_numbers = (size_t)description->columns * HF_ROW_DESCRIPTION_STRIDE;
  struct hf_row_description *copy = hf_calloc(1, sizeof *copy);
  if (copy == NULL) {
    return NULL;
  }
  copy->hash = description->hash;
  copy->columns = description->columns;
  copy->names_bytes = description->names_bytes;
  copy->names = hf_alloc(description->names_bytes);
  copy->numbers = hf_calloc(n_numbers, sizeof *copy->numbers);
  if (copy->names == NULL || copy->numbers == NULL) {
    description_free(copy);
    return NULL;
  }
  memcpy(copy->names, description->names, description->names_bytes);
  memcpy(copy->numbers,
         description->numbers,
         n_numbers * sizeof *copy->numbers);
  return copy;
}

enum hf_status hf_row_descriptions_renew(struct hf_row_descriptions *table,
                                         int32_t *id,
                                         struct hf_message **definition) {
  const struct hf_row_description *retired;
  struct hf_row_description *description;
  *definition = NULL;
  if (hf_row_descriptions_knows(table, *id)) {
    return HF_OK;
  }
  retired = *find_retired(table, *id);
  assert(retired != NULL); /* it is held */
  description = table->buckets[retired->hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  while (description != NULL && !is_same(description, retired)) {
    description = description->next;
  }
  if (description == NULL) {
    description = description_copy(retired);
    if (description == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(table, description, definition) != HF_OK) {
      description_free(description);
      return HF_NO_MEMORY;
    }
  }
  description->held++;
  hf_row_descriptions_release(table, *id);
  *id = description->id;
  return HF_OK;
}

void hf_row_descriptions_finish(struct hf_row_descriptions *table) {
  int32_t i;
  for (i = 0; i < table->count; i++) {
    description_free(table->by_id[i]);
  }
  while (table->retired != NULL) {
    struct hf_row_description *description = table->retired;
    table->retired = description->next;
    description_free(description);
  }
  *table = (struct hf_row_descriptions){.key = table->key};
}
