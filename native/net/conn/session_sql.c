/* SPDX-License-Identifier: MIT */
#include "net/conn/session_sql.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/sql/lex.h"
#include "core/sql/scan.h"
#include "net/conn/sql_text.h"

/* The texts while they grow. */
struct builder {
  struct hf_sql_text start, unit, session, plain, check, before, after, shown;
  int32_t count;
};

static void append_call(struct hf_sql_text *text,
                        const char *name,
                        const char *value,
                        const char *local) {
  hf_sql_text_add(text, ",pg_catalog.set_config(");
  hf_sql_text_add_literal(text, name);
  hf_sql_text_add(text, ",");
  hf_sql_text_add_literal(text, value);
  hf_sql_text_add(text, local);
}

static void append_current(struct hf_sql_text *text, const char *name) {
  hf_sql_text_add(text, ",pg_catalog.current_setting(");
  hf_sql_text_add_literal(text, name);
  hf_sql_text_add(text, ",true)");
}

/* The server splits options at white space that has no backslash before it. */
static void append_start(struct hf_sql_text *text,
                         const char *name,
                         const char *value) {
  hf_sql_text_add(text, text->bytes == 0 ? "-c " : " -c ");
  hf_sql_text_add(text, name);
  hf_sql_text_add(text, "=");
  for (; *value != '\0'; value++) {
    if (strchr(" \t\n\v\f\r\\", *value) != NULL) {
      hf_sql_text_add(text, "\\");
    }
    hf_sql_text_add_bytes(text, value, 1);
  }
}

static void append_plain(struct hf_sql_text *text,
                         const char *name,
                         const char *value) {
  hf_sql_text_add(text, text->bytes == 0 ? "set " : ";set ");
  hf_sql_text_add(text, name);
  hf_sql_text_add(text, " to ");
  if (strcmp(name, "search_path") == 0) {
    hf_sql_text_add(text, value); /* a list of names, as SQL writes it */
  } else {
    hf_sql_text_add_literal(text, value);
  }
}

static void add(struct builder *builder, const char *name, const char *value) {
  builder->count++;
  append_start(&builder->start, name, value);
  append_call(&builder->unit, name, value, ",true)");
  append_call(&builder->session, name, value, ",false)");
  append_plain(&builder->plain, name, value);
  hf_sql_text_add(&builder->check, builder->check.bytes == 0 ? "select " : ",");
  hf_sql_text_add(&builder->check, "pg_catalog.current_setting(");
  hf_sql_text_add_literal(&builder->check, name);
  hf_sql_text_add(&builder->check, ",true) is not distinct from ");
  hf_sql_text_add(&builder->check, "pg_catalog.set_config(");
  hf_sql_text_add_literal(&builder->check, name);
  hf_sql_text_add(&builder->check, ",");
  hf_sql_text_add_literal(&builder->check, value);
  hf_sql_text_add(&builder->check, ",true)");
  append_current(&builder->before, name);
  append_call(&builder->after, name, value, ",true)");
  append_current(&builder->shown, name);
}

static void add_millis(struct builder *builder, const char *name, int32_t ms) {
  char value[16];
  if (ms > 0) {
    (void)snprintf(value, sizeof value, "%d", (int)ms);
    add(builder, name, value);
  }
}

static void add_all(struct builder *builder,
                    const struct hf_config *config,
                    const char *const *fields,
                    int32_t n_fields) {
  int32_t i;
  add_millis(builder, "statement_timeout", config->statement_timeout_ms);
  add_millis(builder, "lock_timeout", config->lock_timeout_ms);
  add_millis(builder,
             "idle_in_transaction_session_timeout",
             config->idle_in_transaction_timeout_ms);
  for (i = 0; i + 1 < n_fields; i += 2) {
    if (strncmp(fields[i], "set.", 4) == 0) {
      add(builder, fields[i] + 4, fields[i + 1]);
    }
  }
}

/* Returns "<head><columns><tail>"; a column list begins with a comma. */
static char *join(struct hf_sql_text *columns,
                  const char *head,
                  const char *tail,
                  bool *failed) {
  struct hf_sql_text whole = {0};
  hf_sql_text_add(&whole, head);
  hf_sql_text_add(&whole, columns->bytes == 0 ? "" : columns->data);
  hf_sql_text_add(&whole, tail);
  *failed = *failed || whole.failed || columns->failed;
  return whole.data;
}

static char *take(struct hf_sql_text *text, bool *failed) {
  char *data = text->data;
  *failed = *failed || text->failed;
  text->data = NULL;
  return data;
}

/* The lists of columns begin with transaction_read_only. */
static const char read_only[] =
    "pg_catalog.current_setting('transaction_read_only')";
static const char read_only_set[] =
    ",pg_catalog.set_config('transaction_read_only','on',true)";

/* The values before, the calls that set them, and the values after. */
static char *join_proof(struct builder *builder, bool *failed) {
  struct hf_sql_text whole = {0};
  hf_sql_text_add(&whole, "select ");
  hf_sql_text_add(&whole, read_only);
  hf_sql_text_add(&whole,
                  builder->before.bytes == 0 ? "" : builder->before.data);
  hf_sql_text_add(&whole, read_only_set);
  hf_sql_text_add(&whole, builder->after.bytes == 0 ? "" : builder->after.data);
  *failed = *failed || whole.failed || builder->before.failed ||
            builder->after.failed;
  return whole.data;
}

static void finish_builder(struct builder *builder) {
  hf_free(builder->start.data);
  hf_free(builder->unit.data);
  hf_free(builder->session.data);
  hf_free(builder->plain.data);
  hf_free(builder->check.data);
  hf_free(builder->before.data);
  hf_free(builder->after.data);
  hf_free(builder->shown.data);
}

static void build(struct hf_session_sql *sql,
                  struct builder *builder,
                  bool *failed) {
  char head[128];
  sql->count = builder->count;
  sql->prove = join_proof(builder, failed);
  (void)snprintf(head, sizeof head, "select %s", read_only);
  sql->shown = join(&builder->shown, head, "", failed);
  if (builder->count == 0) {
    return;
  }
  sql->start = take(&builder->start, failed);
  /* The first column identifies the row. */
  sql->unit = join(&builder->unit,
                   "select true as \"" HF_SETTINGS_COLUMN "\"",
                   "",
                   failed);
  sql->session = join(&builder->session, "select true", "", failed);
  sql->plain = take(&builder->plain, failed);
  sql->check = take(&builder->check, failed);
}

enum hf_status hf_session_sql_build(struct hf_session_sql *sql,
                                    const struct hf_config *config,
                                    const char *const *fields,
                                    int32_t n_fields) {
  struct builder builder = {0};
  bool failed = false;
  int32_t i;
  memset(sql, 0, sizeof *sql);
  add_all(&builder, config, fields, n_fields);
  build(sql, &builder, &failed);
  finish_builder(&builder);
  for (i = 0; i + 1 < n_fields; i += 2) {
    if (strcmp(fields[i], "sql.onConnect") == 0 && sql->on_connect == NULL) {
      sql->on_connect = hf_strndup(fields[i + 1], strlen(fields[i + 1]));
      failed = failed || sql->on_connect == NULL;
    }
  }
  return failed ? HF_NO_MEMORY : HF_OK;
}

void hf_session_sql_finish(struct hf_session_sql *sql) {
  hf_free(sql->start);
  hf_free(sql->unit);
  hf_free(sql->session);
  hf_free(sql->plain);
  hf_free(sql->check);
  hf_free(sql->prove);
  hf_free(sql->shown);
  hf_free(sql->on_connect);
  memset(sql, 0, sizeof *sql);
}

static bool begins_again(const struct hf_sql_info *info) {
  return info->kind == HF_SQL_COMMIT_AND_CHAIN ||
         info->kind == HF_SQL_ROLLBACK_AND_CHAIN;
}

/* Describes the statement at `from`; returns where the next one begins. */
static size_t next_statement(const char *text,
                             size_t bytes,
                             size_t from,
                             struct hf_sql_info *info) {
  struct hf_sql_lexer lexer;
  hf_sql_lex_init(&lexer, text + from, bytes - from);
  return hf_sql_next(&lexer, info) ? (size_t)(lexer.at - text) : bytes;
}

/* Settings end with a transaction, unless nothing follows. */
static bool needs_settings_after(const struct hf_sql_info *info, bool last) {
  return info->ends_transaction && (!last || begins_again(info));
}

/* The text may end in a comment. */
static const char *separator(bool last) {
  return last ? "\n;" : "";
}

char *hf_session_sql_insert(const struct hf_session_sql *sql,
                            const char *text,
                            size_t bytes,
                            bool in_transaction) {
  struct hf_sql_text inserted = {0};
  struct hf_sql_info info;
  size_t from = 0;
  if (!in_transaction) {
    hf_sql_text_add(&inserted, sql->unit);
    hf_sql_text_add(&inserted, ";");
  }
  while (from < bytes) {
    size_t next = next_statement(text, bytes, from, &info);
    hf_sql_text_add_bytes(&inserted, text + from, next - from);
    if (needs_settings_after(&info, next == bytes)) {
      hf_sql_text_add(&inserted, separator(next == bytes));
      hf_sql_text_add(&inserted, sql->unit);
      hf_sql_text_add(&inserted, ";");
    }
    from = next;
  }
  if (inserted.failed) {
    hf_free(inserted.data);
    return NULL;
  }
  return inserted.data;
}

int32_t hf_session_sql_original_position(const struct hf_session_sql *sql,
                                         const char *text,
                                         size_t bytes,
                                         bool in_transaction,
                                         int32_t position) {
  int32_t unit = hf_sql_characters(sql->unit, strlen(sql->unit)) + 1;
  int32_t shift = in_transaction ? 0 : unit;
  int32_t passed = 0;
  struct hf_sql_info info;
  size_t from = 0;
  while (from < bytes) {
    size_t next = next_statement(text, bytes, from, &info);
    passed += hf_sql_characters(text + from, next - from);
    if (position <= passed + shift) {
      break;
    }
    if (needs_settings_after(&info, next == bytes)) {
      shift += unit + (int32_t)strlen(separator(next == bytes));
    }
    from = next;
  }
  return position > shift ? position - shift : 1;
}
