/* SPDX-License-Identifier: MIT */
#include "net/conn/prepared.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

/* Ids of statements are given out one after the other: they are the hashes. */
static struct hf_prepared_entry *entry_of(
    const struct hf_prepared_table *table,
    const struct hf_statement *statement) {
  struct hf_table_node *node =
      hf_table_first(&table->by_statement, statement->id);
  return node == NULL ? NULL
                      : HF_CONTAINER_OF(node, struct hf_prepared_entry, node);
}

static struct hf_prepared_entry *entry_on(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_prepared_entry, link);
}

void hf_prepared_init(struct hf_prepared_table *table, size_t limit) {
  memset(table, 0, sizeof *table);
  table->limit = limit;
  hf_list_init(&table->by_use);
  hf_list_init(&table->unused);
}

void hf_prepared_finish(struct hf_prepared_table *table) {
  hf_table_finish(&table->by_statement);
  hf_free(table->entries);
  hf_prepared_init(table, table->limit);
}

bool hf_prepared_find(struct hf_prepared_table *table,
                      const struct hf_statement *statement) {
  struct hf_prepared_entry *entry = entry_of(table, statement);
  if (entry == NULL || entry->name_number != statement->name_number) {
    return false;
  }
  hf_list_remove(&table->by_use, &entry->link);
  hf_list_push(&table->by_use, &entry->link);
  return true;
}

static void remove_entry(struct hf_prepared_table *table,
                         struct hf_prepared_entry *entry) {
  hf_table_remove(&table->by_statement, &entry->node);
  hf_list_remove(&table->by_use, &entry->link);
  hf_list_push(&table->unused, &entry->link);
}

static enum hf_status allocate(struct hf_prepared_table *table) {
  size_t i;
  table->entries = hf_calloc(table->limit, sizeof *table->entries);
  if (table->entries == NULL) {
    return HF_NO_MEMORY;
  }
  for (i = 0; i < table->limit; i++) {
    hf_list_push(&table->unused, &table->entries[i].link);
  }
  return HF_OK;
}

enum hf_status hf_prepared_add(struct hf_prepared_table *table,
                               const struct hf_statement *statement,
                               char evicted[HF_STATEMENT_NAME_BYTES]) {
  struct hf_prepared_entry *entry = entry_of(table, statement);
  assert(table->limit > 0);
  evicted[0] = '\0';
  if (table->entries == NULL && allocate(table) != HF_OK) {
    return HF_NO_MEMORY;
  }
  if (entry == NULL && hf_list_empty(&table->unused)) {
    entry = entry_on(hf_list_first(&table->by_use));
  }
  if (entry != NULL) {
    memcpy(evicted, entry->name, HF_STATEMENT_NAME_BYTES);
    remove_entry(table, entry);
  }
  entry = entry_on(hf_list_first(&table->unused));
  entry->node.hash = statement->id;
  if (hf_table_add(&table->by_statement, &entry->node) != HF_OK) {
    return HF_NO_MEMORY; /* the first of all: none was removed */
  }
  hf_list_remove(&table->unused, &entry->link);
  hf_list_push(&table->by_use, &entry->link);
  entry->name_number = statement->name_number;
  memcpy(entry->name, statement->name, HF_STATEMENT_NAME_BYTES);
  return HF_OK;
}

void hf_prepared_remove(struct hf_prepared_table *table,
                        const struct hf_statement *statement) {
  struct hf_prepared_entry *entry = entry_of(table, statement);
  if (entry != NULL) {
    remove_entry(table, entry);
  }
}

void hf_prepared_clear(struct hf_prepared_table *table) {
  struct hf_link *link;
  while ((link = hf_list_first(&table->by_use)) != NULL) {
    remove_entry(table, entry_on(link));
  }
}
