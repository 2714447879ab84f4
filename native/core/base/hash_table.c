/* SPDX-License-Identifier: MIT */
#include "core/base/hash_table.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

/*
 * A full table (a node a chain) doubles. It is halved only when it is an eighth
 * full, so that a node added and removed in turn does not resize it each time.
 */
enum { SIZE_MIN = 16, SHRINK_BELOW = 8 };

static size_t chain_of(const struct hf_table *table, uint64_t hash) {
  return (size_t)hash & (table->size - 1);
}

static void link_node(struct hf_table *table, struct hf_table_node *node) {
  size_t i = chain_of(table, node->hash);
  node->next = table->chains[i];
  table->chains[i] = node;
  table->first = i < table->first ? i : table->first;
}

/* Without memory the table stays as it is. */
static void resize(struct hf_table *table, size_t size) {
  struct hf_table_node **old = table->chains;
  size_t old_size = table->size;
  struct hf_table_node **chains =
      hf_calloc(size, sizeof(struct hf_table_node *));
  size_t i;
  if (chains == NULL) {
    return;
  }
  table->chains = chains;
  table->size = size;
  table->first = size;
  for (i = 0; i < old_size; i++) {
    struct hf_table_node *node;
    while ((node = old[i]) != NULL) {
      old[i] = node->next;
      link_node(table, node);
    }
  }
  hf_free(old);
}

void hf_table_init(struct hf_table *table, const struct hf_hash_key *key) {
  memset(table, 0, sizeof *table);
  table->key = *key;
}

uint64_t hf_table_hash(const struct hf_table *table,
                       const void *data,
                       size_t bytes) {
  return hf_hash(&table->key, data, bytes);
}

enum hf_status hf_table_add(struct hf_table *table,
                            struct hf_table_node *node) {
  if (table->count >= table->size) {
    resize(table, table->size == 0 ? SIZE_MIN : table->size * 2);
  }
  if (table->size == 0) {
    return HF_NO_MEMORY;
  }
  link_node(table, node);
  table->count++;
  return HF_OK;
}

void hf_table_remove(struct hf_table *table, struct hf_table_node *node) {
  struct hf_table_node **at = &table->chains[chain_of(table, node->hash)];
  while (*at != node) {
    assert(*at != NULL);
    at = &(*at)->next;
  }
  *at = node->next;
  node->next = NULL;
  table->count--;
  if (table->size > SIZE_MIN && table->count < table->size / SHRINK_BELOW) {
    resize(table, table->size / 2);
  }
}

static struct hf_table_node *with_hash(struct hf_table_node *node,
                                       uint64_t hash) {
  while (node != NULL && node->hash != hash) {
    node = node->next;
  }
  return node;
}

struct hf_table_node *hf_table_first(const struct hf_table *table,
                                     uint64_t hash) {
  return table->size == 0
             ? NULL
             : with_hash(table->chains[chain_of(table, hash)], hash);
}

struct hf_table_node *hf_table_next(const struct hf_table_node *node) {
  return with_hash(node->next, node->hash);
}

/* Returns the first chain from `i` on that is not empty, or the size. */
static size_t used_chain(const struct hf_table *table, size_t i) {
  while (i < table->size && table->chains[i] == NULL) {
    i++;
  }
  return i;
}

static struct hf_table_node *first_from(const struct hf_table *table,
                                        size_t i) {
  i = used_chain(table, i);
  return i == table->size ? NULL : table->chains[i];
}

struct hf_table_node *hf_table_any(struct hf_table *table) {
  table->first = used_chain(table, table->first);
  return first_from(table, table->first);
}

struct hf_table_node *hf_table_walk(const struct hf_table *table,
                                    const struct hf_table_node *node) {
  if (node == NULL) {
    return first_from(table, table->first);
  }
  if (node->next != NULL) {
    return node->next;
  }
  return first_from(table, chain_of(table, node->hash) + 1);
}

void hf_table_finish(struct hf_table *table) {
  hf_free(table->chains);
  table->chains = NULL;
  table->size = 0;
  table->count = 0;
  table->first = 0;
}
