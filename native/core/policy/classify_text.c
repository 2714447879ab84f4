/* SPDX-License-Identifier: MIT */
#include "core/policy/classify_text.h"

#include <string.h>

#include "core/base/error.h"

static bool is_upper_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Reads a code of five characters that is followed by `end`. */
static bool read_code(const char *at, char end, char sqlstate[6]) {
  char code[HF_SQLSTATE_LENGTH + 1] = {0};
  size_t i;

  for (i = 0; i < HF_SQLSTATE_LENGTH; i++) {
    if (!is_upper_or_digit(at[i])) {
      return false;
    }
  }
  if (at[HF_SQLSTATE_LENGTH] != end) {
    return false;
  }
  memcpy(code, at, HF_SQLSTATE_LENGTH);
  if (!hf_classify_is_sqlstate(code)) {
    return false;
  }
  memcpy(sqlstate, code, sizeof(code));
  return true;
}

/*
 * Reads the code in "... failed: FATAL:  53300: ..."; the word after "failed"
 * may be translated.
 */
static bool read_libpq(const char *message, char sqlstate[6]) {
  const char *at = message;

  if (!hf_classify_begins(message, "connection to server ")) {
    return false;
  }
  while ((at = strstr(at, "failed: ")) != NULL) {
    const char *colon;

    at += strlen("failed: ");
    colon = strchr(at, ':');
    if (colon == NULL) {
      return false;
    }
    for (colon++; *colon == ' '; colon++) {
    }
    if (read_code(colon, ':', sqlstate) || read_code(colon, '\0', sqlstate)) {
      return true;
    }
  }
  return false;
}

/* Returns the last line that is not empty. */
static const char *last_line(const char *message) {
  const char *line = message;
  const char *at;

  for (at = message; *at != '\0'; at++) {
    if (*at == '\n' && at[1] != '\n' && at[1] != '\0') {
      line = at + 1;
    }
  }
  return line;
}

bool hf_classify_begins(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool hf_classify_is_sqlstate(const char *code) {
  bool has_digit = false;
  size_t i;

  if (strlen(code) != HF_SQLSTATE_LENGTH) {
    return false;
  }
  for (i = 0; i < HF_SQLSTATE_LENGTH; i++) {
    if (!is_upper_or_digit(code[i])) {
      return false;
    }
    has_digit = has_digit || code[i] <= '9';
  }
  /*
   * Prisma's P1001 and P2034 look like SQLSTATEs; PL/pgSQL's are P0001 to
   * P0004.
   */
  return has_digit && !(code[0] == 'P' && code[1] >= '1' && code[1] <= '9');
}

/* Skips the words that Prisma puts before a message. */
static const char *skip_words(const char *line) {
  static const char *const words[] = {"Error querying the database: ",
                                      "Error in connector: ",
                                      "Error creating a database connection: ",
                                      "Error occurred during query execution: ",
                                      "db error: ",
                                      "error: ",
                                      "Error: ",
                                      "FATAL: ",
                                      "ERROR: "};
  const char *at = line;
  size_t i = 0;

  while (i < sizeof(words) / sizeof(words[0])) {
    if (hf_classify_begins(at, words[i])) {
      at += strlen(words[i]);
      i = 0;
    } else {
      i++;
    }
  }
  return at;
}

size_t hf_classify_sentences(const char *message,
                             const char *out[HF_SENTENCES_MAX]) {
  static const char quoted[] = "Message: `";
  static const char field[] = "message: \"";
  const char *line;
  const char *at;
  size_t n = 0;

  if (message == NULL) {
    return 0;
  }
  line = last_line(message);
  out[n++] = message;
  if (line != message) {
    out[n++] = line;
  }
  at = skip_words(line);
  if (at != line) {
    out[n++] = at;
  }
  at = strstr(line, quoted);
  if (at != NULL) {
    out[n++] = skip_words(at + strlen(quoted));
  }
  at = strstr(line, "Error { ");
  at = at == NULL ? NULL : strstr(at, field);
  if (at != NULL) {
    out[n++] = at + strlen(field);
  }
  return n;
}

bool hf_classify_extract(const char *message, bool prismas, char sqlstate[6]) {
  /*
   * Any text may contain `code: "40001"`, so each form needs words that only
   * Prisma writes.
   */
  static const struct {
    const char
        *anchor; /* not required when the error is known to be Prisma's */
    const char *before;
    char end;
  } forms[] = {{"", "SqlState(\"", '"'},
               {"", "SqlState(E", ')'},
               {"PostgresError {", "code: \"", '"'},
               {"ConnectorError(", "code: \"", '"'},
               {"Database error. ", "Code: `", '`'},
               {"Raw query failed. ", "Code: `", '`'}};
  /* Prisma quotes the caller's source in the lines before the last. */
  const char *line = last_line(message);
  size_t i;

  for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
    const char *at = prismas ? line : strstr(line, forms[i].anchor);

    at = at == NULL ? NULL : strstr(at, forms[i].before);
    if (at != NULL &&
        read_code(at + strlen(forms[i].before), forms[i].end, sqlstate)) {
      return true;
    }
  }
  return read_libpq(message, sqlstate);
}
