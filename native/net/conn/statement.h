/* SPDX-License-Identifier: MIT */
/*
 * The statements a pool has seen: what their text says, how often they came,
 * the name they go by on servers, and what their last result was like. Two
 * statements are the same when their texts are, to the last byte.
 *
 * Bounded: the least recently used leave when there are too many or they are
 * too large together; what is large by itself is not kept at all.
 *
 * Ownership: the table owns its statements; a unit holds a reference while it
 * uses one, so that eviction cannot pull it away.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_STATEMENT_H
#define HF_NET_CONN_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/hash_table.h"
#include "core/base/list.h"
#include "core/sql/scan.h"
#include "holdfast.h"

enum {
  HF_STATEMENT_NAME_BYTES = 40,
  HF_STATEMENTS_MAX = 2048,
  HF_STATEMENTS_BYTES_MAX = 4 << 20, /* of all texts that are kept */
  HF_STATEMENT_KEPT_BYTES = 64 << 10 /* of one that is kept */
};

/*
 * So old a name may become. The server keeps the types of a statement's
 * parameters as they were when it was prepared, whatever becomes of the
 * columns; DDL of others is not told to us.
 */
enum { HF_STATEMENT_NAME_SECONDS = 10 };

struct hf_statement {
  /* set when it is made */
  struct hf_table_node node; /* while it is not forgotten */
  uint64_t id;               /* never another statement's in this process */
  struct hf_sql_info sql;
  size_t bytes;
  struct hf_statements *table; /* read only while it is not forgotten */

  /* changed by hf_statement_rename */
  uint64_t name_number;
  char name[HF_STATEMENT_NAME_BYTES]; /* salted: never another client's */
  uint64_t named_us;                  /* when it got that name */
  uint64_t names_epoch;               /* the table's at that time */

  /* of the table */
  struct hf_link by_use;
  int32_t references;
  bool detached; /* no longer in the table, or never was */

  /* learnt */
  uint32_t uses;
  int32_t row_description; /* guess for hf_row_descriptions_find */
  bool large;              /* its last result was worth reading in pieces */
  bool small;              /* its last result was not */
  uint64_t usual_us;       /* that it took lately; 0 = unknown */
  bool runs_alone;         /* answered 25001 to a unit of more than itself */

  char text[]; /* NUL-terminated */
};

/* What the statements of a process have in common. */
struct hf_statement_source {
  struct hf_hash_key hash_key;
  uint64_t salt;        /* random: no other process gives our names */
  uint64_t last_number; /* that was given to a statement or a name */
};

struct hf_statements {
  struct hf_table by_text;
  struct hf_list by_use; /* least recently used first */
  size_t bytes;
  uint64_t names_epoch; /* how often all names were given up */
  struct hf_statement_source *source;
};

void hf_statements_init(struct hf_statements *statements,
                        struct hf_statement_source *source);

/* Forgets all; those still referenced live until released. */
void hf_statements_finish(struct hf_statements *statements);

/*
 * Returns the statement of a text with one more reference and one more use, or
 * NULL when out of memory.
 */
struct hf_statement *hf_statements_use(struct hf_statements *statements,
                                       const char *text,
                                       size_t bytes);

/* Every statement gets a new name: what they refer to may have changed. */
void hf_statements_expire_names(struct hf_statements *statements);

/*
 * Gives the statement another name: what servers know under the old one is no
 * longer what it should be. Does nothing to one that is forgotten.
 */
void hf_statement_rename(struct hf_statement *statement, uint64_t now_us);

/* The same, if its name is too old or was given up. */
void hf_statement_refresh(struct hf_statement *statement, uint64_t now_us);

/* Notes how long it took this time. */
void hf_statement_note_duration(struct hf_statement *statement,
                                uint64_t ran_us);

/* Gives a reference back. Accepts NULL. */
void hf_statement_release(struct hf_statement *statement);

#endif
