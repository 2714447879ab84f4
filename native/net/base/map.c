/* SPDX-License-Identifier: MIT */
/* A hash map with linear probing and no tombstones. */
#include "net/base/map.h"

#include "core/base/alloc.h"

enum { SIZE_MIN = 16 };

static size_t home_of(const struct hf_map *map, uint64_t key) {
  /* Fibonacci hashing: spreads small consecutive keys. */
  return (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (map->size - 1);
}

static struct hf_map_place *place_of(const struct hf_map *map, uint64_t key) {
  size_t i = home_of(map, key);
  while (map->places[i].value != NULL && map->places[i].key != key) {
    i = (i + 1) & (map->size - 1);
  }
  return &map->places[i];
}

static enum hf_status grow(struct hf_map *map) {
  struct hf_map bigger = {0};
  size_t i;
  bigger.size = map->size == 0 ? SIZE_MIN : map->size * 2;
  bigger.places = hf_calloc(bigger.size, sizeof *bigger.places);
  if (bigger.places == NULL) {
    return HF_NO_MEMORY;
  }
  for (i = 0; i < map->size; i++) {
    if (map->places[i].value != NULL) {
      *place_of(&bigger, map->places[i].key) = map->places[i];
    }
  }
  hf_free(map->places);
  map->places = bigger.places;
  map->size = bigger.size;
  return HF_OK;
}

void hf_map_finish(struct hf_map *map) {
  hf_free(map->places);
  map->places = NULL;
  map->size = 0;
  map->count = 0;
}

enum hf_status hf_map_set(struct hf_map *map, uint64_t key, void *value) {
  struct hf_map_place *place;
  if (map->count * 2 >= map->size && grow(map) != HF_OK) {
    return HF_NO_MEMORY;
  }
  place = place_of(map, key);
  if (place->value == NULL) {
    map->count++;
  }
  place->key = key;
  place->value = value;
  return HF_OK;
}

void *hf_map_get(const struct hf_map *map, uint64_t key) {
  return map->count == 0 ? NULL : place_of(map, key)->value;
}

void *hf_map_remove(struct hf_map *map, uint64_t key) {
  struct hf_map_place *place;
  void *value;
  size_t i;
  if (map->count == 0) {
    return NULL;
  }
  place = place_of(map, key);
  value = place->value;
  if (value == NULL) {
    return NULL;
  }
  place->value = NULL;
  map->count--;
  /* What probed past the free place is put in again. */
  i = (size_t)(place - map->places);
  for (i = (i + 1) & (map->size - 1); map->places[i].value != NULL;
       i = (i + 1) & (map->size - 1)) {
    struct hf_map_place moved = map->places[i];
    map->places[i].value = NULL;
    *place_of(map, moved.key) = moved;
  }
  return value;
}

void *hf_map_any(const struct hf_map *map, uint64_t *key) {
  size_t i;
  for (i = 0; i < map->size; i++) {
    if (map->places[i].value != NULL) {
      *key = map->places[i].key;
      return map->places[i].value;
    }
  }
  return NULL;
}
