/* SPDX-License-Identifier: MIT */
/* How a job fails, without secrets in its error. */
#include "net/connect/connect_state.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/connect/connect_error.h"

enum { SECRET_SHORT = 4 };

/* Adds the address, if there was one. */
static void add_place(struct hf_connect_job *job) {
  const char *address =
      job->connection == NULL ? NULL : PQhostaddr(job->connection);
  if (job->connection != NULL && (address == NULL || *address == '\0')) {
    address = PQhost(job->connection);
  }
  if (address != NULL && *address != '\0') {
    hf_error_add(&job->error, 'a', address);
    hf_error_add(&job->error, 'o', PQport(job->connection));
  }
}

enum hf_status hf_connect_fail(struct hf_connect_job *job,
                               enum hf_status status) {
  hf_error_set(&job->error, status, HF_PHASE_CONNECT, NULL);
  if (status == HF_SOCKET_ERROR) {
    job->error.sys_errno = ECONNRESET;
  }
  if (status == HF_CONNECT_TIMEOUT) {
    add_place(job);
  }
  job->status = status;
  return status;
}

enum hf_status hf_connect_fail_identity(struct hf_connect_job *job,
                                        const char *message) {
  hf_error_set(&job->error, HF_TLS_ERROR, HF_PHASE_CONNECT, message);
  add_place(job);
  job->status = HF_TLS_ERROR;
  return HF_TLS_ERROR;
}

/* Overwrites each occurrence of the secret in the text. */
static void redact(char *text, const char *secret) {
  size_t bytes = secret == NULL ? 0 : strlen(secret);
  char *at = text;
  if (bytes < SECRET_SHORT) {
    return; /* might be part of an ordinary word */
  }
  while ((at = strstr(at, secret)) != NULL) {
    memset(at, '*', bytes);
    at += bytes;
  }
}

/* libpq's words for a server that target_session_attrs excludes. */
static bool is_wrong_role(const char *text) {
  return strstr(text, "session is read-only") != NULL ||
         strstr(text, "session is not read-only") != NULL ||
         strstr(text, "server is in hot standby mode") != NULL ||
         strstr(text, "server is not in hot standby mode") != NULL;
}

/* Fails the job with what `read` reads in libpq's text. */
static enum hf_status fail_by(struct hf_connect_job *job,
                              enum hf_status (*read)(struct hf_error *error,
                                                     const char *text)) {
  const char *said = PQerrorMessage(job->connection);
  char *text = hf_strndup(said, strlen(said));
  if (text == NULL) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  redact(text, hf_target_get(job->target, "password"));
  redact(text, hf_target_get(job->target, "sslpassword"));
  redact(text, job->password);
  job->wrong_role = is_wrong_role(text);
  job->status = read(&job->error, text);
  add_place(job);
  hf_free(text);
  return job->status;
}

enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job) {
  return fail_by(job, hf_connect_error_read);
}

enum hf_status hf_connect_fail_at_start(struct hf_connect_job *job,
                                        int number) {
  if (*PQerrorMessage(job->connection) == '\0') {
    /* Since 16 libpq says nothing when the system gives it no socket. */
    job->status = hf_connect_error_system(&job->error,
                                          number == 0 ? ENOBUFS : number,
                                          "could not create a socket");
    hf_error_add(&job->error, 'y', "connect");
    add_place(job);
    return job->status;
  }
  return fail_by(job, hf_connect_error_read_start);
}
