/* SPDX-License-Identifier: MIT */
/*
 * The query cache through the engine's API: malformed parameters, sharing
 * between ports, and closing with flights under way, under sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

static atomic_int answered; /* statements that count_up has answered */

/* Answers with a new number each time; never answers `stall`. */
static bool count_up(struct fake_session *session, const char *sql, void *ctx) {
  char text[16];
  (void)ctx;
  if (strstr(sql, "stall") != NULL) {
    fake_stall(session);
    return true;
  }
  if (strncmp(sql, "select value", 12) != 0) {
    return false;
  }
  (void)snprintf(text, sizeof text, "%d", atomic_fetch_add(&answered, 1) + 1);
  (void)fake_send_columns(session, "value", 25);
  (void)fake_send_row(session, text);
  (void)fake_send_tag(session, "SELECT 1");
  return true;
}

static struct fake_server *start(void) {
  static struct fake_plan plan = {.key_pid = 77, .answer = count_up};
  atomic_store(&answered, 0);
  return fake_server_start(&plan);
}

/* A cached query with these parameters and one tag. */
static int64_t cached(struct support_port *port,
                      int pool,
                      const char *sql,
                      const char *params,
                      const char *label,
                      int32_t deadline_ms) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .flags = HF_FLAG_CACHE | HF_FLAG_CALLER_DEADLINE,
                     .deadline_ms = deadline_ms,
                     .retries = -1};
  return support_op(port, &op, sql, params, label, NULL);
}

static struct support_answer ask(struct support_port *port,
                                 int pool,
                                 const char *sql) {
  return support_wait(port, cached(port, pool, sql, "60000 0 1", "tall", 0));
}

static int invalidate(struct support_port *port, int pool, const char *label) {
  struct hf_op op = {.kind = HF_OP_INVALIDATE, .target = pool};
  return support_wait(port, support_op(port, &op, label, NULL)).value;
}

static bool is_running(void *ctx) {
  return fake_server_saw(ctx, "stall");
}

/* ---- parameters ---------------------------------------------------------- */

static void malformed_cache_parameters_are_refused(void **state) {
  static const char *const params[] = {"",
                                       "1",
                                       "1 2",
                                       "1 2 ",
                                       "1 2 x",
                                       "-1 2 0",
                                       "1 2 -1",
                                       "1 2 2",
                                       "1 2 99999999999999999999",
                                       "99999999999 2 0",
                                       "1  2 0",
                                       " 1 2 0",
                                       "1 2 0 "};
  struct fake_server *server = start();
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), NULL);
  struct hf_op bare = {.kind = HF_OP_QUERY,
                       .target = pool,
                       .flags = HF_FLAG_CACHE};
  struct hf_op named = {.kind = HF_OP_QUERY,
                        .target = pool,
                        .flags = HF_FLAG_CACHE | HF_FLAG_NAMED};
  size_t i;
  (void)state;
  for (i = 0; i < sizeof params / sizeof params[0]; i++) {
    struct support_answer answer =
        support_wait(port,
                     cached(port, pool, "select value", params[i], "tx", 0));
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.status, HF_PARAM_INVALID);
    assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  }
  assert_int_equal(
      support_wait(port, support_op(port, &bare, "select value", NULL)).status,
      HF_PARAM_INVALID);
  assert_int_equal(
      support_wait(port, support_op(port, &named, "select value", "n", NULL))
          .status,
      HF_PARAM_INVALID);
  assert_int_equal(atomic_load(&answered), 0);
  support_port_close(port);
  fake_server_stop(server);
}

static void statements_of_a_lease_are_not_cached(void **state) {
  struct fake_server *server = start();
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), NULL);
  struct support_answer lease = support_lease(port, pool);
  struct hf_op op = {.kind = HF_OP_LEASE_QUERY,
                     .target = lease.lease,
                     .flags = HF_FLAG_CACHE};
  struct support_answer answer =
      support_wait(port, support_op(port, &op, "select value", "1 0 0", NULL));
  (void)state;
  assert_int_equal(answer.status, HF_PARAM_INVALID);
  assert_non_null(strstr(answer.message, "cache"));
  assert_int_equal(support_say(port, lease.lease, "select value").kind,
                   HF_MSG_RESULT);
  support_port_close(port);
  fake_server_stop(server);
}

/* ---- answers ------------------------------------------------------------- */

static void a_cached_answer_has_no_connection(void **state) {
  struct fake_server *server = start();
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), NULL);
  struct support_answer first = ask(port, pool, "select value");
  struct support_answer second = ask(port, pool, "select value");
  (void)state;
  assert_string_equal(first.cell, "1");
  assert_int_not_equal(first.connection, 0);
  assert_string_equal(second.cell, "1");
  assert_int_equal(second.connection, 0);
  assert_int_equal(second.attempts, 0);
  assert_int_equal(second.rows, 1);
  assert_true(support_stat(port, pool, "cacheHits") == 1);
  assert_true(support_stat(port, pool, "cacheMisses") == 1);
  assert_true(support_stat(port, pool, "cacheBytes") > 0);
  support_port_close(port);
  fake_server_stop(server);
}

static void invalidation_reaches_every_port_of_a_pool(void **state) {
  struct fake_server *server = start();
  struct support_port *ports[2] = {support_port_open(), support_port_open()};
  int tcp = fake_server_port(server);
  int pools[2];
  int i;
  (void)state;
  for (i = 0; i < 2; i++) {
    pools[i] = support_shared_pool(ports[i], "key", tcp, NULL);
    (void)ask(ports[i], pools[i], "select value");
  }
  assert_int_equal(atomic_load(&answered), 2);
  assert_int_equal(invalidate(ports[0], pools[0], "tnone"), 0);
  assert_int_equal(invalidate(ports[0], pools[0], "tall"), 2);
  assert_true(support_stat(ports[0], pools[0], "cacheBytes") == 0);
  for (i = 0; i < 2; i++) {
    (void)ask(ports[i], pools[i], "select value");
  }
  assert_int_equal(atomic_load(&answered), 4);
  support_port_close(ports[0]);
  assert_string_equal(ask(ports[1], pools[1], "select value").cell, "4");
  support_port_close(ports[1]);
  fake_server_stop(server);
}

/* ---- ends ---------------------------------------------------------------- */

static void a_port_closes_with_calls_that_wait_for_each_other(void **state) {
  struct fake_server *server = start();
  int round;
  (void)state;
  for (round = 0; round < 8; round++) {
    struct support_port *port = support_port_open();
    int pool = support_pool(port, fake_server_port(server), NULL);
    int64_t first = 0;
    int i;
    for (i = 0; i < 20; i++) {
      int64_t id = cached(port, pool, "select 'stall'", "1 60000 1", "tall", 0);
      first = i == 0 ? id : first;
    }
    support_flush(port);
    if (round % 2 == 0) {
      support_until(is_running, server, "the statement runs");
    }
    if (round % 4 > 1) {
      support_abort(port, first);
      (void)support_wait(port, first);
    }
    if (round > 3) {
      struct hf_op op = {.kind = HF_OP_INVALIDATE, .target = pool};
      (void)support_wait(port, support_op(port, &op, NULL));
      (void)cached(port, pool, "select 'stall'", "1 60000 1", "tall", 0);
      support_flush(port);
    }
    support_port_close(port);
  }
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void calls_that_share_a_statement_end_at_their_own_deadlines(
    void **state) {
  struct fake_server *server = start();
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), "max", "2", NULL);
  int64_t ids[10];
  int i;
  (void)state;
  for (i = 0; i < 10; i++) {
    ids[i] = cached(port,
                    pool,
                    "select 'stall'",
                    "1 0 1",
                    "tall",
                    10 + 10 * (i % 5));
  }
  for (i = 0; i < 10; i++) {
    struct support_answer answer = support_wait(port, ids[i]);
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.status, HF_DEADLINE);
  }
  assert_int_equal(support_unanswered(port), 0);
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
  support_port_close(port);
  fake_server_stop(server);
}

static void an_older_answer_is_served_while_the_server_is_away(void **state) {
  struct fake_server *server = start();
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), "max", "1", NULL);
  int64_t ids[12];
  int i;
  (void)state;
  (void)support_wait(
      port,
      cached(port, pool, "select value", "0 60000 1", "tall", 0));
  fake_server_stop(server);
  for (i = 0; i < 12; i++) {
    /* Every third accepts no stale result. */
    ids[i] = cached(port,
                    pool,
                    "select value",
                    i % 3 == 2 ? "0 0 1" : "0 60000 1",
                    "tall",
                    i % 3 == 2 ? 200 : 20000);
  }
  for (i = 0; i < 12; i++) {
    struct support_answer answer = support_wait(port, ids[i]);
    assert_int_equal(answer.kind, i % 3 == 2 ? HF_MSG_ERROR : HF_MSG_RESULT);
  }
  assert_true(support_stat(port, pool, "cacheStale") == 8);
  /* One of the queries is still under way, though no call waits for it. */
  support_port_close(port);
  support_wait_engine_gone();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(malformed_cache_parameters_are_refused),
      cmocka_unit_test(statements_of_a_lease_are_not_cached),
      cmocka_unit_test(a_cached_answer_has_no_connection),
      cmocka_unit_test(invalidation_reaches_every_port_of_a_pool),
      cmocka_unit_test(a_port_closes_with_calls_that_wait_for_each_other),
      cmocka_unit_test(calls_that_share_a_statement_end_at_their_own_deadlines),
      cmocka_unit_test(an_older_answer_is_served_while_the_server_is_away)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
