/* SPDX-License-Identifier: MIT */
/* The scripted server: see the header. */
#define _GNU_SOURCE

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support_server_internal.h"

enum {
  SSL_REQUEST = 80877103,
  GSS_REQUEST = 80877104,
  CANCEL_REQUEST = 80877102
};

static bool send_setting(struct fake_session *session,
                         const char *name,
                         const char *value) {
  char body[128];
  size_t n = strlen(name) + 1;
  memcpy(body, name, n);
  memcpy(body + n, value, strlen(value) + 1);
  return fake_send(session, 'S', body, n + strlen(value) + 1);
}

static bool send_ready(struct fake_session *session) {
  return fake_send(session, 'Z', "I", 1);
}

static bool let_in(struct fake_session *session) {
  const struct fake_plan *plan = session->server->plan;
  char key[8] = {0};
  put32(key, (uint32_t)plan->key_pid);
  return fake_send(session, 'R', "\0\0\0\0", 4) &&
         send_setting(session, "server_version", "15.0") &&
         send_setting(session, "client_encoding", "UTF8") &&
         send_setting(session,
                      "DateStyle",
                      plan->date_style == NULL ? "ISO, MDY"
                                               : plan->date_style) &&
         send_setting(session, "standard_conforming_strings", "on") &&
         fake_send(session, 'K', key, sizeof key) && send_ready(session);
}

static void reset(struct fake_session *session) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(session->socket,
                   SOL_SOCKET,
                   SO_LINGER,
                   &linger,
                   sizeof linger);
}

static bool start_session(struct fake_session *session) {
  static const char garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  const struct fake_plan *plan = session->server->plan;
  size_t bytes;
  switch (plan->start) {
  case FAKE_START_NORMAL:
    return let_in(session);
  case FAKE_START_STALL:
    fake_stall(session);
    return false;
  case FAKE_START_CLOSE:
    return false;
  case FAKE_START_RESET:
    reset(session);
    return false;
  case FAKE_START_GARBAGE:
    (void)fake_send_raw(session, garbage, sizeof garbage - 1);
    fake_stall(session);
    return false;
  case FAKE_START_ERROR:
    (void)fake_send_fields(session, 'E', plan->error);
    return false;
  case FAKE_START_BARE_ERROR:
    (void)fake_send(session, 'E', "", 1);
    return false;
  case FAKE_START_PASSWORD:
    (void)fake_send(session, 'R', "\0\0\0\3", 4);
    (void)read_exactly(session, session->message, 1);
    (void)read_body(session, &bytes);
    (void)fake_send_fields(session, 'E', plan->error);
    return false;
  }
  return false;
}

/* Reads start-up packets up to the StartupMessage; false when none comes. */
static bool read_start(struct fake_session *session) {
  size_t bytes;
  while (read_body(session, &bytes) && bytes >= 4) {
    uint32_t code = get32(session->message);
    if (code == CANCEL_REQUEST) {
      atomic_fetch_add(&session->server->cancels, 1);
      if (session->server->plan->stall_cancels) {
        fake_stall(session);
      }
      return false;
    }
    if (code != SSL_REQUEST && code != GSS_REQUEST) {
      return true;
    }
    if (!fake_send_raw(session, "N", 1)) {
      return false;
    }
  }
  return false;
}

static void log_query(struct fake_server *server, const char *sql) {
  size_t bytes = strlen(sql);
  pthread_mutex_lock(&server->lock);
  if (server->log_bytes + bytes + 2 < LOG_MAX) {
    memcpy(server->log + server->log_bytes, sql, bytes);
    server->log_bytes += bytes;
    server->log[server->log_bytes++] = '\n';
  }
  pthread_mutex_unlock(&server->lock);
}

static void answer(struct fake_session *session, const char *sql) {
  const struct fake_plan *plan = session->server->plan;
  char pid[16];
  log_query(session->server, sql);
  if (plan->answer != NULL && plan->answer(session, sql, plan->ctx)) {
    return;
  }
  if (strstr(sql, "pg_backend_pid") != NULL) {
    (void)snprintf(pid,
                   sizeof pid,
                   "%d",
                   plan->query_pid != 0 ? plan->query_pid : plan->key_pid);
    (void)(fake_send_columns(session, "pg_backend_pid", 23) &&
           fake_send_row(session, pid) && fake_send_tag(session, "SELECT 1"));
  } else if (strncasecmp(sql, "set ", 4) == 0) {
    (void)fake_send_tag(session, "SET");
  } else {
    (void)fake_send_tag(session, "SELECT 0");
  }
}

/* Serves simple queries, and the extended protocol with unnamed statements. */
static void serve(struct fake_session *session) {
  char sql[MESSAGE_MAX] = "";
  char type;
  size_t bytes;
  while (read_exactly(session, &type, 1) && read_body(session, &bytes)) {
    const char *text = session->message;
    if (type == 'X') {
      return;
    }
    if (type == 'Q') {
      answer(session, text);
      (void)send_ready(session);
    } else if (type == 'P') {
      text += strlen(text) + 1;
      (void)snprintf(sql, sizeof sql, "%s", text);
      (void)fake_send(session, '1', NULL, 0);
    } else if (type == 'B') {
      (void)fake_send(session, '2', NULL, 0);
    } else if (type == 'E') {
      answer(session, sql);
    } else if (type == 'S') {
      (void)send_ready(session);
    }
  }
}

static void *session_main(void *arg) {
  struct fake_session *session = arg;
  if (read_start(session) && start_session(session)) {
    serve(session);
  }
  (void)close(session->socket);
  return NULL;
}

static void *server_main(void *arg) {
  struct fake_server *server = arg;
  struct pollfd polled[2] = {{.fd = server->listener, .events = POLLIN},
                             {.fd = server->stop[0], .events = POLLIN}};
  for (;;) {
    struct fake_session *session;
    int socket;
    int on = 1;
    if (poll(polled, 2, -1) < 0) {
      continue;
    }
    if (polled[1].revents != 0) {
      return NULL;
    }
    socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0) {
      continue;
    }
    /* What was sent before a cut must arrive. */
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    session = calloc(1, sizeof *session);
    must(session != NULL, "calloc");
    session->server = server;
    session->socket = socket;
    must(server->n_sessions < SESSIONS_MAX, "too many connections");
    server->sessions[server->n_sessions++] = session;
    atomic_fetch_add(&server->connections, 1);
    must(pthread_create(&session->thread, NULL, session_main, session) == 0,
         "pthread_create");
  }
}

struct fake_server *fake_server_start(const struct fake_plan *plan) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t bytes = sizeof address;
  struct fake_server *server = calloc(1, sizeof *server);
  must(server != NULL, "calloc");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->plan = plan;
  must(pipe(server->stop) == 0, "pipe");
  must(pthread_mutex_init(&server->lock, NULL) == 0, "mutex");
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(server->listener >= 0, "socket");
  must(bind(server->listener, (struct sockaddr *)&address, bytes) == 0, "bind");
  must(listen(server->listener, 128) == 0, "listen");
  must(getsockname(server->listener, (struct sockaddr *)&address, &bytes) == 0,
       "getsockname");
  server->port = ntohs(address.sin_port);
  must(pthread_create(&server->thread, NULL, server_main, server) == 0,
       "pthread_create");
  return server;
}

int fake_server_port(const struct fake_server *server) {
  return server->port;
}

int fake_server_connections(const struct fake_server *server) {
  return atomic_load(&server->connections);
}

int fake_server_cancels(const struct fake_server *server) {
  return atomic_load(&server->cancels);
}

const char *fake_server_log(struct fake_server *server) {
  pthread_mutex_lock(&server->lock);
  server->log[server->log_bytes] = '\0';
  pthread_mutex_unlock(&server->lock);
  return server->log;
}

bool fake_server_saw(struct fake_server *server, const char *text) {
  bool saw;
  pthread_mutex_lock(&server->lock);
  server->log[server->log_bytes] = '\0';
  saw = strstr(server->log, text) != NULL;
  pthread_mutex_unlock(&server->lock);
  return saw;
}

void fake_server_stop(struct fake_server *server) {
  int i;
  must(write(server->stop[1], "x", 1) == 1, "write");
  (void)pthread_join(server->thread, NULL);
  (void)close(server->listener);
  for (i = 0; i < server->n_sessions; i++) {
    (void)pthread_join(server->sessions[i]->thread, NULL);
    free(server->sessions[i]);
  }
  (void)close(server->stop[0]);
  (void)close(server->stop[1]);
  (void)pthread_mutex_destroy(&server->lock);
  free(server);
}
