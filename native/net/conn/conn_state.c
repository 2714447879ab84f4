/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_state.h"

#include "net/conn/cancel.h"

bool hf_conn_is_open(const struct hf_conn *conn) {
  return PQsocket(conn->pg) == conn->fd;
}

struct hf_unit *hf_conn_head(const struct hf_conn *conn) {
  struct hf_link *link = hf_list_first(&conn->slot->running);
  return link == NULL
             ? NULL
             : hf_unit_of(HF_CONTAINER_OF(link, struct hf_request, link));
}

void hf_conn_mark_dirty(struct hf_conn *conn) {
  if (!hf_link_queued(&conn->dirty) && conn->state != HF_CONN_CLOSING) {
    hf_list_push(&conn->loop->unflushed, &conn->dirty);
  }
}

void hf_conn_fail(struct hf_conn *conn) {
  if (conn->state != HF_CONN_CLOSING) {
    conn->failing = true;
    /* libpq may have closed the socket, and its number may be reused. */
    (void)uv_poll_stop(&conn->poll);
    conn->events = 0;
    hf_conn_mark_dirty(conn);
  }
}

void hf_conn_watch(struct hf_conn *conn) {
  int events = conn->paused ? 0 : UV_READABLE;
  int left;
  if (conn->state == HF_CONN_CLOSING || conn->failing ||
      hf_link_queued(&conn->dirty)) {
    return; /* hf_conn_flush does it */
  }
  left = PQflush(conn->pg);
  if (left < 0 || !hf_conn_is_open(conn)) {
    /*
     * PQflush reads as well, and closes the socket after a reset. What it has
     * read is processed by hf_conn_flush: the caller may be the pool.
     */
    (void)uv_poll_stop(&conn->poll);
    conn->events = 0;
    hf_conn_mark_dirty(conn);
    return;
  }
  if (left == 1 || conn->wants_room) {
    events |= UV_WRITABLE;
  }
  if (events == conn->events) {
    return;
  }
  conn->events = events;
  if (events == 0) {
    (void)uv_poll_stop(&conn->poll);
  } else if (uv_poll_start(&conn->poll, events, conn->on_poll) != 0) {
    hf_conn_fail(conn);
  }
}

void hf_conn_set_held(struct hf_conn *conn, struct hf_unit *unit, bool held) {
  if (unit->stream.held != held) {
    unit->stream.held = held;
    conn->shared->callbacks->held(unit, held);
  }
}

bool hf_conn_portion_is_due(struct hf_conn *conn, const struct hf_unit *unit) {
  if (!unit->stream.begun || conn->grown) {
    return true;
  }
  if (!hf_link_queued(&conn->growing)) {
    hf_list_push(&conn->loop->growing, &conn->growing);
  }
  return false;
}

void hf_conn_begin_unit(struct hf_conn *conn) {
  conn->state = HF_CONN_ACTIVE;
  conn->paused = false;
  conn->wants_room = false;
  if (conn->final_error.severity == HF_SEVERITY_WARNING && !conn->failing) {
    hf_error_finish(&conn->final_error);
  }
}

/* ---- the end of a unit --------------------------------------------------- */

static void on_cancelled(void *ctx, bool reached) {
  struct hf_conn *conn = ctx;
  struct hf_unit *held_unit = conn->held_unit;
  conn->cancel = NULL;
  if (!reached) {
    /* The request may still arrive and cancel another statement. */
    hf_conn_fail(conn);
  } else if (held_unit != NULL) {
    conn->held_unit = NULL;
    conn->shared->callbacks->finished(conn, held_unit, conn->held_transaction);
  }
}

void hf_conn_cancel(struct hf_conn *conn) {
  if (conn->cancel != NULL || conn->failing) {
    return;
  }
  if (hf_link_queued(&conn->dirty)) {
    /* Or the request overtakes the statement. A loss is seen with the turn. */
    (void)PQflush(conn->pg);
  }
  conn->cancel = hf_cancel_start(conn->loop, conn->pg, on_cancelled, conn);
  if (conn->cancel == NULL) {
    hf_conn_fail(conn);
  }
}

void hf_conn_finish_unit(struct hf_conn *conn,
                         struct hf_unit *unit,
                         char transaction) {
  if (conn->cancel == NULL) {
    conn->shared->callbacks->finished(conn, unit, transaction);
    return;
  }
  conn->held_unit = unit;
  conn->held_transaction = transaction;
  if (!hf_cancel_await(conn->cancel)) {
    /* The request may still arrive and cancel the next statement. */
    conn->end_status = HF_RELEASED;
    hf_conn_fail(conn);
  }
}
