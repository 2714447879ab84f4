/* SPDX-License-Identifier: MIT */
/*
 * Sending of units. A unit is what stands before one Sync: the user's
 * statement, and before it the settings it needs and the Parse of its name.
 * All of it leaves in one flight, so that behind a pooler it reaches one
 * server connection and leaves nothing there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/system.h"
#include "net/conn/conn.h"
#include "net/conn/prepared_renewal.h"
#include "net/conn/read_only.h"

/* A text gets a name when it has shown that it comes again. */
enum { USES_BEFORE_NAMING = 3, NUMBER_BYTES = 16 };

static void add_step(struct hf_unit *unit, enum hf_step step) {
  unit->steps[unit->n_steps++] = step;
}

static bool takes_prelude(const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  return !request->in_transaction &&
         !hf_request_controls_transaction(request) &&
         !request->sql.refuses_transaction &&
         (!unit->statement->refuses_company ||
          hf_request_must_not_write(request));
}

/* Settings that each unit brings along, or NULL. */
static const char *unit_settings(const struct hf_conn *conn) {
  return conn->carry == HF_CARRY_UNIT ? conn->shared->sql.unit : NULL;
}

/* It cannot have its settings here, and is not run without them. */
static bool needs_session(const struct hf_conn *conn,
                          const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  return unit_settings(conn) != NULL && !request->in_transaction &&
         request->sql.n_statements == 1 &&
         request->sql.kind != HF_SQL_SET_LOCAL &&
         (request->sql.needs_session || (unit->statement->refuses_company &&
                                         !request->sql.refuses_transaction));
}

static bool is_nameable(const struct hf_conn *conn,
                        const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  const struct hf_config *config = conn->shared->config;
  enum hf_sql_kind kind = request->sql.kind;
  if (conn->slot->proxied || request->unnamed || unit->statement->forgotten ||
      unit->values.typed || conn->names.limit == 0 ||
      config->names == HF_NAMES_NEVER ||
      (kind != HF_SQL_SELECT && kind != HF_SQL_INSERT &&
       kind != HF_SQL_UPDATE && kind != HF_SQL_DELETE)) {
    return false;
  }
  return unit->named ||
         (config->names == HF_NAMES_AUTO && request->kind == HF_REQUEST_QUERY &&
          unit->statement->uses >= USES_BEFORE_NAMING &&
          !hf_renewal_reads_by_type(unit));
}

bool hf_conn_send_step(struct hf_conn *conn,
                       struct hf_unit *unit,
                       enum hf_step step,
                       const char *sql) {
  add_step(unit, step);
  unit->company = true;
  return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* Makes room on the server for one more name. */
static bool send_close(struct hf_conn *conn,
                       struct hf_unit *unit,
                       const char *name) {
#ifdef LIBPQ_HAS_CLOSE_PREPARED
  add_step(unit, HF_STEP_PRELUDE);
  return PQsendClosePrepared(conn->pg, name) == 1;
#else
  char sql[sizeof "deallocate " + HF_STATEMENT_NAME_BYTES] = "deallocate ";
  strncat(sql, name, HF_STATEMENT_NAME_BYTES);
  return hf_conn_send_step(conn, unit, HF_STEP_PRELUDE, sql);
#endif
}

static bool send_prepare(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_statement *statement = unit->statement;
  char evicted[HF_STATEMENT_NAME_BYTES];
  if (hf_prepared_add(&conn->names, statement, evicted) != HF_OK) {
    return false;
  }
  if (evicted[0] != '\0' && !send_close(conn, unit, evicted)) {
    return false;
  }
  add_step(unit, HF_STEP_PREPARE);
  hf_stats_add(conn->shared->stats, HF_STAT_STATEMENTS_PREPARED, 1);
  return PQsendPrepare(conn->pg, statement->name, statement->text, 0, NULL) ==
         1;
}

static bool send_named(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_statement *statement = unit->statement;
  hf_statement_refresh(statement, hf_clock_us());
  if (hf_prepared_find(&conn->names, statement)) {
    unit->request.reused = true;
    hf_stats_add(conn->shared->stats, HF_STAT_STATEMENTS_REUSED, 1);
  } else if (!send_prepare(conn, unit)) {
    return false;
  }
  add_step(unit, HF_STEP_EXECUTE);
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
 * Whether it matters that the server accepted the text before it said no more:
 * a statement that was refused, or a session that ended before it, is then
 * known to have done nothing. Reads may go again without that, and inside a
 * transaction all is undone in any case.
 */
static bool wants_proof(const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  return request->sql.commits ||
         (!request->in_transaction && !hf_request_repeatable(request));
}

/* The same messages as below; libpq tells of ParseComplete. */
static bool send_parsed(struct hf_conn *conn, struct hf_unit *unit) {
  add_step(unit, HF_STEP_PARSE);
  add_step(unit, HF_STEP_EXECUTE);
  return PQsendPrepare(conn->pg,
                       "",
                       unit->statement->text,
                       unit->values.typed ? unit->values.n : 0,
                       unit->values.types) == 1 &&
         PQsendQueryPrepared(conn->pg,
                             "",
                             unit->values.n,
                             unit->values.texts,
                             unit->values.lengths,
                             unit->values.formats,
                             0) == 1;
}

static bool send_unnamed(struct hf_conn *conn, struct hf_unit *unit) {
  if (wants_proof(unit)) {
    return send_parsed(conn, unit);
  }
  add_step(unit, HF_STEP_EXECUTE);
  return PQsendQueryParams(conn->pg,
                           unit->statement->text,
                           unit->values.n,
                           unit->values.types,
                           unit->values.texts,
                           unit->values.lengths,
                           unit->values.formats,
                           0) == 1;
}

/*
 * Procedures may commit, and settings for the length of a transaction would
 * end there: within BEGIN the server refuses that.
 */
static bool send_begin(struct hf_conn *conn, struct hf_unit *unit) {
  enum hf_sql_kind kind = unit->request.sql.kind;
  if (unit->wrap != HF_WRAP_NONE ||
      (kind != HF_SQL_CALL && kind != HF_SQL_DO)) {
    return true;
  }
  unit->wrap = HF_WRAP_BEGIN;
  return hf_conn_send_step(conn, unit, HF_STEP_PRELUDE, "begin");
}

static bool send_preludes(struct hf_conn *conn, struct hf_unit *unit) {
  const char *settings = unit_settings(conn);
  if (!hf_read_only_open(conn, unit)) {
    return false;
  }
  return settings == NULL || !takes_prelude(unit) ||
         (send_begin(conn, unit) &&
          hf_conn_send_step(conn, unit, HF_STEP_PRELUDE, settings));
}

/* A transaction begins with the statement, and its settings with it. */
static bool begins_transaction(enum hf_sql_kind kind) {
  return kind == HF_SQL_BEGIN || kind == HF_SQL_COMMIT_AND_CHAIN ||
         kind == HF_SQL_ROLLBACK_AND_CHAIN;
}

static bool send_postlude(struct hf_conn *conn, struct hf_unit *unit) {
  const char *settings = unit_settings(conn);
  if (settings == NULL || !begins_transaction(unit->request.sql.kind)) {
    return true;
  }
  return hf_conn_send_step(conn, unit, HF_STEP_POSTLUDE, settings);
}

static void set_cork(struct hf_conn *conn, bool on) {
  hf_system_cork(conn->fd, on);
  conn->corked = on;
}

#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
enum { SYNC_SENDS = 0 };
#else
enum { SYNC_SENDS = 1 };
#endif

/*
 * libpq before 17 sends at each Sync. When several units leave in one turn the
 * cork joins them into one packet, and the server wakes up once.
 */
static void cork(struct hf_conn *conn) {
  if (SYNC_SENDS && conn->corkable && !conn->corked &&
      conn->slot->running.count > 1) {
    set_cork(conn, true);
    hf_conn_mark_dirty(conn);
  }
}

bool hf_conn_send_sync(struct hf_conn *conn) {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
  hf_conn_mark_dirty(conn);
  return PQsendPipelineSync(conn->pg) == 1;
#else
  return PQpipelineSync(conn->pg) == 1;
#endif
}

static bool enter_pipeline(struct hf_conn *conn) {
  if (!conn->pipeline) {
    conn->pipeline = PQenterPipelineMode(conn->pg) == 1;
  }
  return conn->pipeline;
}

static bool leave_pipeline(struct hf_conn *conn) {
  if (conn->pipeline) {
    conn->pipeline = PQexitPipelineMode(conn->pg) == 0;
  }
  return !conn->pipeline;
}

/* Several statements in one text: only the simple protocol takes them. */
static bool is_simple(const struct hf_unit *unit) {
  return unit->request.sql.multiple && unit->values.n == 0 &&
         (unit->request.flags & HF_FLAG_EXTENDED) == 0;
}

bool hf_conn_send_more(struct hf_conn *conn,
                       struct hf_unit *unit,
                       const char *sql) {
  unit->step = 0;
  unit->n_steps = 0;
  unit->simple = false;
  return enter_pipeline(conn) &&
         hf_conn_send_step(conn, unit, HF_STEP_POSTLUDE, sql) &&
         hf_conn_send_sync(conn);
}

/* Several statements in one text, their settings among them. */
static bool send_simple(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_statement *statement = unit->statement;
  char *woven = NULL;
  bool sent;
  add_step(unit, HF_STEP_EXECUTE);
  if (unit_settings(conn) != NULL) {
    woven = hf_session_sql_weave(&conn->shared->sql,
                                 statement->text,
                                 statement->bytes,
                                 unit->request.in_transaction);
    unit->woven = true;
    if (woven == NULL) {
      return false;
    }
  }
  sent = leave_pipeline(conn) &&
         PQsendQuery(conn->pg, woven == NULL ? statement->text : woven) == 1;
  hf_free(woven);
  return sent;
}

/* A unit of nothing: the answer is ours, its end comes in order. */
static bool send_nothing(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_error *error = &unit->request.error;
  hf_error_set(error, HF_SESSION_REQUIRED, HF_PHASE_LOCAL, hf_needs_session);
  error->outcome = HF_OUTCOME_NOT_EXECUTED;
  error->unit = HF_UNIT_STATEMENT;
  error->retryable = false;
  unit->request.unsent = true;
  return enter_pipeline(conn) && hf_conn_send_sync(conn);
}

const char hf_needs_session[] =
    "behind a connection pooler the pool's settings hold for a transaction, "
    "and this cannot run in one: set DIRECT_URL (or directUrl) to the "
    "database itself, or leave out schema, settings, options and the server's "
    "time-outs";

bool hf_conn_send_arrival(struct hf_conn *conn) {
  const struct hf_session_sql *sql = &conn->shared->sql;
  return enter_pipeline(conn) &&
         PQsendQueryParams(conn->pg,
                           sql->prove,
                           0,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           0) == 1 &&
         PQsendQueryParams(conn->pg,
                           sql->shown,
                           0,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           0) == 1 &&
         hf_conn_send_sync(conn);
}

/*
 * LIKE 'a!%' ESCAPE '\\' is a read where backslashes escape nothing in plain
 * strings, which the server tells.
 */
static void read_strings(const struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_sql_info *sql = &unit->request.sql;
  const char *standard;
  if (sql->read_if_standard && !sql->read_only) {
    standard = PQparameterStatus(conn->pg, "standard_conforming_strings");
    sql->read_only = standard != NULL && strcmp(standard, "on") == 0;
  }
}

bool hf_conn_send(struct hf_conn *conn, struct hf_unit *unit) {
  read_strings(conn, unit);
  hf_unit_rewind(unit);
  hf_stats_add(conn->shared->stats, HF_STAT_BYTES_OUT, unit->bytes);
  if (conn->slot->proxied) {
    hf_stats_add(conn->shared->stats, HF_STAT_POOLED_UNITS, 1);
  }
  unit->simple = is_simple(unit);
  unit->request.simple = unit->simple;
  unit->request.reused = false;
  if (unit->simple) {
    return send_simple(conn, unit);
  }
  if (needs_session(conn, unit)) {
    return send_nothing(conn, unit);
  }
  if (!enter_pipeline(conn)) {
    return false;
  }
  cork(conn);
  if (wants_proof(unit)) {
    unit->request.progress = HF_PROGRESS_UNPARSED;
  }
  return send_preludes(conn, unit) &&
         (is_nameable(conn, unit) ? send_named(conn, unit)
                                  : send_unnamed(conn, unit)) &&
         send_postlude(conn, unit) && hf_read_only_close(conn, unit) &&
         hf_conn_send_sync(conn);
}

/* The first one runs long enough for the second to arrive meanwhile. */
static const char *const proof_sql[HF_PROOF_UNITS] = {
    "select $1::pg_catalog.int4, pg_catalog.pg_sleep(0.005)",
    "select $1::pg_catalog.int4",
};

bool hf_conn_send_proof(struct hf_conn *conn) {
  char text[NUMBER_BYTES];
  const char *value = text;
  int unit = conn->proof.sent;
  conn->proof.nonces[unit] = (int32_t)(hf_loop_random(conn->loop) & INT32_MAX);
  (void)snprintf(text, sizeof text, "%" PRId32, conn->proof.nonces[unit]);
  conn->proof.sent++;
  return enter_pipeline(conn) &&
         PQsendQueryParams(conn->pg,
                           proof_sql[unit],
                           1,
                           NULL,
                           &value,
                           NULL,
                           NULL,
                           0) == 1 &&
         PQpipelineSync(conn->pg) == 1;
}

bool hf_conn_send_own(struct hf_conn *conn, const char *sql) {
  return leave_pipeline(conn) && PQsendQuery(conn->pg, sql) == 1;
}

/* Called at the end of the turn. */
static void uncork(struct hf_conn *conn) {
  if (conn->corked && hf_conn_is_open(conn)) {
    set_cork(conn, false);
  }
  conn->corked = false;
}

bool hf_conn_push(struct hf_conn *conn) {
  int left = PQflush(conn->pg);
  uncork(conn);
  /* Without a socket libpq drops what is left to send and says 0. */
  return left >= 0 && hf_conn_is_open(conn);
}
