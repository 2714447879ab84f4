/* SPDX-License-Identifier: MIT */
/*
 * What happens on a new session before anybody gets it. Every statement goes
 * without blocking, under the job's deadline, and its rows are dropped one by
 * one: a server that never stops sending costs time, not memory.
 *
 * Ownership: the job's. Threads: a worker's.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "net/connector_parts.h"

enum { NOTICES_MAX = 16 * 1024, NUMBER_BASE = 10, VALUE_BYTES = 16 };

/* Letters of the protocol; libpq's codes for the fields are the same. */
static const char letters[] = "SVCMDHPpqWstcdnFLR";

void hf_connect_keep_notice(void *arg, const PGresult *notice) {
  struct hf_connect_job *job = arg;
  size_t bytes = 1;
  const char *letter;
  char *grown;

  for (letter = letters; *letter != '\0'; letter++) {
    const char *text = PQresultErrorField(notice, *letter);
    bytes += text == NULL ? 0 : strlen(text) + 2;
  }
  if (job->notices_bytes + bytes > NOTICES_MAX) {
    return;
  }
  grown = hf_realloc(job->notices, job->notices_bytes + bytes);
  if (grown == NULL) {
    return; /* a notice is not worth a connection */
  }
  job->notices = grown;
  grown += job->notices_bytes;
  for (letter = letters; *letter != '\0'; letter++) {
    const char *text = PQresultErrorField(notice, *letter);
    if (text != NULL) {
      *grown++ = *letter;
      memcpy(grown, text, strlen(text) + 1);
      grown += strlen(text) + 1;
    }
  }
  *grown = '\0';
  job->notices_bytes += bytes;
}

/* Fails the job with the error a server answered. */
static enum hf_status fail_by_result(struct hf_connect_job *job,
                                     const PGresult *result) {
  const char *letter;
  if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL) {
    return hf_connect_fail_by_text(job); /* libpq's own: the socket broke */
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

/* Waits until PQgetResult does not block; sends what is unsent meanwhile. */
static enum hf_status wait_result(struct hf_connect_job *job) {
  int unsent = PQflush(job->connection);
  while (unsent >= 0 && (unsent > 0 || PQisBusy(job->connection))) {
    short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
    enum hf_status status = hf_connect_wait(job, events);
    if (status != HF_OK) {
      return hf_connect_fail(job, status);
    }
    if (!PQconsumeInput(job->connection)) {
      return HF_OK; /* PQgetResult tells the server's last words first */
    }
    unsent = PQflush(job->connection);
  }
  return HF_OK;
}

static void keep_value(const PGresult *result, char value[VALUE_BYTES]) {
  if (value != NULL && PQntuples(result) > 0 && PQnfields(result) > 0 &&
      PQgetlength(result, 0, 0) < VALUE_BYTES) {
    memcpy(value, PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0));
    value[PQgetlength(result, 0, 0)] = '\0';
  }
}

/* Judges one result of a statement; HF_OK = go on. */
static enum hf_status judge(struct hf_connect_job *job,
                            const PGresult *result,
                            char value[VALUE_BYTES]) {
  switch (PQresultStatus(result)) {
  case PGRES_TUPLES_OK:
  case PGRES_SINGLE_TUPLE:
    keep_value(result, value);
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

/* Runs statements; the first value of the last row goes to `value`. */
static enum hf_status execute(struct hf_connect_job *job,
                              const char *sql,
                              char value[VALUE_BYTES]) {
  enum hf_status first = HF_OK;
  if (!PQsendQuery(job->connection, sql)) {
    return hf_connect_fail_by_text(job);
  }
  (void)PQsetSingleRowMode(job->connection);
  for (;;) {
    PGresult *result;
    enum hf_status status = wait_result(job);
    if (status != HF_OK) {
      return status;
    }
    result = PQgetResult(job->connection);
    if (result == NULL) {
      break;
    }
    if (first == HF_OK) { /* the first error is the cause of later ones */
      first = judge(job, result, value);
    }
    PQclear(result);
    if (first == HF_COPY_UNSUPPORTED || first == HF_PROTOCOL_ERROR) {
      return first; /* a COPY would repeat its result for ever */
    }
  }
  if (first == HF_OK && PQstatus(job->connection) != CONNECTION_OK) {
    first = hf_connect_fail_by_text(job);
  }
  return first;
}

static enum hf_status detect(struct hf_connect_job *job) {
  char value[VALUE_BYTES] = "";
  int libpq_pid = PQbackendPID(job->connection);
  enum hf_status status;

  job->backend_pid = libpq_pid;
  if (!job->detect_proxy) {
    return HF_OK;
  }
  status = execute(job, "select pg_backend_pid()", value);
  if (status == HF_SERVER_ERROR && job->pid_is_optional &&
      PQstatus(job->connection) == CONNECTION_OK) {
    hf_error_finish(&job->error);
    job->status = HF_OK;
    return HF_OK;
  }
  if (status == HF_OK) {
    job->backend_pid = (int32_t)strtol(value, NULL, NUMBER_BASE);
    job->pid_detected = job->backend_pid != 0;
    job->proxied = job->backend_pid != libpq_pid;
  }
  return status;
}

/* Makes sure of the settings our decoding rests on. */
static enum hf_status fix_settings(struct hf_connect_job *job) {
  const char *style = PQparameterStatus(job->connection, "DateStyle");
  const char *encoding = PQparameterStatus(job->connection, "client_encoding");
  enum hf_status status = HF_OK;
  if (style != NULL && strncasecmp(style, "ISO", 3) != 0) {
    status = execute(job, "set datestyle to ISO", NULL);
  }
  if (status == HF_OK && encoding != NULL && strcmp(encoding, "UTF8") != 0) {
    status = execute(job, "set client_encoding to 'UTF8'", NULL);
  }
  return status;
}

enum hf_status hf_connect_set_up(struct hf_connect_job *job) {
  enum hf_status status;
  if (PQsetnonblocking(job->connection, 1) != 0) {
    return hf_connect_fail_by_text(job);
  }
  status = detect(job);
  if (status == HF_OK) {
    status = fix_settings(job);
  }
  if (status == HF_OK && job->setup_sql != NULL) {
    status = execute(job, job->setup_sql, NULL);
  }
  return status;
}
