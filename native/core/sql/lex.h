/* SPDX-License-Identifier: MIT */
/*
 * Splits SQL into tokens as PostgreSQL does, with standard_conforming_strings
 * on or off. Linear time, no allocation.
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
  HF_TOKEN_WORD,   /* keyword or unquoted name; `text` in lower case */
  HF_TOKEN_QUOTED, /* "name" */
  HF_TOKEN_STRING, /* any kind of string constant */
  HF_TOKEN_NUMBER,
  HF_TOKEN_PARAM,    /* $1 */
  HF_TOKEN_OPERATOR, /* `text` */
  HF_TOKEN_CAST,     /* :: */
  HF_TOKEN_CHAR      /* ( ) [ ] , ; . : and any other character; `text` */
};

enum {
  HF_TOKEN_TEXT = 40
}; /* longer ones are truncated; no list has such a word */

struct hf_sql_token {
  enum hf_sql_token_kind kind;
  char text[HF_TOKEN_TEXT];
};

struct hf_sql_lexer {
  const char *at;
  const char *start; /* of the last token */
  const char *end;
  bool broken;         /* a string or comment did not end, or there was a NUL */
  bool backslashes;    /* set by the caller: they escape in strings */
  bool backslash_seen; /* there was one in a string where that makes a
                          difference */
};

/* Returns true for what a number is made of. */
bool hf_sql_is_digit(char c);

/* Returns true for what an unquoted name may begin with. */
bool hf_sql_is_name_start(char c);

/* Returns true for what may follow in one. */
bool hf_sql_is_name_part(char c);

/* Starts at the beginning of a text. */
void hf_sql_lex_init(struct hf_sql_lexer *lexer,
                     const char *text,
                     size_t bytes);

/* Reads the next token; HF_TOKEN_END at the end and ever after. */
void hf_sql_lex_next(struct hf_sql_lexer *lexer, struct hf_sql_token *token);

#endif
