/* SPDX-License-Identifier: MIT */
/* Cancel requests against a scripted server. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/connect/cancel_job.h"
#include "support_run.h"
#include "support_server.h"

static struct hf_workers *workers;

static int set_up(void **state) {
  (void)state;
  return hf_workers_new(4, 1, &workers) == HF_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  hf_workers_finish(workers, 5000);
  return 0;
}

static PGconn *connect_to(struct fake_server *server) {
  char conninfo[128];
  PGconn *connection;
  (void)snprintf(conninfo,
                 sizeof conninfo,
                 "host=127.0.0.1 port=%d user=x sslmode=disable",
                 fake_server_port(server));
  connection = PQconnectdb(conninfo);
  assert_int_equal(PQstatus(connection), CONNECTION_OK);
  return connection;
}

static void on_done(struct hf_job *job) {
  support_gate_open(HF_CONTAINER_OF(job, struct hf_cancel_job, job)->ctx);
}

static void never_done(struct hf_job *job) {
  (void)job;
  fail();
}

static void a_request_reaches_the_server(void **state) {
  struct fake_plan plan = {.key_pid = 9};
  struct fake_server *server = fake_server_start(&plan);
  PGconn *connection = connect_to(server);
  struct support_gate *gate = support_gate_new();
  struct hf_cancel_job *job = hf_cancel_job_new(connection, on_done, gate);
  (void)state;
  assert_non_null(job);
  PQfinish(connection); /* the request does not need it */
  assert_int_equal(hf_workers_submit(workers, &job->job, true), HF_OK);
  support_gate_wait(gate);
  assert_true(job->reached);
  assert_int_equal(fake_server_cancels(server), 1);
  hf_cancel_job_free(job);
  support_gate_free(gate);
  fake_server_stop(server);
}

static void a_refused_request_has_not_reached_the_server(void **state) {
  struct fake_plan plan = {.key_pid = 9};
  struct fake_server *server = fake_server_start(&plan);
  PGconn *connection = connect_to(server);
  struct support_gate *gate = support_gate_new();
  struct hf_cancel_job *job = hf_cancel_job_new(connection, on_done, gate);
  (void)state;
  fake_server_stop(server);
  assert_int_equal(hf_workers_submit(workers, &job->job, true), HF_OK);
  support_gate_wait(gate);
  assert_false(job->reached);
  hf_cancel_job_free(job);
  support_gate_free(gate);
  PQfinish(connection);
}

static void a_stalled_request_can_be_given_up(void **state) {
  struct fake_plan plan = {.key_pid = 9, .stall_cancels = true};
  struct fake_server *server = fake_server_start(&plan);
  PGconn *connection = connect_to(server);
  struct hf_cancel_job *job = hf_cancel_job_new(connection, never_done, NULL);
  (void)state;
  assert_int_equal(hf_workers_submit(workers, &job->job, true), HF_OK);
  while (fake_server_cancels(server) == 0) {
    (void)sched_yield();
  }
  assert_true(hf_workers_abandon(workers, &job->job));
  fake_server_stop(server); /* ends the stall: the job frees itself */
  while (hf_workers_count(workers).stuck != 0) {
    (void)sched_yield();
  }
  PQfinish(connection);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_reaches_the_server),
      cmocka_unit_test(a_refused_request_has_not_reached_the_server),
      cmocka_unit_test(a_stalled_request_can_be_given_up),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
