/* SPDX-License-Identifier: MIT */
/* Which keywords and values a target accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/base/error.h"
#include "net/connect/target.h"
#include "support_run.h"

static const char pem[] =
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

static const char *param(const struct hf_target *target, const char *key) {
  const char *keywords[HF_TARGET_PARAMS_MAX];
  const char *values[HF_TARGET_PARAMS_MAX];
  size_t n = hf_target_params(target, keywords, values);
  size_t i;
  assert_null(keywords[n]);
  for (i = 0; i < n; i++) {
    if (strcmp(keywords[i], key) == 0) {
      return values[i];
    }
  }
  return NULL;
}

static void refuses(const char *key, const char *value) {
  struct hf_target *target = hf_target_new();
  struct hf_error error = {0};
  assert_int_equal(hf_target_set(target, key, value, &error), HF_PARAM_INVALID);
  assert_non_null(strstr(hf_error_field(&error, 'M'), key));
  hf_error_finish(&error);
  hf_target_unref(target);
}

static void only_allowed_keywords_are_accepted(void **state) {
  (void)state;
  refuses("service", "x");
  refuses("replication", "true");
  refuses("nonsense", "x");
  refuses("client_encoding", "latin1");
  refuses("host", "a\nb");
  refuses("sslcert_pem", "no pem");
  assert_true(hf_target_knows("sslkey_pem"));
  assert_true(hf_target_knows("connect_timeout"));
  assert_false(hf_target_knows("service"));
}

static void keywords_reach_libpq_except_hosts_and_ports(void **state) {
  struct hf_target *target = support_target(5);
  (void)state;
  support_set(target, "application_name", "me");
  support_set(target, "connect_timeout", "1");
  support_set(target, "client_encoding", "utf-8");
  assert_string_equal(param(target, "application_name"), "me");
  assert_string_equal(param(target, "client_encoding"), "UTF8");
  assert_string_equal(param(target, "gssencmode"), "disable");
  assert_null(param(target, "connect_timeout"));
  assert_null(param(target, "host"));
  assert_string_equal(hf_target_get(target, "host"), "127.0.0.1");
  support_set(target, "gssencmode", "prefer");
  assert_string_equal(param(target, "gssencmode"), "prefer");
  support_set(target, "application_name", "");
  assert_null(param(target, "application_name"));
  assert_false(hf_target_may_use_tls(target));
  support_set(target, "sslmode", "prefer");
  assert_true(hf_target_may_use_tls(target));
  hf_target_unref(hf_target_ref(target));
  hf_target_unref(target);
}

static void pem_text_is_a_private_file_while_the_target_lives(void **state) {
  struct hf_target *target = hf_target_new();
  char path[64], read_back[sizeof pem];
  struct stat status;
  FILE *file;
  (void)state;
  support_set(target, "sslkey_pem", "-----BEGIN X\n");
  support_set(target, "sslkey_pem", pem); /* replaces */
  (void)snprintf(path, sizeof path, "%s", param(target, "sslkey"));
  assert_int_equal(stat(path, &status), 0);
  assert_true(S_ISREG(status.st_mode));
  assert_int_equal(status.st_mode & 0777, 0600);
  file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fread(read_back, 1, sizeof read_back, file), sizeof pem - 1);
  assert_memory_equal(read_back, pem, sizeof pem - 1);
  (void)fclose(file);
  hf_target_unref(target);
  assert_int_not_equal(stat(path, &status), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_allowed_keywords_are_accepted),
      cmocka_unit_test(keywords_reach_libpq_except_hosts_and_ports),
      cmocka_unit_test(pem_text_is_a_private_file_while_the_target_lives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
