/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_output.h"

#include "net/base/socket.h"

#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
enum { SYNC_SENDS = 0 };
#else
enum { SYNC_SENDS = 1 };
#endif

bool hf_conn_send_step(struct hf_conn *conn,
                       struct hf_unit *unit,
                       enum hf_step step,
                       const char *sql) {
  hf_conn_add_step(unit, step);
  unit->has_extra_steps = true;
  return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static void set_cork(struct hf_conn *conn, bool on) {
  hf_socket_cork(conn->fd, on);
  conn->corked = on;
}

/*
 * libpq before 17 flushes at each Sync. Corking joins the units of a turn in
 * one packet, for which the server wakes up once.
 */
void hf_conn_cork(struct hf_conn *conn) {
  if (SYNC_SENDS && conn->corkable && !conn->corked &&
      conn->slot->running.count > 1) {
    set_cork(conn, true);
    hf_conn_mark_dirty(conn);
  }
}

bool hf_conn_send_sync(struct hf_conn *conn) {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
  hf_conn_mark_dirty(conn);
  return PQsendPipelineSync(conn->pg) == 1;
#else
  return PQpipelineSync(conn->pg) == 1;
#endif
}

bool hf_conn_enter_pipeline(struct hf_conn *conn) {
  if (!conn->pipeline) {
    conn->pipeline = PQenterPipelineMode(conn->pg) == 1;
  }
  return conn->pipeline;
}

bool hf_conn_leave_pipeline(struct hf_conn *conn) {
  if (conn->pipeline) {
    conn->pipeline = PQexitPipelineMode(conn->pg) == 0;
  }
  return !conn->pipeline;
}

bool hf_conn_send_extra(struct hf_conn *conn,
                        struct hf_unit *unit,
                        const char *sql) {
  unit->step = 0;
  unit->n_steps = 0;
  unit->simple = false;
  return hf_conn_enter_pipeline(conn) &&
         hf_conn_send_step(conn, unit, HF_STEP_AFTER, sql) &&
         hf_conn_send_sync(conn);
}

/* Called at the end of the turn. */
static void uncork(struct hf_conn *conn) {
  if (conn->corked && hf_conn_is_open(conn)) {
    set_cork(conn, false);
  }
  conn->corked = false;
}

bool hf_conn_write(struct hf_conn *conn) {
  int left = PQflush(conn->pg);
  uncork(conn);
  /* Without a socket libpq drops its output and returns 0. */
  return left >= 0 && hf_conn_is_open(conn);
}
