/* SPDX-License-Identifier: MIT */
/* A real server and a port. */
#ifndef HF_TEST_CONN_SEND_SUPPORT_H
#define HF_TEST_CONN_SEND_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support_cluster.h"
#include "support_port.h"

static struct support_cluster cluster;
static struct support_port *port;

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static inline int start_all(void **state) {
  struct support_answer made;
  int pool;
  (void)state;
  if (support_cluster_start(&cluster) != 0) {
    return -1;
  }
  port = support_port_open();
  pool = support_pool(port, cluster.port, PASSWORD, NULL);
  made = support_ask(port,
                     pool,
                     "create table t (a int primary key, b text);"
                     "create table deferred (a int unique deferrable "
                     "initially deferred)");
  return made.kind == HF_MSG_RESULT ? 0 : -1;
}

static inline int stop_all(void **state) {
  (void)state;
  if (port != NULL) { /* cmocka calls this also where start_all failed */
    support_port_close(port);
    support_wait_engine_gone();
  }
  support_cluster_stop(&cluster);
  return 0;
}

static inline struct support_answer expect(int pool, const char *sql) {
  struct support_answer answer = support_ask(port, pool, sql);
  if (answer.kind != HF_MSG_RESULT) {
    (void)fprintf(stderr, "%s: %s %s\n", sql, answer.sqlstate, answer.message);
  }
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  return answer;
}

static inline void expect_cell(int pool, const char *sql, const char *cell) {
  assert_string_equal(expect(pool, sql).cell, cell);
}

static inline void close_pool(int pool) {
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
}

static const char count_names[] =
    "select count(*)::text from pg_prepared_statements "
    "where name like 'hf%'";

#endif
