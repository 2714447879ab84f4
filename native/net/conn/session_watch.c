/* SPDX-License-Identifier: MIT */
#include "net/conn/session_watch.h"

#include <string.h>

#include "net/conn/conn_output.h"

enum { UTF8 = 6 /* libpq's number of the encoding */ };

bool hf_session_watch_restore_encoding(struct hf_conn *conn,
                                       struct hf_unit *unit) {
  if (PQclientEncoding(conn->pg) == UTF8 || conn->encoding_restored ||
      conn->failing || conn->cancel != NULL || conn->slot->running.count > 1 ||
      PQtransactionStatus(conn->pg) == PQTRANS_INERROR) {
    conn->encoding_restored = false;
    return false;
  }
  conn->encoding_restored = true;
  if (!hf_conn_send_extra(conn, unit, "set client_encoding to 'UTF8'")) {
    hf_conn_fail(conn);
  } else {
    hf_conn_watch(conn);
  }
  return true;
}

void hf_session_watch_end_unit(struct hf_conn *conn,
                               const struct hf_unit *unit) {
  const char *style;
  if (PQclientEncoding(conn->pg) != UTF8) {
    /* It cannot be reset in a failed transaction. */
    hf_slot_retire(conn->slot);
  }
  if (unit->request.sql.read_only) {
    return;
  }
  style = PQparameterStatus(conn->pg, "DateStyle");
  conn->slot->restore_settings = style != NULL && strncmp(style, "ISO", 3) != 0;
}
