/* SPDX-License-Identifier: MIT */
/* The connector against a real server with TLS and SCRAM. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/error.h"
#include "net/connect/cancel_job.h"
#include "net/connect/connect_job.h"
#include "net/connect/target.h"
#include "net/wire/encode.h"
#include "support_cluster.h"
#include "support_run.h"

static struct support_cluster cluster;
static struct hf_workers *workers;
static bool available;

static int set_up(void **state) {
  (void)state;
  available = support_cluster_start(&cluster) == 0;
  return hf_workers_new(4, 1, &workers) == HF_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  hf_workers_finish(workers, 5000);
  support_cluster_stop(&cluster);
  return 0;
}

/* A verifying target, certificate as PEM text; skips without a server. */
static struct hf_target *tls_target(void) {
  struct hf_target *target;
  char pem[4096] = "";
  FILE *file;
  if (!available) {
    skip();
  }
  file = fopen(cluster.certificate, "r");
  assert_non_null(file);
  assert_true(fread(pem, 1, sizeof pem - 1, file) > 0);
  (void)fclose(file);
  target = support_target(cluster.port);
  support_set(target, "host", "localhost");
  support_set(target, "user", SUPPORT_CLUSTER_USER);
  support_set(target, "dbname", "postgres");
  support_set(target, "password", SUPPORT_CLUSTER_PASSWORD);
  support_set(target, "sslmode", "verify-full");
  support_set(target, "channel_binding", "require");
  support_set(target, "sslrootcert_pem", pem);
  return target;
}

static struct hf_connect_job *connect_with(struct hf_target *target,
                                           const char *password,
                                           const char *sql) {
  struct hf_connect_job *job = support_connect_job(target, 8000);
  job->detect_proxy = true;
  if (password != NULL) {
    assert_int_equal(hf_connect_job_set_password(job, password), HF_OK);
  }
  if (sql != NULL) {
    assert_int_equal(hf_connect_job_set_question(job, sql), HF_OK);
  }
  return support_connect(workers, job);
}

static void tls_and_scram_fit_the_small_stack_of_a_worker(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job =
      connect_with(target, NULL, "set search_path to pg_catalog; select 1");
  (void)state;
  assert_int_equal(job->status, HF_OK);
  assert_true(PQsslInUse(job->connection) != 0);
  assert_false(job->proxied);
  assert_true(job->pid_detected && job->backend_pid > 0);
  assert_true(PQserverVersion(job->connection) >= 130000);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void a_wrong_password_is_28P01_and_not_part_of_the_error(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job = connect_with(target, "wrong-password", NULL);
  size_t i;
  (void)state;
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(job->error.sqlstate, "28P01");
  assert_int_equal(job->error.speaker, HF_SPEAKER_SERVER);
  for (i = 0; i + 14 <= job->error.fields_bytes; i++) {
    assert_int_not_equal(memcmp(job->error.fields + i, "wrong-password", 14),
                         0);
  }
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void a_name_not_in_the_certificate_is_refused(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job;
  (void)state;
  support_set(target, "host", "127.0.0.1");
  job = connect_with(target, NULL, NULL);
  assert_int_equal(job->status, HF_TLS_ERROR);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void certificates_are_shown_before_the_login(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job;
  (void)state;
  support_set(target,
              "host",
              "127.0.0.1"); /* its certificate has no such name */
  support_set(target, "sslmode", "verify-ca");
  support_set(target, "ssl_identity", "ask");
  job = connect_with(target, NULL, NULL);
  assert_false(job->over);
  assert_non_null(strstr(job->certificates, "-----BEGIN CERTIFICATE-----"));
  assert_int_equal(PQstatus(job->connection), CONNECTION_MADE);
  hf_connect_job_refuse(job, "not this one");
  assert_true(job->over);
  assert_int_equal(job->status, HF_TLS_ERROR);
  assert_string_equal(hf_error_field(&job->error, 'M'), "not this one");
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void a_missing_password_is_an_authentication_error(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job;
  (void)state;
  support_set(target, "password", "");
  support_set(target, "passfile", "/nonexistent/pgpass");
  job = connect_with(target, NULL, NULL);
  assert_int_equal(job->status, HF_AUTH_ERROR);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void channel_binding_needs_tls(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job;
  (void)state;
  support_set(target, "sslmode", "disable");
  job = connect_with(target, NULL, NULL);
  assert_int_equal(job->status, HF_TLS_ERROR);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void an_error_of_the_set_up_keeps_its_fields(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job =
      connect_with(target, NULL, "select 1; select * from nowhere");
  (void)state;
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(job->error.sqlstate, "42P01");
  assert_non_null(hf_error_field(&job->error, 'P'));
  assert_non_null(hf_error_field(&job->error, 'R'));
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void a_missing_database_is_3D000(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job;
  (void)state;
  support_set(target, "dbname", "nowhere");
  job = connect_with(target, NULL, NULL);
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(job->error.sqlstate, "3D000");
  hf_connect_job_free(job);
  hf_target_unref(target);
}

static void on_done(struct hf_job *job) {
  support_gate_open(HF_CONTAINER_OF(job, struct hf_cancel_job, job)->ctx);
}

static void ignore(void *arg, const PGresult *notice) {
  (void)arg;
  (void)notice;
}

static void note(void *arg, const PGresult *notice) {
  (void)notice;
  *(bool *)arg = true;
}

/* Sends a statement that runs for long, and waits until it has started. */
static void run_long(PGconn *connection) {
  struct pollfd polled = {.fd = PQsocket(connection), .events = POLLIN};
  bool noted = false;
  (void)PQsetNoticeReceiver(connection, note, &noted);
  assert_true(PQsendQuery(connection,
                          "do $$begin raise notice 'here'; "
                          "perform pg_sleep(30); end$$"));
  while (PQflush(connection) != 0) {
  }
  while (!noted) {
    assert_int_equal(poll(&polled, 1, 8000), 1);
    assert_true(PQconsumeInput(connection));
    assert_true(PQisBusy(connection));
  }
  (void)PQsetNoticeReceiver(connection, ignore, NULL);
}

static void a_cancel_ends_the_statement(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job = connect_with(target, NULL, NULL);
  struct support_gate *gate = support_gate_new();
  struct hf_cancel_job *cancel;
  PGresult *result;
  (void)state;
  assert_int_equal(job->status, HF_OK);
  run_long(job->connection);
  cancel = hf_cancel_job_new(job->connection, on_done, gate);
  assert_int_equal(hf_workers_submit(workers, &cancel->job, true), HF_OK);
  support_gate_wait(gate);
  assert_true(cancel->reached);
  result = PQgetResult(job->connection);
  assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "57014");
  PQclear(result);
  hf_cancel_job_free(cancel);
  support_gate_free(gate);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

/* Times as the server prints them, compared with its own arithmetic. */
static void times_agree_with_the_server(void **state) {
  struct hf_target *target = tls_target();
  struct hf_connect_job *job =
      connect_with(target, NULL, "set timezone to 'America/New_York'");
  PGresult *result;
  int row;
  (void)state;
  assert_int_equal(job->status, HF_OK);
  result = PQexec(job->connection,
                  "select t, floor(extract(epoch from t) * 1000)::float8, "
                  "extract(epoch from t)::float4 from generate_series("
                  "'0050-01-01 BC'::timestamptz, '4000-01-01', "
                  "'57 days 5 hours 7 minutes 13.377 seconds') t");
  assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
  assert_true(PQntuples(result) > 20000);
  for (row = 0; row < PQntuples(result); row++) {
    double time = hf_time_read(PQgetvalue(result, row, 0),
                               (size_t)PQgetlength(result, row, 0));
    double expected = hf_number_read(PQgetvalue(result, row, 1),
                                     (size_t)PQgetlength(result, row, 1));
    assert_true(time == expected);
  }
  PQclear(result);
  hf_connect_job_free(job);
  hf_target_unref(target);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tls_and_scram_fit_the_small_stack_of_a_worker),
      cmocka_unit_test(a_wrong_password_is_28P01_and_not_part_of_the_error),
      cmocka_unit_test(a_name_not_in_the_certificate_is_refused),
      cmocka_unit_test(certificates_are_shown_before_the_login),
      cmocka_unit_test(a_missing_password_is_an_authentication_error),
      cmocka_unit_test(channel_binding_needs_tls),
      cmocka_unit_test(an_error_of_the_set_up_keeps_its_fields),
      cmocka_unit_test(a_missing_database_is_3D000),
      cmocka_unit_test(a_cancel_ends_the_statement),
      cmocka_unit_test(times_agree_with_the_server),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
