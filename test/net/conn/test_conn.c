/* SPDX-License-Identifier: MIT */
/*
 * Connections that end or fall silent at every byte of a session: each call
 * settles, and only a complete answer is a success.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

enum { SESSION_MAX = 400, AT_ONCE = 24 };

static bool answer_insert(struct fake_session *session,
                          const char *sql,
                          void *ctx) {
  (void)ctx;
  if (strncmp(sql, "insert", 6) == 0) {
    (void)fake_send_tag(session, "INSERT 0 1");
    return true;
  }
  if (strncmp(sql, "select value", 12) == 0) {
    (void)(fake_send_columns(session, "value", 25) &&
           fake_send_row(session, "first") &&
           fake_send_row(session, "second") &&
           fake_send_tag(session, "SELECT 2"));
    return true;
  }
  return false;
}

struct cut {
  struct fake_plan plan;
  struct fake_server *server;
  int64_t id;
};

static void begin_cut(struct support_port *port,
                      struct cut *cut,
                      size_t at,
                      bool stalls,
                      const char *sql) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .flags = HF_FLAG_CALLER_DEADLINE,
                     .deadline_ms = support_is_slow() ? 1500 : 300};
  memset(&cut->plan, 0, sizeof cut->plan);
  cut->plan.key_pid = 77;
  cut->plan.cut_after = at;
  cut->plan.stall_at_cut = stalls;
  cut->plan.answer = answer_insert;
  cut->server = fake_server_start(&cut->plan);
  op.target = support_pool(port,
                           fake_server_port(cut->server),
                           "connectTimeoutMillis",
                           "200",
                           "max",
                           "1",
                           NULL);
  cut->id = support_op(port, &op, sql, NULL);
}

/*
 * Runs one call for each place of the cut; returns the first place with which
 * one succeeded.
 */
static size_t try_cuts(bool stalls, size_t step, const char *sql, int rows) {
  size_t first_success = 0;
  size_t at = 1;
  struct support_port *port = support_port_open();
  while (at < SESSION_MAX) {
    struct cut cuts[AT_ONCE];
    size_t base = at;
    int i;
    for (i = 0; i < AT_ONCE; i++, at += step) {
      begin_cut(port, &cuts[i], at, stalls, sql);
    }
    for (i = 0; i < AT_ONCE; i++) {
      struct support_answer answer = support_wait(port, cuts[i].id);
      if (answer.kind == HF_MSG_RESULT) {
        first_success =
            first_success == 0 ? base + (size_t)i * step : first_success;
        assert_int_equal(answer.rows, rows);
      } else {
        assert_int_equal(answer.kind, HF_MSG_ERROR);
        /* On a busy machine a connection may be established too late. */
        assert_true(first_success == 0 || answer.attempts == 0);
        assert_true(answer.outcome == HF_OUTCOME_NOT_EXECUTED ||
                    answer.outcome == HF_OUTCOME_AMBIGUOUS);
        /* A statement that was sent may have run. */
        assert_true(answer.attempts == 0 ||
                    answer.outcome == HF_OUTCOME_AMBIGUOUS);
      }
    }
    /* The servers stop only now: their pools still use them. */
    for (i = 0; i < AT_ONCE; i++) {
      fake_server_stop(cuts[i].server);
    }
  }
  support_port_close(port);
  support_wait_engine_gone();
  return first_success;
}

static void a_write_is_not_done_before_its_end_has_come(void **state) {
  (void)state;
  assert_in_range(try_cuts(false, support_is_slow() ? 3 : 1, "insert", 0),
                  200,
                  SESSION_MAX);
}

static void results_are_delivered_completely_or_not_at_all(void **state) {
  (void)state;
  assert_in_range(try_cuts(false, support_is_slow() ? 5 : 2, "select value", 2),
                  200,
                  SESSION_MAX);
}

static void a_server_silent_after_any_byte_ends_the_call_at_its_deadline(
    void **state) {
  size_t first = try_cuts(true, support_is_slow() ? 23 : 7, "insert", 0);
  /* Silent connections may keep the others from connecting in time. */
  assert_true(first == 0 || first >= 200);
  (void)state;
}

/* ---- the end of a connection --------------------------------------------- */

static struct support_answer ask_plan(struct fake_plan *plan, const char *sql) {
  struct fake_server *server;
  struct support_port *port = support_port_open();
  struct support_answer answer;
  int pool;
  plan->key_pid = 77;
  server = fake_server_start(plan);
  pool = support_pool(port, fake_server_port(server), "maxRetries", "0", NULL);
  answer = support_ask(port, pool, sql);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
  return answer;
}

static const char shutdown_fields[] =
    "SFATAL\0VFATAL\0C57P01\0"
    "Mterminating connection due to administrator command\0"
    "RProcessInterrupts\0";

static bool say_goodbye(struct fake_session *session,
                        const char *sql,
                        void *ctx) {
  const char *when = ctx;
  if (strncmp(sql, "insert", 6) != 0) {
    return false;
  }
  if (strcmp(when, "after") == 0) {
    (void)fake_send_tag(session, "INSERT 0 1");
  }
  (void)fake_send_fields(session, 'E', shutdown_fields);
  fake_cut(session);
  return true;
}

static void a_fatal_error_before_the_tag_is_rolled_back(void **state) {
  char when[] = "before";
  struct fake_plan plan = {.answer = say_goodbye, .ctx = when};
  struct support_answer answer = ask_plan(&plan, "insert");
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "57P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_ROLLED_BACK);
}

static void a_fatal_error_after_the_tag_is_ambiguous(void **state) {
  char when[] = "after";
  struct fake_plan plan = {.answer = say_goodbye, .ctx = when};
  struct support_answer answer = ask_plan(&plan, "insert");
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "57P01");
  assert_int_equal(answer.outcome, HF_OUTCOME_AMBIGUOUS);
}

static bool warn_and_end(struct fake_session *session,
                         const char *sql,
                         void *ctx) {
  static const char fields[] =
      "SWARNING\0VWARNING\0C57P02\0"
      "Mterminating connection because of crash of another server process\0";
  (void)ctx;
  if (strncmp(sql, "insert", 6) != 0) {
    return false;
  }
  (void)fake_send_fields(session, 'N', fields);
  fake_cut(session);
  return true;
}

static void a_warning_before_the_end_leaves_it_ambiguous(void **state) {
  struct fake_plan plan = {.answer = warn_and_end};
  struct support_answer answer = ask_plan(&plan, "insert");
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "57P02");
  assert_int_equal(answer.outcome, HF_OUTCOME_AMBIGUOUS);
}

static bool end_after_first(struct fake_session *session,
                            const char *sql,
                            void *ctx) {
  (void)ctx;
  if (strncmp(sql, "insert", 6) != 0) {
    return false;
  }
  (void)fake_send_tag(session, "INSERT 0 1");
  (void)fake_send(session, 'Z', "I", 1);
  fake_cut(session);
  return true;
}

static void an_idle_connection_that_died_is_replaced(void **state) {
  struct fake_plan plan = {.key_pid = 77, .answer = end_after_first};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool =
      support_pool(port, fake_server_port(server), "maxRetries", "0", NULL);
  int i;
  (void)state;
  for (i = 1; i <= 5; i++) {
    struct support_answer answer = support_ask(port, pool, "insert");
    assert_int_equal(answer.kind, HF_MSG_RESULT);
    assert_int_equal(answer.connection, i);
    support_wait_events(port, HF_EVENT_ERROR, i);
  }
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_write_is_not_done_before_its_end_has_come),
      cmocka_unit_test(results_are_delivered_completely_or_not_at_all),
      cmocka_unit_test(
          a_server_silent_after_any_byte_ends_the_call_at_its_deadline),
      cmocka_unit_test(a_fatal_error_before_the_tag_is_rolled_back),
      cmocka_unit_test(a_fatal_error_after_the_tag_is_ambiguous),
      cmocka_unit_test(a_warning_before_the_end_leaves_it_ambiguous),
      cmocka_unit_test(an_idle_connection_that_died_is_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
