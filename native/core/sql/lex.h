/* SPDX-License-Identifier: MIT */
/*
 * Cuts SQL into tokens the way PostgreSQL does, with
 * standard_conforming_strings on or off. Linear, allocates nothing.
 *
 * Ownership: the text is borrowed while the lexer is in use.
 * Threads: none; one thread at a time per lexer.
 */
#ifndef HF_CORE_SQL_LEX_H
#define HF_CORE_SQL_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum hf_sql_token_kind {
  HF_TOKEN_END,
  HF_TOKEN_WORD,   /* keyword or name without quotes; `text` in lower case */
  HF_TOKEN_QUOTED, /* "name" */
  HF_TOKEN_STRING, /* any kind of string constant */
  HF_TOKEN_NUMBER,
  HF_TOKEN_PARAM,    /* $1 */
  HF_TOKEN_OPERATOR, /* `text` */
  HF_TOKEN_CAST,     /* :: */
  HF_TOKEN_CHAR      /* ( ) [ ] , ; . : and what is nothing else; `text` */
};

enum { HF_TOKEN_TEXT = 40 }; /* longer ones are cut; no list holds such */

struct hf_sql_token {
  enum hf_sql_token_kind kind;
  char text[HF_TOKEN_TEXT];
};

struct hf_sql_lexer {
  const char *at;
  const char *end;
  bool broken;         /* a string or comment had no end, or a NUL was met */
  bool backslashes;    /* set by the caller: they escape in 'strings' too */
  bool backslash_seen; /* one was in a string where that makes a difference */
};

/* Begins at the start of a text. */
void hf_sql_lex_init(struct hf_sql_lexer *lexer,
                     const char *text,
                     size_t bytes);

/* Reads the next token. After the end it is always HF_TOKEN_END. */
void hf_sql_lex_next(struct hf_sql_lexer *lexer, struct hf_sql_token *token);

#endif
