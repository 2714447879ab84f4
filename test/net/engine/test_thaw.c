/* SPDX-License-Identifier: MIT */
/*
 * A process that is stopped for a while, as a frozen function is: the
 * connections it had open are dead, whether that can be seen or not, and its
 * next calls succeed. The process that is frozen is this program, started as
 * "test_thaw sleeper PORT".
 */
#define _GNU_SOURCE

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "support_cluster.h"
#include "support_port.h"
#include "support_server.h"

enum {
  THREE = 3,
  /*
   * A timer that fires two seconds late means a thaw; it may be set for up to
   * one second ahead.
   */
  FROZEN_S = 4,
  CALLS = 5000,
  CONNECTIONS_FEW = 10,
  REPORT_BYTES = 128
};

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static struct support_cluster cluster;
static const char *program; /* argv[0] */

static int start_cluster(void **state) {
  (void)state;
  return support_cluster_start(&cluster);
}

static int stop_cluster(void **state) {
  (void)state;
  support_cluster_stop(&cluster);
  return 0;
}

/* ---- the process that is frozen ------------------------------------------ */

static int warm_pool(struct support_port *port, int tcp_port) {
  int pool = support_pool(port,
                          tcp_port,
                          PASSWORD,
                          "min",
                          "3",
                          "max",
                          "3",
                          "maxRetries",
                          "0",
                          "idleTimeoutMillis",
                          "0",
                          NULL);
  struct hf_op op = {.kind = HF_OP_WARMUP, .target = pool};
  (void)support_wait(port, support_op(port, &op, NULL));
  return pool;
}

/* Opens three connections, is frozen, and reports how the next calls went. */
static int sleep_and_ask(int tcp_port) {
  struct support_port *port = support_port_open();
  int pool = warm_pool(port, tcp_port);
  int64_t ids[THREE];
  int succeeded = 0;
  int i;
  (void)printf("idle %d\n", (int)support_stat(port, pool, "idle"));
  (void)fflush(stdout);
  (void)getchar();
  for (i = 0; i < THREE; i++) {
    ids[i] = support_query(port, pool, "insert into t values (1)");
  }
  for (i = 0; i < THREE; i++) {
    struct support_answer answer = support_wait(port, ids[i]);
    succeeded += answer.kind == HF_MSG_RESULT && answer.attempts == 1;
  }
  (void)printf("succeeded %d, lost %d\n",
               succeeded,
               (int)support_stat(port, pool, "connectionsLost"));
  (void)fflush(stdout);
  support_port_close(port);
  support_wait_engine_gone();
  return 0;
}

/* ---- the process that freezes it ----------------------------------------- */

struct sleeper {
  pid_t pid;
  FILE *in, *out;
  char report[REPORT_BYTES];
};

static void run_sleeper(const int in[2], const int out[2], int tcp_port) {
  char number[16];
  (void)snprintf(number, sizeof number, "%d", tcp_port);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)dup2(in[0], 0);
  (void)dup2(out[1], 1);
  (void)close(in[1]);
  (void)close(out[0]);
  (void)execl(program, program, "sleeper", number, (char *)NULL);
  _exit(127);
}

/* Starts the sleeper and waits until it has three idle connections. */
static void start_sleeper(struct sleeper *sleeper, int tcp_port) {
  int in[2], out[2];
  assert_int_equal(pipe(in), 0);
  assert_int_equal(pipe(out), 0);
  sleeper->pid = fork();
  assert_true(sleeper->pid >= 0);
  if (sleeper->pid == 0) {
    run_sleeper(in, out, tcp_port);
  }
  (void)close(in[0]);
  (void)close(out[1]);
  sleeper->in = fdopen(in[1], "w");
  sleeper->out = fdopen(out[0], "r");
  assert_non_null(fgets(sleeper->report, REPORT_BYTES, sleeper->out));
  assert_string_equal(sleeper->report, "idle 3\n");
}

static void freeze(const struct sleeper *sleeper) {
  int status = 0;
  assert_int_equal(kill(sleeper->pid, SIGSTOP), 0);
  assert_int_equal(waitpid(sleeper->pid, &status, WUNTRACED), sleeper->pid);
  assert_true(WIFSTOPPED(status));
}

/* Sleeps: passing time is what is tested. */
static void wait_frozen(void) {
  struct timespec left = {.tv_sec = FROZEN_S};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* Lets it go on and waits for its end; its last line is the report. */
static void thaw(struct sleeper *sleeper) {
  int status = 0;
  assert_int_equal(kill(sleeper->pid, SIGCONT), 0);
  (void)fputs("go\n", sleeper->in);
  (void)fclose(sleeper->in);
  assert_non_null(fgets(sleeper->report, REPORT_BYTES, sleeper->out));
  (void)fclose(sleeper->out);
  assert_int_equal(waitpid(sleeper->pid, &status, 0), sleeper->pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* Runs SQL on a connection of our own; returns the first cell as a number. */
static int administer(const char *sql) {
  char conninfo[160];
  PGconn *conn;
  PGresult *result;
  int value = 0;
  (void)snprintf(conninfo,
                 sizeof conninfo,
                 "host=127.0.0.1 port=%d sslmode=disable dbname=postgres "
                 "user=" SUPPORT_CLUSTER_USER
                 " password=" SUPPORT_CLUSTER_PASSWORD,
                 cluster.port);
  conn = PQconnectdb(conninfo);
  assert_int_equal(PQstatus(conn), CONNECTION_OK);
  result = PQexec(conn, sql);
  assert_int_not_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
  if (PQntuples(result) > 0) {
    value = atoi(PQgetvalue(result, 0, 0));
  }
  PQclear(result);
  PQfinish(conn);
  return value;
}

/* ---- freezes ------------------------------------------------------------- */

static void calls_after_a_freeze_do_not_use_connections_of_ended_backends(
    void **state) {
  struct sleeper sleeper;
  (void)state;
  (void)administer("create table t (a int)");
  start_sleeper(&sleeper, cluster.port);
  freeze(&sleeper);
  assert_int_equal(
      administer("select count(pg_terminate_backend(pid, 10000) or null) "
                 "from pg_stat_activity where pid <> pg_backend_pid() "
                 "and backend_type = 'client backend'"),
      THREE);
  wait_frozen();
  thaw(&sleeper);
  assert_string_equal(sleeper.report, "succeeded 3, lost 3\n");
  assert_int_equal(administer("select count(*) from t"), THREE);
}

static void a_freeze_that_harmed_no_connection_closes_none(void **state) {
  struct sleeper sleeper;
  (void)state;
  (void)administer("truncate t");
  start_sleeper(&sleeper, cluster.port);
  freeze(&sleeper);
  wait_frozen();
  thaw(&sleeper);
  assert_string_equal(sleeper.report, "succeeded 3, lost 0\n");
}

/*
 * Sessions begun before the freeze are silent after it, as if the network had
 * dropped them.
 */
static atomic_int age = 1;

static bool fall_silent(struct fake_session *session,
                        const char *sql,
                        void *ctx) {
  static _Thread_local int born; /* a session has a thread of its own */
  (void)sql;
  (void)ctx;
  if (born == 0) {
    born = atomic_load(&age);
  }
  if (born == atomic_load(&age)) {
    return false;
  }
  fake_stall(session);
  return true;
}

static void calls_after_a_freeze_do_not_use_connections_that_were_cut(
    void **state) {
  struct fake_plan plan = {.key_pid = 77, .answer = fall_silent};
  struct fake_server *server = fake_server_start(&plan);
  struct sleeper sleeper;
  (void)state;
  start_sleeper(&sleeper, fake_server_port(server));
  freeze(&sleeper);
  atomic_fetch_add(&age, 1);
  wait_frozen();
  thaw(&sleeper);
  fake_server_stop(server);
  assert_string_equal(sleeper.report, "succeeded 3, lost 3\n");
}

/* ---- no freeze ----------------------------------------------------------- */

/* While a connection is pinged it is busy, and a call would open another. */
static void a_pool_in_use_is_not_pinged(void **state) {
  struct support_port *port = support_port_open();
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "100", NULL);
  int i;
  (void)state;
  for (i = 0; i < CALLS; i++) {
    assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
  }
  /* On a machine that pauses, the pool may ping now and then. */
  assert_in_range((int)support_stat(port, pool, "connectsStarted"),
                  1,
                  CONNECTIONS_FEW);
  support_port_close(port);
  support_wait_engine_gone();
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          calls_after_a_freeze_do_not_use_connections_of_ended_backends),
      cmocka_unit_test(a_freeze_that_harmed_no_connection_closes_none),
      cmocka_unit_test(
          calls_after_a_freeze_do_not_use_connections_that_were_cut),
      cmocka_unit_test(a_pool_in_use_is_not_pinged),
  };
  program = argv[0];
  if (argc == 3 && strcmp(argv[1], "sleeper") == 0) {
    return sleep_and_ask(atoi(argv[2]));
  }
  return cmocka_run_group_tests_name("thaw",
                                     tests,
                                     start_cluster,
                                     stop_cluster);
}
