/* SPDX-License-Identifier: MIT */
/*
 * Finds placeholders in SQL: $1 and :name. A colon is many things: a cast (::),
 * an assignment (:=), the middle of a slice (a[1:n]) or of a member of
 * JSON_OBJECT ('key':n). It begins a name only where an expression may begin.
 */
#include "core/sql/lex.h"
#include "core/sql/reads.h"
#include "core/sql/words.h"
#include "holdfast.h"

enum {
  BRACKETS_MAX = 64 /* deeper ones count as parentheses */
};

/* One token, and where it is. */
struct seen {
  struct hf_sql_token token;
  const char *start, *end;
};

struct finder {
  const char *text;
  struct hf_placeholder *list;
  int32_t max, n;
  struct seen last;   /* the last token */
  struct seen before; /* the one before it */
  size_t depth;       /* of brackets and parentheses */
  uint64_t brackets;  /* bit per depth: opened by [ */
};

static void add(struct finder *f,
                const char *start,
                const char *end,
                enum hf_placeholder_kind kind,
                enum hf_within within) {
  if (f->n < f->max) {
    struct hf_placeholder *out = &f->list[f->n];

    out->start = (size_t)(start - f->text);
    out->end = (size_t)(end - f->text);
    out->kind = kind;
    out->within = within;
  }
  f->n++;
}

/* Adds what would be a placeholder but for the quotes or comment around. */
static void add_within(struct finder *f,
                       const char *start,
                       const char *end,
                       enum hf_within within) {
  const char *at = start;

  while (end - at > 1) {
    const char *from = at++;
    bool number = *from == '$' && hf_sql_is_digit(*at);
    bool name = *from == ':' && hf_sql_is_name_start(*at) &&
                (from == start || from[-1] != ':');

    if (!number && !name) {
      continue;
    }
    /* A dollar may be the quote's own. */
    while (at < end && (number ? hf_sql_is_digit(*at)
                               : *at != '$' && hf_sql_is_name_part(*at))) {
      at++;
    }
    add(f,
        from,
        at,
        number ? HF_PLACEHOLDER_NUMBER : HF_PLACEHOLDER_NAME,
        within);
  }
}

static bool in_brackets(const struct finder *f) {
  return f->depth > 0 && f->depth <= BRACKETS_MAX &&
         ((f->brackets >> (f->depth - 1)) & 1) != 0;
}

/*
 * Returns true if the colon, which is the last token, stands behind an operand:
 * it separates that from the next one.
 */
static bool separates(const struct finder *f) {
  const struct hf_sql_token *before = &f->before.token;
  bool close = f->before.end == f->last.start || in_brackets(f);

  switch (before->kind) {
  case HF_TOKEN_QUOTED:
  case HF_TOKEN_STRING:
  case HF_TOKEN_NUMBER:
  case HF_TOKEN_PARAM:
    return true;
  case HF_TOKEN_WORD:
    return close && !hf_sql_is_reserved_opener(before->text);
  case HF_TOKEN_CHAR:
    /* DISTINCT ON (a) :name */
    return before->text[0] == ']' || (before->text[0] == ')' && close);
  case HF_TOKEN_OPERATOR:
  case HF_TOKEN_CAST:
  case HF_TOKEN_END:
    return false;
  }
  return false;
}

static bool is_name(const struct finder *f, const struct seen *word) {
  return word->token.kind == HF_TOKEN_WORD &&
         hf_sql_is_char(&f->last.token, ':') && f->last.end == word->start &&
         !separates(f);
}

static void track_depth(struct finder *f, const struct hf_sql_token *token) {
  bool bracket = hf_sql_is_char(token, '[');

  if (bracket || hf_sql_is_char(token, '(')) {
    if (f->depth < BRACKETS_MAX) {
      uint64_t bit = (uint64_t)1 << f->depth;

      f->brackets = bracket ? f->brackets | bit : f->brackets & ~bit;
    }
    f->depth++;
  } else if (f->depth > 0 &&
             (hf_sql_is_char(token, ']') || hf_sql_is_char(token, ')'))) {
    f->depth--;
  }
}

static void take(struct finder *f, struct seen *now) {
  if (is_name(f, now)) {
    add(f, f->last.start, now->end, HF_PLACEHOLDER_NAME, HF_WITHIN_NOTHING);
    now->token.kind = HF_TOKEN_PARAM;
  } else if (now->token.kind == HF_TOKEN_PARAM) {
    add(f, now->start, now->end, HF_PLACEHOLDER_NUMBER, HF_WITHIN_NOTHING);
  } else if (now->token.kind == HF_TOKEN_STRING) {
    add_within(f,
               now->start,
               now->end,
               *now->start == '$' ? HF_WITHIN_DOLLAR_QUOTES : HF_WITHIN_STRING);
  } else if (now->token.kind == HF_TOKEN_QUOTED) {
    add_within(f, now->start, now->end, HF_WITHIN_QUOTED_NAME);
  }
  track_depth(f, &now->token);
  f->before = f->last;
  f->last = *now;
}

int32_t hf_text_placeholders(const char *text,
                             size_t bytes,
                             struct hf_placeholder *list,
                             int32_t max) {
  struct finder f = {.text = text, .list = list, .max = max};
  struct hf_sql_lexer lexer;
  struct seen now;

  f.last.token.kind = HF_TOKEN_END;
  f.before.token.kind = HF_TOKEN_END;
  hf_sql_lex_init(&lexer, text, bytes);
  for (;;) {
    const char *blanks = lexer.at;

    hf_sql_lex_next(&lexer, &now.token);
    now.start = lexer.start;
    now.end = lexer.at;
    add_within(&f, blanks, now.start, HF_WITHIN_COMMENT);
    if (now.token.kind == HF_TOKEN_END) {
      break;
    }
    take(&f, &now);
  }
  return lexer.broken ? HF_TEXT_UNTERMINATED : f.n;
}
