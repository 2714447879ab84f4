/* SPDX-License-Identifier: MIT */
#include "core/sql/seen.h"

#include <string.h>

void hf_sql_seen_init(struct hf_sql_seen *s) {
  memset(s, 0, sizeof(*s));
  hf_sql_reads_init(&s->reads);
  s->empty = true;
  s->main = HF_SQL_OTHER;
}

/* Returns the previous token. */
static const struct hf_sql_token *last(const struct hf_sql_seen *s) {
  return &s->reads.before[0];
}

static bool word_is(const struct hf_sql_seen *s, size_t i, const char *word) {
  return i < s->n_words && strcmp(s->words[i], word) == 0;
}

static bool has_word(const struct hf_sql_seen *s, const char *word) {
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

static void on_word(struct hf_sql_seen *s, const char *word) {
  static const char *const writers[] = {"insert",
                                        "update",
                                        "delete",
                                        "merge",
                                        NULL};

  if (s->n_words < HF_SQL_FIRST_WORDS) {
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

/*
 * COPY takes FROM STDOUT and TO STDIN as well, which mean the same as if they
 * were the other.
 */
static void note_copy(struct hf_sql_seen *s, const char *word) {
  bool ends = strcmp(word, "stdin") == 0 || strcmp(word, "stdout") == 0;
  if (s->reads.depth > 0 || s->copies != HF_SQL_COPY_NOT) {
    return;
  }
  if (strcmp(word, "to") == 0) {
    s->copies_a_read = !s->reads.opaque && !s->writes;
  } else if (ends && hf_sql_is_word(last(s), "from")) {
    s->copies = HF_SQL_COPY_IN;
  } else if (ends && hf_sql_is_word(last(s), "to")) {
    s->copies = HF_SQL_COPY_OUT;
  }
}

/* What is in parentheses after COPY, or after its table, is no call. */
static void open_copied(struct hf_sql_seen *s) {
  struct hf_sql_token *before = &s->reads.before[0];
  if (s->reads.depth == 0) {
    before->kind = HF_TOKEN_END;
    before->text[0] = '\0';
  }
}

static void take_of_copy(struct hf_sql_seen *s,
                         const struct hf_sql_token *token) {
  if (token->kind == HF_TOKEN_WORD) {
    note_copy(s, token->text);
  } else if (hf_sql_is_char(token, '(')) {
    open_copied(s);
  }
}

void hf_sql_seen_take(struct hf_sql_seen *s, const struct hf_sql_token *token) {
  s->empty = false;
  if (word_is(s, 0, "copy")) {
    take_of_copy(s, token);
  }
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
static enum hf_sql_kind ending_kind(const struct hf_sql_seen *s, bool commit) {
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

enum hf_sql_kind hf_sql_seen_kind(const struct hf_sql_seen *s) {
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

bool hf_sql_seen_refuses_transaction(const struct hf_sql_seen *s) {
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

bool hf_sql_seen_only_reads(const struct hf_sql_seen *s,
                            enum hf_sql_kind kind) {
  if (kind == HF_SQL_COPY) {
    return s->copies == HF_SQL_COPY_OUT && s->copies_a_read;
  }
  return kind == HF_SQL_SELECT && !s->reads.opaque && !s->writes;
}

bool hf_sql_seen_changes_session(const struct hf_sql_seen *s,
                                 enum hf_sql_kind kind) {
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

bool hf_sql_seen_adds_value(const struct hf_sql_seen *s) {
  return word_is(s, 0, "alter") && word_is(s, 1, "type") &&
         has_word(s, "add") && has_word(s, "value");
}

bool hf_sql_seen_needs_nothing(const struct hf_sql_seen *s) {
  return word_is(s, 0, "discard") || word_is(s, 0, "commit") ||
         word_is(s, 0, "rollback");
}
