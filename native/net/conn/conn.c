/* SPDX-License-Identifier: MIT */
#include "net/conn/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/socket.h"
#include "net/base/system.h"
#include "net/conn/cancel.h"
#include "net/conn/conn_copy_in.h"
#include "net/conn/conn_copy_out.h"
#include "net/conn/conn_output.h"
#include "net/conn/conn_read.h"
#include "net/conn/conn_stream.h"
#include "net/conn/internal_unit.h"
#include "net/conn/result_error.h"

/* A server that sends without end to an idle connection is given up. */
enum { CONSUME_MAX = 64 };

static void on_poll(uv_poll_t *handle, int status, int events) {
  struct hf_conn *conn = handle->data;
  if (status < 0) {
    /* A reset: the server's error may have arrived before it. */
    hf_conn_read(conn);
    hf_conn_fail(conn);
    return;
  }
  if ((events & UV_WRITABLE) != 0) {
    hf_conn_mark_dirty(conn);
  }
  if ((events & UV_READABLE) != 0) {
    hf_conn_read(conn);
  }
}

/* Returns whether it is a warning of the server, not of the user's code. */
static bool is_warning(const struct hf_error *error) {
  const char *severity = hf_error_field(error, 'V');
  return severity != NULL && strcmp(severity, "WARNING") == 0 &&
         strcmp(error->sqlstate, "01000") == 0;
}

static void note_warning(struct hf_conn *conn, const struct hf_error *error) {
  struct hf_unit *head = hf_conn_head(conn);
  if (head != NULL && is_warning(error)) {
    head->request.server_warned = true;
  }
}

/* Handles notices, with or without a unit in flight. */
static void on_notice(void *ctx, const PGresult *result) {
  struct hf_conn *conn = ctx;
  struct hf_error error;
  hf_error_init(&error);
  hf_result_error_read(result, HF_PHASE_AWAIT, NULL, &error);
  note_warning(conn, &error);
  if (error.severity == HF_SEVERITY_FATAL ||
      error.severity == HF_SEVERITY_PANIC ||
      strcmp(error.sqlstate, "57P01") == 0 ||
      strcmp(error.sqlstate, "57P02") == 0) {
    hf_error_move(&conn->final_error, &error);
  } else {
    conn->shared->callbacks->notice(conn, &error);
  }
  hf_error_finish(&error);
}

struct hf_conn *hf_conn_new(struct hf_conn_shared *shared,
                            struct hf_slot *slot,
                            PGconn *pg) {
  struct hf_conn *conn = hf_calloc(1, sizeof *conn);
  int failed = ENOMEM;
  if (conn == NULL) {
    goto fail_alloc;
  }
  conn->loop = shared->loop;
  conn->shared = shared;
  conn->slot = slot;
  conn->pg = pg;
  conn->fd = PQsocket(pg);
  conn->encrypted = PQsslInUse(pg) != 0 || PQgssEncInUse(pg) != 0;
  conn->corkable = hf_socket_is_tcp(conn->fd);
  /* The login was received: 0 means that bytes are not counted. */
  conn->counts_received = hf_socket_received_bytes(conn->fd) > 0;
  conn->poll.data = conn;
  conn->on_poll = on_poll;
  hf_error_init(&conn->final_error);
  hf_prepared_init(&conn->prepared,
                   (size_t)shared->config->statement_cache_size);
  failed = hf_system_watch_init(&conn->loop->uv, &conn->poll, conn->fd);
  if (failed != 0) {
    goto fail_poll;
  }
  (void)PQsetNoticeReceiver(pg, on_notice, conn);
  hf_conn_watch(conn);
  return conn;

fail_poll:
  hf_free(conn);
fail_alloc:
  PQfinish(pg);
  errno = failed;
  return NULL;
}

void hf_conn_run_internal(struct hf_conn *conn,
                          enum hf_internal_unit internal_unit,
                          const char *sql) {
  hf_conn_begin_unit(conn);
  conn->internal_unit = internal_unit;
  if (conn->failing) {
    return;
  }
  if (!hf_internal_unit_send(conn, sql)) {
    hf_conn_fail(conn);
    return;
  }
  hf_conn_watch(conn);
}

void hf_conn_discard(struct hf_conn *conn) {
  static const char discard[] =
      "close all;set session authorization default;reset all;deallocate all;"
      "unlisten *;select pg_catalog.pg_advisory_unlock_all();discard plans;"
      "discard temp;discard sequences;set datestyle to iso;";
  const char *settings =
      conn->session_settings == NULL ? "" : conn->session_settings;
  size_t bytes = strlen(settings) + 1;
  char *sql = hf_alloc(sizeof discard + bytes);
  if (sql == NULL) {
    hf_conn_begin_unit(conn);
    conn->internal_unit = HF_INTERNAL_UNIT_DEALLOCATE;
    hf_conn_fail(conn);
    return;
  }
  memcpy(sql, discard, sizeof discard);
  memcpy(sql + sizeof discard - 1, settings, bytes);
  hf_conn_run_internal(conn, HF_INTERNAL_UNIT_DEALLOCATE, sql);
  hf_free(sql);
}

void hf_conn_prove(struct hf_conn *conn, enum hf_proof_step step) {
  if (step == HF_PROOF_FIRST) {
    hf_conn_begin_unit(conn);
    conn->internal_unit = HF_INTERNAL_UNIT_PROVE;
    memset(&conn->proof, 0, sizeof conn->proof);
  }
  if (conn->failing) {
    return;
  }
  if (!hf_internal_unit_send_proof(conn)) {
    hf_conn_fail(conn);
    return;
  }
  hf_conn_watch(conn);
}

bool hf_conn_is_usable(struct hf_conn *conn) {
  int rounds = 0;
  if (conn->failing || conn->state != HF_CONN_READY) {
    return false;
  }
  /* A pooler may have sent something harmless: consumes it first. */
  while (hf_conn_is_open(conn) && hf_socket_ready(conn->fd, POLLIN) != 0) {
    if (rounds++ == CONSUME_MAX || PQconsumeInput(conn->pg) == 0 ||
        PQisBusy(conn->pg) != 0 || conn->final_error.status != HF_OK) {
      return false;
    }
  }
  return PQstatus(conn->pg) == CONNECTION_OK;
}

/* Fills in why the connection has ended. */
static void describe_end(struct hf_conn *conn, struct hf_error *error) {
  if (conn->final_error.status != HF_OK) {
    hf_error_move(error, &conn->final_error);
    return;
  }
  if (conn->end_status != HF_OK && conn->slot->running.count <= 1) {
    hf_error_set(error, conn->end_status, HF_PHASE_AWAIT, NULL);
    return;
  }
  hf_error_set(error,
               HF_SOCKET_ERROR,
               HF_PHASE_AWAIT,
               "the connection to the server was lost (ECONNRESET)");
  error->sys_errno = ECONNRESET;
  hf_error_add(error, 'y', "read");
}

static void report_end(struct hf_conn *conn) {
  const struct hf_conn_callbacks *callbacks = conn->shared->callbacks;
  struct hf_error error;
  hf_error_init(&error);
  describe_end(conn, &error);
  if (conn->held_unit != NULL) {
    struct hf_unit *held_unit = conn->held_unit;
    conn->held_unit = NULL;
    callbacks->finished(conn, held_unit, conn->held_transaction);
  }
  if (conn->state != HF_CONN_CLOSING) {
    callbacks->lost(conn, &error);
  }
  hf_error_finish(&error);
}

void hf_conn_flush(struct hf_conn *conn) {
  if (conn->state == HF_CONN_CLOSING) {
    return;
  }
  hf_conn_copy_look(conn); /* writing may read */
  if (!conn->failing && !hf_conn_write(conn)) {
    /* The server's last error may still be there to be read. */
    conn->paused = false;
    hf_conn_read(conn);
    hf_conn_fail(conn);
  }
  if (conn->failing && conn->state != HF_CONN_CLOSING) {
    if (hf_link_queued(&conn->dirty)) {
      hf_list_remove(&conn->loop->unflushed, &conn->dirty);
    }
    report_end(conn);
    return;
  }
  hf_conn_copy_pump(conn);
  hf_conn_watch(conn);
  if (conn->reads_on) {
    conn->reads_on = false;
    hf_conn_read_on(conn);
  }
  if (conn->resumes) {
    conn->resumes = false;
    hf_conn_resume(conn);
  }
}

void hf_conn_pass_on(struct hf_conn *conn) {
  conn->grown = true;
  hf_conn_stream_pass_on(conn);
  hf_conn_copy_pass_on(conn);
  conn->grown = false;
}

void hf_conn_resume(struct hf_conn *conn) {
  if (conn->paused) {
    conn->paused = false;
    hf_conn_read_on(conn);
  }
}

void hf_conn_read_more(struct hf_conn *conn, struct hf_unit *unit) {
  hf_conn_stream_more(conn, unit);
  hf_conn_copy_more(conn, unit);
  hf_conn_resume(conn);
}

void hf_conn_skip(struct hf_conn *conn) {
  hf_conn_stream_skip(conn);
  hf_conn_copy_skip(conn);
  if (conn->paused) {
    conn->resumes = true;
    hf_conn_mark_dirty(conn);
  }
}

static void drop_notice(void *ctx, const PGresult *result) {
  (void)ctx;
  (void)result;
}

static void on_closed(uv_handle_t *handle) {
  struct hf_conn *conn = handle->data;
  struct hf_loop *loop = conn->loop;
  if (conn->slot_waits) {
    /* The pool waits for this before it is freed. */
    conn->shared->callbacks->closed(conn);
  }
  hf_free(conn);
  hf_loop_turn(loop);
}

void hf_conn_close(struct hf_conn *conn) {
  assert(conn->state != HF_CONN_CLOSING);
  conn->state = HF_CONN_CLOSING;
  conn->slot_waits = hf_slot_is_closing(conn->slot);
  conn->slot->conn = NULL;
  if (hf_link_queued(&conn->dirty)) {
    hf_list_remove(&conn->loop->unflushed, &conn->dirty);
  }
  if (hf_link_queued(&conn->growing)) {
    hf_list_remove(&conn->loop->growing, &conn->growing);
  }
  hf_cancel_detach(conn->cancel);
  (void)uv_poll_stop(&conn->poll);
  (void)PQsetNoticeReceiver(conn->pg, drop_notice, NULL);
  PQfinish(conn->pg);
  conn->pg = NULL;
  hf_prepared_finish(&conn->prepared);
  hf_settings_check_finish(&conn->settings_check);
  hf_encoder_finish(&conn->encoder);
  hf_error_finish(&conn->final_error);
  uv_close((uv_handle_t *)&conn->poll, on_closed);
}
