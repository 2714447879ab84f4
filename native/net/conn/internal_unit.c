/* SPDX-License-Identifier: MIT */
#include "net/conn/internal_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/conn/conn_output.h"
#include "net/conn/result_error.h"

enum { NUMBER_BYTES = 16, DECIMAL = 10 };

/* ---- sending ------------------------------------------------------------- */

static bool send_unit_check(struct hf_conn *conn) {
  const struct hf_session_sql *sql = &conn->shared->sql;
  return hf_conn_enter_pipeline(conn) &&
         PQsendQueryParams(conn->pg,
                           sql->prove,
                           0,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           0) == 1 &&
         PQsendQueryParams(conn->pg,
                           sql->shown,
                           0,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           0) == 1 &&
         hf_conn_send_sync(conn);
}

/* The first one runs until the second has arrived. */
static const char *const proof_sql[HF_PROOF_UNITS] = {
    "select $1::pg_catalog.int4, pg_catalog.pg_sleep(0.005)",
    "select $1::pg_catalog.int4",
};

bool hf_internal_unit_send_proof(struct hf_conn *conn) {
  char text[NUMBER_BYTES];
  const char *value = text;
  int unit = conn->proof.sent;
  conn->proof.nonces[unit] = (int32_t)(hf_loop_random(conn->loop) & INT32_MAX);
  (void)snprintf(text, sizeof text, "%" PRId32, conn->proof.nonces[unit]);
  conn->proof.sent++;
  return hf_conn_enter_pipeline(conn) &&
         PQsendQueryParams(conn->pg,
                           proof_sql[unit],
                           1,
                           NULL,
                           &value,
                           NULL,
                           NULL,
                           0) == 1 &&
         PQpipelineSync(conn->pg) == 1;
}

static bool send_text(struct hf_conn *conn, const char *sql) {
  return hf_conn_leave_pipeline(conn) && PQsendQuery(conn->pg, sql) == 1;
}

bool hf_internal_unit_send(struct hf_conn *conn, const char *sql) {
  if (conn->internal_unit == HF_INTERNAL_UNIT_CHECK_STARTUP ||
      conn->internal_unit == HF_INTERNAL_UNIT_CHECK_UNIT) {
    hf_settings_check_begin(&conn->settings_check);
  }
  return conn->internal_unit == HF_INTERNAL_UNIT_CHECK_UNIT
             ? send_unit_check(conn)
             : send_text(conn, sql);
}

/* ---- reading ------------------------------------------------------------- */

/* Returns whether the result is that of a check, which may fail. */
static bool take_check_row(struct hf_conn *conn, PGresult *result) {
  bool lost = PQstatus(conn->pg) != CONNECTION_OK;
  if (lost || PQresultStatus(result) == PGRES_COPY_IN ||
      PQresultStatus(result) == PGRES_COPY_OUT ||
      PQresultStatus(result) == PGRES_COPY_BOTH) {
    return false;
  }
  if (conn->internal_unit == HF_INTERNAL_UNIT_CHECK_STARTUP) {
    hf_settings_check_read_startup(&conn->settings_check, result);
  } else if (conn->internal_unit == HF_INTERNAL_UNIT_CHECK_UNIT) {
    hf_settings_check_read_unit(&conn->settings_check, result);
  }
  return conn->internal_unit == HF_INTERNAL_UNIT_CHECK_STARTUP ||
         conn->internal_unit == HF_INTERNAL_UNIT_CHECK_UNIT;
}

static void on_result(struct hf_conn *conn, PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  if (take_check_row(conn, result)) {
    return;
  }
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
      status == PGRES_EMPTY_QUERY) {
    return;
  }
  /* The result of a COPY would come again and again: an error. */
  if (conn->final_error.status == HF_OK) {
    if (status == PGRES_FATAL_ERROR) {
      hf_result_error_read(result, HF_PHASE_CONNECT, NULL, &conn->final_error);
    } else {
      hf_error_set(&conn->final_error,
                   HF_COPY_UNSUPPORTED,
                   HF_PHASE_CONNECT,
                   NULL);
    }
  }
  hf_conn_fail(conn);
}

static void end_proof(struct hf_conn *conn, enum hf_proof proof) {
  conn->internal_unit = HF_INTERNAL_UNIT_NONE;
  conn->state = HF_CONN_READY;
  conn->shared->callbacks->proved(conn, proof);
}

static bool is_proof_answer(const struct hf_conn *conn,
                            const PGresult *result) {
  int unit = conn->proof.answered;
  return unit < conn->proof.sent && PQresultStatus(result) == PGRES_TUPLES_OK &&
         PQntuples(result) == 1 &&
         strtol(PQgetvalue(result, 0, 0), NULL, DECIMAL) ==
             conn->proof.nonces[unit];
}

static void on_proof_result(struct hf_conn *conn, const PGresult *result) {
  if (result == NULL) {
    return; /* the end of one command's results */
  }
  if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
    if (is_proof_answer(conn, result)) {
      conn->proof.answered++;
    } else {
      end_proof(conn, HF_PROOF_FAILED);
    }
    return;
  }
  conn->proof.synced++;
  if (conn->proof.synced == conn->proof.sent) {
    end_proof(conn,
              conn->proof.sent == HF_PROOF_UNITS ? HF_PROOF_PASSED
                                                 : HF_PROOF_INCONCLUSIVE);
  }
}

static void end_unit(struct hf_conn *conn) {
  if (!conn->failing) {
    conn->state = HF_CONN_READY;
    conn->internal_unit = HF_INTERNAL_UNIT_NONE;
    conn->shared->callbacks->internal_done(conn);
  }
}

void hf_internal_unit_read(struct hf_conn *conn, PGresult *result) {
  if (conn->internal_unit == HF_INTERNAL_UNIT_PROVE) {
    on_proof_result(conn, result);
  } else if (conn->internal_unit == HF_INTERNAL_UNIT_CHECK_UNIT &&
             result == NULL) {
    /* Between the two statements of the check. */
  } else if (result == NULL || PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
    end_unit(conn);
  } else {
    on_result(conn, result);
  }
}
