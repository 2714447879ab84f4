/* SPDX-License-Identifier: MIT */
#include "net/engine/session_setup.h"

#include "net/conn/conn.h"
#include "net/engine/events.h"
#include "net/engine/netpool.h"
#include "net/engine/pooler.h"

static enum hf_session_setup_result ask(struct hf_session_setup *setup,
                                        enum hf_session_setup_step step,
                                        enum hf_internal_unit internal_unit,
                                        const char *sql) {
  setup->step = step;
  hf_conn_run_internal(setup->slot->conn, internal_unit, sql);
  return HF_SESSION_SETUP_PENDING;
}

static enum hf_session_setup_result fail(struct hf_session_setup *setup,
                                         struct hf_error *error) {
  hf_error_move(&setup->error, error);
  return HF_SESSION_SETUP_FAILED;
}

/* Sets the settings for the session. */
static enum hf_session_setup_result set(struct hf_session_setup *setup,
                                        const char *sql) {
  struct hf_conn *conn = setup->slot->conn;
  conn->session_settings = sql;
  return ask(setup, HF_SESSION_SETUP_SET, HF_INTERNAL_UNIT_SQL, sql);
}

/* It would run on server connections that other clients use. */
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

/* Settings are in force: onConnect is next. */
static enum hf_session_setup_result run_on_connect(
    struct hf_session_setup *setup) {
  struct hf_netpool *pool = setup->pool;
  const char *sql = pool->shared.sql.on_connect;
  if (sql != NULL && setup->slot->proxied && !pool->warned_of_connect) {
    warn_of_connect_sql(pool, setup->slot);
  }
  if (sql == NULL || setup->slot->proxied) {
    return HF_SESSION_SETUP_DONE;
  }
  setup->slot->hooked = true;
  return ask(setup, HF_SESSION_SETUP_ON_CONNECT, HF_INTERNAL_UNIT_SQL, sql);
}

static enum hf_session_setup_result check_unit(struct hf_session_setup *setup) {
  return ask(setup,
             HF_SESSION_SETUP_CHECK_UNIT,
             HF_INTERNAL_UNIT_CHECK_UNIT,
             NULL);
}

/* The session does not have its settings, or it is not known. */
static enum hf_session_setup_result use_other_way(
    struct hf_session_setup *setup) {
  struct hf_netpool *pool = setup->pool;
  if (!hf_pooler_is_auto(pool)) {
    return set(setup, pool->shared.sql.session);
  }
  hf_netpool_set_proxied(pool);
  setup->slot->proxied = true;
  return check_unit(setup);
}

/* Begins with the check that fits the connection. */
static enum hf_session_setup_result bring_settings(
    struct hf_session_setup *setup) {
  const struct hf_netpool *pool = setup->pool;
  const struct hf_slot *slot = setup->slot;
  const struct hf_session_sql *sql = &pool->shared.sql;
  if (sql->count == 0) {
    return run_on_connect(setup);
  }
  if (slot->proxied) {
    return check_unit(setup);
  }
  if (setup->with_settings) {
    return ask(setup,
               HF_SESSION_SETUP_CHECK_STARTUP,
               HF_INTERNAL_UNIT_CHECK_STARTUP,
               sql->check);
  }
  if (slot->server_answered || !hf_pooler_is_auto(pool)) {
    return use_other_way(setup); /* its start-up options were refused */
  }
  return set(setup, sql->plain);
}

enum hf_session_setup_result hf_session_setup_begin(
    struct hf_session_setup *setup,
    struct hf_netpool *pool,
    struct hf_slot *slot,
    bool with_settings) {
  setup->pool = pool;
  setup->slot = slot;
  setup->with_settings = with_settings;
  return bring_settings(setup);
}

static enum hf_session_setup_result refuse_settings(
    struct hf_session_setup *setup) {
  hf_error_set(&setup->error,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "the pool's settings (schema, settings, options, the server's "
               "time-outs) do not hold through this pooler, neither from the "
               "start of a session nor within a transaction: connect to the "
               "database itself, or leave them out");
  return HF_SESSION_SETUP_FAILED;
}

static enum hf_session_setup_result on_checked(
    struct hf_session_setup *setup,
    struct hf_settings_check *check) {
  if (check->error.status == HF_OK) {
    return check->at_startup ? run_on_connect(setup) : use_other_way(setup);
  }
  if (hf_settings_check_lacks_function(check)) {
    return set(setup, setup->pool->shared.sql.plain);
  }
  return fail(setup, &check->error);
}

static enum hf_session_setup_result on_proved(struct hf_session_setup *setup,
                                              struct hf_settings_check *check) {
  struct hf_conn *conn = setup->slot->conn;
  if (check->error.status != HF_OK &&
      !hf_settings_check_lacks_function(check)) {
    return fail(setup, &check->error);
  }
  if (check->in_unit) {
    conn->settings_scope = HF_SETTINGS_IN_UNIT;
    setup->slot->unit_is_transaction = true;
    return run_on_connect(setup);
  }
  if (setup->with_settings && check->at_startup) {
    return run_on_connect(setup);
  }
  if (!setup->with_settings && !setup->pool->start_refused) {
    setup->pool->starts_proxied = true;
    return HF_SESSION_SETUP_RECONNECT;
  }
  return refuse_settings(setup);
}

enum hf_session_setup_result hf_session_setup_continue(
    struct hf_session_setup *setup) {
  struct hf_conn *conn = setup->slot->conn;
  if (conn->failing) {
    return fail(setup, &conn->final_error);
  }
  switch (setup->step) {
  case HF_SESSION_SETUP_CHECK_STARTUP:
    return on_checked(setup, &conn->settings_check);
  case HF_SESSION_SETUP_CHECK_UNIT:
    return on_proved(setup, &conn->settings_check);
  case HF_SESSION_SETUP_SET:
    return run_on_connect(setup);
  case HF_SESSION_SETUP_ON_CONNECT:
    break;
  }
  return HF_SESSION_SETUP_DONE;
}
