/* SPDX-License-Identifier: MIT */
#include "core/policy/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"

enum {
  TEN_THOUSAND = 10000,
  MILLION = 1000000,
  CONNECT_MAX_MS = 600000,
  SHARE_MAX = 64,
  RETRIES_MAX = 100,
  MESSAGE_BYTES = 256,
  INT_MS = INT32_MAX
};

#define BYTES_MAX  1099511627776.0 /* 2^40 */
#define RESULT_MIN 1024.0
#define MEBIBYTE   1048576.0

/* The field of an option in struct hf_config. */
enum width { WIDTH_32, WIDTH_64, WIDTH_BOOL, WIDTH_ENUM };

struct place {
  size_t offset;
  enum width width;
};

#define PLACE(field, width)                                                    \
  { offsetof(struct hf_config, field), width }

/*
 * X(kind, name, field, width, default, min, max, words, unit). The only place
 * with names, defaults and bounds.
 */
/* clang-format off */
#define OPTION_MAP(X)                                                         \
  X(INT, "max", max, WIDTH_32, 10, 1, TEN_THOUSAND, NULL, "")                 \
  X(INT, "min", min, WIDTH_32, 0, 0, TEN_THOUSAND, NULL, "")                  \
  X(INT, "idleTimeoutMillis", idle_timeout_ms, WIDTH_32,                      \
    10000, 0, INT_MS, NULL, "ms")                                             \
  X(INT, "maxLifetimeSeconds", max_lifetime_s, WIDTH_32,                      \
    0, 0, INT_MS, NULL, "s")                                                  \
  X(INT, "maxUses", max_uses, WIDTH_32, 0, 0, INT32_MAX, NULL, "")            \
  X(INT, "connectionTimeoutMillis", connection_timeout_ms, WIDTH_32,          \
    0, 0, INT_MS, NULL, "ms")                                                 \
  X(INT, "connectTimeoutMillis", connect_timeout_ms, WIDTH_32,                \
    5000, 1, CONNECT_MAX_MS, NULL, "ms")                                      \
  X(INT, "deadlineMillis", deadline_ms, WIDTH_32, 8000, 0, INT_MS,            \
    NULL, "ms")                                                               \
  X(INT, "timeoutMillis", timeout_ms, WIDTH_32, 0, 0, INT_MS, NULL, "ms")     \
  X(INT, "silenceMillis", silence_ms, WIDTH_32, 8000, 0, INT_MS, NULL, "ms")  \
  X(INT, "drainMillis", drain_ms, WIDTH_32, 5000, 0, INT_MS, NULL, "ms")      \
  X(INT, "slowQueryMillis", slow_query_ms, WIDTH_32, 1000, 0, INT_MS,         \
    NULL, "ms")                                                               \
  X(INT, "queueMax", queue_max, WIDTH_32, 10000, 1, MILLION, NULL, "")        \
  X(INT, "maxRetries", max_retries, WIDTH_32, 2, 0, RETRIES_MAX, NULL, "")    \
  X(INT, "retryBaseMillis", retry_base_ms, WIDTH_32, 50, 0, INT_MS,           \
    NULL, "ms")                                                               \
  X(INT, "retryCapMillis", retry_cap_ms, WIDTH_32, 2000, 0, INT_MS,           \
    NULL, "ms")                                                               \
  X(BOOL, "retryBudget", retry_budget, WIDTH_BOOL, 1, 0, 1, NULL, "")         \
  X(INT, "maxResultBytes", max_result_bytes, WIDTH_64,                        \
    256 * MEBIBYTE, RESULT_MIN, BYTES_MAX, NULL, "bytes")                     \
  X(INT, "maxBufferedBytes", max_buffered_bytes, WIDTH_64,                    \
    512 * MEBIBYTE, RESULT_MIN, BYTES_MAX, NULL, "bytes")                     \
  X(INT, "cacheMaxBytes", cache_max_bytes, WIDTH_64,                          \
    16 * MEBIBYTE, 0, BYTES_MAX, NULL, "bytes")                               \
  X(INT, "cacheNotifyProbeMillis", cache_notify_probe_ms, WIDTH_32,           \
    5000, 1, INT_MS, NULL, "ms")                                              \
  X(INT, "shareMax", share_max, WIDTH_32, 8, 1, SHARE_MAX, NULL, "")          \
  X(INT, "statementCacheSize", statement_cache_size, WIDTH_32,                \
    200, 0, TEN_THOUSAND, NULL, "")                                           \
  X(ENUM, "pooler", pooler, WIDTH_ENUM, 0, 0, 3,                              \
    "auto|none|session|transaction", "")                                      \
  X(ENUM, "names", names, WIDTH_ENUM, 0, 0, 2, "auto|given|never", "")        \
  X(ENUM, "deallocateBeforeUse", deallocate, WIDTH_ENUM, 0, 0, 2,             \
    "off|on|force", "")                                                       \
  X(ENUM, "resetOnRelease", reset_on_release, WIDTH_ENUM, 0, 0, 2,            \
    "off|detected|always", "")                                                \
  X(BOOL, "inferReads", infer_reads, WIDTH_BOOL, 1, 0, 1, NULL, "")           \
  X(BOOL, "keepAlive", keep_alive, WIDTH_BOOL, 1, 0, 1, NULL, "")             \
  X(INT, "keepAliveInitialDelayMillis", keep_alive_initial_delay_ms,          \
    WIDTH_32, 10000, 0, INT_MS, NULL, "ms")                                   \
  X(INT, "tcpUserTimeoutMillis", tcp_user_timeout_ms, WIDTH_32,               \
    15000, 0, INT_MS, NULL, "ms")                                             \
  X(INT, "statementTimeoutMillis", statement_timeout_ms, WIDTH_32,            \
    0, 0, INT_MS, NULL, "ms")                                                 \
  X(INT, "lockTimeoutMillis", lock_timeout_ms, WIDTH_32, 0, 0, INT_MS,        \
    NULL, "ms")                                                               \
  X(INT, "idleInTransactionTimeoutMillis", idle_in_transaction_timeout_ms,    \
    WIDTH_32, 0, 0, INT_MS, NULL, "ms")

static const struct hf_option table[] = {
#define OPTION_ROW(kind, name, field, width, initial, min, max, words, unit)  \
  {name, HF_OPTION_##kind, initial, min, max, words, unit},
    OPTION_MAP(OPTION_ROW)
#undef OPTION_ROW
};

static const struct place places[] = {
#define OPTION_PLACE(kind, name, field, width, initial, min, max, w, unit)    \
  PLACE(field, width),
    OPTION_MAP(OPTION_PLACE)
#undef OPTION_PLACE
};
/* clang-format on */

enum { OPTIONS = sizeof(table) / sizeof(table[0]), UNKNOWN = -1 };

static int find(const char *name) {
  int i;

  for (i = 0; i < OPTIONS; i++) {
    if (strcmp(name, table[i].name) == 0) {
      return i;
    }
  }
  return UNKNOWN;
}

static void store(struct hf_config *config, int option, int64_t value) {
  char *field = (char *)config + places[option].offset;

  switch (places[option].width) {
  case WIDTH_32:
    *(int32_t *)(void *)field = (int32_t)value;
    break;
  case WIDTH_64:
    *(int64_t *)(void *)field = value;
    break;
  case WIDTH_BOOL:
    *(bool *)(void *)field = value != 0;
    break;
  case WIDTH_ENUM: {
    /* enums are unsigned int in gcc and clang */
    unsigned word = (unsigned)value;
    memcpy(field, &word, sizeof(word));
    break;
  }
  }
}

static int64_t load(const struct hf_config *config, int option) {
  const char *field = (const char *)config + places[option].offset;
  unsigned word = 0;

  switch (places[option].width) {
  case WIDTH_32:
    return *(const int32_t *)(const void *)field;
  case WIDTH_64:
    return *(const int64_t *)(const void *)field;
  case WIDTH_BOOL:
    return *(const bool *)(const void *)field;
  case WIDTH_ENUM:
    memcpy(&word, field, sizeof(word));
    return word;
  }
  return 0;
}

/* Parses digits with an optional minus sign and nothing else. */
static bool parse_integer(const char *text, int64_t *out) {
  const char *digit = text[0] == '-' ? text + 1 : text;
  const char *c;
  long long value;

  if (*digit == '\0') {
    return false;
  }
  for (c = digit; *c != '\0'; c++) {
    if (*c < '0' || *c > '9') {
      return false;
    }
  }
  errno = 0;
  value = strtoll(text, NULL, 10);
  if (errno != 0) {
    return false;
  }
  *out = value;
  return true;
}

static bool parse_bool(const char *text, int64_t *out) {
  *out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
  return *out != 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool parse_word(const char *words, const char *text, int64_t *out) {
  size_t length = strlen(text);
  const char *word = words;
  int64_t index;

  for (index = 0; word != NULL; index++) {
    const char *bar = strchr(word, '|');
    size_t word_length = bar == NULL ? strlen(word) : (size_t)(bar - word);

    if (word_length == length && memcmp(word, text, length) == 0) {
      *out = index;
      return true;
    }
    word = bar == NULL ? NULL : bar + 1;
  }
  return false;
}

/* Returns the n-th of the words separated by bars, with its length for %.*s. */
static const char *nth_word(const char *words, int64_t n, int *length) {
  const char *bar;

  while (n-- > 0) {
    words = strchr(words, '|') + 1;
  }
  bar = strchr(words, '|');
  *length = bar == NULL ? (int)strlen(words) : (int)(bar - words);
  return words;
}

static bool parse(const struct hf_option *option,
                  const char *text,
                  int64_t *out) {
  switch (option->kind) {
  case HF_OPTION_INT:
    return parse_integer(text, out) && (double)*out >= option->min &&
           (double)*out <= option->max;
  case HF_OPTION_BOOL:
    return parse_bool(text, out);
  case HF_OPTION_ENUM:
    return parse_word(option->words, text, out);
  case HF_OPTION_TEXT:
    break;
  }
  return false;
}

static enum hf_status refuse(struct hf_error *error, const char *message) {
  if (error != NULL) {
    hf_error_set(error, HF_PARAM_INVALID, HF_PHASE_LOCAL, message);
  }
  return HF_PARAM_INVALID;
}

/*
 * Reports what is valid. The value is left out: it may be a misplaced secret.
 */
static enum hf_status refuse_value(struct hf_error *error,
                                   const struct hf_option *option) {
  char message[MESSAGE_BYTES];

  switch (option->kind) {
  case HF_OPTION_INT:
    snprintf(message,
             sizeof(message),
             "%s must be a whole number from %.0f to %.0f",
             option->name,
             option->min,
             option->max);
    break;
  case HF_OPTION_BOOL:
    snprintf(message,
             sizeof(message),
             "%s must be true or false",
             option->name);
    break;
  case HF_OPTION_ENUM:
  case HF_OPTION_TEXT:
    snprintf(message,
             sizeof(message),
             "%s must be one of %s",
             option->name,
             option->words);
    break;
  }
  return refuse(error, message);
}

const struct hf_option *hf_option_table(size_t *count) {
  *count = OPTIONS;
  return table;
}

void hf_config_init(struct hf_config *config) {
  int i;

  memset(config, 0, sizeof(*config));
  for (i = 0; i < OPTIONS; i++) {
    store(config, i, (int64_t)table[i].initial);
  }
}

bool hf_config_knows(const char *name) {
  return find(name) != UNKNOWN;
}

enum hf_status hf_config_set(struct hf_config *config,
                             const char *name,
                             const char *value,
                             struct hf_error *error) {
  int option = find(name);
  int64_t parsed = 0;

  if (option == UNKNOWN) {
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "unknown option %.100s", name);
    return refuse(error, message);
  }
  if (!parse(&table[option], value, &parsed)) {
    return refuse_value(error, &table[option]);
  }
  store(config, option, parsed);
  return HF_OK;
}

enum hf_status hf_config_check(const struct hf_config *config,
                               struct hf_error *error) {
  if (config->min > config->max) {
    return refuse(error, "min must not be greater than max");
  }
  return HF_OK;
}

bool hf_config_get(const struct hf_config *config,
                   const char *name,
                   char *out,
                   size_t out_bytes) {
  int option = find(name);
  int64_t value;
  const char *word;
  int length;

  if (option == UNKNOWN) {
    return false;
  }
  value = load(config, option);
  switch (table[option].kind) {
  case HF_OPTION_BOOL:
    snprintf(out, out_bytes, "%s", value != 0 ? "true" : "false");
    break;
  case HF_OPTION_ENUM:
    word = nth_word(table[option].words, value, &length);
    snprintf(out, out_bytes, "%.*s", length, word);
    break;
  case HF_OPTION_INT:
  case HF_OPTION_TEXT:
    snprintf(out, out_bytes, "%lld", (long long)value);
    break;
  }
  return true;
}

void hf_config_retry_policy(const struct hf_config *config,
                            struct hf_retry_policy *policy) {
  hf_retry_policy_init(policy);
  policy->max_retries = config->max_retries;
  policy->base_ms = config->retry_base_ms;
  policy->cap_ms = config->retry_cap_ms;
  policy->unbudgeted = !config->retry_budget;
}
