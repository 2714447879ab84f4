/* SPDX-License-Identifier: MIT */
/* A server with bad answers, and a pool that has to survive them. */
#ifndef HF_TEST_CONN_READ_SUPPORT_H
#define HF_TEST_CONN_READ_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

/*
 * Only "bad ..." gets the bad answer, so that other calls can show that the
 * pool still works.
 */
static inline bool is_bad(const char *sql) {
  return strncmp(sql, "bad", 3) == 0;
}

struct scene {
  struct fake_plan plan;
  struct fake_server *server;
  struct support_port *port;
  int pool;
};

typedef bool answer_cb(struct fake_session *session,
                       const char *sql,
                       void *ctx);

static inline void begin_with(struct scene *scene,
                              answer_cb *answer,
                              const char *max,
                              const char *max_result_bytes) {
  memset(scene, 0, sizeof *scene);
  scene->plan.key_pid = 77;
  scene->plan.answer = answer;
  scene->plan.ctx = scene;
  scene->server = fake_server_start(&scene->plan);
  scene->port = support_port_open();
  scene->pool = support_pool(scene->port,
                             fake_server_port(scene->server),
                             "maxRetries",
                             "0",
                             "maxResultBytes",
                             max_result_bytes,
                             "max",
                             max,
                             NULL);
}

static inline void begin(struct scene *scene,
                         answer_cb *answer,
                         const char *max) {
  begin_with(scene, answer, max, "65536");
}

/* Asserts that the pool still serves calls, and closes everything. */
static inline void end(struct scene *scene) {
  struct support_answer answer =
      support_ask(scene->port, scene->pool, "select good");
  assert_int_equal(answer.kind, HF_MSG_RESULT);
  support_port_close(scene->port);
  support_wait_engine_gone();
  fake_server_stop(scene->server);
}

static inline struct support_answer ask_bad(struct scene *scene,
                                            const char *sql) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = scene->pool,
                     .timeout_ms = 500};
  return support_wait(scene->port, support_op(scene->port, &op, sql, NULL));
}

static inline void expect_failure(answer_cb *answer, const char *sql) {
  struct scene scene;
  struct support_answer got;
  begin(&scene, answer, "2");
  got = ask_bad(&scene, sql);
  assert_int_equal(got.kind, HF_MSG_ERROR);
  assert_int_not_equal(got.outcome, HF_OUTCOME_NONE);
  assert_int_not_equal(got.outcome, HF_OUTCOME_NOT_EXECUTED);
  end(&scene);
}

#endif
