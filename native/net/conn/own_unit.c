/* SPDX-License-Identifier: MIT */
#include "net/conn/own_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/conn/conn_output.h"
#include "net/conn/result_error.h"

enum { NUMBER_BYTES = 16, DECIMAL = 10 };

/* ---- sending ------------------------------------------------------------- */

static bool send_arrival(struct hf_conn *conn) {
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

/* The first one runs long enough for the second to arrive meanwhile. */
static const char *const proof_sql[HF_PROOF_UNITS] = {
    "select $1::pg_catalog.int4, pg_catalog.pg_sleep(0.005)",
    "select $1::pg_catalog.int4",
};

bool hf_own_unit_send_proof(struct hf_conn *conn) {
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

bool hf_own_unit_send(struct hf_conn *conn, const char *sql) {
  if (conn->own_unit == HF_OWN_UNIT_STARTED ||
      conn->own_unit == HF_OWN_UNIT_ARRIVAL) {
    hf_arrival_begin(&conn->arrival);
  }
  return conn->own_unit == HF_OWN_UNIT_ARRIVAL ? send_arrival(conn)
                                               : send_text(conn, sql);
}

/* ---- reading ------------------------------------------------------------- */

/* An answer to one of our questions; what it is not, is no failure. */
static bool is_arrival(struct hf_conn *conn, PGresult *result) {
  bool lost = PQstatus(conn->pg) != CONNECTION_OK;
  if (lost || PQresultStatus(result) == PGRES_COPY_IN ||
      PQresultStatus(result) == PGRES_COPY_OUT ||
      PQresultStatus(result) == PGRES_COPY_BOTH) {
    return false;
  }
  if (conn->own_unit == HF_OWN_UNIT_STARTED) {
    hf_arrival_check(&conn->arrival, result);
  } else if (conn->own_unit == HF_OWN_UNIT_ARRIVAL) {
    hf_arrival_compare(&conn->arrival, result);
  }
  return conn->own_unit == HF_OWN_UNIT_STARTED ||
         conn->own_unit == HF_OWN_UNIT_ARRIVAL;
}

static void on_own_result(struct hf_conn *conn, PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  if (is_arrival(conn, result)) {
    return;
  }
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
      status == PGRES_EMPTY_QUERY) {
    return;
  }
  /* A COPY would come back for ever: it ends the connection like an error. */
  if (conn->last_words.status == HF_OK) {
    if (status == PGRES_FATAL_ERROR) {
      hf_result_error_read(result, HF_PHASE_CONNECT, NULL, &conn->last_words);
    } else {
      hf_error_set(&conn->last_words,
                   HF_COPY_UNSUPPORTED,
                   HF_PHASE_CONNECT,
                   NULL);
    }
  }
  hf_conn_fail(conn);
}

static void end_proof(struct hf_conn *conn, enum hf_proof proof) {
  conn->own_unit = HF_OWN_UNIT_NONE;
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

static void end_own(struct hf_conn *conn) {
  if (!conn->failing) {
    conn->state = HF_CONN_READY;
    conn->own_unit = HF_OWN_UNIT_NONE;
    conn->shared->callbacks->own_over(conn);
  }
}

void hf_own_unit_read(struct hf_conn *conn, PGresult *result) {
  if (conn->own_unit == HF_OWN_UNIT_PROVE) {
    on_proof_result(conn, result);
  } else if (conn->own_unit == HF_OWN_UNIT_ARRIVAL && result == NULL) {
    /* Between two statements of the flight; the Sync is still to come. */
  } else if (result == NULL || PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
    end_own(conn);
  } else {
    on_own_result(conn, result);
  }
}
