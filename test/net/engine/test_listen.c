/* SPDX-License-Identifier: MIT */
/*
 * LISTEN through the engine's API: one session for several environments, and
 * the end at each stage, under sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

/*
 * Sends a notification on "news" with each LISTEN; never answers for a channel
 * "stall".
 */
static bool notify(struct fake_session *session, const char *sql, void *ctx) {
  static const char news[] = "\0\0\0\1news\0today";
  (void)ctx;
  if (strstr(sql, "stall") != NULL) {
    fake_stall(session);
    return true;
  }
  if (strstr(sql, "refused") != NULL) {
    (void)fake_send_fields(session, 'E', "SERROR\0VERROR\0C42501\0Mno\0");
    return true;
  }
  if (strncmp(sql, "LISTEN", 6) != 0) {
    return false;
  }
  (void)fake_send(session, 'A', news, sizeof news);
  (void)fake_send_tag(session, "LISTEN");
  return true;
}

static struct fake_server *start(enum fake_start how) {
  static struct fake_plan plan;
  plan = (struct fake_plan){.start = how, .key_pid = 77, .answer = notify};
  return fake_server_start(&plan);
}

static int open_pool(struct support_port *port, struct fake_server *server) {
  return support_shared_pool(port, "listen", fake_server_port(server), NULL);
}

static int64_t listen_to(struct support_port *port,
                         int pool,
                         const char *channel,
                         int32_t deadline_ms) {
  struct hf_op op = {.kind = HF_OP_LISTEN,
                     .target = pool,
                     .deadline_ms = deadline_ms};
  return support_op(port, &op, channel, NULL);
}

static enum hf_status listened(struct support_port *port,
                               int pool,
                               const char *channel) {
  struct support_answer answer =
      support_wait(port, listen_to(port, pool, channel, 0));
  return answer.kind == HF_MSG_OK ? HF_OK : answer.status;
}

static bool is_stalled(void *ctx) {
  return fake_server_saw(ctx, "stall");
}

static bool is_unlistened(void *ctx) {
  return fake_server_saw(ctx, "UNLISTEN \"own\"");
}

static bool is_connecting(void *ctx) {
  return fake_server_connections(ctx) > 0;
}

static void environments_share_a_session_and_each_is_notified(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *ports[2] = {support_port_open(), support_port_open()};
  int pools[2];
  int i;
  (void)state;
  for (i = 0; i < 2; i++) {
    pools[i] = open_pool(ports[i], server);
    assert_int_equal(listened(ports[i], pools[i], "news"), HF_OK);
  }
  assert_int_equal(listened(ports[0], pools[0], "own"), HF_OK);
  support_wait_events(ports[0], HF_EVENT_NOTIFY, 1);
  support_wait_events(ports[1], HF_EVENT_NOTIFY, 1);
  assert_int_equal(fake_server_connections(server), 1);
  support_port_close(ports[0]);
  support_until(is_unlistened, server, "its own channel goes with it");
  assert_false(fake_server_saw(server, "UNLISTEN \"news\""));
  support_port_close(ports[1]);
  fake_server_stop(server);
}

static void an_environment_with_two_subscriptions_is_notified_once(
    void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  (void)state;
  assert_int_equal(listened(port, pool, "news"), HF_OK);
  assert_int_equal(listened(port, pool, "news"), HF_OK);
  assert_int_equal(listened(port, pool, "other"), HF_OK);
  support_wait_events(port, HF_EVENT_NOTIFY, 1);
  assert_int_equal(listened(port, pool, "more"), HF_OK);
  support_wait_events(port, HF_EVENT_NOTIFY, 3);
  assert_int_equal(support_events(port, HF_EVENT_NOTIFY), 3);
  support_port_close(port);
  fake_server_stop(server);
}

static void a_notification_along_with_the_answer_comes_behind_it(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  int round;
  (void)state;
  for (round = 0; round < 20; round++) {
    struct support_port *port = support_port_open();
    int pool = open_pool(port, server);
    int64_t asked = listen_to(port, pool, "news", 0);
    assert_int_equal(support_wait(port, asked).kind, HF_MSG_OK);
    support_wait_events(port, HF_EVENT_NOTIFY, 1);
    support_port_close(port);
  }
  fake_server_stop(server);
}

static void names_of_channels_are_quoted_and_never_truncated(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  char name[65];
  (void)state;
  memset(name, '"', sizeof name);
  name[64] = '\0';
  assert_int_equal(listened(port, pool, "a\"; b"), HF_OK);
  assert_true(fake_server_saw(server, "LISTEN \"a\"\"; b\""));
  assert_int_equal(listened(port, pool, name), HF_PARAM_INVALID);
  name[63] = '\0';
  assert_int_equal(listened(port, pool, name), HF_OK);
  support_port_close(port);
  fake_server_stop(server);
}

static void a_channel_that_is_refused_leaves_the_session_alone(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  struct support_answer answer;
  (void)state;
  assert_int_equal(listened(port, pool, "news"), HF_OK);
  answer = support_wait(port, listen_to(port, pool, "refused", 0));
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_string_equal(answer.sqlstate, "42501");
  assert_int_equal(listened(port, pool, "after"), HF_OK);
  assert_int_equal(fake_server_connections(server), 1);
  support_port_close(port);
  fake_server_stop(server);
}

static void a_deadline_says_why_there_is_no_session(void **state) {
  static const char full[] = "SFATAL\0VFATAL\0C53300\0Mfull\0";
  struct fake_plan plan = {.start = FAKE_START_ERROR, .error = full};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  struct support_answer answer =
      support_wait(port, listen_to(port, pool, "news", 300));
  (void)state;
  assert_int_equal(answer.status, HF_DEADLINE);
  assert_int_equal(answer.cause, HF_SERVER_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_NOT_EXECUTED);
  support_port_close(port);
  fake_server_stop(server);
}

static void ending_while_connecting_refuses_and_ends(void **state) {
  struct fake_server *server = start(FAKE_START_STALL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  int64_t asked = listen_to(port, pool, "news", 0);
  (void)state;
  support_flush(port);
  support_until(is_connecting, server, "a session is being opened");
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, asked).status, HF_POOL_CLOSED);
  support_port_close(port);
  fake_server_stop(server);
}

/* The one whose notifications invalidate its own cache. */
static void ending_a_cached_pool_refuses_its_listen(void **state) {
  struct fake_server *server = start(FAKE_START_STALL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  struct hf_op op = {.kind = HF_OP_LISTEN,
                     .target = pool,
                     .flags = HF_FLAG_CACHE};
  char number[16];
  int64_t asked;
  (void)state;
  (void)snprintf(number, sizeof number, "%d", pool);
  asked = support_op(port, &op, "news", number, NULL);
  support_flush(port);
  support_until(is_connecting, server, "a session is being opened");
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, asked).status, HF_POOL_CLOSED);
  support_port_close(port);
  fake_server_stop(server);
}

static void ending_while_a_listen_is_running_refuses_and_ends(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  int64_t asked = listen_to(port, pool, "stall", 0);
  (void)state;
  support_flush(port);
  support_until(is_stalled, server, "LISTEN is under way");
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, asked).status, HF_POOL_CLOSED);
  support_port_close(port);
  fake_server_stop(server);
}

static void an_environment_that_goes_leaves_nothing_behind(void **state) {
  struct fake_server *server = start(FAKE_START_NORMAL);
  struct support_port *port = support_port_open();
  int pool = open_pool(port, server);
  (void)state;
  assert_int_equal(listened(port, pool, "news"), HF_OK);
  (void)listen_to(port, pool, "stall", 0);
  support_flush(port);
  support_until(is_stalled, server, "LISTEN is under way");
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(environments_share_a_session_and_each_is_notified),
      cmocka_unit_test(an_environment_with_two_subscriptions_is_notified_once),
      cmocka_unit_test(a_notification_along_with_the_answer_comes_behind_it),
      cmocka_unit_test(names_of_channels_are_quoted_and_never_truncated),
      cmocka_unit_test(a_channel_that_is_refused_leaves_the_session_alone),
      cmocka_unit_test(a_deadline_says_why_there_is_no_session),
      cmocka_unit_test(ending_while_connecting_refuses_and_ends),
      cmocka_unit_test(ending_a_cached_pool_refuses_its_listen),
      cmocka_unit_test(ending_while_a_listen_is_running_refuses_and_ends),
      cmocka_unit_test(an_environment_that_goes_leaves_nothing_behind),
  };
  return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
