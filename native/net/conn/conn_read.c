/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_read.h"

#include <string.h>

#include "net/base/clock.h"
#include "net/base/socket.h"
#include "net/conn/call_settings.h"
#include "net/conn/conn_copy.h"
#include "net/conn/conn_copy_in.h"
#include "net/conn/conn_copy_out.h"
#include "net/conn/conn_result.h"
#include "net/conn/conn_send.h"
#include "net/conn/conn_stream.h"
#include "net/conn/internal_unit.h"
#include "net/conn/prepared_names.h"
#include "net/conn/read_only.h"
#include "net/conn/session_watch.h"

enum {
  ROWS_PER_CHUNK = 256,
  ROUNDS_PER_RECORD = 2,
  COPY_ROUNDS = 16,
  /* Where received bytes are not counted, only chunks bound memory. */
  ROWS_PER_SMALL_CHUNK = 16
};

/* ---- units --------------------------------------------------------------- */

static char transaction_of(const struct hf_conn *conn) {
  if (conn->slot->running.count > 1) {
    return 'I'; /* a connection is shared by reads outside transactions only */
  }
  switch (PQtransactionStatus(conn->pg)) {
  case PQTRANS_IDLE:
    return 'I';
  case PQTRANS_INERROR:
    return 'E';
  case PQTRANS_ACTIVE:
  case PQTRANS_INTRANS:
  case PQTRANS_UNKNOWN:
    break;
  }
  return 'T';
}

/* SET LOCAL and SET TRANSACTION have no effect outside a transaction. */
static bool carries_settings(const struct hf_conn *conn,
                             const struct hf_unit *unit) {
  return (conn->settings_scope == HF_SETTINGS_IN_UNIT ||
          unit->settings != NULL) &&
         !unit->request.in_transaction &&
         unit->request.sql.kind != HF_SQL_SET_LOCAL;
}

/* VACUUM and the like refuse to share a unit: sends the statement alone. */
static bool resend_alone(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_error *error = &unit->request.error;
  if (strcmp(error->sqlstate, "25001") != 0 || !unit->has_extra_steps ||
      unit->batch != NULL || unit->statement->runs_alone ||
      conn->slot->running.count > 1 ||
      hf_request_must_not_write(&unit->request) ||
      unit->request.interrupted != HF_OK || unit->request.settled ||
      unit->request.orphan) {
    return false;
  }
  unit->statement->runs_alone = true;
  if (carries_settings(conn, unit)) {
    return false; /* alone it would run without them */
  }
  hf_error_finish(error);
  hf_conn_execute(conn, unit);
  return true;
}

/*
 * A statement that commits (2D000) or refuses a transaction block (25001) has
 * failed only because settings were sent with it. It left nothing behind.
 */
static void explain_refusal(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_error *error = &unit->request.error;
  bool commits = strcmp(error->sqlstate, "2D000") == 0 &&
                 (unit->request.sql.kind == HF_SQL_CALL ||
                  unit->request.sql.kind == HF_SQL_DO);
  bool alone = strcmp(error->sqlstate, "25001") == 0 && unit->has_extra_steps;
  if (error->severity != HF_SEVERITY_ERROR || unit->batch != NULL ||
      (!commits && !alone) || !carries_settings(conn, unit)) {
    return;
  }
  hf_error_move(&unit->request.cause, error);
  if (unit->settings != NULL) {
    hf_error_set(error,
                 HF_PARAM_INVALID,
                 HF_PHASE_LOCAL,
                 hf_call_settings_refused);
  } else {
    hf_error_set(error, HF_SESSION_REQUIRED, HF_PHASE_LOCAL, hf_needs_session);
  }
  error->outcome = HF_OUTCOME_ROLLED_BACK;
  error->unit = HF_UNIT_STATEMENT;
  error->retryable = false;
}

/* ReadyForQuery came without the answer that precedes it. */
static bool has_no_answer(const struct hf_unit *unit) {
  bool probes =
      unit->probe != NULL && unit->request.progress != HF_PROGRESS_COMPLETE;
  bool questions =
      unit->columns != NULL && unit->first == NULL && !unit->stream.dropped;
  return (probes || questions) && !unit->request.settled &&
         unit->request.error.status == HF_OK;
}

static void finish_unit(struct hf_conn *conn, struct hf_unit *unit) {
  char transaction;
  if (resend_alone(conn, unit) || hf_read_only_undo(conn, unit) ||
      hf_session_watch_restore_encoding(conn, unit)) {
    return;
  }
  if (has_no_answer(unit)) {
    hf_conn_result_give_up(conn, unit, HF_PROTOCOL_ERROR);
    return;
  }
  transaction = transaction_of(conn);
  explain_refusal(conn, unit);
  hf_session_watch_end_unit(conn, unit);
  if (conn->slot->running.count == 1) {
    conn->state = HF_CONN_READY;
  }
  hf_conn_finish_unit(conn, unit, transaction);
}

/* ---- the loop ------------------------------------------------------------ */

/*
 * Rows of a large result are read in chunks, so that libpq never holds all of
 * it. Whether it is large is known from the statement's last result; the first
 * time it is when one read does not empty the socket. Where received bytes are
 * not counted (Unix sockets), rows are always read in chunks, and of streams
 * one by one: libpq keeps a chunk that is not full, and the reader would wait
 * for rows that are there.
 */
static void choose_mode(struct hf_conn *conn, struct hf_unit *unit) {
  bool large;
  if (unit->mode_chosen || !hf_unit_is_at_execute(unit) ||
      hf_unit_copies(unit)) {
    return;
  }
  large = hf_unit_statement(unit)->large;
  unit->mode_chosen = true;
  if (!conn->counts_received || unit->stream.on) {
    large = true;
  } else if (!large && !hf_unit_statement(unit)->small) {
    large = hf_socket_has_input(conn->fd);
  }
  if (large) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    int rows = conn->counts_received ? ROWS_PER_CHUNK : ROWS_PER_SMALL_CHUNK;
    unit->chunked =
        (unit->stream.on ? PQsetSingleRowMode(conn->pg)
                         : PQsetChunkedRowsMode(conn->pg, rows)) == 1;
#else
    unit->chunked = PQsetSingleRowMode(conn->pg) == 1;
#endif
  }
}

/*
 * Applies the limit on results to what libpq still holds: a result that is not
 * read in chunks, a single row, or one that nobody waits for. Called when a
 * read has ended without the whole answer. Where others share the connection
 * that is no reason to ask the system the first time: the read may have ended
 * with the answer before this one, and most are whole with the next read.
 */
static void check_size(struct hf_conn *conn, struct hf_unit *unit) {
  uint64_t received;
  if (!unit->incomplete && conn->slot->running.count > 1) {
    unit->incomplete = true;
    return;
  }
  if (!conn->counts_received || hf_request_streams(&unit->request) ||
      !hf_conn_is_open(conn)) {
    return;
  }
  received = hf_socket_received_bytes(conn->fd);
  if (unit->received_from == 0) {
    unit->received_from = received;
  } else if (received > unit->received_from && /* 0: the call failed */
             received - unit->received_from > unit->max_result_bytes) {
    hf_conn_result_give_up(conn, unit, HF_RESULT_TOO_LARGE);
  }
}

/* Rows of settings that were inserted in the user's text. */
static bool is_settings_row(const struct hf_unit *unit,
                            const PGresult *result) {
  /* The columns of a COPY have no names. */
  const char *name = unit->has_settings_rows && PQnfields(result) > 0
                         ? PQfname(result, 0)
                         : NULL;
  return name != NULL && strcmp(name, HF_SETTINGS_COLUMN) == 0;
}

static void on_result(struct hf_conn *conn,
                      struct hf_unit *unit,
                      PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_PIPELINE_SYNC) {
    finish_unit(conn, unit);
  } else if (is_settings_row(unit, result) ||
             hf_conn_copy_is_own(unit, result)) {
    return;
  } else if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
             status == PGRES_NONFATAL_ERROR) {
    hf_conn_stream_flush(conn, unit);
    hf_conn_result_on_error(conn, unit, result);
  } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
             status == PGRES_COPY_BOTH) {
    if (!hf_conn_copy_begin(conn, unit, status)) {
      hf_conn_result_on_copy(conn, unit, status);
    }
  } else if (status == PGRES_PIPELINE_ABORTED) {
    if (hf_unit_is_at_execute(unit) ||
        hf_unit_is_at_step(unit, HF_STEP_PREPARE)) {
      hf_conn_result_drop_names(conn, unit);
    }
  } else if (hf_unit_is_at_step(unit, HF_STEP_SHOW)) {
    hf_call_settings_read_proof(conn, result);
  } else if (!hf_unit_is_at_execute(unit)) {
    hf_conn_result_on_step(unit); /* its rows are dropped */
  } else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
             status == PGRES_EMPTY_QUERY) {
    hf_conn_result_note_command(unit, result);
    hf_prepared_names_on_command(conn, PQcmdStatus(result));
    hf_conn_result_complete(conn, unit, result);
  } else if (hf_conn_result_add_rows(conn, unit, result)) {
    hf_conn_stream_add(conn, unit, result);
  }
}

/* All results of a command have come. */
static void on_command_end(struct hf_conn *conn, struct hf_unit *unit) {
  if (unit->simple) {
    finish_unit(conn, unit);
  } else {
    hf_unit_advance(unit);
  }
}

static void drain_notifications(struct hf_conn *conn) {
  PGnotify *notify;
  while ((notify = PQnotifies(conn->pg)) != NULL) {
    conn->shared->callbacks->notification(conn, notify);
    PQfreemem(notify);
  }
}

/* Takes the next result; false when none is there yet. */
static bool read_one(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  PGresult *result;
  bool expecting = unit != NULL || conn->internal_unit != HF_INTERNAL_UNIT_NONE;
  if (unit != NULL && conn->internal_unit == HF_INTERNAL_UNIT_NONE) {
    choose_mode(conn, unit);
  }
  if (unit != NULL && unit->copy.open) {
    return hf_conn_copy_take(conn, unit);
  }
  if (PQisBusy(conn->pg) != 0) {
    if (unit != NULL) {
      check_size(conn, unit);
    }
    return false;
  }
  if (!expecting) {
    return false;
  }
  result = PQgetResult(conn->pg);
  if (conn->internal_unit != HF_INTERNAL_UNIT_NONE) {
    hf_internal_unit_read(conn, result);
  } else if (result == NULL) {
    on_command_end(conn, unit);
  } else {
    on_result(conn, unit, result);
  }
  PQclear(result);
  return true;
}

static void process(struct hf_conn *conn) {
  while (conn->state != HF_CONN_CLOSING && !conn->failing &&
         conn->held_unit == NULL) {
    if (hf_conn_stream_waits(conn) || hf_conn_copy_waits(conn) ||
        conn->shared->callbacks->is_full(conn)) {
      conn->paused = true;
      hf_conn_watch(conn);
      return;
    }
    if (!read_one(conn)) {
      break;
    }
  }
  if (conn->state == HF_CONN_CLOSING) {
    return;
  }
  hf_conn_stream_pass_on(conn);
  hf_conn_copy_pass_on(conn);
  drain_notifications(conn);
  if (PQstatus(conn->pg) != CONNECTION_OK ||
      (conn->state == HF_CONN_READY && conn->final_error.status != HF_OK &&
       conn->final_error.severity >= HF_SEVERITY_FATAL)) {
    hf_conn_fail(conn);
  }
}

/* libpq is not busy while data of a COPY come. */
static bool copies_out(const struct hf_conn *conn) {
  const struct hf_unit *unit = hf_conn_head(conn);
  return unit != NULL && unit->copy.open &&
         unit->copy.direction == HF_SQL_COPY_OUT;
}

/*
 * A TLS or GSSAPI record of up to 16 KB may be larger than the room in libpq's
 * buffer, at least 8 KB. The rest of it is decrypted already, and the socket
 * does not become readable for it.
 */
static void read_buffered(struct hf_conn *conn) {
  int rounds = conn->encrypted ? ROUNDS_PER_RECORD : 0;
  while (rounds-- > 0 && conn->state != HF_CONN_CLOSING && !conn->failing &&
         !conn->paused && (copies_out(conn) || PQisBusy(conn->pg) != 0)) {
    (void)PQconsumeInput(conn->pg);
    process(conn);
  }
}

/* A COPY is read on at once: one read of libpq's takes 16 KB at most. */
static void read_copied(struct hf_conn *conn) {
  int rounds = COPY_ROUNDS;
  while (rounds-- > 0 && conn->state != HF_CONN_CLOSING && !conn->failing &&
         !conn->paused && copies_out(conn) && hf_conn_is_open(conn) &&
         hf_socket_has_input(conn->fd) && PQconsumeInput(conn->pg) != 0) {
    process(conn);
    read_buffered(conn);
  }
}

void hf_conn_read(struct hf_conn *conn) {
  if (conn->failing || conn->state == HF_CONN_CLOSING || conn->paused) {
    return;
  }
  conn->slot->last_byte_us = hf_clock_us();
  hf_conn_copy_look(conn);
  if (PQconsumeInput(conn->pg) == 0) {
    /* Processes what came before the end of the connection. */
    process(conn);
    hf_conn_fail(conn);
    return;
  }
  process(conn);
  read_buffered(conn);
  read_copied(conn);
  if (conn->state != HF_CONN_CLOSING) {
    hf_conn_watch(conn);
  }
}

void hf_conn_read_on(struct hf_conn *conn) {
  if (conn->failing || conn->state == HF_CONN_CLOSING) {
    return;
  }
  process(conn);
  if (conn->state != HF_CONN_CLOSING && !conn->paused) {
    hf_conn_watch(conn);
    hf_conn_read(conn);
  }
}
