/* SPDX-License-Identifier: MIT */
/*
 * A scripted PostgreSQL on a thread of the test: it speaks enough of the
 * protocol to let libpq in, and misbehaves on request.
 *
 * Ownership: the plan is borrowed until fake_server_stop.
 * Threads:   one thread per connection; the counters are atomic.
 */
#ifndef HF_TEST_SUPPORT_SERVER_H
#define HF_TEST_SUPPORT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_start {
  FAKE_START_NORMAL,
  FAKE_START_STALL,      /* reads, never answers */
  FAKE_START_CLOSE,      /* closes after the start-up packet */
  FAKE_START_RESET,      /* the same with an RST */
  FAKE_START_GARBAGE,    /* answers with bytes that are not a message */
  FAKE_START_ERROR,      /* answers with plan->error */
  FAKE_START_BARE_ERROR, /* an ErrorResponse without a single field */
  FAKE_START_PASSWORD    /* asks for a password in clear, refuses it */
};

struct fake_session;

struct fake_plan {
  enum fake_start start;
  /* fields as letter, text, NUL each, ended by one more NUL */
  const char *error;
  const char *date_style; /* NULL = "ISO, MDY" */
  int32_t key_pid;        /* in BackendKeyData */
  int32_t query_pid;      /* what pg_backend_pid() says; 0 = key_pid */
  size_t cut_after;       /* closes after so many bytes sent; 0 = never */
  bool stall_at_cut;      /* falls silent instead */
  bool stall_cancels;     /* never closes the socket of a cancel request */
  /*
   * Answers a simple query or an Execute. NULL, or false returned: the
   * normal answer (the backend's pid, an empty SET, or SELECT 0).
   */
  bool (*answer)(struct fake_session *session, const char *sql, void *ctx);
  void *ctx;
};

struct fake_server;

/* Starts listening on 127.0.0.1; aborts the test program on failure. */
struct fake_server *fake_server_start(const struct fake_plan *plan);

int fake_server_port(const struct fake_server *server);

/* Connections and cancel requests accepted so far. */
int fake_server_connections(const struct fake_server *server);
int fake_server_cancels(const struct fake_server *server);

/* The SQL of all queries so far, one per line; borrowed until stop. */
const char *fake_server_log(struct fake_server *server);

/* Whether the log has this text by now; for use while queries come. */
bool fake_server_saw(struct fake_server *server, const char *text);

/* Closes everything and frees. */
void fake_server_stop(struct fake_server *server);

/* ---- for `answer` -------------------------------------------------------- */

/* Sends one message; false once the connection is cut. */
bool fake_send(struct fake_session *session,
               char type,
               const void *body,
               size_t bytes);

/* Sends bytes as they are. */
bool fake_send_raw(struct fake_session *session, const void *bytes, size_t n);

/* One text column of type `oid`, described; then rows; then the tag. */
bool fake_send_columns(struct fake_session *session,
                       const char *name,
                       int32_t oid);
bool fake_send_row(struct fake_session *session, const char *text);
bool fake_send_tag(struct fake_session *session, const char *tag);

/* An ErrorResponse or, with type 'N', a notice. */
bool fake_send_fields(struct fake_session *session,
                      char type,
                      const char *fields);

/* Blocks until the peer closes, or the server is stopped. */
void fake_stall(struct fake_session *session);

/* Cuts the connection now. */
void fake_cut(struct fake_session *session);

#endif
