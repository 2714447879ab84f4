/* SPDX-License-Identifier: MIT */
/*
 * Judges, token by token, whether a statement can run anybody's function:
 * only what certainly runs none is a read. What no text can show stays open:
 * views, policies, a column that is a function (t.f), and a built-in name
 * that a user gave a function with other arguments.
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

enum { HF_SQL_BEFORE = 4 }; /* tokens looked back at */

struct hf_sql_reads {
  struct hf_sql_token before[HF_SQL_BEFORE]; /* [0] is the last one */
  bool operand[HF_SQL_BEFORE]; /* whether an operand may end with it */
  size_t depth;                /* of parentheses */
  uint64_t casts;              /* a bit for each depth that CAST ( opened */
  uint64_t types;              /* a bit for each depth that TYPE ( opened */
  bool typed;                  /* and the last token closed such a one */
  size_t distinct_on;          /* the depth inside DISTINCT ON (; 0 = none */
  bool join_opened;            /* JOIN ( was the last: a call, or not? */
  bool opaque;                 /* not certain to be harmless */
};

/* Begins a statement. */
void hf_sql_reads_init(struct hf_sql_reads *reads);

/* Takes its next token. */
void hf_sql_reads_take(struct hf_sql_reads *reads,
                       const struct hf_sql_token *token);

/* Returns whether a token is this word, which is not in quotes. */
bool hf_sql_is_word(const struct hf_sql_token *token, const char *word);

/* Returns whether a token is this single character. */
bool hf_sql_is_char(const struct hf_sql_token *token, char c);

#endif
