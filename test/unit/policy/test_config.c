/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/policy/config.h"
#include "support.h"

static void a_new_config_has_the_documented_defaults(void **state) {
  static const char *const rows[][2] = {
      {"max", "10"},
      {"min", "0"},
      {"idleTimeoutMillis", "10000"},
      {"maxLifetimeSeconds", "0"},
      {"maxUses", "0"},
      {"connectionTimeoutMillis", "0"},
      {"connectTimeoutMillis", "5000"},
      {"deadlineMillis", "8000"},
      {"timeoutMillis", "0"},
      {"silenceMillis", "8000"},
      {"drainMillis", "5000"},
      {"slowQueryMillis", "1000"},
      {"queueMax", "10000"},
      {"maxRetries", "2"},
      {"retryBaseMillis", "50"},
      {"retryCapMillis", "2000"},
      {"retryBudget", "true"},
      {"maxResultBytes", "268435456"},
      {"maxBufferedBytes", "536870912"},
      {"cacheMaxBytes", "16777216"},
      {"cacheNotifyProbeMillis", "5000"},
      {"shareMax", "8"},
      {"statementCacheSize", "200"},
      {"pooler", "auto"},
      {"names", "auto"},
      {"deallocateBeforeUse", "off"},
      {"resetOnRelease", "off"},
      {"inferReads", "true"},
      {"keepAlive", "true"},
      {"keepAliveInitialDelayMillis", "10000"},
      {"tcpUserTimeoutMillis", "15000"},
      {"statementTimeoutMillis", "0"},
      {"lockTimeoutMillis", "0"},
      {"idleInTransactionTimeoutMillis", "0"}};
  struct hf_config config;
  char text[32];
  size_t i, count;

  (void)state;
  hf_config_init(&config);
  hf_option_table(&count);
  assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
  for (i = 0; i < count; i++) {
    assert_true(hf_config_get(&config, rows[i][0], text, sizeof(text)));
    assert_string_equal(text, rows[i][1]);
  }
  assert_int_equal(config.max, 10);
  assert_int_equal(config.max_result_bytes, 268435456);
  assert_true(config.keep_alive);
}

static void every_number_is_accepted_up_to_its_bounds(void **state) {
  const struct hf_option *table;
  struct hf_config config;
  char text[32], back[32];
  size_t i, count;

  (void)state;
  hf_config_init(&config);
  table = hf_option_table(&count);
  for (i = 0; i < count; i++) {
    if (table[i].kind != HF_OPTION_INT) {
      continue;
    }
    snprintf(text, sizeof(text), "%.0f", table[i].min);
    assert_int_equal(hf_config_set(&config, table[i].name, text, NULL), HF_OK);
    snprintf(text, sizeof(text), "%.0f", table[i].max);
    assert_int_equal(hf_config_set(&config, table[i].name, text, NULL), HF_OK);
    assert_true(hf_config_get(&config, table[i].name, back, sizeof(back)));
    assert_string_equal(back, text);
    snprintf(text, sizeof(text), "%.0f", table[i].max + 1);
    assert_int_equal(hf_config_set(&config, table[i].name, text, NULL),
                     HF_PARAM_INVALID);
    snprintf(text, sizeof(text), "%.0f", table[i].min - 1);
    assert_int_equal(hf_config_set(&config, table[i].name, text, NULL),
                     HF_PARAM_INVALID);
    assert_true(hf_config_get(&config, table[i].name, text, sizeof(text)));
    assert_string_equal(back, text);
  }
}

static void only_plain_decimal_numbers_are_accepted(void **state) {
  static const char *const wrong[] = {"",
                                      " 5",
                                      "5 ",
                                      "+5",
                                      "-",
                                      "5.0",
                                      "1e3",
                                      "0x5",
                                      "NaN",
                                      "--5",
                                      "five",
                                      "99999999999999999999"};
  struct hf_config config;
  size_t i;

  (void)state;
  hf_config_init(&config);
  for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    assert_int_equal(hf_config_set(&config, "max", wrong[i], NULL),
                     HF_PARAM_INVALID);
  }
  assert_int_equal(config.max, 10);
}

static void booleans_are_true_false_one_and_zero(void **state) {
  struct hf_config config;

  (void)state;
  hf_config_init(&config);
  assert_int_equal(hf_config_set(&config, "inferReads", "false", NULL), HF_OK);
  assert_false(config.infer_reads);
  assert_int_equal(hf_config_set(&config, "inferReads", "1", NULL), HF_OK);
  assert_true(config.infer_reads);
  assert_int_equal(hf_config_set(&config, "inferReads", "0", NULL), HF_OK);
  assert_false(config.infer_reads);
  assert_int_equal(hf_config_set(&config, "inferReads", "true", NULL), HF_OK);
  assert_int_equal(hf_config_set(&config, "inferReads", "yes", NULL),
                   HF_PARAM_INVALID);
  assert_true(config.infer_reads);
}

static void words_are_the_enumerators_in_order(void **state) {
  struct hf_config config;
  char text[32];

  (void)state;
  hf_config_init(&config);
  assert_int_equal(hf_config_set(&config, "pooler", "transaction", NULL),
                   HF_OK);
  assert_int_equal(config.pooler, HF_POOLER_TRANSACTION);
  assert_int_equal(hf_config_set(&config, "pooler", "none", NULL), HF_OK);
  assert_int_equal(config.pooler, HF_POOLER_NONE);
  assert_int_equal(hf_config_set(&config, "names", "never", NULL), HF_OK);
  assert_int_equal(config.names, HF_NAMES_NEVER);
  assert_true(hf_config_get(&config, "names", text, sizeof(text)));
  assert_string_equal(text, "never");
  assert_int_equal(hf_config_set(&config, "names", "nev", NULL),
                   HF_PARAM_INVALID);
  assert_int_equal(hf_config_set(&config, "names", "auto|given", NULL),
                   HF_PARAM_INVALID);
}

static void refusals_name_the_key_and_never_the_value(void **state) {
  struct hf_config config;
  struct hf_error error = {0};

  (void)state;
  hf_config_init(&config);
  assert_int_equal(hf_config_set(&config, "max", "hunter2", &error),
                   HF_PARAM_INVALID);
  assert_string_equal(hf_error_field(&error, 'M'),
                      "max must be a whole number from 1 to 10000");
  assert_int_equal(hf_config_set(&config, "pooler", "hunter2", &error),
                   HF_PARAM_INVALID);
  assert_string_equal(hf_error_field(&error, 'M'),
                      "pooler must be one of auto|none|session|transaction");
  assert_int_equal(hf_config_set(&config, "keepAlive", "hunter2", &error),
                   HF_PARAM_INVALID);
  assert_string_equal(hf_error_field(&error, 'M'),
                      "keepAlive must be true or false");
  assert_int_equal(hf_config_set(&config, "maxx", "1", &error),
                   HF_PARAM_INVALID);
  assert_string_equal(hf_error_field(&error, 'M'), "unknown option maxx");
  assert_false(hf_config_knows("maxx"));
  assert_true(hf_config_knows("max"));
  assert_false(hf_config_get(&config, "maxx", NULL, 0));
  hf_error_finish(&error);
}

static void a_minimum_above_the_maximum_is_refused(void **state) {
  struct hf_config config;
  struct hf_error error = {0};

  (void)state;
  hf_config_init(&config);
  assert_int_equal(hf_config_check(&config, &error), HF_OK);
  config.min = config.max + 1;
  assert_int_equal(hf_config_check(&config, &error), HF_PARAM_INVALID);
  assert_non_null(strstr(hf_error_field(&error, 'M'), "min"));
  hf_error_finish(&error);
}

static void the_retry_policy_follows_the_options(void **state) {
  struct hf_config config;
  struct hf_retry_policy policy;

  (void)state;
  hf_config_init(&config);
  config.max_retries = 7;
  config.retry_base_ms = 11;
  config.retry_cap_ms = 13;
  hf_config_retry_policy(&config, &policy);
  assert_int_equal(policy.max_retries, 7);
  assert_int_equal(policy.base_ms, 11);
  assert_int_equal(policy.cap_ms, 13);
  assert_int_equal(policy.jitter, HF_JITTER_FULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_config_has_the_documented_defaults),
      cmocka_unit_test(every_number_is_accepted_up_to_its_bounds),
      cmocka_unit_test(only_plain_decimal_numbers_are_accepted),
      cmocka_unit_test(booleans_are_true_false_one_and_zero),
      cmocka_unit_test(words_are_the_enumerators_in_order),
      cmocka_unit_test(refusals_name_the_key_and_never_the_value),
      cmocka_unit_test(a_minimum_above_the_maximum_is_refused),
      cmocka_unit_test(the_retry_policy_follows_the_options),
  };

  return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
