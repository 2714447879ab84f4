/* SPDX-License-Identifier: MIT */
/*
 * An intrusive hash table with chains. It grows and shrinks with the number of
 * its nodes; adding a node allocates nothing but, at times, a larger array.
 *
 * A node is added under the hash in it. Keys that somebody else chooses are
 * hashed with hf_table_hash(), whose key keeps them from sharing one chain.
 * Numbers that we give out ourselves, one after the other, can be their own
 * hashes. Nodes with the same hash are compared by the caller:
 *
 *     node = hf_table_first(table, hash);
 *     while (node != NULL && !is_wanted(node)) {
 *       node = hf_table_next(node);
 *     }
 *
 * Ownership: the table owns its array only; nodes live inside the caller's
 * objects. Zeroed memory is an empty table whose hash key is zero.
 * Threads: none; one thread at a time per table.
 */
#ifndef HF_CORE_BASE_HASH_TABLE_H
#define HF_CORE_BASE_HASH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/siphash.h"
#include "holdfast.h"

struct hf_table_node {
  struct hf_table_node *next; /* in its chain */
  uint64_t hash;              /* set by the caller before it is added */
};

struct hf_table {
  struct hf_hash_key key;
  struct hf_table_node **chains;
  size_t size; /* a power of two, or 0 */
  size_t count;
  size_t first; /* all chains before this one are empty */
};

/*
 * Iterates over all nodes, in no particular order. The body must not add or
 * remove nodes.
 */
#define HF_TABLE_EACH(node, table)                                             \
  for ((node) = hf_table_walk((table), NULL); (node) != NULL;                  \
       (node) = hf_table_walk((table), (node)))

/* Initializes an empty table. */
void hf_table_init(struct hf_table *table, const struct hf_hash_key *key);

/* Returns the hash of `bytes` bytes at `data` in this table. */
uint64_t hf_table_hash(const struct hf_table *table,
                       const void *data,
                       size_t bytes);

/*
 * Adds a node under its hash. Returns HF_OK, or HF_NO_MEMORY when the table has
 * no array yet and none can be allocated. An array that cannot grow is kept:
 * its chains get longer.
 */
HF_NODISCARD enum hf_status hf_table_add(struct hf_table *table,
                                         struct hf_table_node *node);

/* Removes a node, which is in the table. */
void hf_table_remove(struct hf_table *table, struct hf_table_node *node);

/* Returns the first node with this hash, or NULL. */
struct hf_table_node *hf_table_first(const struct hf_table *table,
                                     uint64_t hash);

/* Returns the next node with the same hash, or NULL. */
struct hf_table_node *hf_table_next(const struct hf_table_node *node);

/*
 * Returns any node, or NULL when the table is empty. Emptying a table by
 * removing what this returns takes time proportional to its size.
 */
struct hf_table_node *hf_table_any(struct hf_table *table);

/*
 * Returns the node after `node`, the first one for NULL; NULL after the last.
 */
struct hf_table_node *hf_table_walk(const struct hf_table *table,
                                    const struct hf_table_node *node);

/* Frees the array. Nodes that are still in the table are not touched. */
void hf_table_finish(struct hf_table *table);

#endif
