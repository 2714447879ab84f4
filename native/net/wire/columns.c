/* SPDX-License-Identifier: MIT */
/*
 * The table of column lists. A list is found by the caller's guess, which is
 * nearly always right, else by a hash over its columns.
 *
 * Ownership: shapes own their copies of the columns. Threads: one at a time.
 */
#include "net/wire/columns.h"

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

static bool matches(const struct hf_row_description *shape,
                    const PGresult *result,
                    int32_t decode) {
  const char *known = shape->names;
  int column;
  if (shape->columns != PQnfields(result)) {
    return false;
  }
  for (column = 0; column < shape->columns; column++) {
    int32_t numbers[HF_ROW_DESCRIPTION_STRIDE];
    const char *name = PQfname(result, column);
    size_t bytes = strlen(name) + 1;
    describe(result, column, decode, numbers);
    if (memcmp(shape->numbers + (ptrdiff_t)column * HF_ROW_DESCRIPTION_STRIDE,
               numbers,
               sizeof numbers) != 0 ||
        strcmp(known, name) != 0) {
      return false;
    }
    known += bytes;
  }
  return true;
}

static struct hf_row_description *find(const struct hf_row_descriptions *shapes,
                                       const PGresult *result,
                                       int32_t decode,
                                       uint64_t hash) {
  struct hf_row_description *shape =
      shapes->buckets[hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  while (shape != NULL &&
         (shape->hash != hash || !matches(shape, result, decode))) {
    shape = shape->next;
  }
  return shape;
}

static void free_shape(struct hf_row_description *shape) {
  if (shape != NULL) {
    hf_free(shape->names);
    hf_free(shape->numbers);
    hf_free(shape);
  }
}

static struct hf_row_description *new_shape(const PGresult *result,
                                            int32_t decode,
                                            uint64_t hash) {
  struct hf_row_description *shape = hf_calloc(1, sizeof *shape);
  char *at;
  int column;

  if (shape == NULL) {
    return NULL;
  }
  shape->hash = hash;
  shape->columns = PQnfields(result);
  for (column = 0; column < shape->columns; column++) {
    shape->names_bytes += strlen(PQfname(result, column)) + 1;
  }
  shape->names = hf_alloc(shape->names_bytes);
  shape->numbers =
      hf_calloc((size_t)shape->columns,
                HF_ROW_DESCRIPTION_STRIDE * sizeof *shape->numbers);
  if (shape->names == NULL || shape->numbers == NULL) {
    free_shape(shape);
    return NULL;
  }
  at = shape->names;
  for (column = 0; column < shape->columns; column++) {
    const char *name = PQfname(result, column);
    size_t bytes = strlen(name) + 1;
    memcpy(at, name, bytes);
    at += bytes;
    describe(result,
             column,
             decode,
             shape->numbers + (ptrdiff_t)column * HF_ROW_DESCRIPTION_STRIDE);
  }
  return shape;
}

/* Makes the message that describes a shape. */
static struct hf_message *define(const struct hf_row_description *shape,
                                 int32_t id) {
  size_t n_numbers = (size_t)shape->columns * HF_ROW_DESCRIPTION_STRIDE;
  struct hf_message *block =
      hf_message_message(HF_MSG_SHAPE,
                         HF_ROW_DESCRIPTION_INTS + (uint32_t)n_numbers,
                         0,
                         0,
                         shape->names,
                         shape->names_bytes);
  if (block != NULL) {
    block->ints[HF_ROW_DESCRIPTION_ID] = id;
    block->ints[HF_ROW_DESCRIPTION_COLUMNS] = shape->columns;
    memcpy(block->ints + HF_ROW_DESCRIPTION_INTS,
           shape->numbers,
           n_numbers * sizeof *shape->numbers);
  }
  return block;
}

/* Makes the message that has all shapes forgotten. */
static struct hf_message *forget(void) {
  struct hf_message *block =
      hf_message_message(HF_MSG_SHAPE, HF_ROW_DESCRIPTION_INTS, 0, 0, NULL, 0);
  if (block != NULL) {
    block->ints[HF_ROW_DESCRIPTION_ID] = FORGET_ID;
  }
  return block;
}

/* Empties the table, but for the shapes of results that are still held. */
static void forget_all(struct hf_row_descriptions *shapes) {
  struct hf_row_description *retired = shapes->retired;
  int32_t i;
  for (i = 0; i < shapes->count; i++) {
    struct hf_row_description *shape = shapes->by_id[i];
    if (shape->held == 0) {
      free_shape(shape);
    } else {
      shape->next = retired;
      retired = shape;
    }
  }
  *shapes =
      (struct hf_row_descriptions){.key = shapes->key, .retired = retired};
}

/* Adds a shape and makes its definition; changes nothing on failure. */
static enum hf_status add(struct hf_row_descriptions *shapes,
                          struct hf_row_description *shape,
                          struct hf_message **definition) {
  bool full = shapes->count == HF_ROW_DESCRIPTIONS_MAX;
  int32_t index = full ? 0 : shapes->count;
  struct hf_message *first = NULL;
  /* A number is never used again: results described before a "forget all"
   * may still be on their way. */
  int32_t base = full ? shapes->base + shapes->count : shapes->base;
  struct hf_message *block = define(shape, base + index + FIRST_ID);

  if (block == NULL) {
    return HF_NO_MEMORY;
  }
  if (full) {
    first = forget();
    if (first == NULL) {
      hf_message_free(block);
      return HF_NO_MEMORY;
    }
    forget_all(shapes);
    shapes->base = base;
    first->next = block;
  }
  shape->id = base + index + FIRST_ID;
  shape->next = shapes->buckets[shape->hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  shapes->buckets[shape->hash % HF_ROW_DESCRIPTIONS_BUCKETS] = shape;
  shapes->by_id[index] = shape;
  shapes->count = index + 1;
  *definition = full ? first : block;
  return HF_OK;
}

void hf_row_descriptions_init(struct hf_row_descriptions *shapes,
                              const struct hf_hash_key *key) {
  *shapes = (struct hf_row_descriptions){.key = *key};
}

enum hf_status hf_row_descriptions_find(struct hf_row_descriptions *shapes,
                                        const PGresult *result,
                                        int32_t decode,
                                        int32_t *id,
                                        struct hf_message **definition) {
  int32_t guess = *id - FIRST_ID - shapes->base;
  struct hf_row_description *shape;
  uint64_t hash;

  *definition = NULL;
  *id = 0;
  if (PQnfields(result) == 0) {
    return HF_OK;
  }
  if (guess >= 0 && guess < shapes->count &&
      matches(shapes->by_id[guess], result, decode)) {
    *id = shapes->by_id[guess]->id;
    return HF_OK;
  }
  hash = hash_columns(&shapes->key, result, decode);
  shape = find(shapes, result, decode, hash);
  if (shape == NULL) {
    shape = new_shape(result, decode, hash);
    if (shape == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(shapes, shape, definition) != HF_OK) {
      free_shape(shape);
      return HF_NO_MEMORY;
    }
  }
  *id = shape->id;
  return HF_OK;
}

/* Returns the place of a retired shape, or of the end of their list. */
static struct hf_row_description **find_retired(
    struct hf_row_descriptions *shapes,
    int32_t id) {
  struct hf_row_description **place = &shapes->retired;
  while (*place != NULL && (*place)->id != id) {
    place = &(*place)->next;
  }
  return place;
}

static struct hf_row_description *find_current(
    const struct hf_row_descriptions *shapes,
    int32_t id) {
  int32_t index = id - FIRST_ID - shapes->base;
  return index >= 0 && index < shapes->count ? shapes->by_id[index] : NULL;
}

bool hf_row_descriptions_know(const struct hf_row_descriptions *shapes,
                              int32_t id) {
  return id == 0 || find_current(shapes, id) != NULL;
}

void hf_row_descriptions_hold(struct hf_row_descriptions *shapes, int32_t id) {
  struct hf_row_description *shape = find_current(shapes, id);
  if (shape != NULL) {
    shape->held++;
  }
}

void hf_row_descriptions_release(struct hf_row_descriptions *shapes,
                                 int32_t id) {
  struct hf_row_description *shape = find_current(shapes, id);
  struct hf_row_description **place;
  if (shape != NULL) {
    shape->held--;
    return;
  }
  place = find_retired(shapes, id);
  shape = *place;
  if (shape != NULL && --shape->held == 0) {
    *place = shape->next;
    free_shape(shape);
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

static struct hf_row_description *copy_shape(
    const struct hf_row_description *shape) {
  size_t n_numbers = (size_t)shape->columns * HF_ROW_DESCRIPTION_STRIDE;
  struct hf_row_description *copy = hf_calloc(1, sizeof *copy);
  if (copy == NULL) {
    return NULL;
  }
  copy->hash = shape->hash;
  copy->columns = shape->columns;
  copy->names_bytes = shape->names_bytes;
  copy->names = hf_alloc(shape->names_bytes);
  copy->numbers = hf_calloc(n_numbers, sizeof *copy->numbers);
  if (copy->names == NULL || copy->numbers == NULL) {
    free_shape(copy);
    return NULL;
  }
  memcpy(copy->names, shape->names, shape->names_bytes);
  memcpy(copy->numbers, shape->numbers, n_numbers * sizeof *copy->numbers);
  return copy;
}

enum hf_status hf_row_descriptions_renew(struct hf_row_descriptions *shapes,
                                         int32_t *id,
                                         struct hf_message **definition) {
  const struct hf_row_description *retired;
  struct hf_row_description *shape;
  *definition = NULL;
  if (hf_row_descriptions_know(shapes, *id)) {
    return HF_OK;
  }
  retired = *find_retired(shapes, *id);
  assert(retired != NULL); /* it is held */
  shape = shapes->buckets[retired->hash % HF_ROW_DESCRIPTIONS_BUCKETS];
  while (shape != NULL && !is_same(shape, retired)) {
    shape = shape->next;
  }
  if (shape == NULL) {
    shape = copy_shape(retired);
    if (shape == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(shapes, shape, definition) != HF_OK) {
      free_shape(shape);
      return HF_NO_MEMORY;
    }
  }
  shape->held++;
  hf_row_descriptions_release(shapes, *id);
  *id = shape->id;
  return HF_OK;
}

void hf_row_descriptions_finish(struct hf_row_descriptions *shapes) {
  int32_t i;
  for (i = 0; i < shapes->count; i++) {
    free_shape(shapes->by_id[i]);
  }
  while (shapes->retired != NULL) {
    struct hf_row_description *shape = shapes->retired;
    shapes->retired = shape->next;
    free_shape(shape);
  }
  *shapes = (struct hf_row_descriptions){.key = shapes->key};
}
