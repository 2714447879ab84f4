/* SPDX-License-Identifier: MIT */
/*
 * Opening connections: passwords from a function that may fail, settings that
 * fail, servers that refuse.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_server.h"
#include "support_suite.h"

#define ASKS "has.password", "1"

static int64_t query_by(int pool, int deadline_ms) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .deadline_ms = deadline_ms};
  return support_op(port, &op, "select 'in'", NULL);
}

static void the_password_of_the_function_is_used(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  int64_t question = support_question(port, pool);
  (void)state;
  support_reply(port, question, SUPPORT_CLUSTER_PASSWORD, false);
  assert_string_equal(support_wait(port, id).cell, "in");
  /* A second answer to the same question is ignored. */
  support_reply(port, question, "again", false);
  assert_string_equal(support_wait(port, query_by(pool, 0)).cell, "in");
  close_pool(pool);
}

static void a_wrong_password_is_an_error_of_the_server(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  struct support_answer answer;
  (void)state;
  support_reply(port, support_question(port, pool), "no", false);
  support_reply(port, support_question(port, pool), "no", false);
  answer = support_wait(port, id);
  assert_string_equal(answer.sqlstate, "28P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  assert_null(strstr(answer.message, "\"no\""));
  close_pool(pool);
}

static void a_function_that_throws_is_asked_again(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  (void)state;
  support_reply(port, support_question(port, pool), "vault is shut", true);
  support_reply(port,
                support_question(port, pool),
                SUPPORT_CLUSTER_PASSWORD,
                false);
  assert_string_equal(support_wait(port, id).cell, "in");
  close_pool(pool);
}

static void a_failure_of_the_function_may_be_permanent(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  int64_t question = support_question(port, pool);
  struct hf_op op = {.kind = HF_OP_ANSWER,
                     .id_low = (int32_t)question,
                     .flags = HF_FLAG_FAILED | HF_FLAG_FORCE};
  struct support_answer answer;
  (void)state;
  (void)support_op(port, &op, "no such vault", NULL);
  answer = support_wait(port, id);
  assert_int_equal(answer.status, HF_AUTH_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  assert_string_equal(answer.message, "no such vault");
  close_pool(pool);
}

/* The password may have expired meanwhile: the function is asked again. */
static void a_refused_password_is_asked_for_once_more(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  (void)state;
  support_reply(port, support_question(port, pool), "stale", false);
  support_reply(port,
                support_question(port, pool),
                SUPPORT_CLUSTER_PASSWORD,
                false);
  assert_string_equal(support_wait(port, id).cell, "in");
  close_pool(pool);
}

/* The next call does not wait for the breaker. */
static void a_new_password_is_used_at_once(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  (void)state;
  support_reply(port, support_question(port, pool), "stale", false);
  support_reply(port, support_question(port, pool), "stale", false);
  assert_string_equal(support_wait(port, id).sqlstate, "28P01");
  id = query_by(pool, 3000);
  support_reply(port,
                support_question(port, pool),
                SUPPORT_CLUSTER_PASSWORD,
                false);
  assert_string_equal(support_wait(port, id).cell, "in");
  close_pool(pool);
}

static void a_password_that_comes_too_late_is_dropped(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          ASKS,
                          "connectTimeoutMillis",
                          "50",
                          NULL);
  int64_t id = query_by(pool, 400);
  int64_t question = support_question(port, pool);
  struct support_answer answer = support_wait(port, id);
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  support_reply(port, question, SUPPORT_CLUSTER_PASSWORD, false);
  close_pool(pool);
}

static void a_pool_ends_while_its_password_function_is_running(void **state) {
  int pool = support_pool(port, cluster.port, ASKS, NULL);
  int64_t id = query_by(pool, 0);
  int64_t question = support_question(port, pool);
  int64_t end = support_end(port, pool);
  (void)state;
  assert_int_equal(support_wait(port, id).status, HF_POOL_CLOSED);
  assert_int_equal(support_wait(port, end).kind, HF_MSG_OK);
  support_reply(port, question, SUPPORT_CLUSTER_PASSWORD, false);
  assert_int_equal(support_wait(port, id).status, HF_POOL_CLOSED);
}

/* When the environment that was asked closes, another one is asked. */
static void another_environment_is_asked_when_the_asked_one_goes(void **state) {
  struct support_port *first = support_port_open();
  int one = support_shared_pool(first,
                                "questions",
                                cluster.port,
                                ASKS,
                                "max",
                                "1",
                                NULL);
  int two;
  int64_t id;
  (void)state;
  assert_int_equal(support_wait(first, 1).kind, HF_MSG_OPENED);
  two = support_shared_pool(port, "questions", cluster.port, ASKS, NULL);
  (void)support_query(first, one, "select 1");
  (void)support_question(first, one);
  id = query_by(two, 0);
  support_flush(port);
  support_port_close(first);
  support_reply(port,
                support_question(port, two),
                SUPPORT_CLUSTER_PASSWORD,
                false);
  assert_string_equal(support_wait(port, id).cell, "in");
  close_pool(two);
}

static void a_port_closes_while_its_password_function_is_running(void **state) {
  struct support_port *other = support_port_open();
  int pool = support_pool(other, cluster.port, ASKS, NULL);
  (void)state;
  (void)support_query(other, pool, "select 1");
  (void)support_question(other, pool);
  support_port_close(other);
}

/* ---- settings ------------------------------------------------------------ */

static void a_setting_that_fails_is_the_error_of_the_connection(void **state) {
  int pool = support_pool(port,
                          cluster.port,
                          "pg.password",
                          SUPPORT_CLUSTER_PASSWORD,
                          "set.work_mem",
                          "a lot",
                          NULL);
  struct support_answer answer = support_wait(port, query_by(pool, 1000));
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_not_equal(answer.outcome, HF_OUTCOME_AMBIGUOUS);
  assert_true(strstr(answer.message, "work_mem") != NULL ||
              answer.cause != HF_OK);
  close_pool(pool);
}

static bool stall_settings(struct fake_session *session,
                           const char *sql,
                           void *ctx) {
  (void)ctx;
  if (strstr(sql, "set_config") == NULL) {
    return false;
  }
  fake_stall(session);
  return true;
}

static void settings_that_get_no_answer_end_in_time(void **state) {
  struct fake_plan plan = {.key_pid = 7, .answer = stall_settings};
  struct fake_server *server = fake_server_start(&plan);
  int pool = support_pool(port,
                          fake_server_port(server),
                          "connectTimeoutMillis",
                          "100",
                          "set.work_mem",
                          "64kB",
                          NULL);
  struct support_answer answer = support_wait(port, query_by(pool, 700));
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  close_pool(pool);
  /* The same when the pool ends in the middle of its settings. */
  pool = support_pool(port,
                      fake_server_port(server),
                      "set.work_mem",
                      "64kB",
                      NULL);
  (void)query_by(pool, 0);
  support_flush(port);
  (void)poll(NULL, 0, 50);
  close_pool(pool);
  fake_server_stop(server);
}

/* ---- servers ------------------------------------------------------------- */

static struct support_answer connect_to(struct fake_plan *plan) {
  struct fake_server *server = fake_server_start(plan);
  int pool = support_pool(port,
                          fake_server_port(server),
                          "connectTimeoutMillis",
                          "150",
                          NULL);
  struct support_answer answer = support_wait(port, query_by(pool, 500));
  close_pool(pool);
  fake_server_stop(server);
  return answer;
}

static void a_call_is_not_executed_when_the_server_refuses_the_login(
    void **state) {
  static const enum fake_start starts[] = {FAKE_START_STALL,
                                           FAKE_START_CLOSE,
                                           FAKE_START_RESET,
                                           FAKE_START_GARBAGE,
                                           FAKE_START_BARE_ERROR};
  size_t i;
  (void)state;
  for (i = 0; i < sizeof starts / sizeof *starts; i++) {
    struct fake_plan plan = {.start = starts[i]};
    struct support_answer answer = connect_to(&plan);
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.attempts, 0);
    assert_true(answer.outcome == HF_OUTCOME_NOT_EXECUTED ||
                answer.outcome == HF_OUTCOME_PERMANENT);
  }
}

static void a_missing_database_fails_at_once(void **state) {
  struct fake_plan plan = {
      .start = FAKE_START_ERROR,
      .error = "SFATAL\0VFATAL\0C3D000\0Mdatabase \"x\" does not exist\0"};
  struct support_answer answer = connect_to(&plan);
  (void)state;
  assert_string_equal(answer.sqlstate, "3D000");
  assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
}

static void a_bad_option_is_refused_when_the_pool_opens(void **state) {
  static const char *const bad[][2] = {{"max", "0"},
                                       {"max", "many"},
                                       {"colour", "blue"},
                                       {"pg.colour", "blue"},
                                       {"pg.client_encoding", "LATIN1"},
                                       {"pooler", "perhaps"}};
  size_t i;
  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct hf_op op = {.kind = HF_OP_OPEN, .target = 1000 + (int32_t)i};
    struct support_answer answer = support_wait(
        port,
        support_op(port, &op, "", "pg.host", "x", bad[i][0], bad[i][1], NULL));
    assert_int_equal(answer.kind, HF_MSG_ERROR);
    assert_int_equal(answer.status, HF_PARAM_INVALID);
    /* No pool was made. */
    assert_int_equal(support_ask(port, op.target, "select 1").status,
                     HF_POOL_CLOSED);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_password_of_the_function_is_used),
      cmocka_unit_test(a_wrong_password_is_an_error_of_the_server),
      cmocka_unit_test(a_function_that_throws_is_asked_again),
      cmocka_unit_test(a_failure_of_the_function_may_be_permanent),
      cmocka_unit_test(a_refused_password_is_asked_for_once_more),
      cmocka_unit_test(a_new_password_is_used_at_once),
      cmocka_unit_test(a_password_that_comes_too_late_is_dropped),
      cmocka_unit_test(a_pool_ends_while_its_password_function_is_running),
      cmocka_unit_test(another_environment_is_asked_when_the_asked_one_goes),
      cmocka_unit_test(a_port_closes_while_its_password_function_is_running),
      cmocka_unit_test(a_setting_that_fails_is_the_error_of_the_connection),
      cmocka_unit_test(settings_that_get_no_answer_end_in_time),
      cmocka_unit_test(
          a_call_is_not_executed_when_the_server_refuses_the_login),
      cmocka_unit_test(a_missing_database_fails_at_once),
      cmocka_unit_test(a_bad_option_is_refused_when_the_pool_opens),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
