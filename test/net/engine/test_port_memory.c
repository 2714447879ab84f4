/* SPDX-License-Identifier: MIT */
/* A port whose messages are not taken: reading stops, memory stays bounded. */
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "port_support.h"

static void reading_pauses_while_messages_are_not_taken(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port,
                          fake_server_port(server),
                          "max",
                          "3",
                          "maxBufferedBytes",
                          "65536",
                          NULL);
  int64_t ids[12];
  int i;
  double rows;
  (void)state;
  assert_int_equal(support_ask(port, pool, "select 1").kind, HF_MSG_RESULT);
  support_port_hold(port, true);
  for (i = 0; i < 12; i++) {
    ids[i] = support_query(port, pool, "select big");
  }
  support_flush(port);
  (void)poll(NULL, 0, 300);
  rows = support_stat(port, pool, "rows");
  /*
   * At most the result that each connection was reading when the limit was
   * passed.
   */
  assert_true(rows <= 4.0 * BIG_ROWS);
  support_port_hold(port, false);
  for (i = 0; i < 12; i++) {
    assert_int_equal(support_wait(port, ids[i]).rows, BIG_ROWS);
  }
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static void a_port_closes_while_its_readers_are_paused(void **state) {
  struct fake_plan plan = normal();
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  struct support_port *other = support_port_open();
  int tcp = fake_server_port(server);
  int pool = support_shared_pool(port,
                                 "key",
                                 tcp,
                                 "max",
                                 "1",
                                 "maxBufferedBytes",
                                 "65536",
                                 NULL);
  int same = support_shared_pool(other, "key", tcp, NULL);
  (void)state;
  assert_int_equal(support_wait(other, 1).kind, HF_MSG_OPENED);
  support_port_hold(port, true);
  (void)support_query(port, pool, "select big");
  (void)support_query(port, pool, "select big");
  support_flush(port);
  (void)poll(NULL, 0, 100);
  support_port_close(port);
  assert_int_equal(support_ask(other, same, "select 1").kind, HF_MSG_RESULT);
  support_port_close(other);
  support_wait_engine_gone();
  fake_server_stop(server);
}

static atomic_bool notes_sent;

static bool flood_notes(struct fake_session *session,
                        const char *sql,
                        void *ctx) {
  static const char note[] = "\0\0\0\x2a"
                             "channel\0payload";
  int left = support_is_slow() ? 20000 : 200000;
  (void)ctx;
  if (strcmp(sql, "listen x") != 0) {
    return false;
  }
  (void)(fake_send_tag(session, "LISTEN") && fake_send(session, 'Z', "I", 1));
  while (left-- > 0 && fake_send(session, 'A', note, sizeof note)) {
  }
  atomic_store(&notes_sent, true);
  fake_stall(session);
  return true;
}

static bool all_notes_sent(void *ctx) {
  (void)ctx;
  return atomic_load(&notes_sent);
}

/* They wait in the kernel and at the server, not in our memory. */
static void notifications_that_nobody_takes_are_left_unread(void **state) {
  struct fake_plan plan = {.key_pid = 77, .answer = flood_notes};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port,
                          fake_server_port(server),
                          "maxBufferedBytes",
                          "65536",
                          NULL);
  int lease = support_lease(port, pool).lease;
  int all = support_is_slow() ? 20000 : 200000;
  (void)state;
  atomic_store(&notes_sent, false);
  assert_int_equal(support_say(port, lease, "listen x").kind, HF_MSG_RESULT);
  support_port_hold(port, true);
  (void)poll(NULL, 0, 200);
  assert_false(all_notes_sent(NULL) && !support_is_slow());
  support_port_hold(port, false);
  support_wait_events(port, HF_EVENT_NOTIFY, all);
  assert_int_equal(support_events(port, HF_EVENT_NOTIFY), all);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reading_pauses_while_messages_are_not_taken),
      cmocka_unit_test(a_port_closes_while_its_readers_are_paused),
      cmocka_unit_test(notifications_that_nobody_takes_are_left_unread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
