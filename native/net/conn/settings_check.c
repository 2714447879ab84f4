/* SPDX-License-Identifier: MIT */
#include "net/conn/settings_check.h"

#include <string.h>

#include "net/conn/result_error.h"

void hf_settings_check_begin(struct hf_settings_check *check) {
  hf_settings_check_finish(check);
  check->in_unit = false;
  check->at_startup = false;
}

void hf_settings_check_finish(struct hf_settings_check *check) {
  PQclear(check->first);
  check->first = NULL;
  hf_error_finish(&check->error);
}

/* Returns whether the result has a row; keeps an error. */
static bool take_row(struct hf_settings_check *check, const PGresult *result) {
  if (PQresultStatus(result) == PGRES_FATAL_ERROR &&
      check->error.status == HF_OK) {
    hf_result_error_read(result, HF_PHASE_CONNECT, NULL, &check->error);
  }
  /* Its status depends on how libpq reads rows. */
  return PQntuples(result) > 0;
}

void hf_settings_check_read_startup(struct hf_settings_check *check,
                                    const PGresult *result) {
  int i;
  if (!take_row(check, result)) {
    return;
  }
  check->at_startup = true;
  for (i = 0; i < PQnfields(result); i++) {
    check->at_startup =
        check->at_startup && strcmp(PQgetvalue(result, 0, i), "f") != 0;
  }
}

static bool is_same(const PGresult *a, int i, const PGresult *b, int k) {
  return PQgetisnull(a, 0, i) == PQgetisnull(b, 0, k) &&
         strcmp(PQgetvalue(a, 0, i), PQgetvalue(b, 0, k)) == 0;
}

/* The first row has each value twice: before and after it is set. */
void hf_settings_check_read_unit(struct hf_settings_check *check,
                                 const PGresult *result) {
  bool in_unit = true;
  bool at_startup = true;
  int half;
  int i;
  if (!take_row(check, result)) {
    return;
  }
  if (check->first == NULL) {
    check->first = PQcopyResult(result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
    return;
  }
  half = PQnfields(result);
  if (PQnfields(check->first) != half * 2) {
    return;
  }
  for (i = 0; i < half; i++) {
    in_unit = in_unit && is_same(check->first, half + i, result, i);
    /* The first is transaction_read_only, not a setting of the pool. */
    at_startup = at_startup &&
                 (i == 0 || is_same(check->first, half + i, check->first, i));
  }
  check->in_unit = in_unit;
  check->at_startup = at_startup;
}

bool hf_settings_check_lacks_function(const struct hf_settings_check *check) {
  const char *state = check->error.sqlstate;
  const char *message = hf_error_field(&check->error, 'M');
  return strcmp(state, "0A000") == 0 || strcmp(state, "42883") == 0 ||
         (strcmp(state, "42501") == 0 && message != NULL &&
          strstr(message, "function") != NULL);
}
