/* SPDX-License-Identifier: MIT */
/*
 * Ports: closing at every stage, sharing of pools, and that nothing is left
 * when the last one is gone.
 */
#include <poll.h>
#include <string.h>

#include "port_support.h"

/* ---- threads and descriptors --------------------------------------------- */

/* Closing takes a moment, on our side and on the fake server's. */
static bool has_so_few_fds(void *ctx) {
  const int *fds = ctx;
  return support_count_fds() <= *fds;
}

static void the_last_port_ends_the_engine(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  int fds = 0;
  int i;
  (void)state;
  for (i = 0; i < 5; i++) {
    struct support_port *port = support_port_open();
    int pool = support_pool(port, fake_server_port(server), NULL);
    assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
    assert_true(support_count_threads() > 0);
    support_port_close(port);
    support_wait_engine_gone();
    /* libuv opens two for the whole process at its first use. */
    if (i == 0) {
      fds = support_count_fds();
    }
    support_until(has_so_few_fds, &fds, "no descriptor to be left");
  }
  fake_server_stop(server);
}

static void a_port_without_pools_can_be_opened_and_closed(void **state) {
  int i;
  (void)state;
  for (i = 0; i < 50; i++) {
    struct support_port *first = support_port_open();
    struct support_port *second = support_port_open();
    support_port_close(first);
    support_port_close(second);
  }
  support_wait_engine_gone();
}

static bool has_connection(void *ctx) {
  return fake_server_connections(ctx) > 0;
}

static bool has_logged(void *ctx) {
  return fake_server_saw(ctx, "stall");
}

static void closing_while_connecting_leaves_nothing(void **state) {
  struct fake_plan plan = {.start = FAKE_START_STALL};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), NULL);
  (void)state;
  (void)support_query(port, pool, "select 1");
  (void)support_acquire(port, pool);
  support_flush(port);
  support_until(has_connection, server, "a connection");
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void closing_while_running_cancels_within_seconds(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), NULL);
  (void)state;
  (void)support_query(port, pool, "stall");
  support_flush(port);
  support_until(has_logged, server, "the statement");
  support_port_close(port);
  support_wait_engine_gone();
  assert_true(fake_server_cancels(server) >= 1);
  fake_server_stop(server);
}

static void a_cancel_that_hangs_does_not_outlive_the_engine(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server;
  struct support_port *port = support_port_open();
  int pool;
  (void)state;
  plan.stall_cancels = true;
  server = fake_server_start(&plan);
  pool = support_pool(port, fake_server_port(server), NULL);
  (void)support_query(port, pool, "stall");
  support_flush(port);
  support_until(has_logged, server, "the statement");
  support_port_close(port);
  /* PQcancel of an old libpq blocks until the server closes. */
  fake_server_stop(server);
  support_wait_engine_gone();
}

static bool fail_deadlock(struct fake_session *session,
                          const char *sql,
                          void *ctx) {
  static const char fields[] =
      "SERROR\0VERROR\0C40P01\0Mdeadlock detected\0RDeadLockReport\0";
  (void)ctx;
  return strncmp(sql, "update", 6) == 0 &&
         fake_send_fields(session, 'E', fields);
}

static bool is_retrying(void *ctx) {
  return fake_server_saw(ctx, "update");
}

static void closing_in_backoff_leaves_nothing(void **state) {
  struct fake_plan plan = {.key_pid = 77, .answer = fail_deadlock};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  struct hf_op op = {.kind = HF_OP_QUERY, .retries = 100};
  (void)state;
  op.target = support_pool(port,
                           fake_server_port(server),
                           "retryBaseMillis",
                           "60000",
                           "retryCapMillis",
                           "60000",
                           NULL);
  (void)support_op(port, &op, "update", NULL);
  support_flush(port);
  support_until(is_retrying, server, "the first attempt");
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void closing_with_leases_held_leaves_nothing(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), "max", "2", NULL);
  int first = support_lease(port, pool).lease;
  (void)state;
  (void)support_lease(port, pool);
  (void)support_acquire(port, pool);
  (void)support_on_lease(port, first, "stall");
  (void)support_on_lease(port, first, "select 1");
  support_flush(port);
  support_until(has_logged, server, "the statement");
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void closing_at_random_moments_leaves_nothing(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  int fds = support_count_fds();
  int rounds = support_is_slow() ? 10 : 60;
  int i;
  (void)state;
  for (i = 0; i < rounds; i++) {
    struct support_port *port = support_port_open();
    int pool = support_pool(port, fake_server_port(server), "max", "1", NULL);
    (void)support_acquire(port, pool);
    (void)support_query(port, pool, "select big");
    (void)support_query(port, pool, "select 1");
    support_flush(port);
    (void)poll(NULL, 0, i % 5);
    support_port_abandon(port);
    support_wait_engine_gone();
  }
  assert_true(support_count_fds() <= fds + rounds);
  fake_server_stop(server);
}

/* ---- sharing ------------------------------------------------------------- */

static void two_ports_share_a_pool_by_its_key(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  int tcp = fake_server_port(server);
  struct support_port *first = support_port_open();
  struct support_port *second = support_port_open();
  struct support_answer a, b;
  int one, two;
  (void)state;
  one = support_shared_pool(first, "key", tcp, "max", "1", NULL);
  a = support_ask(first, one, "select 1");
  two = support_shared_pool(second, "key", tcp, "max", "9", NULL);
  b = support_wait(second, 1);
  assert_int_equal(b.kind, HF_MSG_OPENED);
  assert_int_equal(b.value, 1);
  assert_non_null(strstr(b.options, "max;1"));
  b = support_ask(second, two, "select 1");
  assert_int_equal(a.connection, b.connection);
  assert_int_equal(fake_server_connections(server), 1);
  /* The end of one environment does not affect the other. */
  support_port_close(first);
  assert_int_equal(support_ask(second, two, "select 1").kind, HF_MSG_RESULT);
  support_port_close(second);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void the_end_of_one_handle_leaves_the_pool_to_others(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  int tcp = fake_server_port(server);
  struct support_port *port = support_port_open();
  int one = support_shared_pool(port, "key", tcp, NULL);
  int two = support_shared_pool(port, "key", tcp, NULL);
  struct support_answer answer;
  (void)state;
  assert_int_equal(support_ask(port, one, "select 1").kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(port, support_end(port, one)).kind, HF_MSG_OK);
  answer = support_ask(port, one, "select 1");
  assert_int_equal(answer.status, HF_POOL_CLOSED);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  assert_int_equal(support_ask(port, two, "select 1").kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(port, support_end(port, two)).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, support_end(port, two)).status,
                   HF_POOL_CLOSED);
  /* The key is free again: this is another pool. */
  two = support_shared_pool(port, "key", tcp, NULL);
  assert_int_equal(support_ask(port, two, "select 1").kind, HF_MSG_RESULT);
  assert_int_equal(fake_server_connections(server), 2);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void an_orphan_on_a_shared_pool_is_cancelled(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  int tcp = fake_server_port(server);
  struct support_port *first = support_port_open();
  struct support_port *second = support_port_open();
  int one = support_shared_pool(first, "key", tcp, "max", "1", NULL);
  int two = support_shared_pool(second, "key", tcp, "max", "1", NULL);
  (void)state;
  assert_int_equal(support_wait(second, 1).kind, HF_MSG_OPENED);
  (void)support_query(first, one, "stall");
  support_flush(first);
  support_until(has_logged, server, "the statement");
  support_port_close(first);
  /* The only connection is held by the orphan, until it is cancelled. */
  assert_int_equal(support_ask(second, two, "select 1").kind, HF_MSG_RESULT);
  support_port_close(second);
  support_wait_engine_gone();
  fake_server_stop(server);
}

/* ---- end() --------------------------------------------------------------- */

static void a_lease_outlives_the_end_of_its_pool_as_released(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool =
      support_pool(port, fake_server_port(server), "drainMillis", "20", NULL);
  int lease = support_lease(port, pool).lease;
  struct support_answer answer;
  (void)state;
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
  answer = support_say(port, lease, "select 1");
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  (void)support_wait(port, support_release(port, lease, 0));
  assert_int_equal(support_wait(port, support_release(port, lease, 0)).status,
                   HF_RELEASED);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void waiters_are_served_while_a_pool_ends(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), "max", "1", NULL);
  int lease = support_lease(port, pool).lease;
  int64_t waiting = support_query(port, pool, "select 1");
  int64_t end = support_end(port, pool);
  (void)state;
  assert_int_equal(support_say(port, lease, "select 1").kind, HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease, 0));
  assert_int_equal(support_wait(port, waiting).kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(port, end).kind, HF_MSG_OK);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_port_ends_the_engine),
      cmocka_unit_test(a_port_without_pools_can_be_opened_and_closed),
      cmocka_unit_test(closing_while_connecting_leaves_nothing),
      cmocka_unit_test(closing_while_running_cancels_within_seconds),
      cmocka_unit_test(a_cancel_that_hangs_does_not_outlive_the_engine),
      cmocka_unit_test(closing_in_backoff_leaves_nothing),
      cmocka_unit_test(closing_with_leases_held_leaves_nothing),
      cmocka_unit_test(closing_at_random_moments_leaves_nothing),
      cmocka_unit_test(two_ports_share_a_pool_by_its_key),
      cmocka_unit_test(the_end_of_one_handle_leaves_the_pool_to_others),
      cmocka_unit_test(an_orphan_on_a_shared_pool_is_cancelled),
      cmocka_unit_test(a_lease_outlives_the_end_of_its_pool_as_released),
      cmocka_unit_test(waiters_are_served_while_a_pool_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
