/* SPDX-License-Identifier: MIT */
#include "net/engine/batch_params.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/sql/scan.h"
#include "net/conn/batch.h"

/*
 * STATEMENTS_MAX bounds what one call may make the server do in one go: a
 * user's 10,000, and the query for the identity behind them. VALUES_MAX is the
 * protocol's.
 */
enum { DECIMAL = 10, STATEMENTS_MAX = 10001, VALUES_MAX = 65535 };

/* Reads a number; -1 when the field is none, or above `max`. */
static int32_t read_number(const char *field, int32_t max) {
  char *end;
  long n;
  if (field[0] < '0' || field[0] > '9') {
    return -1;
  }
  n = strtol(field, &end, DECIMAL);
  return *end != '\0' || n > max ? -1 : (int32_t)n;
}

/*
 * The fields: how many statements there are, what begins a transaction, then of
 * each statement but the first its text; and of each, how many values it has,
 * and these.
 */
bool hf_batch_params_read(const struct hf_op *op,
                          const char *const *fields,
                          int32_t at,
                          int32_t *first_value,
                          int32_t *n_values) {
  int32_t n;
  int32_t i;
  if (at < 0 || at + 2 > op->n_fields) {
    return false;
  }
  n = read_number(fields[at], STATEMENTS_MAX);
  at += 2;
  for (i = 0; i < n; i++) {
    int32_t values;
    at += i > 0; /* its text */
    if (at >= op->n_fields) {
      return false;
    }
    values = read_number(fields[at], VALUES_MAX);
    at++;
    if (values < 0 || values > op->n_fields - at) {
      return false;
    }
    if (i == 0) {
      *first_value = at;
      *n_values = values;
    }
    at += values;
  }
  return n > 0 && at == op->n_fields;
}

/* Takes one statement; returns the place behind it, -1 when out of memory. */
static int32_t take_item(struct hf_statements *statements,
                         const char *const *fields,
                         int32_t at,
                         struct hf_batch_item *item) {
  struct hf_values *values = &item->values;
  int32_t n = read_number(fields[at + 1], VALUES_MAX);
  size_t span = hf_values_span(fields + at + 2, n);
  item->statement =
      hf_statements_use(statements, fields[at], strlen(fields[at]));
  values->n = n;
  values->texts = hf_alloc((size_t)n * sizeof *values->texts + span + 1);
  if (item->statement == NULL || values->texts == NULL ||
      hf_values_take(values,
                     fields + at + 2,
                     (char *)(values->texts + n),
                     span) != HF_OK) {
    return -1;
  }
  return at + 2 + n;
}

struct hf_batch *hf_batch_params_take(struct hf_statements *statements,
                                      const char *const *fields,
                                      int32_t at,
                                      struct hf_sql_info *sql) {
  int32_t n = read_number(fields[at], STATEMENTS_MAX) - 1;
  const char *begin = fields[at + 1];
  struct hf_batch *batch =
      hf_calloc(1, sizeof *batch + (size_t)n * sizeof *batch->items);
  int32_t next = at + 3 + read_number(fields[at + 2], VALUES_MAX);
  if (batch == NULL) {
    return NULL;
  }
  batch->begin = begin[0] == '\0' ? NULL : hf_strndup(begin, strlen(begin));
  if (begin[0] != '\0' && batch->begin == NULL) {
    hf_batch_free(batch);
    return NULL;
  }
  batch->commits = sql->kind == HF_SQL_CALL || sql->kind == HF_SQL_DO;
  while (batch->n < n) {
    struct hf_batch_item *item = &batch->items[batch->n];
    batch->n++;
    next = take_item(statements, fields, next, item);
    if (next < 0) {
      hf_batch_free(batch);
      return NULL;
    }
    batch->commits = batch->commits ||
                     item->statement->sql.kind == HF_SQL_CALL ||
                     item->statement->sql.kind == HF_SQL_DO;
    hf_sql_join(sql, &item->statement->sql);
  }
  return batch;
}

static const char controls[] =
    "a batch is one transaction, and has no BEGIN, COMMIT or ROLLBACK: leave "
    "them out, or use transaction()";
static const char alone[] =
    "a batch is one transaction, and one of its statements cannot run in one: "
    "give atomic: false, or run that statement by itself";
static const char several[] =
    "each element of a batch is one statement: give several as elements of "
    "their own";

/* Why one statement cannot be in this batch, or NULL. */
static const char *refusal_of(const struct hf_batch *batch,
                              const struct hf_sql_info *sql) {
  if (hf_sql_controls_transaction(sql->kind) || sql->ends_transaction) {
    return controls;
  }
  if (sql->refuses_transaction && batch->begin == NULL) {
    return alone;
  }
  return sql->multiple ? several : NULL;
}

const char *hf_batch_params_refusal(const struct hf_batch *batch,
                                    const struct hf_sql_info *first,
                                    int32_t *place) {
  const char *why = refusal_of(batch, first);
  int32_t i;
  *place = 0;
  for (i = 0; i < batch->n && why == NULL; i++) {
    why = refusal_of(batch, &batch->items[i].statement->sql);
    *place = i + 1;
  }
  return why;
}
