/* SPDX-License-Identifier: MIT */
/* HF_OP_ONCE on a real server: what it leaves there, and what it answers. */
#include "netpool_support.h"

static const char insert_it[] = "insert into t values (1)";

/* `identity` gives the value that is compared with `known`. */
static int64_t begin_once(int pool,
                          const char *sql,
                          const char *identity,
                          const char *known) {
  struct hf_op op = {.kind = HF_OP_ONCE,
                     .target = pool,
                     .flags = HF_FLAG_BATCH | HF_FLAG_EXACTLY_ONCE};
  return support_op(port,
                    &op,
                    sql,
                    "2",
                    "begin",
                    "0",
                    identity,
                    "0",
                    known,
                    NULL);
}

static struct support_answer once(int pool,
                                  const char *sql,
                                  const char *identity,
                                  const char *known) {
  return support_wait(port, begin_once(pool, sql, identity, known));
}

static void expect_rows(int pool, const char *n) {
  assert_string_equal(
      support_ask(port, pool, "select count(*)::text from t").cell,
      n);
  (void)support_ask(port, pool, "truncate t");
}

static void what_is_known_is_committed(void **state) {
  int pool = pool_of("1");
  struct support_answer answer =
      once(pool, insert_it, "select 'x', 'here'", "there\nhere\nnowhere");
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  assert_int_equal(answer.results, 3);
  expect_rows(pool, "1");
  close_pool(pool);
}

static void what_is_not_known_is_rolled_back_and_says_so(void **state) {
  static const char *const known[] = {"", "her", "here2\nhereandthere", "\n"};
  int pool = pool_of("1");
  size_t i;
  (void)state;
  for (i = 0; i < sizeof known / sizeof *known; i++) {
    struct support_answer answer =
        once(pool, insert_it, "select 'here'", known[i]);
    assert_int_equal(answer.status, HF_COMMIT_ROLLED_BACK);
    assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
    assert_int_equal(answer.results, 2);
  }
  expect_rows(pool, "0");
  assert_string_equal(once(pool, insert_it, "select 1/0", "here").sqlstate,
                      "22012");
  assert_int_equal(once(pool, insert_it, "select null", "").status,
                   HF_COMMIT_ROLLED_BACK);
  expect_rows(pool, "0");
  close_pool(pool);
}

static void an_error_is_the_statements_and_the_connection_stays(void **state) {
  int pool = pool_of("1");
  int i;
  (void)state;
  for (i = 0; i < 3; i++) {
    struct support_answer answer =
        once(pool, "insert into t values (1/0)", "select 'here'", "here");
    assert_string_equal(answer.sqlstate, "22012");
    assert_int_equal(answer.results, 0);
  }
  assert_int_equal(support_ask(port, pool, "select 1").connection, 1);
  assert_int_equal((int)support_stat(port, pool, "rolledBackLeases"), 0);
  expect_rows(pool, "0");
  close_pool(pool);
}

static bool is_running(void *ctx) {
  return support_ask(port,
                     admin,
                     "select count(*)::text from pg_stat_activity where query "
                     "like 'insert into t select%'")
             .cell[0] == *(const char *)ctx;
}

static void an_abort_is_answered_at_once_and_undoes_it(void **state) {
  static const char sleeps[] = "insert into t select 1 from pg_sleep(20)";
  int pool = pool_of("1");
  int64_t id = begin_once(pool, sleeps, "select 'here'", "here");
  struct support_answer answer;
  (void)state;
  support_flush(port);
  support_until(is_running, "1", "the statement");
  support_abort(port, id);
  answer = support_wait(port, id);
  assert_int_equal(answer.status, HF_ABORTED);
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  expect_rows(pool, "0");
  assert_int_equal(support_ask(port, pool, "select 1").connection, 1);
  close_pool(pool);
}

static void one_that_waits_is_aborted_without_a_connection(void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  int64_t id = begin_once(pool, insert_it, "select 'here'", "here");
  (void)state;
  support_flush(port);
  support_abort(port, id);
  assert_int_equal(support_wait(port, id).outcome, HF_OUTCOME_NOT_EXECUTED);
  (void)support_wait(port, support_release(port, lease, 0));
  expect_rows(pool, "0");
  close_pool(pool);
}

static void an_environment_that_ends_in_it_leaves_nothing(void **state) {
  static const char sleeps[] = "insert into t select 1 from pg_sleep(2)";
  struct support_port *before = port;
  int pool;
  (void)state;
  port = support_port_open();
  pool = pool_of("1");
  (void)begin_once(pool, sleeps, "select 'here'", "here");
  (void)begin_once(pool, insert_it, "select 'here'", "here");
  support_flush(port);
  {
    struct support_port *ends = port;
    port = before;
    support_until(is_running, "1", "the statement");
    support_port_close(ends);
  }
  support_until(is_running, "0", "its end");
  expect_rows(admin, "0");
}

static void what_begins_nothing_is_refused(void **state) {
  int pool = pool_of("1");
  struct hf_op op = {.kind = HF_OP_ONCE,
                     .target = pool,
                     .flags = HF_FLAG_BATCH};
  int64_t id = support_op(port,
                          &op,
                          insert_it,
                          "2",
                          "",
                          "0",
                          "select 'here'",
                          "0",
                          "here",
                          NULL);
  (void)state;
  assert_int_equal(support_wait(port, id).status, HF_PARAM_INVALID);
  op.id_low = op.id_high = 0;
  op.flags = 0;
  id = support_op(port, &op, insert_it, "here", NULL);
  assert_int_equal(support_wait(port, id).status, HF_PARAM_INVALID);
  expect_rows(pool, "0");
  close_pool(pool);
}

static void many_go_over_few_connections(void **state) {
  enum { MANY = 100 };
  int64_t ids[MANY];
  int pool = pool_of("3");
  int i;
  (void)state;
  for (i = 0; i < MANY; i++) {
    ids[i] = begin_once(pool, insert_it, "select 'here'", "here");
  }
  for (i = 0; i < MANY; i++) {
    assert_int_equal(support_wait(port, ids[i]).kind, HF_MSG_RESULT);
  }
  expect_rows(pool, "100");
  close_pool(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_known_is_committed),
      cmocka_unit_test(what_is_not_known_is_rolled_back_and_says_so),
      cmocka_unit_test(an_error_is_the_statements_and_the_connection_stays),
      cmocka_unit_test(an_abort_is_answered_at_once_and_undoes_it),
      cmocka_unit_test(one_that_waits_is_aborted_without_a_connection),
      cmocka_unit_test(an_environment_that_ends_in_it_leaves_nothing),
      cmocka_unit_test(what_begins_nothing_is_refused),
      cmocka_unit_test(many_go_over_few_connections),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
