/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_copy.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/conn/call_settings.h"
#include "net/conn/conn_copy_in.h"
#include "net/conn/conn_output.h"
#include "net/conn/sql_text.h"

/* ---- the text ------------------------------------------------------------ */

/* The first column tells their row from others. */
static void add_call_settings(struct hf_sql_text *text,
                              const struct hf_call_settings *settings) {
  int32_t i;
  hf_sql_text_add(text, "select true as \"" HF_SETTINGS_COLUMN "\"");
  for (i = 0; i < settings->n; i++) {
    hf_sql_text_add(text, ",pg_catalog.set_config(");
    hf_sql_text_add_literal(text, settings->texts[2 * (size_t)i]);
    hf_sql_text_add(text, ",");
    hf_sql_text_add_literal(text, settings->texts[2 * (size_t)i + 1]);
    hf_sql_text_add(text, ",true)");
  }
  hf_sql_text_add(text, ";");
}

static const char read_only_sql[] =
    "select true as \"" HF_SETTINGS_COLUMN
    "\",pg_catalog.set_config('transaction_read_only','on',true);";

/* Outside a transaction the whole text is one. */
static void add_before(struct hf_sql_text *text,
                       const struct hf_conn *conn,
                       const struct hf_unit *unit) {
  const char *settings = conn->settings_scope == HF_SETTINGS_IN_UNIT
                             ? conn->shared->sql.unit
                             : NULL;
  if (!unit->request.in_transaction) {
    if (settings != NULL) {
      hf_sql_text_add(text, settings);
      hf_sql_text_add(text, ";");
    }
    if (unit->settings != NULL) {
      add_call_settings(text, unit->settings);
    }
  }
  if (unit->guard == HF_WRITE_GUARD_SAVEPOINT) {
    hf_sql_text_add(text, "savepoint holdfast_read_only;");
  } else if (unit->stream.savepoint) {
    hf_sql_text_add(text, "savepoint holdfast_stream;");
  }
  if (unit->guard != HF_WRITE_GUARD_NONE) {
    hf_sql_text_add(text, read_only_sql);
  }
}

/* The user's text may end in a comment. */
static void add_after(struct hf_sql_text *text, const struct hf_unit *unit) {
  if (unit->guard == HF_WRITE_GUARD_SAVEPOINT) {
    hf_sql_text_add(text,
                    "\n;rollback to savepoint holdfast_read_only;"
                    "release savepoint holdfast_read_only");
  } else if (unit->stream.savepoint) {
    hf_sql_text_add(text, "\n;release savepoint holdfast_stream");
  }
}

/* A reader that leaves, or a write that is refused, harms no transaction. */
static void choose_guards(struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  bool inside = request->in_transaction;
  if (hf_request_must_not_write(request)) {
    unit->guard = inside ? HF_WRITE_GUARD_SAVEPOINT : HF_WRITE_GUARD_SETTING;
  } else {
    unit->stream.savepoint = inside && request->sql.read_only;
  }
}

bool hf_conn_copy_send(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_sql_text text = {0};
  bool sent;
  unit->simple = true;
  unit->request.simple_protocol = true;
  unit->mode_chosen = true;
  choose_guards(unit);
  /* What fails is never what stands in front of it: that is our own. */
  hf_conn_add_step(unit, HF_STEP_BEFORE);
  hf_conn_add_step(unit, HF_STEP_EXECUTE);
  unit->step = 1;
  hf_sql_text_add(&text, "");
  add_before(&text, conn, unit);
  if (!text.failed) {
    unit->copy.prefix = hf_sql_characters(text.data, text.bytes);
    unit->has_settings_rows = text.bytes > 0;
  }
  hf_sql_text_add(&text, unit->statement->text);
  add_after(&text, unit);
  sent = !text.failed && hf_conn_leave_pipeline(conn) &&
         PQsendQuery(conn->pg, text.data) == 1;
  hf_free(text.data);
  return sent;
}

int32_t hf_conn_copy_position(const struct hf_unit *unit, int32_t position) {
  return position > unit->copy.prefix ? position - unit->copy.prefix : 1;
}

/* ---- its answers --------------------------------------------------------- */

bool hf_conn_copy_is_own(const struct hf_unit *unit, const PGresult *result) {
  return hf_unit_copies(unit) && PQresultStatus(result) == PGRES_COMMAND_OK &&
         unit->simple &&
         strncmp(PQcmdStatus((PGresult *)result), "COPY", 4) != 0;
}

bool hf_conn_copy_begin(struct hf_conn *conn,
                        struct hf_unit *unit,
                        ExecStatusType status) {
  enum hf_sql_copy direction = unit->copy.direction;
  bool wanted = (direction == HF_SQL_COPY_IN && status == PGRES_COPY_IN) ||
                (direction == HF_SQL_COPY_OUT && status == PGRES_COPY_OUT);
  if (!wanted || unit->request.error.status != HF_OK) {
    return false;
  }
  unit->copy.open = true;
  if (direction == HF_SQL_COPY_OUT) {
    return true;
  }
  if (unit->request.interrupted != HF_OK || unit->request.settled ||
      unit->copy.refused) {
    (void)hf_conn_copy_fail(conn);
  } else {
    hf_conn_mark_dirty(conn); /* pumps at the end of the turn */
  }
  return true;
}
