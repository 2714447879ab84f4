/* SPDX-License-Identifier: MIT */
/*
 * No statement blocks, and rows are dropped one by one: a server that sends
 * without end costs time, not memory.
 */
#include "net/connect/connect_session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/base/socket.h"
#include "net/connect/connect_state.h"

enum { NUMBER_BASE = 10 };

/* The statements in their order; some are not needed. */
enum { DETECT, DATE_STYLE, ENCODING, QUESTION, STATEMENTS };

/* Letters of the protocol; libpq's codes for the fields are the same. */
static const char letters[] = "SVCMDHPpqWstcdnFLR";

/* Fails the job with the error of a server. */
static enum hf_status fail_by_result(struct hf_connect_job *job,
                                     const PGresult *result) {
  const char *letter;
  if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL) {
    return hf_connect_fail_by_text(job); /* libpq's own error */
  }
  hf_error_finish(&job->error);
  job->error.status = HF_SERVER_ERROR;
  job->error.phase = HF_PHASE_CONNECT;
  for (letter = letters; *letter != '\0'; letter++) {
    hf_error_add(&job->error, *letter, PQresultErrorField(result, *letter));
  }
  job->status = HF_SERVER_ERROR;
  return HF_SERVER_ERROR;
}

/*
 * Sends and reads what can be. Returns false when PQgetResult would block: the
 * socket has to be waited for.
 */
static bool can_read(struct hf_connect_job *job) {
  int unsent = PQflush(job->connection);
  if (unsent < 0 || (unsent == 0 && !PQisBusy(job->connection))) {
    return true;
  }
  if (job->socket_ready) {
    job->socket_ready = false;
    if (!PQconsumeInput(job->connection)) {
      return true; /* PQgetResult returns the server's last error */
    }
    unsent = PQflush(job->connection);
    if (unsent < 0 || (unsent == 0 && !PQisBusy(job->connection))) {
      return true;
    }
  }
  job->events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
  return false;
}

static void keep_value(struct hf_connect_job *job, const PGresult *result) {
  if (PQntuples(result) > 0 && PQnfields(result) > 0 &&
      PQgetlength(result, 0, 0) < HF_CONNECT_VALUE_BYTES) {
    size_t bytes = (size_t)PQgetlength(result, 0, 0);
    memcpy(job->value, PQgetvalue(result, 0, 0), bytes);
    job->value[bytes] = '\0';
  }
}

/* Judges a result of a statement; HF_OK = continue. */
static enum hf_status judge(struct hf_connect_job *job,
                            const PGresult *result) {
  switch (PQresultStatus(result)) {
  case PGRES_TUPLES_OK:
  case PGRES_SINGLE_TUPLE:
    keep_value(job, result);
    return HF_OK;
  case PGRES_COMMAND_OK:
  case PGRES_EMPTY_QUERY:
  case PGRES_NONFATAL_ERROR:
    return HF_OK;
  case PGRES_COPY_IN:
  case PGRES_COPY_OUT:
  case PGRES_COPY_BOTH:
    return hf_connect_fail(job, HF_COPY_UNSUPPORTED);
  case PGRES_FATAL_ERROR:
    return fail_by_result(job, result);
  case PGRES_BAD_RESPONSE:
  case PGRES_PIPELINE_SYNC:
  case PGRES_PIPELINE_ABORTED:
#ifdef LIBPQ_HAS_CHUNK_MODE
  case PGRES_TUPLES_CHUNK:
#endif
  default: /* newer libpqs have more */
    return hf_connect_fail(job, HF_PROTOCOL_ERROR);
  }
}

/* ---- the statements ------------------------------------------------------ */

static bool is_not(PGconn *connection, const char *name, const char *value) {
  const char *is = PQparameterStatus(connection, name);
  return is != NULL && strncasecmp(is, value, strlen(value)) != 0;
}

/* Returns the SQL of the current statement, or NULL when it is not needed. */
static const char *sql_of(const struct hf_connect_job *job) {
  switch (job->statement) {
  case DETECT:
    return job->detect_proxy ? "select pg_backend_pid()" : NULL;
  case DATE_STYLE:
    return is_not(job->connection, "DateStyle", "ISO") ? "set datestyle to ISO"
                                                       : NULL;
  case ENCODING:
    return is_not(job->connection, "client_encoding", "UTF8")
               ? "set client_encoding to 'UTF8'"
               : NULL;
  default:
    return job->question;
  }
}

/* Sends the next statement; false when there is none, or on failure. */
static bool send_next(struct hf_connect_job *job) {
  const char *sql = NULL;
  while (job->statement < STATEMENTS && (sql = sql_of(job)) == NULL) {
    job->statement++;
  }
  if (sql == NULL) {
    return false;
  }
  if (!PQsendQuery(job->connection, sql)) {
    job->statement_status = hf_connect_fail_by_text(job);
    return false;
  }
  (void)PQsetSingleRowMode(job->connection);
  job->statement_status = HF_OK;
  job->value[0] = '\0';
  job->sent = true;
  return true;
}

/* Handles the end of a statement; HF_OK = continue. */
static enum hf_status end_statement(struct hf_connect_job *job) {
  enum hf_status status = job->statement_status;
  if (status == HF_OK && PQstatus(job->connection) != CONNECTION_OK) {
    status = hf_connect_fail_by_text(job);
  }
  if (job->statement == DETECT && status == HF_SERVER_ERROR &&
      job->pid_is_optional && PQstatus(job->connection) == CONNECTION_OK) {
    hf_error_finish(&job->error);
    job->status = HF_OK;
    job->statement_status = HF_OK; /* also when nothing else is to be asked */
    status = HF_OK;
  } else if (job->statement == DETECT && status == HF_OK) {
    job->backend_pid = (int32_t)strtol(job->value, NULL, NUMBER_BASE);
    job->pid_detected = job->backend_pid != 0;
    job->proxied = job->backend_pid != PQbackendPID(job->connection);
  }
  job->sent = false;
  job->statement++;
  return status;
}

/* Takes results; false when the next one is not there yet. */
static bool read_results(struct hf_connect_job *job) {
  while (can_read(job)) {
    PGresult *result = PQgetResult(job->connection);
    if (result == NULL) {
      return true;
    }
    if (job->statement_status ==
        HF_OK) { /* the first error is the cause of later */
      job->statement_status = judge(job, result);
    }
    PQclear(result);
    if (job->statement_status == HF_COPY_UNSUPPORTED ||
        job->statement_status == HF_PROTOCOL_ERROR) {
      return true; /* the result of a COPY would come for ever */
    }
  }
  return false;
}

enum hf_status hf_connect_session_run(struct hf_connect_job *job) {
  job->events = 0;
  for (;;) {
    enum hf_status status;
    if (!job->sent && !send_next(job)) {
      return job->statement_status;
    }
    if (!read_results(job)) {
      return HF_OK;
    }
    status = end_statement(job);
    if (status != HF_OK) {
      return status;
    }
  }
}
