/* SPDX-License-Identifier: MIT */
/*
 * What a file of tests has that needs a PostgreSQL of its own, and one port of
 * the engine: both are started before its first test, and ended after the last.
 * Include it after cmocka.h.
 */
#ifndef HF_TEST_NET_SUPPORT_SUITE_H
#define HF_TEST_NET_SUPPORT_SUITE_H

#include "support_cluster.h"
#include "support_port.h"

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static struct support_cluster cluster;
static struct support_port *port;

static inline int start_all(void **state) {
  (void)state;
  if (support_cluster_start(&cluster) != 0) {
    return -1;
  }
  port = support_port_open();
  return 0;
}

static inline int stop_all(void **state) {
  (void)state;
  if (port != NULL) { /* cmocka calls this also where start_all failed */
    support_port_close(port);
    support_wait_engine_gone();
  }
  support_cluster_stop(&cluster);
  return 0;
}

static inline void close_pool(int pool) {
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
}

#endif
