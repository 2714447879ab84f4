/* SPDX-License-Identifier: MIT */
#include "net/conn/prepared_names.h"

#include <stddef.h>
#include <string.h>

#include "net/conn/conn_state.h"
#include "net/conn/unit.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/*
 * Dates, times, fractions (a float4 keeps fewer digits than a float8) and
 * leading zeros. Whole numbers and words mean the same under every type that
 * accepts them.
 */
static bool reads_by_type(const char *value) {
  const char *at = value == NULL ? "" : value;
  size_t digits = 0;
  if (*at == '-' || *at == '+') {
    at++;
  }
  while (is_digit(at[digits])) {
    digits++;
  }
  if (digits == 0) {
    return *at == '.';
  }
  if (at[digits] == '\0') {
    return *value == '+' || (at[0] == '0' && digits > 1);
  }
  /* 2024-01, 12:30, 1.5, 1e3, 1/2/2024; not the digits of a UUID */
  return at[digits] == '.' || at[digits] == ':' || at[digits] == '/' ||
         at[digits] == ' ' || at[digits] == 'T' ||
         (digits <= 4 && at[digits] == '-') ||
         (digits <= 2 && (at[digits] == 'e' || at[digits] == 'E'));
}

bool hf_prepared_names_depend_on_type(const struct hf_unit *unit) {
  int32_t i;
  for (i = 0; i < unit->values.n; i++) {
    bool binary = unit->values.formats != NULL && unit->values.formats[i] != 0;
    if (!binary && reads_by_type(unit->values.texts[i])) {
      return true;
    }
  }
  return false;
}

static bool begins(const char *tag, const char *word) {
  return strncmp(tag, word, strlen(word)) == 0;
}

/*
 * Commands that can change the types of columns and functions. A new table or
 * index cannot: statements that name it have failed before.
 */
static bool changes_types(const char *tag) {
  static const char *const words[] = {"ALTER ",
                                      "DROP ",
                                      "DO",
                                      "CREATE AGGREGATE",
                                      "CREATE CAST",
                                      "CREATE DOMAIN",
                                      "CREATE FUNCTION",
                                      "CREATE OPERATOR",
                                      "CREATE TYPE",
                                      "CREATE VIEW"};
  size_t i;
  for (i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (begins(tag, words[i])) {
      return true;
    }
  }
  return false;
}

void hf_prepared_names_on_command(struct hf_conn *conn, const char *tag) {
  switch (tag[0]) {
  case 'A':
  case 'C':
  case 'D':
    break;
  default:
    return; /* the usual case */
  }
  if (changes_types(tag)) {
    hf_statements_expire_names(&conn->shared->statements);
    conn->ddl_in_transaction = true;
  } else if (begins(tag, "COMMIT") && conn->ddl_in_transaction) {
    /* Other sessions see the change from now on. */
    hf_statements_expire_names(&conn->shared->statements);
    conn->ddl_in_transaction = false;
  } else if (strcmp(tag, "DISCARD ALL") == 0 ||
             strcmp(tag, "DEALLOCATE ALL") == 0) {
    hf_prepared_clear(&conn->prepared);
  }
}
