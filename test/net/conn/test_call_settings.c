/* SPDX-License-Identifier: MIT */
/*
 * Settings of calls: what is sent around a statement where a unit is one
 * transaction and where nobody knows, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_server.h"
#include "support_suite.h"

static const char show[] = "select current_setting('app.a', true)";

static struct support_answer ask_with(int kind,
                                      int target,
                                      const char *sql,
                                      const char *head,
                                      const char *value) {
  struct hf_op op = {.kind = kind,
                     .target = target,
                     .flags = HF_FLAG_SETTINGS,
                     .retries = -1};
  return support_wait(port,
                      support_op(port, &op, sql, head, "app.a", value, NULL));
}

static void they_hold_in_their_statement_alone(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int i;
  (void)state;
  for (i = 0; i < 6; i++) { /* it has a name from the third time on */
    struct support_answer answer =
        ask_with(HF_OP_QUERY, pool, show, "1 1", "it's \\ \"so\"");
    assert_string_equal(answer.cell, "it's \\ \"so\"");
    answer = support_ask(port, pool, show);
    assert_true(answer.cell[0] == '\0' || strcmp(answer.cell, "NULL") == 0);
  }
  assert_true(support_stat(port, pool, "statementsReused") > 0);
  close_pool(pool);
}

static void a_client_has_them_in_and_between_transactions(void **state) {
  static const char *const texts[] =
      {"begin", show, "savepoint a", "commit", show, "begin", "rollback", show};
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int lease = support_lease(port, pool).lease;
  size_t i;
  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct support_answer answer =
        ask_with(HF_OP_LEASE_QUERY, lease, texts[i], "1 0", "held");
    assert_int_equal(answer.kind, HF_MSG_RESULT);
    assert_true(texts[i] != show || strcmp(answer.cell, "held") == 0);
  }
  (void)support_wait(port, support_release(port, lease, 0));
  assert_string_equal(support_ask(port, pool, show).cell, "");
  close_pool(pool);
}

static void expect_refused(const struct support_answer *answer) {
  assert_int_equal(answer->kind, HF_MSG_ERROR);
  assert_int_equal(answer->status, HF_PARAM_INVALID);
  assert_int_not_equal(answer->outcome, HF_OUTCOME_AMBIGUOUS);
}

static void what_they_cannot_hold_for_is_refused(void **state) {
  static const char *const texts[] = {"vacuum", "select 1; select 2"};
  static const char *const heads[] =
      {"", "1", "1 2", "0 1", "-1 1", "2 1", "99999999999999999999 1", "1 1x"};
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  int lease = support_lease(port, pool).lease;
  struct support_answer answer;
  size_t i;
  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    answer = ask_with(HF_OP_LEASE_QUERY, lease, texts[i], "1 0", "x");
    expect_refused(&answer);
  }
  for (i = 0; i < sizeof heads / sizeof *heads; i++) {
    answer = ask_with(HF_OP_LEASE_QUERY, lease, show, heads[i], "x");
    expect_refused(&answer);
  }
  (void)support_say(port, lease, "begin");
  answer = ask_with(HF_OP_LEASE_QUERY, lease, show, "1 1", "x");
  expect_refused(&answer);
  assert_int_equal(support_say(port, lease, "commit").kind, HF_MSG_RESULT);
  (void)support_wait(port, support_release(port, lease, 0));
  close_pool(pool);
}

static void a_statement_that_needs_no_transaction_is_found_out(void **state) {
  int pool = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  struct support_answer answer;
  int i;
  (void)state;
  (void)support_ask(port,
                    pool,
                    "create procedure commits() language plpgsql as "
                    "'begin commit; end'");
  for (i = 0; i < 2; i++) {
    answer = ask_with(HF_OP_QUERY, pool, "call commits()", "1 1", "x");
    assert_int_equal(answer.status, HF_PARAM_INVALID);
    assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
  }
  assert_int_equal(support_ask(port, pool, "call commits()").kind,
                   HF_MSG_RESULT);
  close_pool(pool);
}

/* A server, or what is in front of it, that does not keep a unit together. */
static void where_a_unit_is_taken_apart_a_transaction_is_begun(void **state) {
  static struct fake_plan plan = {.key_pid = 77};
  struct fake_server *server = fake_server_start(&plan);
  int pool = support_pool(port, fake_server_port(server), "max", "1", NULL);
  const char *log;
  int begun = 0;
  int i;
  (void)state;
  for (i = 0; i < 3; i++) {
    assert_int_equal(ask_with(HF_OP_QUERY, pool, "insert x", "1 1", "v").kind,
                     HF_MSG_RESULT);
  }
  close_pool(pool);
  for (log = fake_server_log(server); (log = strstr(log, "begin\n")) != NULL;
       log++) {
    begun++;
  }
  assert_int_equal(begun, 3);
  assert_true(fake_server_saw(server, "insert x\ncommit\n"));
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_hold_in_their_statement_alone),
      cmocka_unit_test(a_client_has_them_in_and_between_transactions),
      cmocka_unit_test(what_they_cannot_hold_for_is_refused),
      cmocka_unit_test(a_statement_that_needs_no_transaction_is_found_out),
      cmocka_unit_test(where_a_unit_is_taken_apart_a_transaction_is_begun),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
