/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_send.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/conn/batch.h"
#include "net/conn/call_settings.h"
#include "net/conn/conn_copy.h"
#include "net/conn/conn_output.h"
#include "net/conn/conn_stream.h"
#include "net/conn/prepared_names.h"
#include "net/conn/read_only.h"

/* A text is prepared once it has been used more than once or twice. */
enum { USES_BEFORE_NAMING = 3 };

static bool takes_settings(const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  if (unit->batch != NULL) {
    return !request->in_transaction;
  }
  return !request->in_transaction &&
         !hf_request_controls_transaction(request) &&
         !request->sql.refuses_transaction &&
         (!unit->statement->runs_alone || hf_request_must_not_write(request));
}

/* Returns the settings that a unit sets, or NULL. */
static const char *unit_settings(const struct hf_conn *conn) {
  return conn->settings_scope == HF_SETTINGS_IN_UNIT ? conn->shared->sql.unit
                                                     : NULL;
}

/* Returns whether the unit needs settings that cannot reach it here. */
static bool needs_session(const struct hf_conn *conn,
                          const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  return unit_settings(conn) != NULL && !request->in_transaction &&
         request->sql.n_statements == 1 &&
         request->sql.kind != HF_SQL_SET_LOCAL &&
         (request->sql.needs_session ||
          (unit->statement->runs_alone && !request->sql.refuses_transaction));
}

static bool is_nameable(const struct hf_conn *conn,
                        const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  const struct hf_config *config = conn->shared->config;
  enum hf_sql_kind kind = request->sql.kind;
  if (conn->slot->proxied || request->unnamed || unit->statement->detached ||
      unit->values.typed || unit->batch != NULL ||
      (unit->settings != NULL && unit->settings->change_names) ||
      conn->prepared.limit == 0 || config->names == HF_NAMES_NEVER ||
      (kind != HF_SQL_SELECT && kind != HF_SQL_INSERT &&
       kind != HF_SQL_UPDATE && kind != HF_SQL_DELETE)) {
    return false;
  }
  return unit->named ||
         (config->names == HF_NAMES_AUTO && request->kind == HF_REQUEST_QUERY &&
          unit->statement->uses >= USES_BEFORE_NAMING &&
          !hf_prepared_names_depend_on_type(unit));
}

/* Deallocates a name on the server. */
static bool send_close(struct hf_conn *conn,
                       struct hf_unit *unit,
                       const char *name) {
#ifdef LIBPQ_HAS_CLOSE_PREPARED
  hf_conn_add_step(unit, HF_STEP_BEFORE);
  return PQsendClosePrepared(conn->pg, name) == 1;
#else
  char sql[sizeof "deallocate " + HF_STATEMENT_NAME_BYTES] = "deallocate ";
  strncat(sql, name, HF_STATEMENT_NAME_BYTES);
  return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, sql);
#endif
}

static bool send_prepare(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_statement *statement = unit->statement;
  char evicted[HF_STATEMENT_NAME_BYTES];
  if (hf_prepared_add(&conn->prepared, statement, evicted) != HF_OK) {
    return false;
  }
  if (evicted[0] != '\0' && !send_close(conn, unit, evicted)) {
    return false;
  }
  hf_conn_add_step(unit, HF_STEP_PREPARE);
  hf_stats_add(conn->shared->stats, HF_STAT_STATEMENTS_PREPARED, 1);
  return PQsendPrepare(conn->pg, statement->name, statement->text, 0, NULL) ==
         1;
}

static bool send_named(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_statement *statement = unit->statement;
  hf_statement_refresh(statement, hf_clock_us());
  if (hf_prepared_find(&conn->prepared, statement)) {
    unit->request.name_reused = true;
    hf_stats_add(conn->shared->stats, HF_STAT_STATEMENTS_REUSED, 1);
  } else if (!send_prepare(conn, unit)) {
    return false;
  }
  hf_conn_add_step(unit, HF_STEP_EXECUTE);
  unit->uses_name = true;
  return PQsendQueryPrepared(conn->pg,
                             statement->name,
                             unit->values.n,
                             unit->values.texts,
                             unit->values.lengths,
                             unit->values.formats,
                             0) == 1;
}

/*
 * Returns whether we need to see that the server has accepted the text: without
 * that, a statement whose session ended is known to have done nothing. Reads
 * are retried in any case, and inside a transaction everything is rolled back.
 */
static bool wants_proof(const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  return request->sql.commits ||
         (!request->in_transaction && !hf_request_repeatable(request));
}

/* The messages of PQsendQueryParams, in two calls: shows ParseComplete. */
static bool send_statement(struct hf_conn *conn,
                           const struct hf_statement *statement,
                           const struct hf_values *values) {
  return PQsendPrepare(conn->pg,
                       "",
                       statement->text,
                       values->typed ? values->n : 0,
                       values->types) == 1 &&
         PQsendQueryPrepared(conn->pg,
                             "",
                             values->n,
                             values->texts,
                             values->lengths,
                             values->formats,
                             0) == 1;
}

/* The steps stand for all statements of a batch: see hf_unit_advance. */
static bool send_parsed(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_batch *batch = unit->batch;
  int32_t i;
  hf_conn_add_step(unit, HF_STEP_PARSE);
  hf_conn_add_step(unit, HF_STEP_EXECUTE);
  if (!send_statement(conn, unit->statement, &unit->values)) {
    return false;
  }
  for (i = 0; batch != NULL && i < batch->n; i++) {
    if (!send_statement(conn,
                        batch->items[i].statement,
                        &batch->items[i].values)) {
      return false;
    }
  }
  return true;
}

static bool send_unnamed(struct hf_conn *conn, struct hf_unit *unit) {
  if (wants_proof(unit) || unit->batch != NULL) {
    return send_parsed(conn, unit);
  }
  hf_conn_add_step(unit, HF_STEP_EXECUTE);
  return PQsendQueryParams(conn->pg,
                           unit->statement->text,
                           unit->values.n,
                           unit->values.types,
                           unit->values.texts,
                           unit->values.lengths,
                           unit->values.formats,
                           0) == 1;
}

/* Whether the call counts on its unit to be one transaction. */
static bool is_together(const struct hf_unit *unit) {
  return unit->settings != NULL || unit->batch != NULL;
}

/* Whether a unit is known to be one transaction on this connection. */
static bool is_transaction(const struct hf_conn *conn) {
  return conn->slot->unit_is_transaction || conn->shared->no_transactions;
}

/*
 * Procedures may commit, which would end settings that hold for a transaction:
 * inside BEGIN the server refuses the commit.
 */
static bool send_begin(struct hf_conn *conn, struct hf_unit *unit) {
  enum hf_sql_kind kind = unit->request.sql.kind;
  bool commits = unit->batch == NULL ? kind == HF_SQL_CALL || kind == HF_SQL_DO
                                     : unit->batch->commits;
  bool apart = is_together(unit) && !is_transaction(conn);
  if (unit->batch != NULL && unit->batch->begin != NULL) {
    return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, unit->batch->begin);
  }
  if (unit->guard != HF_WRITE_GUARD_NONE || (!commits && !apart)) {
    return true;
  }
  unit->guard = HF_WRITE_GUARD_BEGIN;
  return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, "begin");
}

/* Sends settings: the pool's, then the call's, which win. */
static bool send_settings(struct hf_conn *conn,
                          struct hf_unit *unit,
                          enum hf_step step) {
  const char *settings = unit_settings(conn);
  return (settings == NULL || hf_conn_send_step(conn, unit, step, settings)) &&
         (unit->settings == NULL || hf_call_settings_send(conn, unit, step));
}

static bool send_before(struct hf_conn *conn, struct hf_unit *unit) {
  bool takes = takes_settings(unit);
  bool begins = unit->batch != NULL && unit->batch->begin != NULL;
  if (takes && !begins && is_together(unit) &&
      !hf_call_settings_send_proof(conn, unit)) {
    return false;
  }
  if (!begins && !hf_read_only_send_before(conn, unit)) {
    return false;
  }
  if (takes && (unit_settings(conn) != NULL || is_together(unit)) &&
      !(send_begin(conn, unit) && send_settings(conn, unit, HF_STEP_BEFORE))) {
    return false;
  }
  return hf_conn_stream_send_before(conn, unit);
}

/* Returns whether a transaction is open after the statement. */
static bool begins_transaction(enum hf_sql_kind kind) {
  return kind == HF_SQL_BEGIN || kind == HF_SQL_COMMIT_AND_CHAIN ||
         kind == HF_SQL_ROLLBACK_AND_CHAIN;
}

static bool send_after(struct hf_conn *conn, struct hf_unit *unit) {
  if (unit->batch != NULL || !begins_transaction(unit->request.sql.kind)) {
    return hf_conn_stream_send_after(conn, unit);
  }
  return send_settings(conn, unit, HF_STEP_AFTER);
}

/* Several statements in one text need the simple protocol. */
static bool is_simple(const struct hf_unit *unit) {
  return unit->request.sql.multiple && unit->values.n == 0 &&
         (unit->request.flags & HF_FLAG_EXTENDED) == 0;
}

/* Sends a text of several statements, with settings inserted in it. */
static bool send_simple(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_statement *statement = unit->statement;
  char *text = NULL;
  bool sent;
  hf_conn_add_step(unit, HF_STEP_EXECUTE);
  if (unit_settings(conn) != NULL) {
    text = hf_session_sql_insert(&conn->shared->sql,
                                 statement->text,
                                 statement->bytes,
                                 unit->request.in_transaction);
    unit->has_settings_rows = true;
    if (text == NULL) {
      return false;
    }
  }
  sent = hf_conn_leave_pipeline(conn) &&
         PQsendQuery(conn->pg, text == NULL ? statement->text : text) == 1;
  hf_free(text);
  return sent;
}

/* Sends a Sync only, so that our own error is answered in order. */
static bool send_nothing(struct hf_conn *conn,
                         struct hf_unit *unit,
                         enum hf_status status,
                         const char *why) {
  struct hf_error *error = &unit->request.error;
  hf_error_set(error, status, HF_PHASE_LOCAL, why);
  error->outcome = status == HF_PARAM_INVALID ? HF_OUTCOME_PERMANENT
                                              : HF_OUTCOME_NOT_EXECUTED;
  error->unit = HF_UNIT_STATEMENT;
  error->retryable = false;
  unit->request.unsent = true;
  return hf_conn_enter_pipeline(conn) && hf_conn_send_sync(conn);
}

const char hf_needs_session[] =
    "behind a connection pooler the pool's settings hold for a transaction, "
    "and this cannot run in one: set DIRECT_URL (or directUrl) to the "
    "database itself, or leave out schema, settings, options and the server's "
    "time-outs";

/*
 * Some texts, as LIKE 'a!%' ESCAPE '\\', are known to read only while
 * backslashes in plain strings are ordinary characters, which the server
 * reports.
 */
static void note_string_setting(const struct hf_conn *conn,
                                struct hf_unit *unit) {
  const struct hf_sql_info *sql = &unit->request.sql;
  const char *standard;
  if (sql->read_if_standard && !sql->read_only) {
    standard = PQparameterStatus(conn->pg, "standard_conforming_strings");
    if (standard != NULL && strcmp(standard, "on") == 0) {
      hf_request_note_standard_strings(&unit->request);
    }
  }
}

static bool send_unit(struct hf_conn *conn, struct hf_unit *unit) {
  const char *refusal;
  note_string_setting(conn, unit);
  hf_unit_reset(unit);
  hf_stats_add(conn->shared->stats, HF_STAT_BYTES_OUT, unit->bytes);
  if (conn->slot->proxied) {
    hf_stats_add(conn->shared->stats, HF_STAT_POOLED_UNITS, 1);
  }
  unit->request.name_reused = false;
  refusal = hf_call_settings_refusal(unit);
  if (refusal != NULL) {
    return send_nothing(conn, unit, HF_PARAM_INVALID, refusal);
  }
  if (hf_unit_copies(unit)) {
    return hf_conn_copy_send(conn, unit);
  }
  unit->simple = is_simple(unit);
  unit->request.simple_protocol = unit->simple;
  if (unit->simple) {
    return send_simple(conn, unit);
  }
  if (needs_session(conn, unit)) {
    return send_nothing(conn, unit, HF_SESSION_REQUIRED, hf_needs_session);
  }
  if (!hf_conn_enter_pipeline(conn)) {
    return false;
  }
  hf_conn_cork(conn);
  if (wants_proof(unit)) {
    unit->request.progress = HF_PROGRESS_UNPARSED;
  }
  return send_before(conn, unit) &&
         (is_nameable(conn, unit) ? send_named(conn, unit)
                                  : send_unnamed(conn, unit)) &&
         send_after(conn, unit) && hf_read_only_send_after(conn, unit) &&
         hf_conn_send_sync(conn);
}

void hf_conn_execute(struct hf_conn *conn, struct hf_unit *unit) {
  hf_conn_begin_unit(conn);
  if (conn->failing) {
    unit->request.unsent = true;
    return;
  }
  if (!send_unit(conn, unit)) {
    hf_conn_fail(conn);
    return;
  }
  if (conn->slot->running.count > 1) {
    hf_conn_mark_dirty(conn); /* others of this turn may follow */
  } else {
    hf_conn_watch(conn);
  }
}
