/* SPDX-License-Identifier: MIT */
#include "net/engine/settle.h"

#include "net/conn/conn.h"
#include "net/engine/events.h"
#include "net/engine/netpool.h"
#include "net/engine/pooler.h"

static enum hf_settle_verdict ask(struct hf_settle *settle,
                                  enum hf_settle_step step,
                                  enum hf_internal_unit internal_unit,
                                  const char *sql) {
  settle->step = step;
  hf_conn_run_internal(settle->slot->conn, internal_unit, sql);
  return HF_SETTLE_ASKED;
}

static enum hf_settle_verdict fail(struct hf_settle *settle,
                                   struct hf_error *error) {
  hf_error_move(&settle->error, error);
  return HF_SETTLE_FAILED;
}

/* It would run on server connections that others use. */
static void warn_of_connect_sql(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_error warning;
  pool->warned_of_connect = true;
  hf_error_init(&warning);
  hf_error_set(&warning,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "onConnect SQL is not run behind a connection pooler: use "
               "settings, or connect directly");
  hf_events_emit(pool, slot, HF_EVENT_WARNING, &warning);
  hf_error_finish(&warning);
}

/* The settings are there: what is left is the user's. */
static enum hf_settle_verdict greet(struct hf_settle *settle) {
  struct hf_netpool *pool = settle->pool;
  const char *sql = pool->shared.sql.on_connect;
  if (sql != NULL && settle->slot->proxied && !pool->warned_of_connect) {
    warn_of_connect_sql(pool, settle->slot);
  }
  if (sql == NULL || settle->slot->proxied) {
    return HF_SETTLE_DONE;
  }
  return ask(settle, HF_SETTLE_GREETING, HF_INTERNAL_UNIT_SQL, sql);
}

static enum hf_settle_verdict prove(struct hf_settle *settle) {
  return ask(settle, HF_SETTLE_PROVING, HF_INTERNAL_UNIT_CHECK_UNIT, NULL);
}

/* The connection is not what its settings ask for, or not known to be. */
static enum hf_settle_verdict distrust(struct hf_settle *settle) {
  struct hf_netpool *pool = settle->pool;
  if (!hf_pooler_is_auto(pool)) {
    return ask(settle,
               HF_SETTLE_SETTING,
               HF_INTERNAL_UNIT_SQL,
               pool->shared.sql.session);
  }
  hf_netpool_set_proxied(pool);
  settle->slot->proxied = true;
  return prove(settle);
}

/* Makes sure that the pool's settings reach statements here. */
static enum hf_settle_verdict bring_settings(struct hf_settle *settle) {
  const struct hf_netpool *pool = settle->pool;
  const struct hf_slot *slot = settle->slot;
  const struct hf_session_sql *sql = &pool->shared.sql;
  if (sql->count == 0) {
    return greet(settle);
  }
  if (slot->proxied) {
    return prove(settle);
  }
  if (settle->with_settings) {
    return ask(settle,
               HF_SETTLE_CHECKING,
               HF_INTERNAL_UNIT_CHECK_STARTUP,
               sql->check);
  }
  if (slot->server_answered || !hf_pooler_is_auto(pool)) {
    return distrust(settle); /* its start-up options were refused */
  }
  return ask(settle, HF_SETTLE_SETTING, HF_INTERNAL_UNIT_SQL, sql->plain);
}

enum hf_settle_verdict hf_settle_begin(struct hf_settle *settle,
                                       struct hf_netpool *pool,
                                       struct hf_slot *slot,
                                       bool with_settings) {
  settle->pool = pool;
  settle->slot = slot;
  settle->with_settings = with_settings;
  return bring_settings(settle);
}

static enum hf_settle_verdict refuse_settings(struct hf_settle *settle) {
  hf_error_set(&settle->error,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "the pool's settings (schema, settings, options, the server's "
               "time-outs) do not hold through this pooler, neither from the "
               "start of a session nor within a transaction: connect to the "
               "database itself, or leave them out");
  return HF_SETTLE_FAILED;
}

static enum hf_settle_verdict on_checked(struct hf_settle *settle,
                                         struct hf_settings_check *check) {
  if (check->error.status == HF_OK) {
    return check->at_startup ? greet(settle) : distrust(settle);
  }
  if (hf_settings_check_lacks_function(check)) {
    return ask(settle,
               HF_SETTLE_SETTING,
               HF_INTERNAL_UNIT_SQL,
               settle->pool->shared.sql.plain);
  }
  return fail(settle, &check->error);
}

static enum hf_settle_verdict on_proved(struct hf_settle *settle,
                                        struct hf_settings_check *check) {
  struct hf_conn *conn = settle->slot->conn;
  if (check->error.status != HF_OK &&
      !hf_settings_check_lacks_function(check)) {
    return fail(settle, &check->error);
  }
  if (check->in_unit) {
    conn->settings_scope = HF_SETTINGS_IN_UNIT;
    settle->slot->unit_is_transaction = true;
    return greet(settle);
  }
  if (settle->with_settings && check->at_startup) {
    return greet(settle);
  }
  if (!settle->with_settings && !settle->pool->start_refused) {
    settle->pool->starts_proxied = true;
    return HF_SETTLE_AGAIN;
  }
  return refuse_settings(settle);
}

enum hf_settle_verdict hf_settle_go_on(struct hf_settle *settle) {
  struct hf_conn *conn = settle->slot->conn;
  if (conn->failing) {
    return fail(settle, &conn->final_error);
  }
  switch (settle->step) {
  case HF_SETTLE_CHECKING:
    return on_checked(settle, &conn->settings_check);
  case HF_SETTLE_PROVING:
    return on_proved(settle, &conn->settings_check);
  case HF_SETTLE_SETTING:
    return greet(settle);
  case HF_SETTLE_GREETING:
    break;
  }
  return HF_SETTLE_DONE;
}
