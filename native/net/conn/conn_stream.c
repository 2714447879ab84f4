/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_stream.h"

#include "net/conn/conn_output.h"
#include "net/conn/conn_result.h"
#include "net/conn/read_only.h"

static const char savepoint_sql[] = "savepoint holdfast_stream";
static const char rollback_to_sql[] = "rollback to savepoint holdfast_stream";
static const char release_sql[] = "release savepoint holdfast_stream";

/* ---- the savepoint ------------------------------------------------------- */

bool hf_conn_stream_send_before(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_request *request = &unit->request;
  unit->stream.savepoint = unit->stream.on && request->in_transaction &&
                           request->sql.read_only &&
                           unit->guard == HF_WRITE_GUARD_NONE;
  return !unit->stream.savepoint ||
         hf_conn_send_step(conn, unit, HF_STEP_BEFORE, savepoint_sql);
}

bool hf_conn_stream_send_after(struct hf_conn *conn, struct hf_unit *unit) {
  return !unit->stream.savepoint ||
         hf_conn_send_step(conn, unit, HF_STEP_AFTER, release_sql);
}

bool hf_conn_stream_undo(struct hf_conn *conn, struct hf_unit *unit) {
  /* When the first step has failed there is no savepoint. */
  bool guarded = unit->guard == HF_WRITE_GUARD_SAVEPOINT;
  bool open = (unit->stream.savepoint || guarded) && unit->failed_at > 0;
  if (!open || !unit->request.left || conn->failing || conn->cancel != NULL ||
      PQtransactionStatus(conn->pg) != PQTRANS_INERROR) {
    return false;
  }
  conn->state = HF_CONN_ACTIVE;
  if (guarded) {
    return hf_read_only_undo(conn, unit);
  }
  unit->step = 0;
  unit->n_steps = 0;
  unit->stream.savepoint = false;
  unit->simple = false;
  if (!hf_conn_enter_pipeline(conn) ||
      !hf_conn_send_step(conn, unit, HF_STEP_AFTER, rollback_to_sql) ||
      !hf_conn_send_step(conn, unit, HF_STEP_AFTER, release_sql) ||
      !hf_conn_send_sync(conn)) {
    hf_conn_fail(conn);
  } else {
    hf_conn_watch(conn);
  }
  return true;
}

/* ---- portions ------------------------------------------------------------ */

bool hf_conn_stream_waits(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  bool waits;
  if (unit == NULL || !unit->stream.on) {
    return false;
  }
  waits = unit->stream.room == 0 && hf_unit_is_read(unit);
  hf_conn_set_held(conn, unit, waits);
  return waits;
}

/* Hands over the rows that were encoded. */
static void send_portion(struct hf_conn *conn, struct hf_unit *unit) {
  const struct hf_conn_callbacks *callbacks = conn->shared->callbacks;
  struct hf_encoder *encoder = &conn->encoder;
  struct hf_encoder_frame frame = {.id_low = (int32_t)unit->request.id_low,
                                   .id_high = (int32_t)unit->request.id_high};
  struct hf_message *definition = NULL;
  struct hf_message *message = NULL;
  enum hf_status status =
      hf_row_descriptions_renew(unit->columns,
                                &unit->stream.row_description,
                                &definition);
  if (definition != NULL) {
    callbacks->define(unit, definition);
  }
  hf_stats_add(conn->shared->stats,
               HF_STAT_BYTES_IN,
               hf_encoder_bytes(encoder));
  hf_stats_add(conn->shared->stats, HF_STAT_ROWS, (uint64_t)encoder->rows);
  frame.row_description = unit->stream.row_description;
  if (status == HF_OK) {
    status = hf_encoder_end(encoder, NULL, &frame, &message);
  }
  unit->encoding = false;
  if (status != HF_OK) {
    hf_conn_result_give_up(conn, unit, status);
    return;
  }
  message->ints[HF_RESULT_CONNECTION] = (int32_t)conn->slot->serial;
  unit->stream.room--;
  callbacks->rows(unit, message, !unit->stream.begun);
  unit->stream.begun = true;
}

static bool has_rows(const struct hf_conn *conn, const struct hf_unit *unit) {
  return unit->stream.on && unit->encoding && conn->encoder.rows > 0 &&
         hf_unit_is_read(unit) && !conn->failing;
}

/* Describes the columns once: what follows has the same. */
static bool describe(struct hf_conn *conn,
                     struct hf_unit *unit,
                     const PGresult *result) {
  struct hf_message *definition = NULL;
  int32_t id = unit->statement->row_description;
  enum hf_status status = hf_row_descriptions_find(unit->columns,
                                                   result,
                                                   unit->decode,
                                                   &id,
                                                   &definition);
  if (definition != NULL) {
    conn->shared->callbacks->define(unit, definition);
  }
  if (status != HF_OK) {
    hf_conn_result_give_up(conn, unit, status);
    return false;
  }
  unit->statement->row_description = id;
  unit->stream.row_description = id;
  hf_row_descriptions_hold(unit->columns, id);
  return true;
}

void hf_conn_stream_add(struct hf_conn *conn,
                        struct hf_unit *unit,
                        const PGresult *result) {
  if (!has_rows(conn, unit)) {
    return;
  }
  if (unit->stream.row_description == 0 && !describe(conn, unit, result)) {
    return;
  }
  if (conn->encoder.rows >= unit->stream.portion ||
      hf_encoder_bytes(&conn->encoder) >= HF_STREAM_BYTES) {
    send_portion(conn, unit);
  }
}

void hf_conn_stream_pass_on(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  if (unit != NULL && unit->stream.room == HF_STREAM_AHEAD &&
      has_rows(conn, unit) && hf_conn_portion_is_due(conn, unit)) {
    send_portion(conn, unit);
  }
}

void hf_conn_stream_flush(struct hf_conn *conn, struct hf_unit *unit) {
  if (unit->stream.begun && has_rows(conn, unit)) {
    send_portion(conn, unit);
  }
}

void hf_conn_stream_more(struct hf_conn *conn, struct hf_unit *unit) {
  if (unit->stream.on && unit->stream.room < HF_STREAM_AHEAD) {
    unit->stream.room++;
    if (unit == hf_conn_head(conn)) {
      hf_conn_stream_pass_on(conn);
    }
  }
}

void hf_conn_stream_skip(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  if (unit != NULL && unit->stream.on) {
    unit->stream.dropped = true;
  }
}
