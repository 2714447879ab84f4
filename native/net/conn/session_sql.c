/* SPDX-License-Identifier: MIT */
#include "net/conn/session_sql.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/sql/lex.h"
#include "core/sql/scan.h"

/* A text that grows. `failed` stays true after memory ran out. */
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

/* E'...' means the same whatever standard_conforming_strings is. */
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

/* The texts while they grow. */
struct builder {
  struct text start, unit, session, plain, check, before, after, shown;
  int32_t count;
};

static void append_call(struct text *text,
                        const char *name,
                        const char *value,
                        const char *local) {
  append_text(text, ",pg_catalog.set_config(");
  append_literal(text, name);
  append_text(text, ",");
  append_literal(text, value);
  append_text(text, local);
}

static void append_current(struct text *text, const char *name) {
  append_text(text, ",pg_catalog.current_setting(");
  append_literal(text, name);
  append_text(text, ",true)");
}

/* The server splits options at white space that has no backslash before it. */
static void append_start(struct text *text,
                         const char *name,
                         const char *value) {
  append_text(text, text->bytes == 0 ? "-c " : " -c ");
  append_text(text, name);
  append_text(text, "=");
  for (; *value != '\0'; value++) {
    if (strchr(" \t\n\v\f\r\\", *value) != NULL) {
      append_text(text, "\\");
    }
    append(text, value, 1);
  }
}

static void append_plain(struct text *text,
                         const char *name,
                         const char *value) {
  append_text(text, text->bytes == 0 ? "set " : ";set ");
  append_text(text, name);
  append_text(text, " to ");
  if (strcmp(name, "search_path") == 0) {
    append_text(text, value); /* a list of names, as SQL writes it */
  } else {
    append_literal(text, value);
  }
}

static void add(struct builder *builder, const char *name, const char *value) {
  builder->count++;
  append_start(&builder->start, name, value);
  append_call(&builder->unit, name, value, ",true)");
  append_call(&builder->session, name, value, ",false)");
  append_plain(&builder->plain, name, value);
  append_text(&builder->check, builder->check.bytes == 0 ? "select " : ",");
  append_text(&builder->check, "pg_catalog.current_setting(");
  append_literal(&builder->check, name);
  append_text(&builder->check, ",true) is not distinct from ");
  append_text(&builder->check, "pg_catalog.set_config(");
  append_literal(&builder->check, name);
  append_text(&builder->check, ",");
  append_literal(&builder->check, value);
  append_text(&builder->check, ",true)");
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
static char *join(struct text *columns,
                  const char *head,
                  const char *tail,
                  bool *failed) {
  struct text whole = {0};
  append_text(&whole, head);
  append_text(&whole, columns->bytes == 0 ? "" : columns->data);
  append_text(&whole, tail);
  *failed = *failed || whole.failed || columns->failed;
  return whole.data;
}

static char *take(struct text *text, bool *failed) {
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
  struct text whole = {0};
  append_text(&whole, "select ");
  append_text(&whole, read_only);
  append_text(&whole, builder->before.bytes == 0 ? "" : builder->before.data);
  append_text(&whole, read_only_set);
  append_text(&whole, builder->after.bytes == 0 ? "" : builder->after.data);
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
  struct text inserted = {0};
  struct hf_sql_info info;
  size_t from = 0;
  if (!in_transaction) {
    append_text(&inserted, sql->unit);
    append_text(&inserted, ";");
  }
  while (from < bytes) {
    size_t next = next_statement(text, bytes, from, &info);
    append(&inserted, text + from, next - from);
    if (needs_settings_after(&info, next == bytes)) {
      append_text(&inserted, separator(next == bytes));
      append_text(&inserted, sql->unit);
      append_text(&inserted, ";");
    }
    from = next;
  }
  if (inserted.failed) {
    hf_free(inserted.data);
    return NULL;
  }
  return inserted.data;
}

/* Returns how many characters of UTF-8 there are. */
static int32_t count(const char *text, size_t bytes) {
  int32_t n = 0;
  size_t i;
  for (i = 0; i < bytes; i++) {
    n += ((unsigned char)text[i] & 0xc0) != 0x80;
  }
  return n;
}

int32_t hf_session_sql_original_position(const struct hf_session_sql *sql,
                                         const char *text,
                                         size_t bytes,
                                         bool in_transaction,
                                         int32_t position) {
  int32_t unit = count(sql->unit, strlen(sql->unit)) + 1;
  int32_t shift = in_transaction ? 0 : unit;
  int32_t passed = 0;
  struct hf_sql_info info;
  size_t from = 0;
  while (from < bytes) {
    size_t next = next_statement(text, bytes, from, &info);
    passed += count(text + from, next - from);
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
