/* SPDX-License-Identifier: MIT */
/* The connector against a scripted server. */
#define _GNU_SOURCE /* memmem */

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/error.h"
#include "net/connect/connect_job.h"
#include "net/connect/target.h"
#include "support_run.h"
#include "support_server.h"

static struct hf_workers *workers;
static atomic_int hook_calls;

static void on_first_tls(void) {
  atomic_fetch_add(&hook_calls, 1);
}

static int set_up(void **state) {
  (void)state;
  hf_connect_job_on_first_tls(on_first_tls);
  return hf_workers_new(4, 1, &workers) == HF_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  hf_workers_finish(workers, 5000);
  return 0;
}

static struct hf_connect_job *connect_to(struct fake_server *server,
                                         int timeout_ms) {
  struct hf_target *target = support_target(fake_server_port(server));
  struct hf_connect_job *job;
  support_set(target, "password", "sesame-open");
  job = support_connect_job(target, timeout_ms);
  job->detect_proxy = true;
  hf_target_unref(target);
  return support_connect(workers, job);
}

static void assert_no_password(const struct hf_error *error) {
  assert_null(memmem(error->fields, error->fields_bytes, "sesame-open", 11));
}

static void a_connection_knows_its_backend(void **state) {
  struct fake_plan plan = {.key_pid = 4711};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 5000);
  PGconn *connection;
  (void)state;
  assert_int_equal(job->status, HF_OK);
  assert_int_equal(job->backend_pid, 4711);
  assert_true(job->pid_detected);
  assert_false(job->proxied);
  assert_int_equal(PQsslInUse(job->connection), 0);
  assert_int_equal(PQserverVersion(job->connection), 150000);
  connection = hf_connect_job_take(job);
  assert_int_equal(PQstatus(connection), CONNECTION_OK);
  assert_int_equal(PQisnonblocking(connection), 1);
  assert_string_equal(fake_server_log(server), "select pg_backend_pid()\n");
  PQfinish(connection);
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void a_proxy_is_detected_and_the_date_style_is_set(void **state) {
  struct fake_plan plan = {.key_pid = 1,
                           .query_pid = 2,
                           .date_style = "German, DMY"};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 5000);
  (void)state;
  assert_int_equal(job->status, HF_OK);
  assert_true(job->proxied);
  assert_int_equal(job->backend_pid, 2);
  assert_non_null(strstr(fake_server_log(server), "set datestyle to ISO\n"));
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void the_hook_is_called_once_per_process(void **state) {
  (void)state;
  assert_int_equal(atomic_load(&hook_calls), 1);
}

static void a_silent_server_ends_the_attempt_at_the_deadline(void **state) {
  struct fake_plan plan = {.start = FAKE_START_STALL};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 100);
  (void)state;
  assert_int_equal(job->status, HF_CONNECT_TIMEOUT);
  assert_int_equal(job->error.phase, HF_PHASE_CONNECT);
  assert_string_equal(hf_error_field(&job->error, 'a'), "127.0.0.1");
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void a_server_silent_during_set_up_is_given_up(void **state) {
  struct fake_plan plan = {.key_pid = 7,
                           .cut_after = 160,
                           .stall_at_cut = true};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 100);
  (void)state;
  assert_int_equal(job->status, HF_CONNECT_TIMEOUT);
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void a_server_cut_at_any_byte_gives_one_error(void **state) {
  size_t after;
  (void)state;
  for (after = 1; after < 230; after += 7) {
    struct fake_plan plan = {.key_pid = 7, .cut_after = after};
    struct fake_server *server = fake_server_start(&plan);
    struct hf_connect_job *job = connect_to(server, 5000);
    if (job->status != HF_OK) {
      assert_int_equal(job->status, HF_SOCKET_ERROR);
      assert_int_equal(job->error.sys_errno, ECONNRESET);
      assert_int_equal(job->error.status, HF_SOCKET_ERROR);
    } else {
      assert_true(after > 150);
    }
    hf_connect_job_free(job);
    fake_server_stop(server);
  }
}

static void judges(enum fake_start start,
                   const char *fields,
                   enum hf_status status,
                   int number) {
  struct fake_plan plan = {.start = start, .error = fields};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 5000);
  assert_int_equal(job->status, status);
  assert_int_equal(job->error.status, status);
  assert_int_equal(job->error.sys_errno, number);
  assert_null(job->connection);
  assert_no_password(&job->error);
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void bad_answers_to_the_start_have_different_errors(void **state) {
  (void)state;
  judges(FAKE_START_CLOSE, NULL, HF_SOCKET_ERROR, ECONNRESET);
  judges(FAKE_START_RESET, NULL, HF_SOCKET_ERROR, ECONNRESET);
  judges(FAKE_START_GARBAGE, NULL, HF_PROTOCOL_ERROR, 0);
  judges(FAKE_START_BARE_ERROR, NULL, HF_PROTOCOL_ERROR, 0);
}

static void a_server_error_keeps_its_fields(void **state) {
  struct fake_plan plan = {.start = FAKE_START_PASSWORD,
                           .error = "SFATAL\0VFATAL\0C28P01\0"
                                    "Mpassword authentication failed\0"
                                    "Dbecause\0Htry again\0Fauth.c\0L335\0"
                                    "Rauth_failed\0"};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 5000);
  const struct hf_error *error = &job->error;
  (void)state;
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(error->sqlstate, "28P01");
  assert_string_equal(hf_error_field(error, 'M'),
                      "password authentication failed");
  assert_string_equal(hf_error_field(error, 'D'), "because");
  assert_string_equal(hf_error_field(error, 'H'), "try again");
  assert_string_equal(hf_error_field(error, 'R'), "auth_failed");
  assert_string_equal(hf_error_field(error, 'a'), "127.0.0.1");
  assert_int_equal(error->speaker, HF_SPEAKER_SERVER);
  assert_int_equal(error->severity, HF_SEVERITY_FATAL);
  assert_no_password(error);
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void an_error_of_a_pooler_is_recognised(void **state) {
  struct fake_plan plan = {
      .start = FAKE_START_ERROR,
      .error = "SFATAL\0C08P01\0Munsupported startup parameter: geqo\0"};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_connect_job *job = connect_to(server, 5000);
  (void)state;
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(job->error.sqlstate, "08P01");
  assert_int_equal(job->error.speaker, HF_SPEAKER_POOLER);
  assert_string_equal(hf_error_field(&job->error, 'M'),
                      "unsupported startup parameter: geqo");
  hf_connect_job_free(job);
  fake_server_stop(server);
}

static void a_refused_connection_is_reported_with_its_address(void **state) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t bytes = sizeof address;
  int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  struct hf_target *target;
  struct hf_connect_job *job;
  char port[16];
  (void)state;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof address),
                   0);
  assert_int_equal(getsockname(socket_fd, (struct sockaddr *)&address, &bytes),
                   0);
  target = support_target(ntohs(address.sin_port)); /* bound, not listening */
  job = support_connect(workers, support_connect_job(target, 5000));
  assert_int_equal(job->status, HF_SOCKET_ERROR);
  assert_int_equal(job->error.sys_errno, ECONNREFUSED);
  assert_string_equal(hf_error_field(&job->error, 'y'), "connect");
  assert_string_equal(hf_error_field(&job->error, 'a'), "127.0.0.1");
  (void)snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
  assert_string_equal(hf_error_field(&job->error, 'o'), port);
  hf_connect_job_free(job);
  hf_target_unref(target);
  (void)close(socket_fd);
}

static bool answer_oddly(struct fake_session *session,
                         const char *sql,
                         void *ctx) {
  const char *const mode = ctx;
  if (strcmp(sql, "odd") != 0) {
    return false;
  }
  if (strcmp(mode, "copy") == 0) {
    while (fake_send(session, 'G', "\0\0\0", 3)) {
    }
  } else if (strcmp(mode, "rows") == 0) {
    (void)fake_send_columns(session, "x", 25);
    while (fake_send_row(session, "row after row after row after row")) {
    }
  } else if (strcmp(mode, "garbage") == 0) {
    (void)fake_send_raw(session, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  } else if (strcmp(mode, "notice") == 0) {
    (void)fake_send_fields(session, 'N', "SNOTICE\0VNOTICE\0C00000\0Mhello\0");
    (void)fake_send_tag(session, "SET");
  } else {
    (void)fake_send_fields(session,
                           'E',
                           "SERROR\0VERROR\0C42704\0Mno such role\0nthing\0");
  }
  return true;
}

static struct hf_connect_job *ask_with(const char *mode, int timeout_ms) {
  struct fake_plan plan = {.key_pid = 3, .answer = answer_oddly};
  struct fake_server *server;
  struct hf_target *target;
  struct hf_connect_job *job;
  plan.ctx = (void *)(uintptr_t)mode;
  server = fake_server_start(&plan);
  target = support_target(fake_server_port(server));
  job = support_connect_job(target, timeout_ms);
  assert_int_equal(hf_connect_job_set_question(job, "odd"), HF_OK);
  job = support_connect(workers, job);
  hf_target_unref(target);
  PQfinish(job->connection);
  job->connection = NULL;
  fake_server_stop(server);
  return job;
}

static void odd_answers_to_the_question_end_the_attempt(void **state) {
  struct hf_connect_job *job = ask_with("copy", 5000);
  (void)state;
  assert_int_equal(job->status, HF_COPY_UNSUPPORTED);
  hf_connect_job_free(job);
  job = ask_with("rows", 150);
  assert_int_equal(job->status, HF_CONNECT_TIMEOUT);
  hf_connect_job_free(job);
  job = ask_with("garbage", 5000);
  assert_int_equal(job->status, HF_PROTOCOL_ERROR);
  hf_connect_job_free(job);
  job = ask_with("error", 5000);
  assert_int_equal(job->status, HF_SERVER_ERROR);
  assert_string_equal(job->error.sqlstate, "42704");
  assert_string_equal(hf_error_field(&job->error, 'n'), "thing");
  assert_int_equal(job->error.phase, HF_PHASE_CONNECT);
  hf_connect_job_free(job);
}

static void a_notice_does_not_end_the_attempt(void **state) {
  struct hf_connect_job *job = ask_with("notice", 5000);
  (void)state;
  assert_int_equal(job->status, HF_OK);
  hf_connect_job_free(job);
}

static void a_job_given_up_between_steps_frees_its_connection(void **state) {
  struct fake_plan plan = {.start = FAKE_START_STALL};
  struct fake_server *server = fake_server_start(&plan);
  struct hf_target *target = support_target(fake_server_port(server));
  struct hf_connect_job *job = support_connect_job(target, 50);
  (void)state;
  job = support_connect(workers, job);
  assert_true(job->over);
  assert_null(job->connection);
  hf_connect_job_free(job);
  assert_int_equal(hf_workers_count(workers).busy, 0);
  hf_target_unref(target);
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_connection_knows_its_backend),
      cmocka_unit_test(a_proxy_is_detected_and_the_date_style_is_set),
      cmocka_unit_test(the_hook_is_called_once_per_process),
      cmocka_unit_test(a_silent_server_ends_the_attempt_at_the_deadline),
      cmocka_unit_test(a_server_silent_during_set_up_is_given_up),
      cmocka_unit_test(a_server_cut_at_any_byte_gives_one_error),
      cmocka_unit_test(bad_answers_to_the_start_have_different_errors),
      cmocka_unit_test(a_server_error_keeps_its_fields),
      cmocka_unit_test(an_error_of_a_pooler_is_recognised),
      cmocka_unit_test(a_refused_connection_is_reported_with_its_address),
      cmocka_unit_test(odd_answers_to_the_question_end_the_attempt),
      cmocka_unit_test(a_notice_does_not_end_the_attempt),
      cmocka_unit_test(a_job_given_up_between_steps_frees_its_connection),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
