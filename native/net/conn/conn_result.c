/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/features/health.h"
#include "core/pool/stale_types.h"
#include "net/base/clock.h"
#include "net/conn/batch.h"
#include "net/conn/conn_copy.h"
#include "net/conn/read_only.h"
#include "net/conn/result_error.h"

/* A result of this size is large. */
enum { LARGE_RESULT_BYTES = 256 * 1024, NUMBER_BASE = 10 };

static const char too_long[] =
    "a value is longer than a string of JavaScript's can be (536870888 "
    "characters): select it in parts, with substring()";

/* Positions in a text with settings are translated to the user's text. */
static void read_error(const struct hf_conn *conn,
                       struct hf_unit *unit,
                       const PGresult *result) {
  const char *given = PQresultErrorField(result, 'P');
  char position[16];
  bool moved = given != NULL && unit->has_settings_rows;
  if (moved && hf_unit_copies(unit)) {
    (void)snprintf(
        position,
        sizeof position,
        "%d",
        (int)hf_conn_copy_position(unit,
                                   (int32_t)strtol(given, NULL, NUMBER_BASE)));
  } else if (moved) {
    (void)snprintf(position,
                   sizeof position,
                   "%d",
                   (int)hf_session_sql_original_position(
                       &conn->shared->sql,
                       unit->statement->text,
                       unit->statement->bytes,
                       unit->request.in_transaction,
                       (int32_t)strtol(given, NULL, NUMBER_BASE)));
  }
  hf_result_error_read(result,
                       unit->request.sql.commits ? HF_PHASE_COMMIT
                                                 : HF_PHASE_AWAIT,
                       moved ? position : NULL,
                       &unit->request.error);
}

static void fail_call(struct hf_unit *unit,
                      enum hf_status status,
                      enum hf_phase phase) {
  if (unit->request.error.status == HF_OK) {
    hf_error_set(&unit->request.error, status, phase, NULL);
  }
}

void hf_conn_result_give_up(struct hf_conn *conn,
                            struct hf_unit *unit,
                            enum hf_status status) {
  fail_call(unit, status, HF_PHASE_AWAIT);
  if (status == HF_RESULT_TOO_LARGE) {
    hf_stats_add(conn->shared->stats, HF_STAT_RESULTS_TOO_LARGE, 1);
  }
  if (status == HF_RESULT_TOO_LARGE) {
    conn->end_status = status;
  }
  hf_conn_cancel(conn);
  hf_conn_fail(conn);
}

/* Reads what a server answers to a health probe. */
static void read_probe(struct hf_health_probe *probe, const PGresult *result) {
  if (PQntuples(result) == 0 || PQnfields(result) == 0) {
    return;
  }
  probe->role =
      strcmp(PQgetvalue(result, 0, 0), "t") == 0   ? HF_HEALTH_ROLE_STANDBY
      : strcmp(PQgetvalue(result, 0, 0), "f") == 0 ? HF_HEALTH_ROLE_PRIMARY
                                                   : HF_HEALTH_ROLE_UNKNOWN;
  probe->takes_no_writes =
      PQnfields(result) > 1 && strcmp(PQgetvalue(result, 0, 1), "on") == 0;
}

/* Reads the identity of a transaction: whether its server is known. */
static void read_identity(struct hf_unit *unit, const PGresult *result) {
  struct hf_batch *batch = unit->batch;
  int columns = PQnfields(result);
  if (batch != NULL && batch->known != NULL && hf_unit_is_at_last(unit) &&
      PQntuples(result) == 1 && columns > 0) {
    hf_batch_look_up(batch, PQgetvalue(result, 0, columns - 1));
  }
}

bool hf_conn_result_add_rows(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result) {
  enum hf_status status;
  if (unit->probe != NULL) {
    read_probe(unit->probe, result);
  }
  read_identity(unit, result);
  if (!hf_unit_is_read(unit)) {
    return true;
  }
  if (unit->chunked) {
    unit->received_from = 0; /* libpq holds nothing of the result now */
  }
  if (!unit->encoding) {
    hf_encoder_begin(&conn->encoder,
                     unit->decode,
                     unit->stream.on ? 0 : (size_t)unit->max_result_bytes);
    unit->encoding = true;
  }
  status = hf_encoder_add(&conn->encoder, result);
  if (status != HF_OK) {
    if (conn->encoder.too_long && unit->request.error.status == HF_OK) {
      hf_error_set(&unit->request.error, status, HF_PHASE_AWAIT, too_long);
    }
    hf_conn_result_give_up(conn, unit, status);
    return false;
  }
  return true;
}

static void note_size(const struct hf_unit *unit, size_t bytes) {
  struct hf_statement *statement = hf_unit_statement(unit);
  statement->large = bytes >= LARGE_RESULT_BYTES;
  statement->small = !statement->large;
}

void hf_conn_result_complete(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result) {
  struct hf_encoder_frame frame = {0};
  struct hf_message *definition = NULL;
  struct hf_message *message = NULL;
  struct hf_statement *statement = hf_unit_statement(unit);
  enum hf_status status;
  if (hf_unit_is_at_last(unit)) {
    unit->request.progress = HF_PROGRESS_COMPLETE;
  }
  if (!hf_conn_result_add_rows(conn, unit, result) || !hf_unit_is_read(unit)) {
    return;
  }
  if (!unit->stream.begun) {
    note_size(unit, hf_encoder_bytes(&conn->encoder));
  }
  hf_stats_add(conn->shared->stats,
               HF_STAT_BYTES_IN,
               hf_encoder_bytes(&conn->encoder));
  hf_stats_add(conn->shared->stats, HF_STAT_ROWS, (uint64_t)conn->encoder.rows);
  unit->encoding = false;
  frame.id_low = (int32_t)unit->request.id_low;
  frame.id_high = (int32_t)unit->request.id_high;
  frame.row_description = statement->row_description;
  status = hf_row_descriptions_find(unit->columns,
                                    result,
                                    unit->decode,
                                    &frame.row_description,
                                    &definition);
  if (definition != NULL) {
    conn->shared->callbacks->define(unit, definition);
  }
  if (status == HF_OK) {
    statement->row_description = frame.row_description;
    status = hf_encoder_end(&conn->encoder, result, &frame, &message);
  }
  if (status != HF_OK) {
    hf_conn_result_give_up(conn, unit, status);
    return;
  }
  message->ints[HF_RESULT_CONNECTION] = (int32_t)conn->slot->serial;
  hf_row_descriptions_hold(unit->columns, frame.row_description);
  hf_unit_append(unit, message);
}

void hf_conn_result_note_command(struct hf_unit *unit, PGresult *result) {
  if (strcmp(PQcmdStatus(result), "ROLLBACK") == 0) {
    unit->request.answered_rollback = true;
  }
}

/* An error may also come after all steps, at the Sync. */
bool hf_unit_is_at_step(const struct hf_unit *unit, enum hf_step step) {
  return unit->step < unit->n_steps && unit->steps[unit->step] == step;
}

void hf_conn_result_drop_names(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_error *error = &unit->request.error;
  const char *routine = hf_error_field(error, 'R');
  if (hf_unit_is_at_step(unit, HF_STEP_PREPARE)) {
    hf_prepared_remove(&conn->prepared, unit->statement);
  }
  if (strcmp(error->sqlstate, "26000") == 0) {
    /* DEALLOCATE ALL or DISCARD ALL was run. */
    hf_prepared_clear(&conn->prepared);
  } else if (strcmp(error->sqlstate, "42P05") == 0 ||
             (strcmp(error->sqlstate, "0A000") == 0 && routine != NULL &&
              strcmp(routine, "RevalidateCachedQuery") == 0) ||
             hf_stale_types_suspected(&unit->request)) {
    hf_statement_rename(unit->statement, hf_clock_us());
  }
}

/*
 * Returns whether Bind has refused the name, because it does not exist or its
 * result type has changed. A function that uses EXECUTE fails with the same
 * errors, but with a context.
 */
static bool refused_at_bind(const struct hf_unit *unit) {
  const struct hf_error *error = &unit->request.error;
  const char *routine = hf_error_field(error, 'R');
  return unit->uses_name && routine != NULL &&
         hf_error_field(error, 'W') == NULL &&
         (strcmp(routine, "FetchPreparedStatement") == 0 ||
          strcmp(routine, "RevalidateCachedQuery") == 0);
}

/* After a refused write: the role the server reports, since version 14. */
static enum hf_role role_of(const struct hf_conn *conn,
                            const struct hf_error *error) {
  const char *standby;
  const char *setting;
  if (strcmp(error->sqlstate, "25006") != 0 || conn->slot->proxied) {
    return HF_ROLE_UNKNOWN; /* a pooler reports that of its first server */
  }
  standby = PQparameterStatus(conn->pg, "in_hot_standby");
  setting = PQparameterStatus(conn->pg, "default_transaction_read_only");
  if (standby == NULL || setting == NULL) {
    return HF_ROLE_UNKNOWN;
  }
  return strcmp(standby, "on") == 0 || strcmp(setting, "on") == 0
             ? HF_ROLE_READS
             : HF_ROLE_WRITES;
}

/* Where all of a batch were done, it is the end of its transaction. */
static void note_place(struct hf_unit *unit) {
  bool done = unit->request.progress == HF_PROGRESS_COMPLETE;
  unit->failed_item = done ? -1 : unit->item;
}

/* Notes how far the statement had come when it failed. */
static void note_progress(struct hf_unit *unit) {
  struct hf_request *request = &unit->request;
  bool others_ran = unit->item > 0; /* those before it in its batch */
  if (!others_ran &&
      (hf_unit_is_at_step(unit, HF_STEP_PARSE) ||
       hf_unit_is_at_step(unit, HF_STEP_PREPARE) ||
       hf_unit_is_at_step(unit, HF_STEP_BEFORE) ||
       hf_unit_is_at_step(unit, HF_STEP_SHOW) || refused_at_bind(unit))) {
    request->progress = HF_PROGRESS_UNPARSED;
  } else if (others_ran || request->progress == HF_PROGRESS_UNPARSED) {
    request->progress = HF_PROGRESS_PARSED;
  }
}

void hf_conn_result_on_step(struct hf_unit *unit) {
  if (hf_unit_is_at_step(unit, HF_STEP_PARSE) ||
      hf_unit_is_at_step(unit, HF_STEP_PREPARE)) {
    unit->request.progress = HF_PROGRESS_PARSED;
  }
}

void hf_conn_result_on_error(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result) {
  struct hf_error *error = &unit->request.error;
  if (error->status != HF_OK || PQresultErrorField(result, 'M') == NULL) {
    /* Not the first error, or one of libpq's own. */
    if (PQstatus(conn->pg) != CONNECTION_OK) {
      hf_conn_fail(conn);
    } else if (error->status == HF_OK) {
      hf_conn_result_give_up(conn, unit, HF_PROTOCOL_ERROR);
    }
    return;
  }
  read_error(conn, unit, result);
  note_place(unit);
  note_progress(unit);
  unit->failed_at = unit->step;
  unit->request.server_role = role_of(conn, error);
  hf_read_only_on_error(conn, unit);
  hf_conn_result_drop_names(conn, unit);
  if (error->severity == HF_SEVERITY_FATAL ||
      error->severity == HF_SEVERITY_PANIC) {
    hf_error_copy(&conn->final_error, error);
    hf_conn_fail(conn);
  }
}

void hf_conn_result_on_copy(struct hf_conn *conn,
                            struct hf_unit *unit,
                            ExecStatusType status) {
  bool again = unit->request.error.status == HF_COPY_UNSUPPORTED;
  fail_call(unit, HF_COPY_UNSUPPORTED, HF_PHASE_AWAIT);
  /* Once only: a server might ask again and again. */
  if (unit->simple && status == PGRES_COPY_IN && !again &&
      PQputCopyEnd(conn->pg, "COPY is not supported by query()") == 1) {
    return; /* the server answers with an error */
  }
  conn->end_status = HF_COPY_UNSUPPORTED;
  hf_conn_cancel(conn);
  hf_conn_fail(conn);
}

bool hf_unit_is_at_execute(const struct hf_unit *unit) {
  return hf_unit_is_at_step(unit, HF_STEP_EXECUTE);
}
