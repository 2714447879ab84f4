/* SPDX-License-Identifier: MIT */
/*
 * Which statements are prepared on one connection, and under which name. There
 * is a limit; the least recently used makes room.
 *
 * Ownership: the table is the caller's memory, what it allocates its own.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_PREPARED_H
#define HF_NET_CONN_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/hash_table.h"
#include "core/base/list.h"
#include "holdfast.h"
#include "net/conn/statement.h"

struct hf_prepared_entry {
  struct hf_table_node node; /* under the statement's id */
  struct hf_link link;       /* on `by_use`, or on `unused` */
  uint64_t name_number;
  char name[HF_STATEMENT_NAME_BYTES];
};

struct hf_prepared_table {
  size_t limit; /* of names; 0 = none is ever added */
  struct hf_prepared_entry *entries;
  struct hf_table by_statement;
  struct hf_list by_use; /* least recently used first */
  struct hf_list unused;
};

/* Makes an empty table. Memory is allocated with the first name. */
void hf_prepared_init(struct hf_prepared_table *table, size_t limit);

/* Frees what the table has allocated. */
void hf_prepared_finish(struct hf_prepared_table *table);

/*
 * Returns whether the statement is prepared under the name it has now, and
 * makes it the most recently used.
 */
bool hf_prepared_find(struct hf_prepared_table *table,
                      const struct hf_statement *statement);

/*
 * Notes that the statement was prepared under its name; the limit is not 0.
 * Copies to `evicted` the name that has to be deallocated on the server: the
 * statement's previous one or, when the table was full, that of the least
 * recently used statement; "" when there is none. Returns HF_OK or HF_NO_MEMORY
 * (the table is as before).
 */
HF_NODISCARD enum hf_status hf_prepared_add(
    struct hf_prepared_table *table,
    const struct hf_statement *statement,
    char evicted[HF_STATEMENT_NAME_BYTES]);

/* Removes a statement; does nothing when it is not there. */
void hf_prepared_remove(struct hf_prepared_table *table,
                        const struct hf_statement *statement);

/* Removes all statements. */
void hf_prepared_clear(struct hf_prepared_table *table);

#endif
