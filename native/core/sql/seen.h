/* SPDX-License-Identifier: MIT */
/*
 * What was seen of one statement, token by token, and what kind of statement
 * that makes it. A part of the scanner.
 *
 * Ownership: the caller's memory.
 * Threads: any; pure.
 */
#ifndef HF_CORE_SQL_SEEN_H
#define HF_CORE_SQL_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/sql/kind.h"
#include "core/sql/lex.h"
#include "core/sql/reads.h"

enum {
  HF_SQL_FIRST_WORDS = 6 /* as many words decide the kind of a statement */
};

struct hf_sql_seen {
  char words[HF_SQL_FIRST_WORDS][HF_TOKEN_TEXT];
  size_t n_words;
  struct hf_sql_reads reads; /* whether it only reads; the tokens before */
  bool empty;
  bool writes; /* it has INSERT, UPDATE, DELETE or MERGE */
  bool concurrently;
  bool with_hold;
  bool into_temp;
  bool locks_session;
  enum hf_sql_copy copies; /* if it is COPY */
  bool copies_a_read;      /* COPY of what only reads */
  size_t settings;         /* calls of set_config() that are not local */
  size_t body_depth;       /* of BEGIN ATOMIC and CASE in a function's body */
  enum hf_sql_kind main;   /* of WITH */
};

/* Begins: nothing was seen. */
void hf_sql_seen_init(struct hf_sql_seen *s);

/* Takes the statement's next token. */
void hf_sql_seen_take(struct hf_sql_seen *s, const struct hf_sql_token *token);

/* Returns its kind, once all tokens were taken. */
enum hf_sql_kind hf_sql_seen_kind(const struct hf_sql_seen *s);

/*
 * Returns true for commands that cannot run in a transaction and may be half
 * done after an error.
 */
bool hf_sql_seen_refuses_transaction(const struct hf_sql_seen *s);

/*
 * Returns true where it certainly runs nothing that writes, but for shadowed
 * names.
 */
bool hf_sql_seen_only_reads(const struct hf_sql_seen *s, enum hf_sql_kind kind);

/* Returns true where it may leave something in the session. */
bool hf_sql_seen_changes_session(const struct hf_sql_seen *s,
                                 enum hf_sql_kind kind);

/* ALTER TYPE .. ADD VALUE: the value cannot be used before it is committed. */
bool hf_sql_seen_adds_value(const struct hf_sql_seen *s);

/*
 * Returns true for commands that do the same whatever the settings of the
 * session.
 */
bool hf_sql_seen_needs_nothing(const struct hf_sql_seen *s);

#endif
