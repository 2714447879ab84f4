/* SPDX-License-Identifier: MIT */
#include "net/conn/call_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/conn/conn_output.h"

enum { NUMBER_BYTES = 16 };

const char hf_call_settings_refused[] =
    "settings hold for a transaction, and this cannot run in one: run it "
    "without settings, or SET them on a client of its own";

static const char inside[] =
    "inside a transaction settings hold until its end: give them to "
    "transaction(), to connect() or with BEGIN, or use SET LOCAL";

static const char several[] =
    "settings are for one statement: send several in transaction(), whose "
    "settings hold for all of them";

static bool is_any(const char *name, const char *const *names) {
  for (; *names != NULL; names++) {
    if (strcmp(name, *names) == 0) {
      return true;
    }
  }
  return false;
}

struct hf_call_settings *hf_call_settings_new(const char *const *pairs,
                                              int32_t n,
                                              bool own) {
  static const char *const naming[] = {"search_path",
                                       "role",
                                       "session_authorization",
                                       NULL};
  size_t table = 2 * (size_t)n * sizeof pairs[0];
  size_t bytes = 0;
  struct hf_call_settings *settings;
  char *copy;
  int32_t i;
  for (i = 0; i < 2 * n; i++) {
    bytes += strlen(pairs[i]) + 1;
  }
  settings = hf_alloc(sizeof *settings + table + bytes);
  if (settings == NULL) {
    return NULL;
  }
  settings->n = n;
  settings->own = own;
  settings->change_names = false;
  copy = (char *)(settings->texts + 2 * (size_t)n);
  for (i = 0; i < 2 * n; i++) {
    size_t length = strlen(pairs[i]) + 1;
    memcpy(copy, pairs[i], length);
    settings->texts[i] = copy;
    copy += length;
    settings->change_names |= i % 2 == 0 && is_any(pairs[i], naming);
  }
  return settings;
}

const char *hf_call_settings_refusal(const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  const struct hf_sql_info *sql = &request->sql;
  if (unit->settings == NULL) {
    return NULL;
  }
  if (request->in_transaction) {
    if (sql->multiple && sql->ends_transaction) {
      return several;
    }
    return unit->settings->own ? inside : NULL;
  }
  if (sql->multiple) {
    return several;
  }
  return sql->refuses_transaction || (unit->statement->runs_alone &&
                                      !hf_request_must_not_write(request))
             ? hf_call_settings_refused
             : NULL;
}

/* Returns "select set_config($1,$2,true),...", to be freed; or NULL. */
static char *make_sql(int32_t n) {
  static const char head[] = "select ";
  static const char call[] = "pg_catalog.set_config($%d,$%d,true),";
  size_t room =
      sizeof head + (size_t)n * (sizeof call + (size_t)2 * NUMBER_BYTES);
  char *sql = hf_alloc(room);
  size_t at = sizeof head - 1;
  int32_t i;
  if (sql == NULL) {
    return NULL;
  }
  memcpy(sql, head, sizeof head);
  for (i = 0; i < n; i++) {
    at += (size_t)
        snprintf(sql + at, room - at, call, (int)(2 * i + 1), (int)(2 * i + 2));
  }
  sql[at - 1] = '\0'; /* in place of the last comma */
  return sql;
}

static bool send_one(struct hf_conn *conn,
                     struct hf_unit *unit,
                     enum hf_step step,
                     const char *sql,
                     int n,
                     const char *const *values) {
  hf_conn_add_step(unit, step);
  unit->has_extra_steps = true;
  return PQsendQueryParams(conn->pg, sql, n, NULL, values, NULL, NULL, 0) == 1;
}

bool hf_call_settings_send(struct hf_conn *conn,
                           struct hf_unit *unit,
                           enum hf_step step) {
  const struct hf_call_settings *settings = unit->settings;
  char *sql = make_sql(settings->n);
  bool sent = sql != NULL &&
              send_one(conn, unit, step, sql, 2 * settings->n, settings->texts);
  hf_free(sql);
  return sent;
}

bool hf_call_settings_send_proof(struct hf_conn *conn, struct hf_unit *unit) {
  char text[NUMBER_BYTES];
  const char *value = text;
  if (conn->slot->unit_is_transaction) {
    return true;
  }
  conn->unit_nonce = (int32_t)(hf_loop_random(conn->loop) & INT32_MAX);
  (void)snprintf(text, sizeof text, "%" PRId32, conn->unit_nonce);
  return send_one(conn,
                  unit,
                  HF_STEP_BEFORE,
                  "select pg_catalog.set_config('holdfast.unit',$1,true)",
                  1,
                  &value) &&
         send_one(conn,
                  unit,
                  HF_STEP_SHOW,
                  "select pg_catalog.current_setting('holdfast.unit',true)",
                  0,
                  NULL);
}

void hf_call_settings_read_proof(struct hf_conn *conn, const PGresult *result) {
  char text[NUMBER_BYTES];
  (void)snprintf(text, sizeof text, "%" PRId32, conn->unit_nonce);
  conn->slot->unit_is_transaction =
      PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), text) == 0;
}
