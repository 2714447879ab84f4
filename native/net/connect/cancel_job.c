/* SPDX-License-Identifier: MIT */
/*
 * From libpq 17 on a request is encrypted as the connection is, and ends at
 * once when the job is abandoned. Before that PQcancel() blocks until the
 * kernel gives up.
 */
#include "net/connect/cancel_job.h"

#include "core/base/alloc.h"
#include "net/base/socket.h"

static struct hf_cancel_job *cancel_of(struct hf_job *job) {
  return HF_CONTAINER_OF(job, struct hf_cancel_job, job);
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL

static void run_cancel(struct hf_job *job) {
  struct hf_cancel_job *cancel = cancel_of(job);
  PGcancelConn *request = cancel->request;
  PostgresPollingStatusType polled = PGRES_POLLING_WRITING;

  if (PQcancelStart(request) == 0) {
    return;
  }
  while (polled == PGRES_POLLING_READING || polled == PGRES_POLLING_WRITING) {
    short events = polled == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    hf_socket_wait(PQcancelSocket(request), events, job->wake_fd, &job->stop);
    if (atomic_load(&job->stop)) {
      return;
    }
    polled = PQcancelPoll(request);
  }
  cancel->reached = polled == PGRES_POLLING_OK;
}

static void *new_request(PGconn *connection) {
  PGcancelConn *request = PQcancelCreate(connection);
  if (request != NULL && PQcancelStatus(request) == CONNECTION_BAD) {
    PQcancelFinish(request);
    request = NULL;
  }
  return request;
}

static void free_request(void *request) {
  PQcancelFinish(request);
}

#else

static void run_cancel(struct hf_job *job) {
  struct hf_cancel_job *cancel = cancel_of(job);
  char unused[256];
  /* Returns when the server has closed the socket. */
  cancel->reached = PQcancel(cancel->request, unused, (int)sizeof unused) != 0;
}

static void *new_request(PGconn *connection) {
  return PQgetCancel(connection);
}

static void free_request(void *request) {
  PQfreeCancel(request);
}

#endif

static void drop_cancel(struct hf_job *job) {
  hf_cancel_job_free(cancel_of(job));
}

struct hf_cancel_job *hf_cancel_job_new(PGconn *connection,
                                        void (*done)(struct hf_job *job),
                                        void *ctx) {
  struct hf_cancel_job *cancel = hf_calloc(1, sizeof *cancel);
  if (cancel == NULL) {
    return NULL;
  }
  hf_job_init(&cancel->job, run_cancel, done, drop_cancel);
  cancel->ctx = ctx;
  cancel->request = new_request(connection);
  if (cancel->request == NULL) {
    hf_free(cancel);
    return NULL;
  }
  return cancel;
}

void hf_cancel_job_free(struct hf_cancel_job *cancel) {
  if (cancel != NULL) {
    free_request(cancel->request);
    hf_free(cancel);
  }
}
