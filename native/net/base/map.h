/* SPDX-License-Identifier: MIT */
/*
 * A hash map from 64-bit keys to pointers, with open addressing.
 *
 * Ownership: the map is the caller's memory, its array its own; values are
 * borrowed. Zeroed memory is an empty map.
 * Threads: one at a time.
 */
#ifndef HF_NET_BASE_MAP_H
#define HF_NET_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_map_place {
  uint64_t key;
  void *value; /* NULL = free */
};

struct hf_map {
  struct hf_map_place *places;
  size_t size; /* a power of two, or 0 */
  size_t count;
};

/* Frees the array. */
void hf_map_finish(struct hf_map *map);

/* Sets a key's value, which is not NULL. HF_OK or HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_map_set(struct hf_map *map,
                                       uint64_t key,
                                       void *value);

/* Returns the value of a key, or NULL. */
void *hf_map_get(const struct hf_map *map, uint64_t key);

/* Removes a key; returns its value, or NULL. */
void *hf_map_remove(struct hf_map *map, uint64_t key);

/* Returns some value, or NULL when the map is empty. */
void *hf_map_any(const struct hf_map *map, uint64_t *key);

#endif
