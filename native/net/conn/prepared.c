/* SPDX-License-Identifier: MIT */
/* Names prepared on a connection: open addressing with linear probing. */
#include "net/conn/prepared.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

/* Twice the limit, so that probing stays short. */
static size_t places_of(const struct hf_prepared_table *names) {
  return names->limit * 2 + 1;
}

void hf_prepared_init(struct hf_prepared_table *names, size_t limit) {
  memset(names, 0, sizeof *names);
  names->limit = limit;
}

void hf_prepared_finish(struct hf_prepared_table *names) {
  hf_free(names->places);
  names->places = NULL;
  names->count = 0;
}

static struct hf_prepared_name *place_of(const struct hf_prepared_table *names,
                                         uint64_t key) {
  size_t n = places_of(names);
  size_t i = (size_t)(key % n);
  while (names->places[i].key != 0 && names->places[i].key != key) {
    i = (i + 1) % n;
  }
  return &names->places[i];
}

bool hf_prepared_find(struct hf_prepared_table *names,
                      const struct hf_statement *statement) {
  struct hf_prepared_name *place;
  if (names->places == NULL) {
    return false;
  }
  place = place_of(names, statement->id);
  if (place->key == 0 || place->number != statement->name_number) {
    return false;
  }
  place->used = ++names->clock;
  return true;
}

/* Takes a place out; what probed past it is put in again. */
static void take_out(struct hf_prepared_table *names,
                     struct hf_prepared_name *place) {
  size_t n = places_of(names);
  size_t i = (size_t)(place - names->places);
  place->key = 0;
  names->count--;
  for (i = (i + 1) % n; names->places[i].key != 0; i = (i + 1) % n) {
    struct hf_prepared_name moved = names->places[i];
    names->places[i].key = 0;
    *place_of(names, moved.key) = moved;
  }
}

static struct hf_prepared_name *oldest(const struct hf_prepared_table *names) {
  struct hf_prepared_name *found = NULL;
  size_t i;
  for (i = 0; i < places_of(names); i++) {
    struct hf_prepared_name *place = &names->places[i];
    if (place->key != 0 && (found == NULL || place->used < found->used)) {
      found = place;
    }
  }
  return found;
}

enum hf_status hf_prepared_add(struct hf_prepared_table *names,
                               const struct hf_statement *statement,
                               char evicted[HF_STATEMENT_NAME_BYTES]) {
  struct hf_prepared_name *place;
  evicted[0] = '\0';
  if (names->places == NULL) {
    names->places = hf_calloc(places_of(names), sizeof *names->places);
    if (names->places == NULL) {
      return HF_NO_MEMORY;
    }
  }
  place = place_of(names, statement->id);
  if (place->key != 0) {
    memcpy(evicted, place->name, HF_STATEMENT_NAME_BYTES);
    take_out(names, place);
  } else if (names->count == names->limit) {
    place = oldest(names);
    assert(place != NULL); /* whoever has a limit of 0 names nothing */
    memcpy(evicted, place->name, HF_STATEMENT_NAME_BYTES);
    take_out(names, place);
  }
  place = place_of(names, statement->id);
  names->count++;
  place->key = statement->id;
  place->number = statement->name_number;
  place->used = ++names->clock;
  memcpy(place->name, statement->name, HF_STATEMENT_NAME_BYTES);
  return HF_OK;
}

void hf_prepared_drop(struct hf_prepared_table *names,
                      const struct hf_statement *statement) {
  struct hf_prepared_name *place;
  if (names->places == NULL) {
    return;
  }
  if (statement == NULL) {
    memset(names->places, 0, places_of(names) * sizeof *names->places);
    names->count = 0;
    return;
  }
  place = place_of(names, statement->id);
  if (place->key != 0) {
    take_out(names, place);
  }
}
