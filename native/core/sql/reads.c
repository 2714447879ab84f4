/* SPDX-License-Identifier: MIT */
#include "core/sql/reads.h"

#include <string.h>

#include "core/sql/words.h"

enum { DEPTH_MAX = 64 }; /* of parentheses; deeper statements are opaque */

bool hf_sql_is_word(const struct hf_sql_token *token, const char *word) {
  return token->kind == HF_TOKEN_WORD && strcmp(token->text, word) == 0;
}

bool hf_sql_is_char(const struct hf_sql_token *token, char c) {
  return token->kind == HF_TOKEN_CHAR && token->text[0] == c;
}

static bool is_one_of(const struct hf_sql_token *token,
                      const char *const *list) {
  for (; *list != NULL; list++) {
    if (hf_sql_is_word(token, *list)) {
      return true;
    }
  }
  return false;
}

/* The last tokens were GROUP BY, ORDER BY or PARTITION BY. */
static bool is_after_by(const struct hf_sql_token *before) {
  static const char *const lists[] = {"group", "order", "partition", NULL};

  return hf_sql_is_word(&before[0], "by") && is_one_of(&before[1], lists);
}

/*
 * LIKE and similar words are names of functions and types, too. They are
 * operators after an operand.
 */
static bool is_infix(const struct hf_sql_reads *reads) {
  static const char *const infixes[] = {"like", "ilike", "overlaps", NULL};

  if (!is_one_of(&reads->before[0], infixes)) {
    return false;
  }
  return hf_sql_is_word(&reads->before[1], "not") ? reads->operand[2]
                                                  : reads->operand[1];
}

/*
 * Returns true for a word that may be the name of a user's function in general,
 * but not in this context.
 */
static bool is_context_keyword(const struct hf_sql_reads *reads) {
  static const char *const varied[] = {"character",
                                       "char",
                                       "nchar",
                                       "bit",
                                       NULL};
  static const char *const joins[] =
      {"inner", "left", "right", "full", "outer", "cross", "natural", NULL};
  const struct hf_sql_token *before = reads->before;
  const struct hf_sql_token *word = &before[0];

  if (hf_sql_is_word(word, "over") || hf_sql_is_word(word, "filter")) {
    return hf_sql_is_char(&before[1], ')') && reads->operand[1];
  }
  if (hf_sql_is_word(word, "by")) {
    return is_after_by(before);
  }
  if (hf_sql_is_word(word, "sets")) {
    return hf_sql_is_word(&before[1], "grouping");
  }
  if (hf_sql_is_word(word, "rollup") || hf_sql_is_word(word, "cube")) {
    return is_after_by(&before[1]) && hf_sql_is_word(&before[2], "group");
  }
  if (hf_sql_is_word(word, "materialized")) {
    return hf_sql_is_word(&before[1], "as") ||
           (hf_sql_is_word(&before[1], "not") &&
            hf_sql_is_word(&before[2], "as"));
  }
  if (hf_sql_is_word(word, "varying")) {
    return is_one_of(&before[1], varied);
  }
  return (hf_sql_is_word(word, "join") && is_one_of(&before[1], joins)) ||
         is_infix(reads);
}

/*
 * At an opening parenthesis: returns true when it begins the call of a function
 * that is not known to be read-only.
 */
static bool calls_unknown(const struct hf_sql_reads *reads) {
  const struct hf_sql_token *before = reads->before;

  if (before[0].kind == HF_TOKEN_QUOTED) {
    return true;
  }
  if (before[0].kind != HF_TOKEN_WORD) {
    return false;
  }
  if (hf_sql_is_char(&before[1], '.')) {
    return !hf_sql_is_word(&before[2], "pg_catalog") ||
           hf_sql_is_char(&before[3], '.') ||
           !hf_sql_is_read_only_qualified(before[0].text);
  }
  return !hf_sql_is_paren_keyword(before[0].text) &&
         !hf_sql_is_read_only_function(before[0].text) &&
         !is_context_keyword(reads);
}

static void set_bit(uint64_t *bits, size_t i, bool on) {
  *bits = (*bits & ~(UINT64_C(1) << i)) | (uint64_t)on << i;
}

static bool has_bit(uint64_t bits, size_t i) {
  return i < DEPTH_MAX && (bits >> i & 1) != 0;
}

static void open(struct hf_sql_reads *reads) {
  static const char *const casting[] = {"cast", "treat", "xmlserialize", NULL};
  const struct hf_sql_token *before = reads->before;
  bool casts = is_one_of(&before[0], casting);
  bool types = before[0].kind == HF_TOKEN_WORD &&
               hf_sql_is_builtin_type(before[0].text) &&
               !hf_sql_is_char(&before[1], '.');
  bool joins =
      hf_sql_is_word(&before[0], "join") && !hf_sql_is_char(&before[1], '.');

  if (joins && !is_context_keyword(reads)) {
    reads->join_opened = true; /* the next token decides */
  } else if (calls_unknown(reads)) {
    reads->opaque = true;
  }
  reads->depth++;
  if (reads->depth >= DEPTH_MAX) {
    reads->opaque = true;
    return;
  }
  set_bit(&reads->casts, reads->depth, casts);
  set_bit(&reads->types, reads->depth, types);
  if (hf_sql_is_word(&before[0], "on") &&
      hf_sql_is_word(&before[1], "distinct")) {
    reads->opaque = reads->opaque || reads->distinct_on != 0;
    reads->distinct_on = reads->depth;
  }
}

/* Returns true when an operand may end here: not after DISTINCT ON (a). */
static bool close(struct hf_sql_reads *reads) {
  bool operand = reads->depth == 0 || reads->depth != reads->distinct_on;

  if (!operand) {
    reads->distinct_on = 0;
  }
  reads->typed = has_bit(reads->types, reads->depth);
  reads->depth -= reads->depth > 0 ? 1 : 0;
  return operand;
}

static bool names_catalog(const struct hf_sql_token *before) {
  return hf_sql_is_char(&before[0], '.') &&
         hf_sql_is_word(&before[1], "pg_catalog");
}

/*
 * Returns true when the token after ::, or after AS in CAST, is not the name of
 * a built-in type.
 */
static bool casts_unknown(const struct hf_sql_reads *reads,
                          const struct hf_sql_token *token) {
  const struct hf_sql_token *before = reads->before;

  if (before[0].kind == HF_TOKEN_CAST) {
    return token->kind != HF_TOKEN_WORD ||
           (!hf_sql_is_builtin_type(token->text) &&
            !hf_sql_is_word(token, "pg_catalog") &&
            !hf_sql_is_word(token, "double"));
  }
  if (before[1].kind == HF_TOKEN_CAST && hf_sql_is_word(&before[0], "double")) {
    return !hf_sql_is_word(token, "precision");
  }
  if (names_catalog(before) && before[2].kind == HF_TOKEN_CAST) {
    return token->kind != HF_TOKEN_WORD || !hf_sql_is_builtin_type(token->text);
  }
  /* schema.type, or pg_catalog without a type */
  return before[1].kind == HF_TOKEN_CAST &&
         hf_sql_is_word(&before[0], "pg_catalog") != hf_sql_is_char(token, '.');
}

/*
 * At a string constant: returns true when the word before it is the name of a
 * type that is not built in.
 */
static bool types_unknown(const struct hf_sql_reads *reads) {
  const struct hf_sql_token *before = reads->before;
  const struct hf_sql_token *word = &before[0];

  if (word->kind == HF_TOKEN_QUOTED ||
      (hf_sql_is_char(word, ')') && !reads->typed) ||
      hf_sql_is_char(word, ']') || hf_sql_is_char(word, '.')) {
    return true;
  }
  if (word->kind != HF_TOKEN_WORD) {
    return false;
  }
  if (hf_sql_is_char(&before[1], '.')) {
    return true;
  }
  if (hf_sql_is_word(word, "zone")) {
    return !hf_sql_is_word(&before[1], "time");
  }
  if (hf_sql_is_word(word, "precision")) {
    return !hf_sql_is_word(&before[1], "double");
  }
  if (hf_sql_is_word(word, "escape")) {
    return !reads->operand[1];
  }
  return !hf_sql_is_reserved_opener(word->text) &&
         !hf_sql_is_builtin_type(word->text) && !is_infix(reads) &&
         !is_after_by(before);
}

/*
 * (x).f may be the call f(x), and so may x.f where a function in FROM is called
 * x. Some built-in functions with one argument write.
 */
static bool selects_function(const struct hf_sql_token *before,
                             const struct hf_sql_token *token) {
  static const char *const writers[] = {"nextval", "setval", NULL};

  if (!hf_sql_is_char(&before[0], '.') || token->kind != HF_TOKEN_WORD) {
    return false;
  }
  if (is_one_of(token, writers)) {
    return true;
  }
  return (strncmp(token->text, "pg_", strlen("pg_")) == 0 ||
          strncmp(token->text, "lo_", strlen("lo_")) == 0) &&
         !names_catalog(before);
}

static bool is_opaque_word(const struct hf_sql_reads *reads,
                           const struct hf_sql_token *token) {
  static const char *const locks[] = {"update", "share", "no", "key", NULL};

  return hf_sql_is_word(token, "into") ||
         (hf_sql_is_word(&reads->before[0], "for") &&
          is_one_of(token, locks)) ||
         selects_function(reads->before, token);
}

/*
 * Returns true when a field is selected from a value rather than from something
 * that has a name.
 */
static bool selects_from_value(const struct hf_sql_reads *reads,
                               const struct hf_sql_token *token) {
  const struct hf_sql_token *last = &reads->before[0];

  return hf_sql_is_char(token, '.') &&
         (hf_sql_is_char(last, ')') || hf_sql_is_char(last, ']') ||
          last->kind == HF_TOKEN_PARAM);
}

static bool is_opaque(const struct hf_sql_reads *reads,
                      const struct hf_sql_token *token) {
  switch (token->kind) {
  case HF_TOKEN_WORD:
    return is_opaque_word(reads, token);
  case HF_TOKEN_OPERATOR:
    return !hf_sql_is_known_operator(token->text);
  case HF_TOKEN_STRING:
    return types_unknown(reads);
  case HF_TOKEN_CHAR:
    /* a semicolon inside parentheses or a function's body */
    return token->text[0] == ';' || selects_from_value(reads, token);
  case HF_TOKEN_END:
  case HF_TOKEN_QUOTED:
  case HF_TOKEN_NUMBER:
  case HF_TOKEN_PARAM:
  case HF_TOKEN_CAST:
    break;
  }
  return false;
}

/*
 * Returns true when the token after JOIN ( begins a subquery; the arguments of
 * a call cannot begin like that.
 */
static bool begins_query(const struct hf_sql_token *token) {
  static const char *const queries[] = {"select", "values", "with", NULL};

  return is_one_of(token, queries);
}

static bool ends_operand(struct hf_sql_reads *reads,
                         const struct hf_sql_token *token) {
  switch (token->kind) {
  case HF_TOKEN_WORD:
    return hf_sql_is_char(&reads->before[0], '.') ||
           !hf_sql_opens_expression(token->text);
  case HF_TOKEN_CHAR:
    return token->text[0] == ']' || (token->text[0] == ')' && close(reads));
  case HF_TOKEN_QUOTED:
  case HF_TOKEN_STRING:
  case HF_TOKEN_NUMBER:
  case HF_TOKEN_PARAM:
    return true;
  case HF_TOKEN_END:
  case HF_TOKEN_OPERATOR:
  case HF_TOKEN_CAST:
    break;
  }
  return false;
}

static void push(struct hf_sql_reads *reads,
                 const struct hf_sql_token *token,
                 bool operand) {
  size_t rest = HF_SQL_BEFORE - 1;

  memmove(reads->before + 1, reads->before, rest * sizeof(reads->before[0]));
  memmove(reads->operand + 1, reads->operand, rest * sizeof(reads->operand[0]));
  reads->before[0] = *token;
  reads->operand[0] = operand;
  if (hf_sql_is_word(token, "as") && has_bit(reads->casts, reads->depth)) {
    reads->before[0].kind = HF_TOKEN_CAST; /* a type comes next */
  }
}

void hf_sql_reads_init(struct hf_sql_reads *reads) {
  memset(reads, 0, sizeof(*reads));
}

void hf_sql_reads_take(struct hf_sql_reads *reads,
                       const struct hf_sql_token *token) {
  if (reads->join_opened && !begins_query(token)) {
    reads->opaque = true;
  }
  reads->join_opened = false;
  reads->opaque =
      reads->opaque || casts_unknown(reads, token) || is_opaque(reads, token);
  if (hf_sql_is_char(token, '(')) {
    open(reads);
  }
  push(reads, token, ends_operand(reads, token));
}
