/* SPDX-License-Identifier: MIT */
/*
 * The statements a pool has seen: what their text says, how often they came,
 * the name they go by on servers, and what their last result was like.
 *
 * Bounded: the least recently used leaves when there are too many.
 *
 * Ownership: the table owns its statements; a call holds a reference while it
 * uses one, so that eviction cannot pull it away.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_STATEMENT_H
#define HF_NET_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/list.h"
#include "core/sql/scan.h"
#include "holdfast.h"

enum { HF_STATEMENT_NAME_BYTES = 32, HF_STATEMENTS_MAX = 2048 };

struct hf_statement {
  /* set when it is made */
  uint64_t hash;
  struct hf_sql_info sql;
  size_t bytes;
  struct hf_statements *table; /* read only while it is not forgotten */

  /* changed by hf_statement_rename */
  uint64_t key;                       /* of its name: what names.h looks for */
  char name[HF_STATEMENT_NAME_BYTES]; /* salted: never another client's */

  /* of the table */
  struct hf_link by_hash, by_use;
  int32_t references;
  bool forgotten; /* no longer in the table */

  /* learnt */
  uint32_t uses;
  int32_t shape;        /* guess for hf_shapes_find */
  bool large;           /* its last result was worth reading in pieces */
  bool small;           /* its last result was not */
  bool refuses_company; /* answered 25001 to a unit of more than itself */

  char text[]; /* NUL-terminated */
};

struct hf_statements {
  struct hf_list buckets[1024];
  struct hf_list by_use; /* least recently used first */
  uint32_t salt;
};

void hf_statements_init(struct hf_statements *statements, uint32_t salt);

/* Forgets all; those still referenced live until released. */
void hf_statements_finish(struct hf_statements *statements);

/*
 * Returns the statement of a text with one more reference and one more use, or
 * NULL when out of memory.
 */
struct hf_statement *hf_statements_use(struct hf_statements *statements,
                                       const char *text,
                                       size_t bytes);

/*
 * Gives the statement another name: what servers know under the old one is no
 * longer what it should be. The old ones leave the servers by and by.
 */
void hf_statement_rename(struct hf_statement *statement);

/* Gives a reference back. Accepts NULL. */
void hf_statement_release(struct hf_statement *statement);

#endif
