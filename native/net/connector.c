/* SPDX-License-Identifier: MIT */
/*
 * Opening a connection on a worker's thread: a look-up, PQconnectPoll until it
 * is done or time is up, then the session's set-up. It never uses libpq's
 * blocking calls: they know no deadline.
 *
 * Ownership: see the header. Threads: see the header.
 */
#include "net/connector.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "net/connect/tls_files.h"
#include "net/connector_parts.h"
#include "net/system.h"
#include "net/target.h"

enum { NS_PER_MS = 1000000, NS_PER_US = 1000, SECRET_SHORT = 4 };

static void (*first_tls_hook)(void);
static pthread_once_t first_once = PTHREAD_ONCE_INIT;

void hf_connector_on_first_tls(void (*hook)(void)) {
  first_tls_hook = hook;
}

/*
 * Has OpenSSL initialise itself now, by a hash nobody needs, so that its exit
 * handler is registered before the hook's: handlers run last in, first out.
 * And no encrypted key may ever ask for its password at the terminal.
 */
static void before_first_connection(void) {
  char *unused = PQencryptPassword("x", "x");
  PQfreemem(unused);
  PQsetSSLKeyPassHook_OpenSSL(PQdefaultSSLKeyPassHook_OpenSSL);
  if (first_tls_hook != NULL) {
    first_tls_hook();
  }
}

static struct hf_connect_job *connect_of(struct hf_job *job) {
  return HF_CONTAINER_OF(job, struct hf_connect_job, job);
}

static void wipe(char *text) {
  if (text != NULL) {
    hf_system_wipe(text, strlen(text));
    hf_free(text);
  }
}

/* Milliseconds until the deadline, rounded up; -1 = none. */
static int time_left_ms(const struct hf_connect_job *job) {
  uint64_t now, left;
  if (job->deadline_ns == 0) {
    return -1;
  }
  now = hf_clock_ns();
  if (now >= job->deadline_ns) {
    return 0;
  }
  left = (job->deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
  return left > INT_MAX ? INT_MAX : (int)left;
}

static enum hf_status still_wanted(const struct hf_connect_job *job) {
  if (atomic_load(&job->job.stop)) {
    return HF_ABORTED;
  }
  return time_left_ms(job) == 0 ? HF_CONNECT_TIMEOUT : HF_OK;
}

enum hf_status hf_connect_wait(const struct hf_connect_job *job, short events) {
  struct pollfd polled[2] = {
      {.fd = PQsocket(job->connection), .events = events},
      {.fd = job->job.wake_fd, .events = POLLIN}};
  enum hf_status status = still_wanted(job);
  int ready;

  if (status != HF_OK) {
    return status;
  }
  if (polled[0].fd < 0) {
    return HF_SOCKET_ERROR;
  }
  do {
    ready = poll(polled, 2, time_left_ms(job));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) {
    return HF_SOCKET_ERROR;
  }
  if (atomic_load(&job->job.stop)) {
    return HF_ABORTED;
  }
  return ready == 0 ? HF_CONNECT_TIMEOUT : HF_OK;
}

/* Adds where the connection was going, if it got so far. */
static void add_place(struct hf_connect_job *job) {
  const char *address = PQhostaddr(job->connection);
  if (address == NULL || *address == '\0') {
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

/* Overwrites each occurrence of the secret in the text. */
static void redact(char *text, const char *secret) {
  size_t bytes = secret == NULL ? 0 : strlen(secret);
  char *at = text;
  if (bytes < SECRET_SHORT) {
    return; /* would blot out ordinary words */
  }
  while ((at = strstr(at, secret)) != NULL) {
    memset(at, '*', bytes);
    at += bytes;
  }
}

/* Reads libpq's text, in one of two ways. */
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
  job->status = read(&job->error, text);
  add_place(job);
  hf_free(text);
  return job->status;
}

enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job) {
  return fail_by(job, hf_connect_error_read);
}

/* Hands files over that this account may open. */
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

/* Starts the attempt; the connection may be NULL only without memory. */
static PGconn *start(const struct hf_connect_job *job,
                     const struct hf_routes *routes) {
  const char *keywords[HF_TARGET_PARAMS_MAX];
  const char *values[HF_TARGET_PARAMS_MAX];
  size_t n = hf_target_params(job->target, keywords, values);
  const char *const names[] = {"host", "hostaddr", "port", "password"};
  const char *const given[] = {routes->hosts,
                               routes->addresses,
                               routes->ports,
                               job->password};
  size_t i;

  n = add_files(job, keywords, values, n);
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

/* Drives the connection to CONNECTION_OK. */
static enum hf_status establish(struct hf_connect_job *job) {
  PostgresPollingStatusType polled = PGRES_POLLING_WRITING;

  (void)PQsetErrorVerbosity(job->connection, PQERRORS_VERBOSE);
  (void)PQsetNoticeReceiver(job->connection, hf_connect_keep_notice, job);
  if (PQstatus(job->connection) == CONNECTION_BAD) {
    return fail_by(job, hf_connect_error_read_start);
  }
  while (polled != PGRES_POLLING_OK) {
    short events = polled == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    enum hf_status status = hf_connect_wait(job, events);
    if (status != HF_OK) {
      return hf_connect_fail(job, status);
    }
    polled = PQconnectPoll(job->connection);
    if (polled == PGRES_POLLING_FAILED) {
      return hf_connect_fail_by_text(job);
    }
  }
  return HF_OK;
}

static void drop_notice(void *arg, const PGresult *notice) {
  (void)arg;
  (void)notice;
}

static enum hf_status open_connection(struct hf_connect_job *job) {
  struct hf_routes routes;
  enum hf_status status = hf_tls_files_check(job->target, &job->error);

  if (status == HF_OK && !hf_tls_files_copy(job->target, job->files)) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  if (status == HF_OK) {
    status = hf_routes_find(job->target, &routes, &job->error);
  }
  if (status != HF_OK) {
    job->status = status;
    return status;
  }
  status = still_wanted(job);
  if (status != HF_OK) {
    hf_routes_finish(&routes);
    return hf_connect_fail(job, status);
  }
  job->connection = start(job, &routes);
  hf_routes_finish(&routes);
  if (job->connection == NULL) {
    return hf_connect_fail(job, HF_NO_MEMORY);
  }
  status = establish(job);
  if (status == HF_OK) {
    status = hf_connect_set_up(job);
  }
  return status;
}

static void run_connect(struct hf_job *job) {
  struct hf_connect_job *connect = connect_of(job);
  uint64_t started = hf_clock_ns();

  (void)pthread_once(&first_once, before_first_connection);
  if (open_connection(connect) == HF_OK) {
    connect->status = HF_OK;
    connect->uses_tls = PQsslInUse(connect->connection) != 0;
    connect->server_version = PQserverVersion(connect->connection);
    (void)PQsetNoticeReceiver(connect->connection, drop_notice, NULL);
  } else {
    PQfinish(connect->connection);
    connect->connection = NULL;
  }
  connect->elapsed_us = (int64_t)((hf_clock_ns() - started) / NS_PER_US);
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
  wipe(*place);
  *place = copy;
  return HF_OK;
}

enum hf_status hf_connect_job_set_password(struct hf_connect_job *job,
                                           const char *password) {
  return replace(&job->password, password);
}

enum hf_status hf_connect_job_set_setup(struct hf_connect_job *job,
                                        const char *sql) {
  return replace(&job->setup_sql, sql);
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
  wipe(job->password);
  hf_tls_files_close(job->files);
  hf_free(job->setup_sql);
  hf_free(job->notices);
  hf_free(job);
}
