/* SPDX-License-Identifier: MIT */
/*
 * The statements a pool has seen: what their text says, how often they were
 * used, their name on servers, and what their last result was like. Statements
 * are the same when their texts are equal byte by byte.
 *
 * The least recently used are evicted when there are too many, or their texts
 * are too large together. A large text is not kept at all.
 *
 * Ownership: the table owns its statements. A unit holds a reference on its
 * statement, which lives until the last one is released.
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
  HF_STATEMENTS_BYTES_MAX = 4 << 20, /* of all texts together */
  HF_STATEMENT_KEPT_BYTES = 64 << 10 /* a larger text is not kept */
};

/*
 * The age at which a statement gets a new name. The server keeps the types of
 * a statement's parameters as they were when it was prepared, even when the
 * columns change, and does not report DDL of other sessions.
 */
enum { HF_STATEMENT_NAME_SECONDS = 10 };

struct hf_statement {
  /* set when it is made */
  struct hf_table_node node; /* unless it is detached */
  uint64_t id;               /* unique in this process */
  struct hf_sql_info sql;
  size_t bytes;
  struct hf_statements *table; /* to be read unless it is detached */

  /* changed by hf_statement_rename */
  uint64_t name_number;
  char name[HF_STATEMENT_NAME_BYTES]; /* no other client gives it */
  uint64_t named_us;                  /* when it got that name */
  uint64_t names_epoch;               /* hf_statements.names_epoch then */

  /* changed by the table */
  struct hf_link by_use;
  int32_t references;
  bool detached; /* evicted, or too large to be kept */

  /* observed */
  uint32_t uses;
  int32_t row_description; /* guess for hf_row_descriptions_find */
  bool large;              /* its last result was large: read in chunks */
  bool small;              /* its last result was not large */
  uint64_t usual_us;       /* how long it took lately; 0 = unknown */
  bool runs_alone;         /* refuses to run with other statements (25001) */

  char text[]; /* NUL-terminated */
};

/* Shared by the statements of all pools. */
struct hf_statement_source {
  struct hf_hash_key hash_key;
  uint64_t salt;        /* random: part of names, unique to this process */
  uint64_t last_number; /* last id or name number given out */
};

struct hf_statements {
  struct hf_table by_text;
  struct hf_list by_use; /* least recently used first */
  size_t bytes;
  uint64_t names_epoch; /* how often all names were expired */
  struct hf_statement_source *source;
};

/* Makes an empty table; borrows the source. */
void hf_statements_init(struct hf_statements *statements,
                        struct hf_statement_source *source);

/* Removes all statements; those in use are freed when they are released. */
void hf_statements_finish(struct hf_statements *statements);

/*
 * Returns the statement of a text, with a reference and a use added, or NULL
 * when out of memory.
 */
struct hf_statement *hf_statements_use(struct hf_statements *statements,
                                       const char *text,
                                       size_t bytes);

/* Has every statement get a new name: what it refers to may have changed. */
void hf_statements_expire_names(struct hf_statements *statements);

/*
 * Gives the statement a new name, because the one prepared on servers is out of
 * date. Does nothing when it is detached.
 */
void hf_statement_rename(struct hf_statement *statement, uint64_t now_us);

/* Does the same if the name has expired. */
void hf_statement_refresh(struct hf_statement *statement, uint64_t now_us);

/* Notes how long a run of it took. */
void hf_statement_note_duration(struct hf_statement *statement,
                                uint64_t ran_us);

/* Gives a reference back. Accepts NULL. */
void hf_statement_release(struct hf_statement *statement);

#endif
