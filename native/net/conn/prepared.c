/* SPDX-License-Identifier: MIT */
/* Names prepared on a connection: open addressing with linear probing. */
#include "net/conn/prepared.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

/* Twice the limit, so that probing stays short. */
static size_t capacity_of(const struct hf_prepared_table *table) {
  return table->limit * 2 + 1;
}

void hf_prepared_init(struct hf_prepared_table *table, size_t limit) {
  memset(table, 0, sizeof *table);
  table->limit = limit;
}

void hf_prepared_finish(struct hf_prepared_table *table) {
  hf_free(table->entries);
  table->entries = NULL;
  table->count = 0;
}

static struct hf_prepared_entry *entry_of(const struct hf_prepared_table *table,
                                          uint64_t key) {
  size_t n = capacity_of(table);
  size_t i = (size_t)(key % n);
  while (table->entries[i].key != 0 && table->entries[i].key != key) {
    i = (i + 1) % n;
  }
  return &table->entries[i];
}

bool hf_prepared_find(struct hf_prepared_table *table,
                      const struct hf_statement *statement) {
  struct hf_prepared_entry *entry;
  if (table->entries == NULL) {
    return false;
  }
  entry = entry_of(table, statement->id);
  if (entry->key == 0 || entry->number != statement->name_number) {
    return false;
  }
  entry->used = ++table->clock;
  return true;
}

/* Takes a place out; what probed past it is put in again. */
static void remove_entry(struct hf_prepared_table *table,
                         struct hf_prepared_entry *entry) {
  size_t n = capacity_of(table);
  size_t i = (size_t)(entry - table->entries);
  entry->key = 0;
  table->count--;
  for (i = (i + 1) % n; table->entries[i].key != 0; i = (i + 1) % n) {
    struct hf_prepared_entry moved = table->entries[i];
    table->entries[i].key = 0;
    *entry_of(table, moved.key) = moved;
  }
}

static struct hf_prepared_entry *oldest(const struct hf_prepared_table *table) {
  struct hf_prepared_entry *found = NULL;
  size_t i;
  for (i = 0; i < capacity_of(table); i++) {
    struct hf_prepared_entry *entry = &table->entries[i];
    if (entry->key != 0 && (found == NULL || entry->used < found->used)) {
      found = entry;
    }
  }
  return found;
}

enum hf_status hf_prepared_add(struct hf_prepared_table *table,
                               const struct hf_statement *statement,
                               char evicted[HF_STATEMENT_NAME_BYTES]) {
  struct hf_prepared_entry *entry;
  evicted[0] = '\0';
  if (table->entries == NULL) {
    table->entries = hf_calloc(capacity_of(table), sizeof *table->entries);
    if (table->entries == NULL) {
      return HF_NO_MEMORY;
    }
  }
  entry = entry_of(table, statement->id);
  if (entry->key != 0) {
    memcpy(evicted, entry->name, HF_STATEMENT_NAME_BYTES);
    remove_entry(table, entry);
  } else if (table->count == table->limit) {
    entry = oldest(table);
    assert(entry != NULL); /* whoever has a limit of 0 names nothing */
    memcpy(evicted, entry->name, HF_STATEMENT_NAME_BYTES);
    remove_entry(table, entry);
  }
  entry = entry_of(table, statement->id);
  table->count++;
  entry->key = statement->id;
  entry->number = statement->name_number;
  entry->used = ++table->clock;
  memcpy(entry->name, statement->name, HF_STATEMENT_NAME_BYTES);
  return HF_OK;
}

void hf_prepared_drop(struct hf_prepared_table *table,
                      const struct hf_statement *statement) {
  struct hf_prepared_entry *entry;
  if (table->entries == NULL) {
    return;
  }
  if (statement == NULL) {
    memset(table->entries, 0, capacity_of(table) * sizeof *table->entries);
    table->count = 0;
    return;
  }
  entry = entry_of(table, statement->id);
  if (entry->key != 0) {
    remove_entry(table, entry);
  }
}
