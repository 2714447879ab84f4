/* SPDX-License-Identifier: MIT */
/*
 * An intrusive hash table with chains, which grows with what it holds. Hashes
 * are made with a key (siphash.h), so that chains cannot be made long at will.
 * Equal hashes are the caller's to tell apart: it walks the chain.
 *
 * Ownership: the table owns its array only; nodes live inside the caller's
 * objects. Zeroed memory is an empty table.
 * Threads: none; one thread at a time per table.
 */
#ifndef HF_CORE_BASE_HASH_TABLE_H
#define HF_CORE_BASE_HASH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_table_node {
  struct hf_table_node *next; /* in its chain */
  uint64_t hash;
};

struct hf_table {
  struct hf_table_node **chains;
  size_t size; /* a power of two, or 0 */
  size_t count;
};

/*
 * Adds a node under its `hash`. Returns HF_NO_MEMORY only when there is no
 * array at all; one that cannot grow has longer chains instead.
 */
HF_NODISCARD enum hf_status hf_table_add(struct hf_table *table,
                                         struct hf_table_node *node);

/* Takes a node of the table off it. */
void hf_table_remove(struct hf_table *table, struct hf_table_node *node);

/* Returns the first node with this hash, or NULL. */
struct hf_table_node *hf_table_first(const struct hf_table *table,
                                     uint64_t hash);

/* Returns the next node with the same hash, or NULL. */
struct hf_table_node *hf_table_next(const struct hf_table_node *node);

/* Frees the array. */
void hf_table_finish(struct hf_table *table);

#endif
