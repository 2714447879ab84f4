/* SPDX-License-Identifier: MIT */
/* A hash table with chains. */
#include "core/base/hash_table.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

enum { SIZE_MIN = 64 };

static struct hf_table_node **chain_of(const struct hf_table *table,
                                       uint64_t hash) {
  return &table->chains[hash & (table->size - 1)];
}

static void link_node(struct hf_table *table, struct hf_table_node *node) {
  struct hf_table_node **chain = chain_of(table, node->hash);
  node->next = *chain;
  *chain = node;
}

static void grow(struct hf_table *table) {
  struct hf_table bigger = {0};
  size_t i;
  bigger.size = table->size == 0 ? SIZE_MIN : table->size * 2;
  bigger.chains = hf_calloc(bigger.size, sizeof(struct hf_table_node *));
  if (bigger.chains == NULL) {
    return;
  }
  for (i = 0; i < table->size; i++) {
    struct hf_table_node *node;
    while ((node = table->chains[i]) != NULL) {
      table->chains[i] = node->next;
      link_node(&bigger, node);
    }
  }
  hf_free(table->chains);
  table->chains = bigger.chains;
  table->size = bigger.size;
}

enum hf_status hf_table_add(struct hf_table *table,
                            struct hf_table_node *node) {
  if (table->count >= table->size) {
    grow(table);
  }
  if (table->size == 0) {
    return HF_NO_MEMORY;
  }
  link_node(table, node);
  table->count++;
  return HF_OK;
}

void hf_table_remove(struct hf_table *table, struct hf_table_node *node) {
  struct hf_table_node **at = chain_of(table, node->hash);
  while (*at != node) {
    assert(*at != NULL);
    at = &(*at)->next;
  }
  *at = node->next;
  node->next = NULL;
  table->count--;
}

struct hf_table_node *hf_table_first(const struct hf_table *table,
                                     uint64_t hash) {
  struct hf_table_node *node = table->size == 0 ? NULL : *chain_of(table, hash);
  while (node != NULL && node->hash != hash) {
    node = node->next;
  }
  return node;
}

struct hf_table_node *hf_table_next(const struct hf_table_node *node) {
  uint64_t hash = node->hash;
  struct hf_table_node *next = node->next;
  while (next != NULL && next->hash != hash) {
    next = next->next;
  }
  return next;
}

void hf_table_finish(struct hf_table *table) {
  hf_free(table->chains);
  memset(table, 0, sizeof *table);
}
