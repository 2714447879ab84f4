/* SPDX-License-Identifier: MIT */
/*
 * Which statements are prepared on one connection. Small and fixed in size;
 * the least recently used makes room.
 *
 * Ownership: the table is the caller's memory, its array its own.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_PREPARED_H
#define HF_NET_CONN_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"
#include "net/conn/statement.h"

struct hf_prepared_entry {
  uint64_t key;    /* the statement's id; 0 = free place */
  uint64_t number; /* of its name */
  uint64_t used;   /* when, in uses of the table */
  char name[HF_STATEMENT_NAME_BYTES];
};

struct hf_prepared_table {
  struct hf_prepared_entry *entries;
  size_t limit; /* how many names at most; 0 = none */
  size_t count;
  uint64_t clock;
};

/* Prepares an empty table; memory comes with the first name. */
void hf_prepared_init(struct hf_prepared_table *table, size_t limit);

void hf_prepared_finish(struct hf_prepared_table *table);

/*
 * Returns whether the statement is prepared under the name it has now, and
 * marks it as used.
 */
bool hf_prepared_find(struct hf_prepared_table *table,
                      const struct hf_statement *statement);

/*
 * Notes that the statement was prepared. When it had another name, or the table
 * was full, copies the name that left into `evicted`, else makes that empty.
 * Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_prepared_add(
    struct hf_prepared_table *table,
    const struct hf_statement *statement,
    char evicted[HF_STATEMENT_NAME_BYTES]);

/* Forgets one statement, or all of them when it is NULL. */
void hf_prepared_drop(struct hf_prepared_table *table,
                      const struct hf_statement *statement);

#endif
