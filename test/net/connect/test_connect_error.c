/* SPDX-License-Identifier: MIT */
/* What libpq's messages about failed connects mean. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/error.h"
#include "net/connect/connect_error.h"

static void libpqs_texts_are_understood(void **state) {
  static const struct {
    const char *text;
    enum hf_status status;
    int number;
  } cases[] = {
      {"connection to server at \"h\", port 5 failed: server does not support "
       "SSL, but SSL was required\n",
       HF_TLS_ERROR,
       0},
      {"connection to server at \"h\", port 5 failed: SSL error: certificate "
       "verify failed\n",
       HF_TLS_ERROR,
       0},
      {"connection to server at \"h\", port 5 failed: could not read root "
       "certificate file \"/x\": No such file or directory\n",
       HF_TLS_ERROR,
       0},
      {"connection to server at \"h\", port 5 failed: channel binding required,"
       " but not offered by server\n",
       HF_TLS_ERROR,
       0},
      {"connection to server at \"h\", port 5 failed: fe_sendauth: no password "
       "supplied\n",
       HF_AUTH_ERROR,
       0},
      {"connection to server at \"h\", port 5 failed: SSL SYSCALL error: EOF "
       "detected\n",
       HF_SOCKET_ERROR,
       ECONNRESET},
      {"connection to server on socket \"/x/.s.PGSQL.5\" failed: No such file "
       "or directory\n\tIs the server running locally?\n",
       HF_SOCKET_ERROR,
       ENOENT},
      {"invalid sslmode value: \"wrong\"\n", HF_PARAM_INVALID, 0},
      {"", HF_SOCKET_ERROR, ECONNREFUSED},
  };
  size_t i;
  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct hf_error error = {0};
    assert_int_equal(hf_connect_error_read(&error, cases[i].text),
                     cases[i].status);
    assert_int_equal(error.sys_errno, cases[i].number);
    hf_error_finish(&error);
  }
}

static void of_two_attempts_the_one_with_an_answer_is_reported(void **state) {
  struct hf_error error = {0};
  (void)state;
  assert_int_equal(
      hf_connect_error_read(
          &error,
          "connection to server at \"h\" (::1), port 5 failed: Connection "
          "refused\n\tIs the server running?\n"
          "connection to server at \"h\" (10.0.0.1), port 6 failed: FATAL:  "
          "53300: sorry, too many clients already\n"
          "LOCATION:  InitProcess, proc.c:360\n"),
      HF_SERVER_ERROR);
  assert_string_equal(error.sqlstate, "53300");
  assert_string_equal(hf_error_field(&error, 'a'), "10.0.0.1");
  assert_string_equal(hf_error_field(&error, 'o'), "6");
  assert_string_equal(hf_error_field(&error, 'F'), "proc.c");
  assert_string_equal(hf_error_field(&error, 'L'), "360");
  hf_error_finish(&error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(libpqs_texts_are_understood),
      cmocka_unit_test(of_two_attempts_the_one_with_an_answer_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
