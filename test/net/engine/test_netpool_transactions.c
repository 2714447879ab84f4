/* SPDX-License-Identifier: MIT */
/* Transactions and leases on a real server. */
#include <stdio.h>

#include "netpool_support.h"

static void query_must_not_leave_a_transaction_open(void **state) {
  int pool = pool_of("1");
  struct support_answer answer = support_ask(port, pool, "begin");
  (void)state;
  assert_int_equal(answer.status, HF_TRANSACTION_OPEN);
  answer = support_ask(port, pool, "begin; insert into t values (7)");
  assert_int_equal(answer.status, HF_TRANSACTION_OPEN);
  assert_string_equal(
      support_ask(port, pool, "select count(*)::text from t where a = 7").cell,
      "0");
  close_pool(pool);
}

static void a_released_transaction_is_rolled_back(void **state) {
  int pool = pool_of("1");
  struct support_answer lease = support_lease(port, pool);
  struct support_answer next;
  (void)state;
  (void)support_say(port, lease.lease, "begin");
  assert_int_equal(
      support_say(port, lease.lease, "insert into t values (8)").kind,
      HF_MSG_RESULT);
  release(lease.lease, 0);
  next = support_lease(port, pool);
  assert_int_equal(next.connection, lease.connection);
  assert_string_equal(
      support_say(port, next.lease, "select count(*)::text from t").cell,
      "0");
  release(next.lease, HF_FLAG_CLOSE);
  next = support_lease(port, pool);
  assert_int_not_equal(next.connection, lease.connection);
  release(next.lease, 0);
  assert_int_equal(support_say(port, next.lease, "select 1").status,
                   HF_RELEASED);
  close_pool(pool);
}

static void a_failed_transaction_commits_as_an_error(void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  (void)state;
  (void)support_say(port, lease, "begin");
  assert_string_equal(support_say(port, lease, "select 1/0").sqlstate, "22012");
  assert_int_equal(support_say(port, lease, "commit").status,
                   HF_COMMIT_ROLLED_BACK);
  assert_int_equal(support_say(port, lease, "select 1").kind, HF_MSG_RESULT);
  release(lease, 0);
  close_pool(pool);
}

/* Ends the lease's transaction and the lease. */
static struct support_answer finish(int lease, const char *sql) {
  struct hf_op op = {.kind = HF_OP_FINISH, .target = lease, .retries = -1};
  return support_wait(port, support_op(port, &op, sql, NULL));
}

static void a_finished_transaction_is_kept_or_not_and_its_lease_over(
    void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  (void)state;
  (void)support_say(port, lease, "begin");
  (void)support_say(port, lease, "insert into t values (21)");
  assert_string_equal(finish(lease, "ROLLBACK").command, "");
  assert_int_equal(support_say(port, lease, "select 1").status, HF_RELEASED);
  lease = support_lease(port, pool).lease;
  (void)support_say(port, lease, "begin");
  (void)support_say(port, lease, "insert into t values (22)");
  assert_int_equal(finish(lease, "COMMIT").kind, HF_MSG_RESULT);
  assert_int_equal(finish(lease, "COMMIT").status, HF_RELEASED);
  assert_string_equal(
      support_ask(port, pool, "select string_agg(a::text, ',') from t").cell,
      "22");
  (void)support_ask(port, pool, "delete from t");
  close_pool(pool);
}

static void a_commit_goes_as_rollback_where_the_transaction_has_failed(
    void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  struct support_answer answer;
  int64_t failing;
  (void)state;
  (void)support_say(port, lease, "begin");
  failing = support_on_lease(port, lease, "select 1/0"); /* not awaited */
  answer = finish(lease, "COMMIT");
  assert_int_equal(answer.status, HF_COMMIT_ROLLED_BACK);
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  assert_string_equal(support_wait(port, failing).sqlstate, "22012");
  assert_string_equal(support_ask(port, pool, "select 1::text").cell, "1");
  close_pool(pool);
}

static void only_commit_and_rollback_may_finish_a_transaction(void **state) {
  int pool = pool_of("1");
  int lease = support_lease(port, pool).lease;
  (void)state;
  assert_int_equal(finish(lease, "commit; begin").status, HF_PARAM_INVALID);
  assert_int_equal(finish(lease, "COMMIT").status, HF_RELEASED);
  close_pool(pool);
}

static void statements_of_a_lease_run_in_the_order_of_their_calls(
    void **state) {
  int pool = pool_of("2");
  int lease = support_lease(port, pool).lease;
  int64_t ids[40];
  char sql[64];
  int i;
  (void)state;
  (void)support_say(port, lease, "create temp table seen (n serial, i int)");
  for (i = 0; i < 40; i++) {
    (void)snprintf(sql,
                   sizeof sql,
                   i % 7 == 3 ? "select %d/0"
                              : "insert into seen (i) values (%d)",
                   i);
    ids[i] = support_on_lease(port, lease, sql);
  }
  for (i = 0; i < 40; i++) {
    assert_int_equal(support_wait(port, ids[i]).kind,
                     i % 7 == 3 ? HF_MSG_ERROR : HF_MSG_RESULT);
  }
  assert_string_equal(
      support_say(port,
                  lease,
                  "select bool_and(ordered)::text from (select "
                  "i > lag(i) over (order by n) as ordered from seen) as s")
          .cell,
      "true");
  release(lease, 0);
  close_pool(pool);
}

static void leases_are_granted_in_the_order_of_their_calls(void **state) {
  int pool = pool_of("1");
  int64_t ids[20];
  int i;
  (void)state;
  for (i = 0; i < 20; i++) {
    ids[i] = i % 2 == 0 ? support_acquire(port, pool)
                        : support_query(port, pool, "select 1");
  }
  for (i = 0; i < 20; i++) {
    struct support_answer answer = support_wait(port, ids[i]);
    if (i % 2 == 0) {
      assert_int_equal(answer.kind, HF_MSG_LEASE);
      assert_int_equal(support_unanswered(port), 19 - i);
      release(answer.lease, 0);
    } else {
      assert_int_equal(answer.kind, HF_MSG_RESULT);
    }
  }
  close_pool(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(query_must_not_leave_a_transaction_open),
      cmocka_unit_test(a_released_transaction_is_rolled_back),
      cmocka_unit_test(a_failed_transaction_commits_as_an_error),
      cmocka_unit_test(
          a_finished_transaction_is_kept_or_not_and_its_lease_over),
      cmocka_unit_test(
          a_commit_goes_as_rollback_where_the_transaction_has_failed),
      cmocka_unit_test(only_commit_and_rollback_may_finish_a_transaction),
      cmocka_unit_test(statements_of_a_lease_run_in_the_order_of_their_calls),
      cmocka_unit_test(leases_are_granted_in_the_order_of_their_calls),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
