/* SPDX-License-Identifier: MIT */
#include "core/sql/scan.h"

#include <string.h>

#include "core/sql/lex.h"
#include "core/sql/reads.h"
#include "holdfast.h"

enum {
  FIRST_WORDS = 6 /* as many words decide the kind of a statement */
};

/* What was seen of the current statement. */
struct statement {
  char words[FIRST_WORDS][HF_TOKEN_TEXT];
  size_t n_words;
  struct hf_sql_reads reads; /* whether it only reads; the tokens before */
  bool empty;
  bool writes; /* it has INSERT, UPDATE, DELETE or MERGE */
  bool concurrently;
  bool with_hold;
  bool into_temp;
  bool locks_session;
  size_t settings;       /* calls of set_config() that are not local */
  size_t body_depth;     /* of BEGIN ATOMIC and CASE in a function's body */
  enum hf_sql_kind main; /* of WITH */
};

static void statement_init(struct statement *s) {
  memset(s, 0, sizeof(*s));
  hf_sql_reads_init(&s->reads);
  s->empty = true;
  s->main = HF_SQL_OTHER;
}

/* Returns the previous token. */
static const struct hf_sql_token *last(const struct statement *s) {
  return &s->reads.before[0];
}

static bool word_is(const struct statement *s, size_t i, const char *word) {
  return i < s->n_words && strcmp(s->words[i], word) == 0;
}

static bool has_word(const struct statement *s, const char *word) {
  size_t i;

  for (i = 1; i < s->n_words; i++) {
    if (strcmp(s->words[i], word) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_one_of(const char *word, const char *const *list) {
  for (; *list != NULL; list++) {
    if (strcmp(word, *list) == 0) {
      return true;
    }
  }
  return false;
}

static enum hf_sql_kind main_kind(const char *word) {
  static const struct {
    const char *word;
    enum hf_sql_kind kind;
  } kinds[] = {{"select", HF_SQL_SELECT},
               {"values", HF_SQL_SELECT},
               {"table", HF_SQL_SELECT},
               {"insert", HF_SQL_INSERT},
               {"update", HF_SQL_UPDATE},
               {"delete", HF_SQL_DELETE}};
  size_t i;

  for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (strcmp(word, kinds[i].word) == 0) {
      return kinds[i].kind;
    }
  }
  return HF_SQL_OTHER;
}

static bool locks_session(const char *word) {
  static const char *const prefixes[] = {"pg_advisory_lock",
                                         "pg_try_advisory_lock"};
  size_t i;

  for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
    if (strncmp(word, prefixes[i], strlen(prefixes[i])) == 0) {
      return true;
    }
  }
  return false;
}

static void on_word(struct statement *s, const char *word) {
  static const char *const writers[] = {"insert",
                                        "update",
                                        "delete",
                                        "merge",
                                        NULL};

  if (s->n_words < FIRST_WORDS) {
    memcpy(s->words[s->n_words++], word, strlen(word) + 1);
  }
  if (s->reads.depth == 0 && s->main == HF_SQL_OTHER) {
    s->main = main_kind(word);
  }
  s->writes = s->writes || is_one_of(word, writers);
  s->into_temp = s->into_temp || (hf_sql_is_word(last(s), "into") &&
                                  (strncmp(word, "temp", strlen("temp")) == 0 ||
                                   strcmp(word, "pg_temp") == 0));
  s->concurrently = s->concurrently || strcmp(word, "concurrently") == 0;
  s->with_hold = s->with_hold ||
                 (hf_sql_is_word(last(s), "with") && strcmp(word, "hold") == 0);
  s->locks_session = s->locks_session || locks_session(word);
  s->settings += strcmp(word, "set_config") == 0 ? 1 : 0;
  if (s->body_depth > 0 && strcmp(word, "case") == 0) {
    s->body_depth++;
  } else if (s->body_depth > 0 && strcmp(word, "end") == 0) {
    s->body_depth--;
  } else if (s->body_depth == 0 && strcmp(word, "atomic") == 0 &&
             hf_sql_is_word(last(s), "begin") && word_is(s, 0, "create")) {
    s->body_depth = 1;
  }
}

static void take(struct statement *s, const struct hf_sql_token *token) {
  s->empty = false;
  if (token->kind == HF_TOKEN_WORD) {
    on_word(s, token->text);
  } else if (hf_sql_is_char(token, ')') && s->settings > 0 &&
             hf_sql_is_word(last(s), "true")) {
    s->settings--; /* set_config(..., true) is local */
  }
  hf_sql_reads_take(&s->reads, token);
}

/*
 * The kind of COMMIT, END, ROLLBACK and ABORT; WORK and TRANSACTION are
 * optional.
 */
static enum hf_sql_kind ending_kind(const struct statement *s, bool commit) {
  size_t i = word_is(s, 1, "work") || word_is(s, 1, "transaction") ? 2 : 1;

  if (word_is(s, 1, "prepared")) {
    return HF_SQL_OTHER;
  }
  if (!commit && word_is(s, i, "to")) {
    return HF_SQL_ROLLBACK_TO;
  }
  if (word_is(s, i, "and") && word_is(s, i + 1, "chain")) {
    return commit ? HF_SQL_COMMIT_AND_CHAIN : HF_SQL_ROLLBACK_AND_CHAIN;
  }
  return commit ? HF_SQL_COMMIT : HF_SQL_ROLLBACK;
}

static enum hf_sql_kind simple_kind(const char *word) {
  static const struct {
    const char *word;
    enum hf_sql_kind kind;
  } kinds[] = {{"select", HF_SQL_SELECT},
               {"values", HF_SQL_SELECT},
               {"table", HF_SQL_SELECT},
               {"insert", HF_SQL_INSERT},
               {"update", HF_SQL_UPDATE},
               {"delete", HF_SQL_DELETE},
               {"begin", HF_SQL_BEGIN},
               {"savepoint", HF_SQL_SAVEPOINT},
               {"listen", HF_SQL_LISTEN},
               {"unlisten", HF_SQL_LISTEN},
               {"release", HF_SQL_RELEASE_SAVEPOINT},
               {"copy", HF_SQL_COPY},
               {"call", HF_SQL_CALL},
               {"do", HF_SQL_DO}};
  size_t i;

  for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (strcmp(word, kinds[i].word) == 0) {
      return kinds[i].kind;
    }
  }
  return HF_SQL_OTHER;
}

static enum hf_sql_kind kind_of(const struct statement *s) {
  if (s->empty) {
    return HF_SQL_EMPTY;
  }
  if (word_is(s, 0, "with")) {
    return s->main == HF_SQL_SELECT && s->writes ? HF_SQL_OTHER : s->main;
  }
  if (word_is(s, 0, "commit") || word_is(s, 0, "end")) {
    return ending_kind(s, true);
  }
  if (word_is(s, 0, "rollback") || word_is(s, 0, "abort")) {
    return ending_kind(s, false);
  }
  if (word_is(s, 0, "set")) {
    return word_is(s, 1, "local") || word_is(s, 1, "transaction") ||
                   word_is(s, 1, "constraints")
               ? HF_SQL_SET_LOCAL
               : HF_SQL_SET;
  }
  if (word_is(s, 0, "start") && word_is(s, 1, "transaction")) {
    return HF_SQL_BEGIN;
  }
  if (word_is(s, 0, "prepare") && word_is(s, 1, "transaction")) {
    return HF_SQL_PREPARE_TRANSACTION;
  }
  return s->n_words == 0 ? HF_SQL_OTHER : simple_kind(s->words[0]);
}

/*
 * Returns true for commands that cannot run in a transaction and may be half
 * done after an error.
 */
static bool refuses_transaction(const struct statement *s) {
  static const char *const alone[] = {"vacuum", "cluster", "reindex", NULL};
  static const char *const makers[] = {"create", "drop", "alter", NULL};
  static const char *const things[] = {"database",
                                       "tablespace",
                                       "subscription",
                                       "system",
                                       NULL};
  const char *first = s->words[0];

  if (s->n_words == 0) {
    return false;
  }
  if (is_one_of(first, alone)) {
    return true;
  }
  if (is_one_of(first, makers) && s->n_words > 1 &&
      is_one_of(s->words[1], things)) {
    return true;
  }
  if (word_is(s, 0, "discard")) {
    return word_is(s, 1, "all");
  }
  if (word_is(s, 0, "commit") || word_is(s, 0, "rollback")) {
    return word_is(s, 1, "prepared");
  }
  return s->concurrently &&
         (is_one_of(first, makers) || word_is(s, 0, "refresh"));
}

static bool changes_session(const struct statement *s, enum hf_sql_kind kind) {
  static const char *const always[] = {"discard",
                                       "load",
                                       "reset",
                                       "deallocate",
                                       NULL};

  if (kind == HF_SQL_SET || kind == HF_SQL_LISTEN) {
    return true;
  }
  if (s->locks_session || s->settings > 0 || s->into_temp) {
    return true;
  }
  if (s->n_words > 0 && is_one_of(s->words[0], always)) {
    return true;
  }
  if (word_is(s, 0, "prepare")) {
    return kind != HF_SQL_PREPARE_TRANSACTION;
  }
  if (word_is(s, 0, "create")) {
    return has_word(s, "temp") || has_word(s, "temporary") ||
           has_word(s, "pg_temp");
  }
  if (word_is(s, 0, "update")) { /* the view of all settings */
    return has_word(s, "pg_settings");
  }
  return word_is(s, 0, "declare") && s->with_hold;
}

/* ALTER TYPE .. ADD VALUE: the value cannot be used before it is committed. */
static bool adds_value(const struct statement *s) {
  return word_is(s, 0, "alter") && word_is(s, 1, "type") &&
         has_word(s, "add") && has_word(s, "value");
}

/*
 * Returns true for commands that do the same whatever the settings of the
 * session.
 */
static bool needs_nothing(const struct statement *s) {
  return word_is(s, 0, "discard") || word_is(s, 0, "commit") ||
         word_is(s, 0, "rollback");
}

/* Adds a finished statement to the description of the text. */
static void finish(const struct statement *s, struct hf_sql_info *out) {
  enum hf_sql_kind kind = kind_of(s);

  if (kind == HF_SQL_EMPTY) {
    return;
  }
  if (out->n_statements == 0) {
    out->kind = kind;
    out->read_only = kind == HF_SQL_SELECT && !s->reads.opaque && !s->writes &&
                     !changes_session(s, kind);
  }
  out->n_statements++;
  out->copy = out->copy || kind == HF_SQL_COPY;
  out->adds_value = out->adds_value || adds_value(s);
  out->refuses_transaction = out->refuses_transaction || refuses_transaction(s);
  out->needs_session =
      out->needs_session || (refuses_transaction(s) && !needs_nothing(s));
  out->session_state = out->session_state || changes_session(s, kind);
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
  struct statement s;

  statement_init(&s);
  for (;;) {
    hf_sql_lex_next(lexer, &token);
    if (token.kind == HF_TOKEN_END ||
        (hf_sql_is_char(&token, ';') && s.reads.depth == 0 &&
         s.body_depth == 0)) {
      break;
    }
    take(&s, &token);
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

bool hf_sql_controls_transaction(enum hf_sql_kind kind) {
  return kind == HF_SQL_BEGIN || kind == HF_SQL_COMMIT ||
         kind == HF_SQL_COMMIT_AND_CHAIN || kind == HF_SQL_ROLLBACK ||
         kind == HF_SQL_ROLLBACK_AND_CHAIN || kind == HF_SQL_ROLLBACK_TO ||
         kind == HF_SQL_SAVEPOINT || kind == HF_SQL_RELEASE_SAVEPOINT ||
         kind == HF_SQL_PREPARE_TRANSACTION;
}
