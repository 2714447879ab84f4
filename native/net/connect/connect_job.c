/* SPDX-License-Identifier: MIT */
/*
 * Neither libpq's blocking calls nor poll() are used: a thread is busy only
 * while there is something to compute.
 */
#include "net/connect/connect_job.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/file.h"
#include "net/base/socket.h"
#include "net/base/system.h"
#include "net/connect/certificate.h"
#include "net/connect/connect_session.h"
#include "net/connect/target.h"
#include "net/connect/tls_files.h"

enum { START, POLL, SET_UP };

typedef void (*hook_fn)(void);
static _Atomic(hook_fn) first_tls_hook;
static pthread_once_t first_once = PTHREAD_ONCE_INIT;

void hf_connect_job_on_first_tls(void (*hook)(void)) {
  atomic_store(&first_tls_hook, hook);
}

/*
 * Has OpenSSL initialise itself, by a hash that is not needed, so that its exit
 * handler is registered before the hook's: the last one registered runs first.
 * Encrypted keys must never ask for their password at the terminal.
 */
static void before_first_connection(void) {
  char *unused = PQencryptPassword("x", "x");
  hook_fn hook = atomic_load(&first_tls_hook);
  PQfreemem(unused);
  PQsetSSLKeyPassHook_OpenSSL(PQdefaultSSLKeyPassHook_OpenSSL);
  if (hook != NULL) {
    hook();
  }
}

static struct hf_connect_job *connect_of(struct hf_job *job) {
  return HF_CONTAINER_OF(job, struct hf_connect_job, job);
}

/* Adds the copies of files that this account may open. */
static size_t add_files(const struct hf_connect_job *job,
                        const char *keywords[HF_TARGET_PARAMS_MAX],
                        const char *values[HF_TARGET_PARAMS_MAX],
                        size_t n) {
  int i;
  for (i = 0; i < HF_TARGET_FILES && n < HF_TARGET_PARAMS_MAX - 1; i++) {
    if (job->files[i].fd >= 0) {
      keywords[n] = hf_target_file_keyword(i);
      values[n++] = job->files[i].path;
    }
  }
  return n;
}

/* Returns the connection, or NULL when out of memory. */
static PGconn *start(const struct hf_connect_job *job) {
  const char *keywords[HF_TARGET_PARAMS_MAX];
  const char *values[HF_TARGET_PARAMS_MAX];
  size_t n = hf_target_params(job->target, keywords, values);
  const char *const names[] = {"host",
                               "hostaddr",
                               "port",
                               "password",
                               "target_session_attrs"};
  const char *const given[] = {job->host,
                               job->address,
                               job->port,
                               job->password,
                               job->role};
  size_t i;

  n = add_files(job, keywords, values, n);
  if (job->with_settings && hf_target_session(job->target) != NULL) {
    keywords[n] = "options";
    values[n++] = hf_target_session(job->target);
  }
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    if (given[i] != NULL && n < HF_TARGET_PARAMS_MAX - 1) {
      keywords[n] = names[i]; /* the last of a repeated keyword holds */
      values[n++] = given[i];
    }
  }
  keywords[n] = NULL;
  values[n] = NULL;
  return PQconnectStartParams(keywords, values, 0);
}

/* libpq would print notices. */
static void drop_notice(void *arg, const PGresult *notice) {
  (void)arg;
  (void)notice;
}

/* The first step. libpq waits for its socket to be writable next. */
static enum hf_status begin(struct hf_connect_job *job) {
  enum hf_status status;
  int number;
  (void)pthread_once(&first_once, before_first_connection);
  status = hf_tls_files_check(job->target, &job->error);
  if (status != HF_OK) {
    job->status = status;
    return status;
  }
  if (!hf_tls_files_copy(job->target, job->files)) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  errno = 0;
  job->connection = start(job);
  number = errno;
  if (job->connection == NULL) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  (void)PQsetErrorVerbosity(job->connection, PQERRORS_VERBOSE);
  (void)PQsetNoticeReceiver(job->connection, drop_notice, NULL);
  if (PQstatus(job->connection) == CONNECTION_BAD) {
    return hf_connect_fail_at_start(job, number);
  }
  job->step = POLL;
  job->events = POLLOUT;
  return HF_OK;
}

/*
 * Returns whether TLS is up, nothing of the login has been sent, and somebody
 * is to say whether this is the right server.
 */
static bool is_to_be_identified(struct hf_connect_job *job) {
  ConnStatusType status = PQstatus(job->connection);
  if (status == CONNECTION_STARTED || status == CONNECTION_SSL_STARTUP) {
    job->identified = false; /* of a connection before this one */
  }
  return !job->identified && status == CONNECTION_MADE &&
         hf_target_get(job->target, "ssl_identity") != NULL &&
         (PQsslInUse(job->connection) || PQgssEncInUse(job->connection));
}

/* Stops before the login, until the certificate is accepted. */
static enum hf_status show_certificates(struct hf_connect_job *job) {
  if (!PQsslInUse(job->connection)) {
    return hf_connect_fail_identity(
        job,
        "checkServerIdentity needs TLS, and this connection is encrypted by "
        "GSSAPI: set gssencmode=disable");
  }
  job->certificates = hf_certificate_chain(job->connection);
  if (job->certificates == NULL) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  job->events = 0;
  return HF_OK;
}

/* A further step. */
static enum hf_status poll_connect(struct hf_connect_job *job) {
  PostgresPollingStatusType polled;
  if (job->step == SET_UP) {
    return hf_connect_session_run(job);
  }
  polled = PQconnectPoll(job->connection);
  if (polled == PGRES_POLLING_FAILED) {
    return hf_connect_fail_by_text(job);
  }
  if (polled != PGRES_POLLING_OK) {
    job->events = polled == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    return is_to_be_identified(job) ? show_certificates(job) : HF_OK;
  }
  job->step = SET_UP;
  job->socket_ready = false;
  job->backend_pid = PQbackendPID(job->connection);
  if (PQsetnonblocking(job->connection, 1) != 0) {
    return hf_connect_fail_by_text(job);
  }
  return hf_connect_session_run(job);
}

static void close_connection(struct hf_connect_job *job) {
  PQfinish(job->connection);
  job->connection = NULL;
  job->over = true;
}

static void run_connect(struct hf_job *job) {
  struct hf_connect_job *connect = connect_of(job);
  enum hf_status status;
  connect->events = 0;
  connect->socket_ready = true;
  status = connect->step == START ? begin(connect) : poll_connect(connect);
  if (status != HF_OK) {
    close_connection(connect);
  } else if (connect->events == 0 && connect->certificates == NULL) {
    connect->over = true;
  }
}

static void drop_connect(struct hf_job *job) {
  hf_connect_job_free(connect_of(job));
}

struct hf_connect_job *hf_connect_job_new(struct hf_target *target,
                                          void (*done)(struct hf_job *job),
                                          void *ctx) {
  struct hf_connect_job *job = hf_calloc(1, sizeof *job);
  int i;
  if (job != NULL) {
    hf_job_init(&job->job, run_connect, done, drop_connect);
    hf_error_init(&job->error);
    job->target = hf_target_ref(target);
    for (i = 0; i < HF_TARGET_FILES; i++) {
      job->files[i].fd = -1;
    }
    job->ctx = ctx;
  }
  return job;
}

static enum hf_status replace(char **place, const char *text) {
  char *copy = hf_strndup(text, strlen(text));
  if (copy == NULL) {
    return HF_NO_MEMORY;
  }
  hf_system_wipe_text(*place);
  *place = copy;
  return HF_OK;
}

/* As `replace`; does nothing for an empty text. */
static enum hf_status replace_unless_empty(char **place, const char *text) {
  return text == NULL || *text == '\0' ? HF_OK : replace(place, text);
}

enum hf_status hf_connect_job_set_place(struct hf_connect_job *job,
                                        const char *host,
                                        const char *address,
                                        const char *port) {
  enum hf_status status = replace_unless_empty(&job->host, host);
  if (status == HF_OK) {
    status = replace_unless_empty(&job->address, address);
  }
  return status == HF_OK ? replace_unless_empty(&job->port, port) : status;
}

enum hf_status hf_connect_job_set_question(struct hf_connect_job *job,
                                           const char *sql) {
  return replace(&job->question, sql);
}

void hf_connect_job_rearm(struct hf_connect_job *job) {
  hf_job_init(&job->job, job->job.run, job->job.done, job->job.drop);
}

int hf_connect_job_socket(const struct hf_connect_job *job) {
  return PQsocket(job->connection);
}

bool hf_connect_job_is_connected(const struct hf_connect_job *job) {
  return hf_socket_is_connected(PQsocket(job->connection));
}

static void forget_certificates(struct hf_connect_job *job) {
  hf_free(job->certificates);
  job->certificates = NULL;
}

void hf_connect_job_accept(struct hf_connect_job *job) {
  forget_certificates(job);
  job->identified = true;
}

void hf_connect_job_refuse(struct hf_connect_job *job, const char *message) {
  forget_certificates(job);
  (void)hf_connect_fail_identity(job, message);
  close_connection(job);
}

void hf_connect_job_expire(struct hf_connect_job *job) {
  (void)hf_connect_fail(job, HF_CONNECT_TIMEOUT);
  close_connection(job);
}

enum hf_status hf_connect_job_set_password(struct hf_connect_job *job,
                                           const char *password) {
  return replace(&job->password, password);
}

PGconn *hf_connect_job_take(struct hf_connect_job *job) {
  PGconn *connection = job->connection;
  assert(job->status == HF_OK && connection != NULL);
  job->connection = NULL;
  return connection;
}

void hf_connect_job_free(struct hf_connect_job *job) {
  if (job == NULL) {
    return;
  }
  PQfinish(job->connection);
  hf_error_finish(&job->error);
  hf_target_unref(job->target);
  hf_system_wipe_text(job->password);
  hf_tls_files_close(job->files);
  hf_free(job->host);
  hf_free(job->address);
  hf_free(job->port);
  hf_free(job->question);
  hf_free(job->certificates);
  hf_free(job);
}
