/* SPDX-License-Identifier: MIT */
/*
 * Batches: what is sent around their statements, what is refused, and which
 * statement an error is of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_server.h"
#include "support_suite.h"

static struct hf_op batch_op(int kind, int target) {
  return (struct hf_op){.kind = kind,
                        .target = target,
                        .flags = HF_FLAG_BATCH,
                        .retries = -1};
}

/* Runs three statements, the second with a value. */
static struct support_answer run_three(int kind,
                                       int target,
                                       const char *begin,
                                       const char *second,
                                       const char *third) {
  struct hf_op op = batch_op(kind, target);
  return support_wait(port,
                      support_op(port,
                                 &op,
                                 "select 'first'",
                                 "3",
                                 begin,
                                 "0",
                                 second,
                                 "1",
                                 "7",
                                 third,
                                 "0",
                                 NULL));
}

static void each_statement_has_a_result(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct support_answer answer;
  int i;
  (void)state;
  (void)support_ask(port, pool, "create table b (a int)");
  for (i = 0; i < 3; i++) {
    answer = run_three(HF_OP_QUERY,
                       pool,
                       "",
                       "insert into b values ($1)",
                       "select count(*)::text from b");
    assert_int_equal(answer.kind, HF_MSG_RESULT);
    assert_int_equal(answer.results, 3);
    assert_int_equal(answer.cell[0], '1' + i);
  }
  close_pool(pool);
}

static void an_error_undoes_all_of_it(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct support_answer answer;
  (void)state;
  (void)support_ask(port, pool, "truncate b");
  answer = run_three(HF_OP_QUERY,
                     pool,
                     "",
                     "insert into b values ($1)",
                     "select 1/0");
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "22012");
  assert_string_equal(
      support_ask(port, pool, "select count(*)::text from b").cell,
      "0");
  close_pool(pool);
}

static void what_is_begun_stays_open_on_a_client(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int lease = support_lease(port, pool).lease;
  struct support_answer answer;
  (void)state;
  answer = run_three(HF_OP_LEASE_QUERY,
                     lease,
                     "begin isolation level serializable",
                     "insert into b values ($1)",
                     "select current_setting('transaction_isolation')");
  assert_int_equal(answer.results, 3);
  assert_string_equal(answer.cell, "serializable");
  (void)support_say(port, lease, "rollback");
  assert_string_equal(
      support_say(port, lease, "select count(*)::text from b").cell,
      "0");
  (void)support_wait(port, support_release(port, lease, 0));
  close_pool(pool);
}

static void what_is_no_batch_is_refused(void **state) {
  static const char *const heads[][3] = {{"", "", "0"},
                                         {"0", "", "0"},
                                         {"-1", "", "0"},
                                         {"2", "", "0"},
                                         {"1", "", "1"},
                                         {"1", "", ""},
                                         {"1", "", "0x"},
                                         {"99999999999", "", "0"}};
  static const char *const texts[] = {"commit",
                                      "vacuum",
                                      "select 1; select 2",
                                      "copy b from stdin"};
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct support_answer answer;
  size_t i;
  (void)state;
  for (i = 0; i < sizeof heads / sizeof *heads; i++) {
    struct hf_op op = batch_op(HF_OP_QUERY, pool);
    answer = support_wait(port,
                          support_op(port,
                                     &op,
                                     "select 1",
                                     heads[i][0],
                                     heads[i][1],
                                     heads[i][2],
                                     NULL));
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.status, HF_PARAM_INVALID);
  }
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    answer = run_three(HF_OP_QUERY, pool, "", "select $1::int", texts[i]);
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  }
  close_pool(pool);
}

static void where_a_unit_is_taken_apart_a_transaction_is_begun(void **state) {
  static struct fake_plan plan = {.key_pid = 77};
  struct fake_server *server = fake_server_start(&plan);
  int pool = support_pool(port, fake_server_port(server), "max", "1", NULL);
  (void)state;
  assert_int_equal(
      run_three(HF_OP_QUERY, pool, "", "insert x", "insert y").results,
      3);
  close_pool(pool);
  assert_true(
      fake_server_saw(server,
                      "begin\nselect 'first'\ninsert x\ninsert y\ncommit\n"));
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_statement_has_a_result),
      cmocka_unit_test(an_error_undoes_all_of_it),
      cmocka_unit_test(what_is_begun_stays_open_on_a_client),
      cmocka_unit_test(what_is_no_batch_is_refused),
      cmocka_unit_test(where_a_unit_is_taken_apart_a_transaction_is_begun),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
