/* SPDX-License-Identifier: MIT */
/*
 * The pool's settings as SQL: for a session of our own, set once, and for a
 * unit behind a proxy, set for the length of its transaction, so that nothing
 * stays on a server connection that others will use.
 */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "netpool.h"

/* A growing text; `failed` stays set once memory ran out. */
struct text {
  char *data;
  size_t bytes;
  bool failed;
};

static void append(struct text *text, const char *more, size_t bytes) {
  char *data;
  if (text->failed) {
    return;
  }
  data = hf_realloc(text->data, text->bytes + bytes + 1);
  if (data == NULL) {
    text->failed = true;
    return;
  }
  memcpy(data + text->bytes, more, bytes);
  data[text->bytes + bytes] = '\0';
  text->data = data;
  text->bytes += bytes;
}

static void append_text(struct text *text, const char *more) {
  append(text, more, strlen(more));
}

/* An escape literal: right whatever standard_conforming_strings is. */
static void append_literal(struct text *text, const char *value) {
  append_text(text, "E'");
  for (; *value != '\0'; value++) {
    if (*value == '\'' || *value == '\\') {
      append(text, value, 1);
    }
    append(text, value, 1);
  }
  append_text(text, "'");
}

static void append_setting(struct text *text,
                           const char *name,
                           const char *value,
                           bool local) {
  append_text(text,
              text->bytes == 0 ? "select pg_catalog.set_config("
                               : ",pg_catalog.set_config(");
  append_literal(text, name);
  append_text(text, ",");
  append_literal(text, value);
  append_text(text, local ? ",true)" : ",false)");
}

static void append_millis(struct text *text,
                          const char *name,
                          int32_t ms,
                          bool local) {
  char value[16];
  if (ms > 0) {
    (void)snprintf(value, sizeof value, "%d", (int)ms);
    append_setting(text, name, value, local);
  }
}

static void append_settings(struct text *text,
                            const struct hf_netpool *pool,
                            const char *const *fields,
                            int32_t n_fields,
                            bool local) {
  const struct hf_config *config = &pool->core.config;
  int32_t i;
  append_millis(text, "statement_timeout", config->statement_timeout_ms, local);
  append_millis(text, "lock_timeout", config->lock_timeout_ms, local);
  append_millis(text,
                "idle_in_transaction_session_timeout",
                config->idle_in_transaction_timeout_ms,
                local);
  for (i = 0; i + 1 < n_fields; i += 2) {
    if (strncmp(fields[i], "set.", 4) == 0) {
      append_setting(text, fields[i] + 4, fields[i + 1], local);
    }
  }
}

enum hf_status hf_netpool_set_sql(struct hf_netpool *pool,
                                  const char *const *fields,
                                  int32_t n_fields) {
  struct text session = {0};
  struct text unit = {0};
  int32_t i;
  append_settings(&session, pool, fields, n_fields, false);
  append_settings(&unit, pool, fields, n_fields, true);
  for (i = 0; i + 1 < n_fields; i += 2) {
    if (strcmp(fields[i], "sql.onConnect") == 0) {
      append_text(&session, session.bytes == 0 ? "" : ";");
      append_text(&session, fields[i + 1]);
      pool->has_connect_sql = true;
    }
  }
  pool->session_sql = session.data;
  pool->unit_sql = unit.data;
  return session.failed || unit.failed ? HF_NO_MEMORY : HF_OK;
}
