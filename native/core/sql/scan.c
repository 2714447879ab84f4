/* SPDX-License-Identifier: MIT */
#include "core/sql/scan.h"

#include <string.h>

#include "core/sql/lex.h"
#include "core/sql/seen.h"
#include "holdfast.h"

/* Adds a finished statement to the description of the text. */
static void finish(const struct hf_sql_seen *s, struct hf_sql_info *out) {
  enum hf_sql_kind kind = hf_sql_seen_kind(s);

  if (kind == HF_SQL_EMPTY) {
    return;
  }
  if (out->n_statements == 0) {
    out->kind = kind;
    out->copies = kind == HF_SQL_COPY ? s->copies : HF_SQL_COPY_NOT;
    out->read_only = hf_sql_seen_only_reads(s, kind) &&
                     !hf_sql_seen_changes_session(s, kind);
  }
  out->n_statements++;
  out->copy = out->copy || kind == HF_SQL_COPY;
  out->adds_value = out->adds_value || hf_sql_seen_adds_value(s);
  out->refuses_transaction =
      out->refuses_transaction || hf_sql_seen_refuses_transaction(s);
  out->needs_session =
      out->needs_session ||
      (hf_sql_seen_refuses_transaction(s) && !hf_sql_seen_needs_nothing(s));
  out->session_state =
      out->session_state || hf_sql_seen_changes_session(s, kind);
  out->commits = out->commits || kind == HF_SQL_COMMIT ||
                 kind == HF_SQL_COMMIT_AND_CHAIN ||
                 kind == HF_SQL_PREPARE_TRANSACTION;
  out->rolls_back = out->rolls_back || kind == HF_SQL_ROLLBACK ||
                    kind == HF_SQL_ROLLBACK_AND_CHAIN ||
                    kind == HF_SQL_ROLLBACK_TO;
  out->ends_transaction = out->ends_transaction || out->commits ||
                          kind == HF_SQL_ROLLBACK ||
                          kind == HF_SQL_ROLLBACK_AND_CHAIN;
  out->may_commit_midway = out->may_commit_midway || kind == HF_SQL_CALL ||
                           kind == HF_SQL_DO || out->refuses_transaction;
}

/*
 * Adds the next statement to the description. Returns false at the end of the
 * text.
 */
static bool add_statement(struct hf_sql_lexer *lexer, struct hf_sql_info *out) {
  struct hf_sql_token token;
  struct hf_sql_seen s;

  hf_sql_seen_init(&s);
  for (;;) {
    hf_sql_lex_next(lexer, &token);
    if (token.kind == HF_TOKEN_END ||
        (hf_sql_is_char(&token, ';') && s.reads.depth == 0 &&
         s.body_depth == 0)) {
      break;
    }
    hf_sql_seen_take(&s, &token);
  }
  finish(&s, out);
  return token.kind != HF_TOKEN_END;
}

bool hf_sql_next(struct hf_sql_lexer *lexer, struct hf_sql_info *out) {
  memset(out, 0, sizeof(*out));
  return add_statement(lexer, out);
}

static void scan(struct hf_sql_lexer *lexer, struct hf_sql_info *out) {
  memset(out, 0, sizeof(*out));
  while (add_statement(lexer, out)) {
    /* the next one */
  }
  out->multiple = out->n_statements > 1;
  if (out->multiple || lexer->broken) {
    out->read_only = false;
    out->may_commit_midway = true;
  }
}

/*
 * With standard_conforming_strings off a backslash in a string is an escape.
 * Which setting the server will have is not known here, so where it makes a
 * difference only what holds for both is certain.
 */
static void scan_with_backslashes(const char *text,
                                  size_t bytes,
                                  struct hf_sql_info *out) {
  struct hf_sql_lexer lexer;
  struct hf_sql_info other;

  hf_sql_lex_init(&lexer, text, bytes);
  lexer.backslashes = true;
  scan(&lexer, &other);
  out->read_only = out->read_only && other.read_only;
  out->may_commit_midway = out->may_commit_midway || other.may_commit_midway;
  out->session_state = out->session_state || other.session_state;
}

void hf_sql_scan(const char *text, size_t bytes, struct hf_sql_info *out) {
  struct hf_sql_lexer lexer;

  hf_sql_lex_init(&lexer, text, bytes);
  scan(&lexer, out);
  out->read_if_standard = out->read_only;
  if (lexer.backslash_seen) {
    scan_with_backslashes(text, bytes, out);
  }
}

void hf_sql_join(struct hf_sql_info *all, const struct hf_sql_info *next) {
  all->kind = all->kind == next->kind ? all->kind : HF_SQL_OTHER;
  all->multiple = all->multiple || next->multiple;
  all->read_only = all->read_only && next->read_only;
  all->read_if_standard = all->read_if_standard && next->read_if_standard;
  all->may_commit_midway = all->may_commit_midway || next->may_commit_midway;
  all->refuses_transaction =
      all->refuses_transaction || next->refuses_transaction;
  all->copy = all->copy || next->copy;
  all->needs_session = all->needs_session || next->needs_session;
  all->session_state = all->session_state || next->session_state;
  all->ends_transaction = all->ends_transaction || next->ends_transaction;
  all->rolls_back = all->rolls_back || next->rolls_back;
  all->commits = all->commits || next->commits;
  all->adds_value = all->adds_value || next->adds_value;
}
