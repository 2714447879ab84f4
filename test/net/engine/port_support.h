/* SPDX-License-Identifier: MIT */
/* A server whose answers can be slow, large or missing. */
#ifndef HF_TEST_PORT_SUPPORT_H
#define HF_TEST_PORT_SUPPORT_H

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

enum { BIG_ROWS = 2000, BIG_ROW_BYTES = 1000 };

static inline bool answer_slowly(struct fake_session *session,
                                 const char *sql,
                                 void *ctx) {
  static char row[BIG_ROW_BYTES + 1];
  int i;
  (void)ctx;
  if (strncmp(sql, "stall", 5) == 0) {
    fake_stall(session);
    return true;
  }
  if (strcmp(sql, "select big") != 0) {
    return false;
  }
  memset(row, 'b', BIG_ROW_BYTES);
  (void)fake_send_columns(session, "value", 25);
  for (i = 0; i < BIG_ROWS && fake_send_row(session, row); i++) {
  }
  (void)fake_send_tag(session, "SELECT 2000");
  return true;
}

static inline struct fake_plan normal(void) {
  struct fake_plan plan = {.key_pid = 77, .answer = answer_slowly};
  return plan;
}

#endif
