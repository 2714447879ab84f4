/* SPDX-License-Identifier: MIT */
#include "net/engine/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/socket.h"
#include "net/conn/conn.h"
#include "net/connect/connect.h"
#include "net/connect/connect_job.h"
#include "net/engine/netpool.h"

enum { QUESTION_BYTES = 512, STATE_BYTES = 32 };

/*
 * Asks for the state and client port of the silent session, for when the server
 * was started, and for the process id and client port of the session that asks.
 */
static const char question[] =
    "select coalesce((select coalesce(state, 'hidden') || '|' || "
    "coalesce(client_port, 0) from pg_catalog.pg_stat_activity "
    "where pid = %d), 'gone|0') || '|' || "
    "(extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000)::int8 "
    "|| '|' || pg_catalog.pg_backend_pid() || '|' || "
    "coalesce(pg_catalog.inet_client_port(), 0)";

struct probe {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  uint32_t serial; /* of the silent connection */
  int port;        /* its local port; 0 = a Unix socket */
  struct hf_connect *connect;
};

/* The server's answer. */
struct answer {
  char state[STATE_BYTES];
  int port; /* client port of the silent session */
  uint64_t server;
  int pid;      /* of the session that asked */
  int own_port; /* its client port */
};

static bool read_answer(const char *value, struct answer *answer) {
  const char *bar = strchr(value, '|');
  char *end;
  if (bar == NULL || (size_t)(bar - value) >= STATE_BYTES) {
    return false;
  }
  memcpy(answer->state, value, (size_t)(bar - value));
  answer->state[bar - value] = '\0';
  answer->port = (int)strtol(bar + 1, &end, 10);
  answer->port = answer->port < 0 ? 0 : answer->port; /* a Unix socket */
  if (*end != '|') {
    return false;
  }
  answer->server = strtoull(end + 1, &end, 10);
  if (*end != '|') {
    return false;
  }
  answer->pid = (int)strtol(end + 1, &end, 10);
  if (*end != '|') {
    return false;
  }
  answer->own_port = (int)strtol(end + 1, &end, 10);
  return true;
}

/* ---- verdicts ------------------------------------------------------------ */

/* Judges the answer of the server. */
static enum hf_finding judge_answer(const struct probe *probe,
                                    const struct hf_connect_job *job,
                                    uint64_t *server) {
  struct answer answer;
  int own_port = hf_socket_port(PQsocket(job->connection));
  if (!read_answer(job->value, &answer) ||
      answer.pid != PQbackendPID(job->connection)) {
    return HF_FINDING_ALIVE; /* a pooler has answered for another session */
  }
  *server = answer.server;
  if (strcmp(answer.state, "gone") == 0) {
    /* The server sees our own port: there is no proxy in between. */
    return own_port == answer.own_port && own_port != 0 ? HF_FINDING_GONE
                                                        : HF_FINDING_ABSENT;
  }
  if (strncmp(answer.state, "idle", 4) != 0) {
    return HF_FINDING_RUNNING; /* or the server does not tell what it does */
  }
  if (own_port == answer.own_port && answer.port != probe->port) {
    return HF_FINDING_GONE; /* another session has its process id now */
  }
  return HF_FINDING_IDLE;
}

/* Returns whether an error is local, and says nothing of the server. */
static bool is_local(const struct hf_error *error) {
  static const int numbers[] = {EMFILE,
                                ENFILE,
                                ENOBUFS,
                                ENOMEM,
                                EADDRNOTAVAIL,
                                EACCES,
                                EPERM,
                                EAFNOSUPPORT};
  size_t i;
  for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (error->sys_errno == numbers[i]) {
      return true;
    }
  }
  return false;
}

/* Judges the failure to open a session. */
static enum hf_finding judge_error(const struct hf_error *error,
                                   bool delayed_here) {
  if (error->status == HF_SOCKET_ERROR) {
    return is_local(error) ? HF_FINDING_NONE : HF_FINDING_DEAD;
  }
  if (error->status == HF_CONNECT_TIMEOUT) {
    return delayed_here ? HF_FINDING_NONE : HF_FINDING_DEAD;
  }
  /* Any answer shows that the server is up. */
  return error->status == HF_SERVER_ERROR || error->status == HF_AUTH_ERROR ||
                 error->status == HF_PROTOCOL_ERROR ||
                 error->status == HF_TLS_ERROR
             ? HF_FINDING_ALIVE
             : HF_FINDING_NONE;
}

/* Returns whether the answer has come already, or reading is paused. */
static bool has_input(const struct hf_slot *slot) {
  const struct hf_conn *conn = slot->conn;
  return conn == NULL || conn->paused || hf_socket_has_input(conn->fd);
}

static void report(struct probe *probe,
                   enum hf_finding finding,
                   uint64_t server) {
  struct hf_netpool *pool = probe->pool;
  struct hf_slot *slot = probe->slot;
  /* The slot may have another connection by now. */
  if (slot->serial != probe->serial) {
    finding = HF_FINDING_NONE;
  } else if (has_input(slot)) {
    finding = HF_FINDING_ALIVE;
  }
  hf_free(probe);
  pool->openings--;
  hf_pool_on_probed(&pool->core, slot, finding, server, hf_clock_us());
}

static void on_over(void *ctx,
                    struct hf_connect_job *job,
                    const struct hf_error *error) {
  struct probe *probe = ctx;
  enum hf_finding finding = HF_FINDING_ALIVE;
  uint64_t server = 0;
  if (job == NULL) {
    finding = judge_error(error, hf_connect_was_delayed_here(probe->connect));
  } else if (job->value[0] != '\0') {
    finding = judge_answer(probe, job, &server);
  }
  hf_connect_job_free(job);
  report(probe, finding, server);
}

/* ---- the beginning ------------------------------------------------------- */

/* Returns whether there is no pooler, as far as is known. */
static bool is_direct(const struct hf_netpool *pool,
                      const struct hf_slot *slot) {
  return !slot->proxied && !pool->proxied &&
         pool->core.config.pooler != HF_POOLER_SESSION &&
         pool->core.config.pooler != HF_POOLER_TRANSACTION &&
         slot->backend_pid != 0;
}

static struct hf_connect *start(struct probe *probe) {
  struct hf_netpool *pool = probe->pool;
  struct hf_conn *conn = probe->slot->conn;
  const char *address = PQhostaddr(conn->pg);
  struct hf_connect_address to = {.host = PQhost(conn->pg),
                                  .address = address == NULL ? "" : address,
                                  .port = PQport(conn->pg)};
  struct hf_connect_options options = {.loop = pool->pools->loop,
                                       .target = pool->target,
                                       .password = pool->credentials.used,
                                       .address = &to,
                                       .role = "any",
                                       .limit_ms =
                                           pool->core.config.connect_timeout_ms,
                                       .done = on_over,
                                       .ctx = probe};
  char text[QUESTION_BYTES];
  if (*to.host == '/' || *to.host == '@') {
    to.address = ""; /* a Unix socket */
  }
  if (is_direct(pool, probe->slot)) {
    (void)snprintf(text, sizeof text, question, (int)probe->slot->backend_pid);
    options.question = text;
  }
  return hf_connect_start(&options);
}

bool hf_probe_start(struct hf_netpool *pool, struct hf_slot *slot) {
  struct probe *probe = hf_calloc(1, sizeof *probe);
  struct hf_conn *conn = slot->conn;
  if (probe == NULL || conn == NULL || conn->failing) {
    hf_free(probe);
    return false;
  }
  probe->pool = pool;
  probe->slot = slot;
  probe->serial = slot->serial;
  probe->port = hf_socket_port(conn->fd);
  probe->connect = start(probe);
  if (probe->connect == NULL) {
    hf_free(probe);
    return false;
  }
  pool->openings++;
  return true;
}
