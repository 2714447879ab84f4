/* SPDX-License-Identifier: MIT */
/*
 * Each system call of the engine fails in turn, in a session that connects,
 * queries, cancels and probes: sockets, threads, polls, look-ups, loops and
 * wake-ups. Each call of the session is answered, an error has the right code
 * and message, the pool works afterwards, and no descriptor or thread is
 * leaked.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <uv.h>

#include "support_failing.h"
#include "support_port.h"
#include "support_server.h"

enum {
  CALLS_MAX = 400, /* of one function in a session; more fail the test */
  SLOW_STEP = 5,
  TIMEOUT_MS = 20,
  DEADLINE_MS = 5000,
  SHORT_MS = 200, /* a deadline where nothing can succeed */
  TRIES = 100     /* of 2 ms */
};

/* ---- what fails ---------------------------------------------------------- */

static const struct failure *failure;
static bool all; /* every call fails, not just one */

static const struct failure failures[] = {
    {"socket", IN_SOCKET, EMFILE},
    {"connect", IN_CONNECT, ENETUNREACH},
    {"connect, without a port left", IN_CONNECT, EADDRNOTAVAIL},
    {"setsockopt", IN_SETSOCKOPT, ENOBUFS},
    {"getsockopt", IN_GETSOCKOPT, ENOBUFS},
    {"getsockname", IN_GETSOCKNAME, ENOBUFS},
    {"getpeername", IN_GETPEERNAME, ENOBUFS},
    {"fcntl", IN_FCNTL, ENOLCK},
    {"send", IN_SEND, ECONNRESET},
    {"recv", IN_RECV, ENOMEM},
    {"recv, after a reset", IN_RECV, ECONNRESET},
    {"poll", IN_POLL, ENOMEM},
    {"getaddrinfo, the name", IN_GETADDRINFO, EAI_NONAME},
    {"getaddrinfo, for now", IN_GETADDRINFO, EAI_AGAIN},
    {"getaddrinfo, memory", IN_GETADDRINFO, EAI_MEMORY},
    {"getaddrinfo, the system", IN_GETADDRINFO, EAI_SYSTEM},
    {"getnameinfo", IN_GETNAMEINFO, EAI_MEMORY},
    {"pthread_create", IN_PTHREAD_CREATE, EAGAIN},
    {"eventfd", IN_EVENTFD, EMFILE},
    {"epoll_create1", IN_EPOLL_CREATE1, EMFILE},
    {"uv_thread_create_ex", IN_UV_THREAD_CREATE_EX, UV_EAGAIN},
    {"uv_loop_init", IN_UV_LOOP_INIT, UV_ENOMEM},
    {"uv_async_init", IN_UV_ASYNC_INIT, UV_EMFILE},
    {"uv_poll_init", IN_UV_POLL_INIT, UV_ENOMEM},
    {"uv_poll_start", IN_UV_POLL_START, UV_ENOMEM},
    {"uv_random", IN_UV_RANDOM, UV_EIO},
};

/* ---- the server ---------------------------------------------------------- */

static struct fake_server *server;

/*
 * Waits until a count grows, but not for ever: what would make it grow may have
 * failed.
 */
static void wait_for_more(int (*count)(const struct fake_server *server),
                          int before) {
  int tries = TRIES;
  while (count(server) <= before && tries-- > 0) {
    (void)poll(NULL, 0, 2);
  }
}

static atomic_int running; /* statements that take a while */

/* What a probe learns about a silent session: see net/engine/probe. */
static bool answer_probe(struct fake_session *session) {
  const char *state =
      atomic_load(&running) > 0 ? "active|0|1|77|0" : "idle|0|1|77|0";
  return fake_send_columns(session, "state", 25) &&
         fake_send_row(session, state) && fake_send_tag(session, "SELECT 1");
}

static bool answer(struct fake_session *session, const char *sql, void *ctx) {
  (void)ctx;
  if (strncmp(sql, "select coalesce((select", 23) == 0) {
    return answer_probe(session);
  }
  if (strncmp(sql, "select value", 12) == 0) {
    return fake_send_columns(session, "value", 25) &&
           fake_send_row(session, "first") &&
           fake_send_tag(session, "SELECT 1");
  }
  if (strncmp(sql, "select cancelled", 16) == 0) {
    atomic_fetch_add(&running, 1);
    wait_for_more(fake_server_cancels, fake_server_cancels(server));
    atomic_fetch_sub(&running, 1);
    return fake_send_fields(session,
                            'E',
                            "SERROR\0VERROR\0C57014\0Mcancelled\0");
  }
  if (strncmp(sql, "select probed", 13) == 0) {
    atomic_fetch_add(&running, 1);
    wait_for_more(fake_server_connections, fake_server_connections(server));
    atomic_fetch_sub(&running, 1);
  }
  return false;
}

/* ---- the session --------------------------------------------------------- */

/* Whether the failure means that memory ran out. */
static bool is_about_memory(void) {
  int code = failure->code;
  bool looks_up = failure->function == IN_GETADDRINFO ||
                  failure->function == IN_GETNAMEINFO;
  return looks_up ? code == EAI_MEMORY : code == ENOMEM || code == UV_ENOMEM;
}

/* Asserts that an answer is a result or an error that fits what failed. */
static void assert_told(struct support_answer told) {
  bool lies = told.status == HF_OK || told.message[0] == '\0' ||
              (told.status == HF_PARAM_INVALID &&
               failure->code != EAI_NONAME) || /* no such address */
              told.status == HF_RESULT_TOO_LARGE ||
              (told.status == HF_NO_MEMORY && !is_about_memory());
  if (told.kind == HF_MSG_ERROR && lies) {
    (void)fprintf(stderr,
                  "%s: status %d, \"%s\"\n",
                  failure->name,
                  told.status,
                  told.message);
    fail();
  }
}

static int64_t query(struct support_port *port,
                     int pool,
                     const char *sql,
                     int timeout_ms) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .retries = -1,
                     .timeout_ms = timeout_ms,
                     .deadline_ms = all ? SHORT_MS : DEADLINE_MS};
  return support_op(port, &op, sql, NULL);
}

static int64_t acquire(struct support_port *port, int pool) {
  struct hf_op op = {.kind = HF_OP_ACQUIRE,
                     .target = pool,
                     .deadline_ms = all ? SHORT_MS : DEADLINE_MS};
  return support_op(port, &op, NULL);
}

/* Does a bit of everything. */
static void use(struct support_port *port, int pool) {
  int64_t calls[3];
  struct support_answer told;
  size_t i;
  calls[0] = query(port, pool, "select value", 0);
  calls[1] = query(port, pool, "select cancelled", TIMEOUT_MS);
  calls[2] = query(port, pool, "select probed", 0);
  for (i = 0; i < sizeof calls / sizeof *calls; i++) {
    told = support_wait(port, calls[i]);
    assert_told(told);
    if (i == 1 && !all) {
      /*
       * A cancel that fails closes the connection; the caller sees its timeout.
       */
      assert_int_not_equal(told.status, HF_SOCKET_ERROR);
    }
  }
  told = support_wait(port, acquire(port, pool));
  assert_told(told);
  if (told.kind == HF_MSG_LEASE) {
    assert_told(support_say(port, told.lease, "begin"));
    assert_told(support_say(port, told.lease, "select value"));
    assert_told(support_wait(port, support_release(port, told.lease, 0)));
  }
}

struct served {
  struct support_port *port;
  int pool;
};

/* A failure may be remembered for a moment, of a name or a server. */
static bool is_served(void *ctx) {
  const struct served *served = ctx;
  struct support_answer told =
      support_wait(served->port,
                   query(served->port, served->pool, "select value", 0));
  assert_told(told);
  return told.kind == HF_MSG_RESULT && strcmp(told.cell, "first") == 0;
}

static int descriptors; /* when nothing is open */

/* Returns whether the n-th call failed. */
static bool run_session(int n) {
  struct support_port *port;
  bool failed;
  int pool;
  failing_begin(failure, n, all);
  failing_count(true);
  port = support_port_try();
  failing_count(false);
  if (port == NULL) {
    failed = failing_happened();
    assert_true(failed);
    /* When these fail in uv_loop_init, libuv leaves a descriptor open. */
    descriptors +=
        failure->function == IN_EVENTFD || failure->function == IN_UV_ASYNC_INIT
            ? 1
            : 0;
    failing_end();
    port = support_port_open();
  }
  pool = support_pool(port,
                      fake_server_port(server),
                      "pg.host",
                      "localhost",
                      "max",
                      "3",
                      "silenceMillis",
                      "20",
                      "pooler",
                      "none",
                      NULL);
  use(port, pool);
  failed = failing_happened();
  failing_end();
  support_until(is_served,
                &(struct served){port, pool},
                "a pool that serves afterwards");
  (void)support_wait(port, support_end(port, pool));
  support_port_close(port);
  return failed;
}

/* ---- tests --------------------------------------------------------------- */

/* The server closes its sockets a moment later. */
static bool has_closed_all(void *ctx) {
  (void)ctx;
  return support_count_fds() <= descriptors;
}

static bool run_and_look(int n) {
  bool failed = run_session(n);
  support_wait_engine_gone();
  support_until(has_closed_all, NULL, "the end of all sockets");
  return failed;
}

/* From 16 on libpq asks for a socket that needs no fcntl(). */
static bool may_go_unused(void) {
  enum { WITHOUT_FCNTL = 160000 };
  return failure->function == IN_FCNTL && PQlibVersion() >= WITHOUT_FCNTL;
}

static void fail_each_call(void) {
  int step = support_is_slow() ? SLOW_STEP : 1;
  int n;
  for (n = 0; n < CALLS_MAX; n += step) {
    if (!run_and_look(n)) {
      break;
    }
  }
  /* At least the first call was reached, and all of them were. */
  assert_in_range(n, may_go_unused() ? 0 : 1, CALLS_MAX - 1);
}

static void fail_all_calls(void) {
  assert_true(run_and_look(0) || may_go_unused());
}

static void with_server(void (*run)(void)) {
  struct fake_plan plan = {.key_pid = 77, .answer = answer};
  server = fake_server_start(&plan);
  descriptors = support_count_fds();
  run();
  fake_server_stop(server);
}

/* Opens what a process opens once and keeps. */
static void fail_nothing(void) {
  assert_false(run_session(CALLS_MAX));
  support_wait_engine_gone();
}

static void with_each_failure(void (*run)(void)) {
  size_t i;
  failure = failures;
  with_server(fail_nothing);
  for (i = 0; i < sizeof failures / sizeof *failures; i++) {
    failure = &failures[i];
    with_server(run);
  }
}

static void any_system_call_may_fail(void **state) {
  (void)state;
  with_each_failure(fail_each_call);
}

static void a_system_call_may_fail_for_a_while(void **state) {
  (void)state;
  all = true;
  with_each_failure(fail_all_calls);
  all = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_system_call_may_fail),
      cmocka_unit_test(a_system_call_may_fail_for_a_while),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
