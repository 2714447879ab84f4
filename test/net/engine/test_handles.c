/* SPDX-License-Identifier: MIT */
/*
 * Several environments and handles on one shared pool: neither what one of them
 * does nor its end affects the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_cluster.h"
#include "support_port.h"

static struct support_cluster cluster;

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static int start_all(void **state) {
  (void)state;
  return support_cluster_start(&cluster);
}

static int stop_all(void **state) {
  (void)state;
  support_wait_engine_gone();
  support_cluster_stop(&cluster);
  return 0;
}

static int pool_of(struct support_port *port, const char *key) {
  return support_shared_pool(port,
                             key,
                             cluster.port,
                             PASSWORD,
                             "max",
                             "1",
                             NULL);
}

static void an_environment_that_ends_takes_its_waiting_acquires_along(
    void **state) {
  struct support_port *stays = support_port_open();
  struct support_port *goes = support_port_open();
  int mine = pool_of(stays, "waiting");
  int theirs = pool_of(goes, "waiting");
  struct support_answer answer;
  int i;
  (void)state;
  (void)support_lease(goes, theirs);
  for (i = 0; i < 20; i++) {
    (void)support_acquire(goes, theirs);
    (void)support_query(goes, theirs, "select 1");
  }
  support_port_close(goes);
  answer = support_ask(stays, mine, "select 'served'");
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  assert_string_equal(answer.cell, "served");
  assert_int_equal(support_wait(stays, support_end(stays, mine)).kind,
                   HF_MSG_OK);
  support_port_close(stays);
}

static void statements_waiting_on_a_lease_are_dropped_with_their_environment(
    void **state) {
  struct support_port *stays = support_port_open();
  struct support_port *goes = support_port_open();
  int mine = pool_of(stays, "busy");
  int theirs = pool_of(goes, "busy");
  int lease;
  int i;
  (void)state;
  lease = support_lease(goes, theirs).lease;
  for (i = 0; i < 5; i++) {
    (void)support_on_lease(goes, lease, "select pg_sleep(0.2)");
    (void)support_acquire(goes, theirs);
  }
  support_port_close(goes);
  assert_string_equal(support_ask(stays, mine, "select 'served'").cell,
                      "served");
  support_port_close(stays);
}

static int64_t end_within(struct support_port *port, int pool, int32_t ms) {
  struct hf_op op = {.kind = HF_OP_END, .target = pool, .timeout_ms = ms};
  return support_op(port, &op, NULL);
}

/* The handle that ends has a call that takes longer than its drain time. */
static void end_keeps_its_drain_time_while_other_handles_are_left(
    void **state) {
  struct support_port *stays = support_port_open();
  struct support_port *goes = support_port_open();
  int mine = support_shared_pool(stays,
                                 "time",
                                 cluster.port,
                                 PASSWORD,
                                 "max",
                                 "2",
                                 NULL);
  int theirs = support_shared_pool(goes,
                                   "time",
                                   cluster.port,
                                   PASSWORD,
                                   "max",
                                   "2",
                                   NULL);
  int64_t slow, long_one, ended;
  (void)state;
  long_one = support_query(stays, mine, "select pg_sleep(2)");
  support_flush(stays);
  slow = support_query(goes, theirs, "select pg_sleep(60)");
  support_flush(goes);
  ended = end_within(goes, theirs, 100);
  assert_int_equal(support_wait(goes, ended).kind, HF_MSG_OK);
  assert_int_equal(support_wait(goes, slow).status, HF_POOL_CLOSED);
  assert_int_equal(support_wait(stays, long_one).kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(stays, support_end(stays, mine)).kind,
                   HF_MSG_OK);
  support_port_close(goes);
  support_port_close(stays);
}

static void a_short_drain_time_does_not_affect_other_handles(void **state) {
  struct support_port *patient = support_port_open();
  struct support_port *brief = support_port_open();
  int mine = pool_of(patient, "drain");
  int theirs = pool_of(brief, "drain");
  int64_t slow, end_of_mine;
  (void)state;
  slow = support_query(patient, mine, "select pg_sleep(1)");
  end_of_mine = end_within(patient, mine, 20000);
  support_flush(patient);
  assert_int_equal(support_wait(brief, end_within(brief, theirs, 1)).kind,
                   HF_MSG_OK);
  assert_int_equal(support_wait(patient, slow).kind, HF_MSG_RESULT);
  assert_int_equal(support_wait(patient, end_of_mine).kind, HF_MSG_OK);
  support_port_close(brief);
  support_port_close(patient);
}

static void an_ending_pool_finishes_the_calls_it_has(void **state) {
  struct support_port *port = support_port_open();
  int pool = pool_of(port, "cold");
  int64_t first = support_query(port, pool, "select 'first'");
  int64_t second = support_query(port, pool, "select 'second'");
  int64_t end = support_end(port, pool);
  int64_t late = support_query(port, pool, "select 'late'");
  (void)state;
  assert_string_equal(support_wait(port, first).cell, "first");
  assert_string_equal(support_wait(port, second).cell, "second");
  assert_int_equal(support_wait(port, end).kind, HF_MSG_OK);
  assert_int_equal(support_wait(port, late).status, HF_POOL_CLOSED);
  support_port_close(port);
}

static void end_takes_leases_away_after_its_drain_time(void **state) {
  struct support_port *stays = support_port_open();
  struct support_port *goes = support_port_open();
  int mine = pool_of(stays, "leases");
  int theirs = pool_of(goes, "leases");
  int lease;
  (void)state;
  lease = support_lease(goes, theirs).lease;
  assert_int_equal(support_wait(goes, end_within(goes, theirs, 50)).kind,
                   HF_MSG_OK);
  assert_string_equal(support_ask(stays, mine, "select 'free'").cell, "free");
  assert_int_equal(support_say(goes, lease, "select 1").status, HF_RELEASED);
  support_port_close(goes);
  support_port_close(stays);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          an_environment_that_ends_takes_its_waiting_acquires_along),
      cmocka_unit_test(
          statements_waiting_on_a_lease_are_dropped_with_their_environment),
      cmocka_unit_test(end_keeps_its_drain_time_while_other_handles_are_left),
      cmocka_unit_test(a_short_drain_time_does_not_affect_other_handles),
      cmocka_unit_test(an_ending_pool_finishes_the_calls_it_has),
      cmocka_unit_test(end_takes_leases_away_after_its_drain_time),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
