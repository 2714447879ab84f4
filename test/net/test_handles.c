/* SPDX-License-Identifier: MIT */
/*
 * Several environments and handles on one shared pool: what one of them does,
 * or its end, is not felt by the others.
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

static void what_waits_on_a_lease_goes_with_its_environment(void **state) {
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          an_environment_that_ends_takes_its_waiting_acquires_along),
      cmocka_unit_test(what_waits_on_a_lease_goes_with_its_environment),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
