/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_copy_in.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/socket.h"

enum {
  HEAD = 5, /* of a message: its type and length */
  /*
   * With the message's head it is a multiple of the 8 KB that libpq writes at
   * once, and small enough for a socket that has room.
   */
  PIECE = (1 << 16) - HEAD,
  PEEK = 1 << 14,  /* what libpq takes at once */
  ERROR_LEAST = 6, /* an error's head, and the letter of its first field */
  ERROR_MOST = 1 << 24,
  BYTE_BITS = 8
};

static const char gave_up[] = "the client gave it up";

/* Returns the unit that is a COPY FROM, or NULL. */
static struct hf_unit *copying_unit(const struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  return unit != NULL && unit->copy.direction == HF_SQL_COPY_IN &&
                 !conn->failing && conn->state != HF_CONN_CLOSING
             ? unit
             : NULL;
}

/* Returns the unit that sends data now, or NULL. */
static struct hf_unit *open_unit(const struct hf_conn *conn) {
  struct hf_unit *unit = copying_unit(conn);
  return unit != NULL && unit->copy.open ? unit : NULL;
}

bool hf_conn_copy_add(struct hf_unit *unit,
                      const char *bytes,
                      size_t n,
                      bool last) {
  struct hf_unit_copy *copy = &unit->copy;
  struct hf_copy_data *data;
  copy->ended = copy->ended || last;
  if (n == 0) {
    return true;
  }
  data = hf_alloc(sizeof *data + n);
  if (data == NULL) {
    return false;
  }
  data->next = NULL;
  data->bytes = n;
  data->sent = 0;
  memcpy(data->data, bytes, n);
  if (copy->last == NULL) {
    copy->first = data;
  } else {
    copy->last->next = data;
  }
  copy->last = data;
  return true;
}

/*
 * The server takes no more data: its answer comes. An error of its own may be
 * with libpq already, and then the socket does not become readable for it.
 */
static void close_copy(struct hf_conn *conn,
                       struct hf_unit *unit,
                       const char *why) {
  unit->copy.open = false;
  unit->request.copy_done = why == NULL;
  conn->wants_room = false;
  if (why != NULL) {
    hf_unit_drop_copy_data(unit);
  }
  if (PQputCopyEnd(conn->pg, why) != 1) {
    hf_conn_fail(conn);
    return;
  }
  conn->reads_on = true;
  hf_conn_mark_dirty(conn);
}

bool hf_conn_copy_fail(struct hf_conn *conn) {
  struct hf_unit *unit = open_unit(conn);
  if (unit == NULL) {
    return false;
  }
  /* The pool calls this, and has its own time for the end from now on. */
  close_copy(conn, unit, gave_up);
  hf_conn_watch(conn);
  return true;
}

/* ---- the server's error -------------------------------------------------- */

/* Returns how long the message at this place is, with its type. */
static size_t message_bytes(const unsigned char *at) {
  return 1 + ((size_t)at[1] << (3 * BYTE_BITS) |
              (size_t)at[2] << (2 * BYTE_BITS) | (size_t)at[3] << BYTE_BITS |
              at[4]);
}

/* Its first field is the severity. */
static bool is_error(const unsigned char *at, size_t n) {
  return n >= ERROR_LEAST && at[0] == 'E' && at[ERROR_LEAST - 1] == 'S' &&
         message_bytes(at) <= ERROR_MOST;
}

/*
 * Returns the first message that is of none of these types, or NULL when it is
 * not there. `n` is how many bytes there are.
 */
static const unsigned char *skip(const unsigned char *at,
                                 size_t *n,
                                 const char *types) {
  while (*n >= HEAD && at[0] != 0 && strchr(types, at[0]) != NULL) {
    size_t bytes = message_bytes(at);
    if (bytes < HEAD || bytes >= *n) {
      return NULL;
    }
    at += bytes;
    *n -= bytes;
  }
  return *n >= HEAD ? at : NULL;
}

/*
 * Returns whether the server's next message is an error, but for those that may
 * come at any time. Before a COPY has begun, what comes next is its beginning,
 * and rows of settings. A part of a message may have been read, so that `at` is
 * its middle: only what is certainly an error counts.
 */
static bool shows_error(const unsigned char *at, size_t n, bool begun) {
  if (!begun) {
    at = skip(at, &n, "NSATDC");
    at = at != NULL && at[0] == 'G' ? skip(at, &n, "G") : NULL;
  }
  at = at != NULL ? skip(at, &n, "NSA") : NULL;
  return at != NULL && is_error(at, n);
}

void hf_conn_copy_look(struct hf_conn *conn) {
  struct hf_unit *unit = copying_unit(conn);
  unsigned char bytes[PEEK];
  size_t n;
  if (unit == NULL || conn->encrypted || !hf_conn_is_open(conn)) {
    return;
  }
  n = hf_socket_peek(conn->fd, bytes, sizeof bytes);
  if (!shows_error(bytes, n, unit->copy.open)) {
    return;
  }
  if (!unit->copy.open) {
    unit->copy.refused = true;
    return;
  }
  hf_conn_set_held(conn, unit, false);
  close_copy(conn, unit, gave_up); /* which the server ignores now */
}

/* ---- data ---------------------------------------------------------------- */

/* The first byte ends the deadline, and with it any repetition. */
static void report(struct hf_conn *conn, struct hf_unit *unit, size_t taken) {
  bool first = !unit->stream.begun;
  unit->stream.begun = true;
  conn->slot->last_byte_us = hf_clock_us();
  if (first || (taken > 0 && unit->columns != NULL)) {
    conn->shared->callbacks->copied(unit,
                                    NULL,
                                    unit->columns == NULL ? 0 : taken,
                                    first);
  }
}

/* Sends a piece of the data. */
static void send_piece(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_copy_data *data = unit->copy.first;
  size_t left = data->bytes - data->sent;
  size_t n = left < PIECE ? left : PIECE;
  if (PQputCopyData(conn->pg, data->data + data->sent, (int)n) != 1) {
    hf_conn_fail(conn);
    return;
  }
  data->sent += n;
  hf_stats_add(conn->shared->stats, HF_STAT_BYTES_OUT, n);
  if (data->sent < data->bytes) {
    report(conn, unit, 0);
    return;
  }
  n = data->bytes;
  unit->copy.first = data->next;
  if (data->next == NULL) {
    unit->copy.last = NULL;
  }
  hf_free(data);
  report(conn, unit, n);
}

/* Sends the next piece or the end. Returns false when there is none. */
static bool send_next(struct hf_conn *conn, struct hf_unit *unit) {
  if (unit->copy.first != NULL) {
    hf_conn_set_held(conn, unit, false);
    send_piece(conn, unit);
    return true;
  }
  if (unit->copy.ended) {
    hf_conn_set_held(conn, unit, false);
    report(conn, unit, 0);
    close_copy(conn, unit, NULL);
    return true;
  }
  hf_conn_set_held(conn, unit, true);
  return false;
}

/* Returns whether the socket has room. Notices an error of the server first. */
static bool has_room(struct hf_conn *conn) {
  short ready;
  if (!hf_conn_is_open(conn)) {
    return false;
  }
  ready = hf_socket_ready(conn->fd, POLLIN | POLLOUT);
  if ((ready & POLLIN) != 0) {
    hf_conn_copy_look(conn);
  }
  return (ready & POLLOUT) != 0;
}

void hf_conn_copy_pump(struct hf_conn *conn) {
  struct hf_unit *unit;
  int left = 0;
  conn->wants_room = false;
  while ((unit = open_unit(conn)) != NULL) {
    left = PQflush(conn->pg);
    if (left != 0) {
      break; /* hf_conn_watch waits for room, or sees the end */
    }
    if (!has_room(conn)) {
      conn->wants_room = open_unit(conn) != NULL;
      break;
    }
    if (open_unit(conn) == NULL || !send_next(conn, unit)) {
      break;
    }
  }
  hf_conn_watch(conn);
}
