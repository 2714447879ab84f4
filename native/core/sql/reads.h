/* SPDX-License-Identifier: MIT */
/*
 * Decides, token by token, whether a statement may run a user's function. Only
 * a statement that certainly runs none is a read. Some cases no text can show:
 * views, policies, a column that is a function (t.f), and a built-in name that
 * a user has overloaded.
 *
 * Ownership: the state is the caller's memory.
 * Threads: none; one thread at a time per statement.
 */
#ifndef HF_CORE_SQL_READS_H
#define HF_CORE_SQL_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sql/lex.h"

enum { HF_SQL_BEFORE = 4 }; /* tokens kept of those before */

struct hf_sql_reads {
  struct hf_sql_token before[HF_SQL_BEFORE]; /* [0] is the last one */
  bool operand[HF_SQL_BEFORE]; /* whether an operand may end with that token */
  size_t depth;                /* of parentheses */
  uint64_t casts;              /* bit per depth: opened by CAST ( */
  uint64_t types;              /* bit per depth: opened by a type and ( */
  bool typed;                  /* the last token closed one of these */
  size_t distinct_on;          /* depth inside DISTINCT ON (; 0 = none */
  bool join_opened;            /* the last tokens were JOIN (: a call or not? */
  bool opaque;                 /* may run a user's function, or write */
};

/* Starts a statement. */
void hf_sql_reads_init(struct hf_sql_reads *reads);

/* Processes the next token. */
void hf_sql_reads_take(struct hf_sql_reads *reads,
                       const struct hf_sql_token *token);

/* Returns true when a token is this word, unquoted. */
bool hf_sql_is_word(const struct hf_sql_token *token, const char *word);

/* Returns true when a token is this single character. */
bool hf_sql_is_char(const struct hf_sql_token *token, char c);

#endif
