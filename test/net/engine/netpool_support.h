/* SPDX-License-Identifier: MIT */
/* A real server, a port, and a pool for asking the server about the others. */
#ifndef HF_TEST_NETPOOL_SUPPORT_H
#define HF_TEST_NETPOOL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support_cluster.h"
#include "support_port.h"

static struct support_cluster cluster;
static struct support_port *port;
static int admin; /* asks the server about other pools */

#define PASSWORD "pg.password", SUPPORT_CLUSTER_PASSWORD

static inline int start_all(void **state) {
  (void)state;
  if (support_cluster_start(&cluster) != 0) {
    return -1;
  }
  port = support_port_open();
  admin = support_pool(port, cluster.port, PASSWORD, "max", "1", NULL);
  return support_ask(port, admin, "create table t (a int)").kind ==
                 HF_MSG_RESULT
             ? 0
             : -1;
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

static inline int pool_of(const char *max) {
  return support_pool(port, cluster.port, PASSWORD, "max", max, NULL);
}

static inline void close_pool(int pool) {
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
}

static inline void release(int lease, int flags) {
  assert_int_equal(support_wait(port, support_release(port, lease, flags)).kind,
                   HF_MSG_OK);
}

#endif
