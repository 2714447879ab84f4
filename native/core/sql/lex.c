/* SPDX-License-Identifier: MIT */
#include "core/sql/lex.h"

#include <string.h>

bool hf_sql_is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool hf_sql_is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (unsigned char)c >= 0x80;
}

bool hf_sql_is_name_part(char c) {
  return hf_sql_is_name_start(c) || hf_sql_is_digit(c) || c == '$';
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
         c == '\v';
}

static bool is_operator_char(char c) {
  return c != '\0' && strchr("~!@#^&|`?+-*/%<>=", c) != NULL;
}

/* Returns the character `offset` ahead, NUL past the end. */
static char peek(const struct hf_sql_lexer *lexer, size_t offset) {
  if ((size_t)(lexer->end - lexer->at) <= offset) {
    return '\0';
  }
  return lexer->at[offset];
}

static void skip_line_comment(struct hf_sql_lexer *lexer) {
  while (lexer->at < lexer->end && *lexer->at != '\n' && *lexer->at != '\r') {
    lexer->at++;
  }
}

/* Block comments nest. */
static void skip_block_comment(struct hf_sql_lexer *lexer) {
  size_t depth = 0;

  do {
    if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
      depth++;
      lexer->at += 2;
    } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
      depth--;
      lexer->at += 2;
    } else if (lexer->at < lexer->end) {
      lexer->at++;
    } else {
      lexer->broken = true;
      return;
    }
  } while (depth > 0);
}

static void skip_blanks(struct hf_sql_lexer *lexer) {
  for (;;) {
    if (lexer->at < lexer->end && is_space(*lexer->at)) {
      lexer->at++;
    } else if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-') {
      skip_line_comment(lexer);
    } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
      skip_block_comment(lexer);
    } else {
      return;
    }
  }
}

/* Skips to the end of a quoted text; `at` is after the opening quote. */
static void skip_quoted(struct hf_sql_lexer *lexer,
                        char quote,
                        bool backslashes) {
  while (lexer->at < lexer->end) {
    char c = *lexer->at++;
    bool escapes = c == '\\' && backslashes && lexer->at < lexer->end;
    bool doubled = c == quote && peek(lexer, 0) == quote;

    if (escapes || doubled) {
      lexer->at++;
    } else if (c == quote) {
      return;
    }
  }
  lexer->broken = true;
}

/*
 * Moves past the next opening quote and returns true if the string continues
 * after a line break ('a' newline 'b').
 */
static bool continues(struct hf_sql_lexer *lexer) {
  const char *start = lexer->at;
  bool line_break = false;

  for (;;) {
    if (lexer->at < lexer->end && is_space(*lexer->at)) {
      line_break = line_break || *lexer->at == '\n' || *lexer->at == '\r';
      lexer->at++;
    } else if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-') {
      skip_line_comment(lexer);
    } else {
      break;
    }
  }
  if (line_break && peek(lexer, 0) == '\'') {
    lexer->at++;
    return true;
  }
  lexer->at = start;
  return false;
}

static void lex_string(struct hf_sql_lexer *lexer,
                       struct hf_sql_token *token,
                       size_t prefix,
                       bool backslashes) {
  const char *start = lexer->at;

  token->kind = HF_TOKEN_STRING;
  lexer->at += prefix + 1;
  do {
    skip_quoted(lexer, '\'', backslashes || lexer->backslashes);
  } while (continues(lexer));
  lexer->backslash_seen =
      lexer->backslash_seen ||
      (!backslashes &&
       memchr(start, '\\', (size_t)(lexer->at - start)) != NULL);
}

static void lex_name_in_quotes(struct hf_sql_lexer *lexer,
                               struct hf_sql_token *token,
                               size_t prefix) {
  token->kind = HF_TOKEN_QUOTED;
  lexer->at += prefix + 1;
  skip_quoted(lexer, '"', false);
}

/* Reads $tag$ ... $tag$ if there is one; `at` is on the first dollar. */
static bool lex_dollar_string(struct hf_sql_lexer *lexer,
                              struct hf_sql_token *token) {
  const char *body;
  size_t length = 1;

  while (hf_sql_is_name_part(peek(lexer, length)) &&
         peek(lexer, length) != '$') {
    length++;
  }
  if (peek(lexer, length) != '$' || hf_sql_is_digit(peek(lexer, 1))) {
    return false;
  }
  length++;
  token->kind = HF_TOKEN_STRING;
  for (body = lexer->at + length; (size_t)(lexer->end - body) >= length;
       body++) {
    body = memchr(body, '$', (size_t)(lexer->end - body));
    if (body == NULL || (size_t)(lexer->end - body) < length) {
      break;
    }
    if (memcmp(body, lexer->at, length) == 0) {
      lexer->at = body + length;
      return true;
    }
  }
  lexer->broken = true;
  lexer->at = lexer->end;
  return true;
}

static void lex_dollar(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  if (lex_dollar_string(lexer, token)) {
    return;
  }
  token->kind =
      hf_sql_is_digit(peek(lexer, 1)) ? HF_TOKEN_PARAM : HF_TOKEN_CHAR;
  token->text[0] = *lexer->at++;
  token->text[1] = '\0';
  while (token->kind == HF_TOKEN_PARAM && hf_sql_is_digit(peek(lexer, 0))) {
    lexer->at++;
  }
}

/* ASCII only, as PostgreSQL does for names in UTF-8. */
static char lower(char c) {
  if (c >= 'A' && c <= 'Z') {
    return (char)(c - 'A' + 'a');
  }
  return c;
}

static void lex_word(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  size_t n = 0;

  token->kind = HF_TOKEN_WORD;
  while (hf_sql_is_name_part(peek(lexer, 0))) {
    if (n < HF_TOKEN_TEXT - 1) {
      token->text[n++] = lower(*lexer->at);
    }
    lexer->at++;
  }
  token->text[n] = '\0';
}

/* Reads a name, or a string with a prefix: E'', U&'', B'', X'', N''. */
static void lex_letter(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  char letter = lower(peek(lexer, 0));
  char second = peek(lexer, 1);

  if (second == '\'' && strchr("ebxn", letter) != NULL) {
    lex_string(lexer, token, 1, letter == 'e');
  } else if (letter == 'u' && second == '&' && peek(lexer, 2) == '\'') {
    lex_string(lexer, token, 2, false);
  } else if (letter == 'u' && second == '&' && peek(lexer, 2) == '"') {
    lex_name_in_quotes(lexer, token, 2);
  } else {
    lex_word(lexer, token);
  }
}

static void lex_number(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  char sign;

  token->kind = HF_TOKEN_NUMBER;
  while (hf_sql_is_digit(peek(lexer, 0))) {
    lexer->at++;
  }
  if (peek(lexer, 0) == '.' && peek(lexer, 1) != '.') {
    lexer->at++;
    while (hf_sql_is_digit(peek(lexer, 0))) {
      lexer->at++;
    }
  }
  sign = peek(lexer, 1);
  if (lower(peek(lexer, 0)) == 'e' &&
      (hf_sql_is_digit(sign) ||
       ((sign == '+' || sign == '-') && hf_sql_is_digit(peek(lexer, 2))))) {
    lexer->at += 2;
    while (hf_sql_is_digit(peek(lexer, 0))) {
      lexer->at++;
    }
  }
}

/*
 * Reads the longest run of operator characters before a comment. It ends in +
 * or - only if it contains a character that no standard operator has.
 */
static void lex_operator(struct hf_sql_lexer *lexer,
                         struct hf_sql_token *token) {
  size_t n = 0;
  bool special = false;

  while (is_operator_char(peek(lexer, n))) {
    char c = peek(lexer, n);

    if (n > 0 && ((c == '-' && peek(lexer, n + 1) == '-') ||
                  (c == '/' && peek(lexer, n + 1) == '*'))) {
      break;
    }
    special = special || strchr("~!@#^&|`?%", c) != NULL;
    n++;
  }
  while (n > 1 && !special &&
         (lexer->at[n - 1] == '+' || lexer->at[n - 1] == '-')) {
    n--;
  }
  token->kind = HF_TOKEN_OPERATOR;
  memcpy(token->text, lexer->at, n < HF_TOKEN_TEXT ? n : HF_TOKEN_TEXT - 1);
  token->text[n < HF_TOKEN_TEXT ? n : HF_TOKEN_TEXT - 1] = '\0';
  lexer->at += n;
}

static void lex_char(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  token->kind = HF_TOKEN_CHAR;
  if (peek(lexer, 0) == ':' && peek(lexer, 1) == ':') {
    token->kind = HF_TOKEN_CAST;
    lexer->at++;
  }
  lexer->broken = lexer->broken || *lexer->at == '\0';
  token->text[0] = *lexer->at++;
  token->text[1] = '\0';
}

void hf_sql_lex_init(struct hf_sql_lexer *lexer,
                     const char *text,
                     size_t bytes) {
  lexer->at = text;
  lexer->start = text;
  lexer->end = text + bytes;
  lexer->broken = false;
  lexer->backslashes = false;
  lexer->backslash_seen = false;
}

void hf_sql_lex_next(struct hf_sql_lexer *lexer, struct hf_sql_token *token) {
  char c;

  token->text[0] = '\0';
  skip_blanks(lexer);
  lexer->start = lexer->at;
  if (lexer->at >= lexer->end) {
    token->kind = HF_TOKEN_END;
    return;
  }
  c = *lexer->at;
  if (hf_sql_is_name_start(c)) {
    lex_letter(lexer, token);
  } else if (c == '\'') {
    lex_string(lexer, token, 0, false);
  } else if (c == '"') {
    lex_name_in_quotes(lexer, token, 0);
  } else if (hf_sql_is_digit(c) ||
             (c == '.' && hf_sql_is_digit(peek(lexer, 1)))) {
    lex_number(lexer, token);
  } else if (c == '$') {
    lex_dollar(lexer, token);
  } else if (is_operator_char(c)) {
    lex_operator(lexer, token);
  } else {
    lex_char(lexer, token);
  }
}
