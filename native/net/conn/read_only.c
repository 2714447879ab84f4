/* SPDX-License-Identifier: MIT */
#include "net/conn/read_only.h"

#include <string.h>

#include "net/conn/conn_output.h"

static const char set_sql[] =
    "select pg_catalog.set_config('transaction_read_only','on',true)";
static const char begin_sql[] = "begin read only";
static const char commit_sql[] = "commit";
static const char rollback_sql[] = "rollback";
static const char savepoint_sql[] = "savepoint holdfast_read_only";
static const char rollback_to_sql[] =
    "rollback to savepoint holdfast_read_only";
static const char release_sql[] = "release savepoint holdfast_read_only";

static enum hf_write_guard guard_for(const struct hf_conn *conn,
                                     const struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  if (!hf_request_must_not_write(request) ||
      hf_request_controls_transaction(request) ||
      request->sql.refuses_transaction) {
    return HF_WRITE_GUARD_NONE;
  }
  if (request->in_transaction) {
    return HF_WRITE_GUARD_SAVEPOINT;
  }
  /* PgBouncer runs a unit as one transaction, also when it pools by statement.
   */
  return conn->slot->unit_is_transaction || conn->shared->no_transactions
             ? HF_WRITE_GUARD_SETTING
             : HF_WRITE_GUARD_BEGIN;
}

void hf_read_only_on_error(struct hf_conn *conn, struct hf_unit *unit) {
  static const char sentence[] =
      "transaction blocks not allowed in statement pooling mode";
  const char *message = hf_error_field(&unit->request.error, 'M');
  if (message != NULL && strncmp(message, sentence, sizeof sentence - 1) == 0) {
    unit->request.wrapping_refused = unit->guard == HF_WRITE_GUARD_BEGIN;
    conn->shared->no_transactions = true;
  }
}

bool hf_read_only_send_before(struct hf_conn *conn, struct hf_unit *unit) {
  unit->guard = guard_for(conn, unit);
  switch (unit->guard) {
  case HF_WRITE_GUARD_NONE:
    break;
  case HF_WRITE_GUARD_SETTING:
    return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, set_sql);
  case HF_WRITE_GUARD_BEGIN:
    return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, begin_sql);
  case HF_WRITE_GUARD_SAVEPOINT:
    return hf_conn_send_step(conn, unit, HF_STEP_BEFORE, savepoint_sql) &&
           hf_conn_send_step(conn, unit, HF_STEP_BEFORE, set_sql);
  }
  return true;
}

static bool send_rollback_to(struct hf_conn *conn, struct hf_unit *unit) {
  return hf_conn_send_step(conn, unit, HF_STEP_AFTER, rollback_to_sql) &&
         hf_conn_send_step(conn, unit, HF_STEP_AFTER, release_sql);
}

bool hf_read_only_send_after(struct hf_conn *conn, struct hf_unit *unit) {
  switch (unit->guard) {
  case HF_WRITE_GUARD_NONE:
  case HF_WRITE_GUARD_SETTING:
    break;
  case HF_WRITE_GUARD_BEGIN:
    return hf_conn_send_step(conn, unit, HF_STEP_AFTER, commit_sql);
  case HF_WRITE_GUARD_SAVEPOINT:
    return send_rollback_to(conn, unit);
  }
  return true;
}

/* When the first step has failed there is no savepoint. */
static bool is_guard_open(const struct hf_unit *unit) {
  return unit->guard == HF_WRITE_GUARD_BEGIN ||
         (unit->guard == HF_WRITE_GUARD_SAVEPOINT && unit->failed_at > 0);
}

static bool send_undo(struct hf_conn *conn, struct hf_unit *unit) {
  return unit->guard == HF_WRITE_GUARD_BEGIN
             ? hf_conn_send_step(conn, unit, HF_STEP_AFTER, rollback_sql)
             : send_rollback_to(conn, unit);
}

bool hf_read_only_undo(struct hf_conn *conn, struct hf_unit *unit) {
  bool inside = is_guard_open(unit);
  bool sent;
  if (!inside || unit->request.error.status == HF_OK || conn->failing ||
      conn->cancel != NULL ||
      PQtransactionStatus(conn->pg) != PQTRANS_INERROR) {
    return false;
  }
  unit->step = 0;
  unit->n_steps = 0;
  unit->simple = false;
  sent = hf_conn_enter_pipeline(conn) && send_undo(conn, unit);
  unit->guard = HF_WRITE_GUARD_NONE;
  if (!sent || !hf_conn_send_sync(conn)) {
    hf_conn_fail(conn);
  } else {
    hf_conn_watch(conn);
  }
  return true;
}
