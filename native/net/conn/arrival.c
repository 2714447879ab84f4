/* SPDX-License-Identifier: MIT */
/* What a new connection answered about its settings. */
#include "net/conn/arrival.h"

#include <string.h>

#include "net/conn/result_error.h"

void hf_arrival_begin(struct hf_arrival *arrival) {
  hf_arrival_finish(arrival);
  arrival->whole = false;
  arrival->started = false;
}

void hf_arrival_finish(struct hf_arrival *arrival) {
  PQclear(arrival->first);
  arrival->first = NULL;
  hf_error_finish(&arrival->error);
}

/* Returns whether the result is an answer; an error is kept. */
static bool is_row(struct hf_arrival *arrival, const PGresult *result) {
  if (PQresultStatus(result) == PGRES_FATAL_ERROR &&
      arrival->error.status == HF_OK) {
    hf_result_error_read(result, HF_PHASE_CONNECT, NULL, &arrival->error);
  }
  /* Alone, in a piece or at the end: libpq may be in any mode here. */
  return PQntuples(result) > 0;
}

void hf_arrival_check(struct hf_arrival *arrival, const PGresult *result) {
  int i;
  if (!is_row(arrival, result)) {
    return;
  }
  arrival->started = true;
  for (i = 0; i < PQnfields(result); i++) {
    arrival->started =
        arrival->started && strcmp(PQgetvalue(result, 0, i), "f") != 0;
  }
}

static bool is_same(const PGresult *a, int i, const PGresult *b, int k) {
  return PQgetisnull(a, 0, i) == PQgetisnull(b, 0, k) &&
         strcmp(PQgetvalue(a, 0, i), PQgetvalue(b, 0, k)) == 0;
}

/* The first row has each value twice: before it was set and after. */
void hf_arrival_compare(struct hf_arrival *arrival, const PGresult *result) {
  bool whole = true;
  bool started = true;
  int half;
  int i;
  if (!is_row(arrival, result)) {
    return;
  }
  if (arrival->first == NULL) {
    arrival->first = PQcopyResult(result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
    return;
  }
  half = PQnfields(result);
  if (PQnfields(arrival->first) != half * 2) {
    return;
  }
  for (i = 0; i < half; i++) {
    whole = whole && is_same(arrival->first, half + i, result, i);
    /* The first one is our means, not a setting of the pool. */
    started = started &&
              (i == 0 || is_same(arrival->first, half + i, arrival->first, i));
  }
  arrival->whole = whole;
  arrival->started = started;
}

bool hf_arrival_lacks_function(const struct hf_arrival *arrival) {
  const char *state = arrival->error.sqlstate;
  const char *message = hf_error_field(&arrival->error, 'M');
  return strcmp(state, "0A000") == 0 || strcmp(state, "42883") == 0 ||
         (strcmp(state, "42501") == 0 && message != NULL &&
          strstr(message, "function") != NULL);
}
