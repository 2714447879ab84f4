/* SPDX-License-Identifier: MIT */
/*
 * Errors by SQLSTATE. PgBouncer uses 08P01 for nearly everything; its messages
 * are in classify_message.c.
 */
#include <string.h>

#include "core/policy/classify_rules.h"
#include "core/policy/classify_text.h"

enum { CLASS_LENGTH = 2 };

struct row {
  const char *sqlstate; /* or a class: its first two characters */
  struct hf_rule rule;
};

/* Exact codes come before their class. */
/* clang-format off */
static const struct row rows[] = {
  {"08001", {N, RETRY | NO_WORK | DISCARD, "no connection could be made"}},
  {"08004", {N, RETRY | NO_WORK | DISCARD, "the connection was refused"}},
  {"08007", {A, DISCARD, "the server does not know how the transaction ended"}},
  {"08P01", {P, DISCARD, "the protocol was violated"}},
  {"08", {A, RETRY | DISCARD, "the connection was lost"}},
  {"0A000", {P, 0, "the server does not support this"}},
  {"25001", {P, 0, "not possible inside a transaction"}},
  {"25006", {N, RETRY | DISCARD,
             "the server only reads: it is a standby or is being replaced"}},
  {"25P01", {P, 0, "no transaction is open"}},
  {"25P02", {P, 0, "an earlier statement of the transaction had failed"}},
  {"25P03", {R, RETRY | DISCARD, "the transaction idled for too long"}},
  {"25P04", {R, DISCARD, "the transaction took too long"}},
  {"26000", {N, RENAME, "the prepared statement is not on this connection"}},
  {"28", {P, NO_WORK | DISCARD, "the server refuses this user"}},
  {"3D000", {P, NO_WORK | DISCARD, "the database does not exist"}},
  {"3F000", {P, 0, "the schema does not exist"}},
  {"40001", {R, RETRY, "it conflicted with another transaction"}},
  {"40P01", {R, RETRY, "it was chosen to end a deadlock"}},
  {"40003", {A, DISCARD, "the server does not know how the statement ended"}},
  {"40002", {P, 0, "a constraint failed at the end of the transaction"}},
  {"40", {R, 0, "the server rolled the transaction back"}},
  {"42501", {P, 0, "the user lacks the privilege"}},
  {"42P05", {N, RENAME, "the prepared statement's name is taken"}},
  {"53300", {N, RETRY | NO_WORK | DISCARD | FULL,
             "the server has no connection left"}},
  {"53100", {R, ONCE | FULL, "the server's disk is full"}},
  {"53200", {R, ONCE | FULL, "the server is out of memory"}},
  {"53", {R, ONCE | FULL, "the server is short of something"}},
  {"54", {P, 0, "a limit of the server was exceeded"}},
  {"55006", {R, 0, "the object is in use"}},
  {"55P03", {R, 0, "the lock was not free in time"}},
  {"55", {P, 0, "the object is not in the state this needs"}},
  {"57014", {R, 0, "the statement was cancelled"}},
  {"57P02", {A, RETRY | DISCARD, "the server crashed"}},
  {"57P03", {N, RETRY | NO_WORK | DISCARD,
             "the server is starting up or shutting down"}},
  {"57P04", {P, DISCARD, "the database was dropped"}},
  {"57P05", {N, RETRY | DISCARD, "the session had been idle for too long"}},
  {"58000", {R, ONCE | DISCARD, "the server's system failed"}},
  {"58030", {R, ONCE | DISCARD, "the server could not read or write"}},
  {"72000", {R, 0, "the snapshot is too old"}},
  /* Aurora DSQL, where a driver gives its own code for a 40001 */
  {"OC", {R, RETRY, "it conflicted with another transaction"}},
  {"XX000", {P, SOFT, "the server reported an internal error"}},
  {"XX001", {P, DISCARD, "the server's data are corrupted"}},
  {"XX002", {P, DISCARD, "an index of the server's is corrupted"}},
  {"22", {P, 0, "a value is not valid"}},
  {"23", {P, 0, "a constraint forbids it"}},
  {"42", {P, 0, "the statement is not valid"}}
};
/* clang-format on */

/* What 57P01 means depends on the severity. */
static const struct hf_rule terminated = {
    R,
    RETRY | DISCARD | COMMIT,
    "an administrator ended the connection"};
static const struct hf_rule shut_down_at_once = {
    A,
    RETRY | DISCARD,
    "the server was shut down at once"};
static const struct hf_rule terminated_somehow = {
    A,
    RETRY | DISCARD,
    "the connection was ended, and it is unknown how"};
static const struct hf_rule raised = {P, 0, "the statement raised it itself"};
static const struct hf_rule draining = {N,
                                        RETRY | NO_WORK | DISCARD,
                                        "the server is shutting down"};
static const struct hf_rule drained = {A,
                                       RETRY | DISCARD,
                                       "the server is shutting down"};

static const struct hf_rule stale_plan = {
    N,
    RENAME,
    "the prepared statement's plan is out of date"};
static const struct hf_rule pooler_unknown = {
    A,
    RETRY | DISCARD,
    "the pooler ended the connection"};

static const struct hf_rule waking = {N,
                                      RETRY | NO_WORK | DISCARD,
                                      "the database is being resumed"};

static const struct hf_rule failed = {P, SOFT, "the statement failed"};
static const struct hf_rule ended = {A,
                                     RETRY | DISCARD,
                                     "the server ended the connection"};

static bool begins_with_one_of(const struct hf_evidence *evidence,
                               const char *const *beginnings,
                               size_t n_beginnings) {
  const char *sentences[HF_SENTENCES_MAX];
  size_t n = hf_classify_sentences(evidence->message, sentences);
  size_t i, j;

  for (i = 0; i < n; i++) {
    for (j = 0; j < n_beginnings; j++) {
      if (hf_classify_begins(sentences[i], beginnings[j])) {
        return true;
      }
    }
  }
  return false;
}

/*
 * A node of CockroachDB that is drained says so with ERROR, to new sessions and
 * to idle ones, which may have sent something meanwhile.
 */
static const struct hf_rule *judge_draining(
    const struct hf_evidence *evidence) {
  static const char *const sentences[] = {"server is shutting down",
                                          "server is not accepting clients"};

  if (!begins_with_one_of(evidence,
                          sentences,
                          sizeof sentences / sizeof *sentences)) {
    return &raised;
  }
  return evidence->phase == HF_PHASE_CONNECT ||
                 evidence->phase == HF_PHASE_ACQUIRE
             ? &draining
             : &drained;
}

/*
 * YugabyteDB has said with the code of internal errors that a transaction was
 * aborted, or that it met a table that was being altered: both are 40001 in its
 * newer versions.
 */
static bool is_aborted_by_yugabyte(const struct hf_evidence *evidence) {
  static const char *const parts[] = {"expired or aborted by a conflict",
                                      "schema version mismatch for table",
                                      "Restart read required at"};
  size_t i;

  for (i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (evidence->message != NULL &&
        strstr(evidence->message, parts[i]) != NULL) {
      return true;
    }
  }
  return false;
}

static const struct hf_rule *judge_terminated(
    const struct hf_evidence *evidence) {
  static const char *const by_administrator =
      "terminating connection due to administrator command";

  switch (evidence->severity) {
  case HF_SEVERITY_FATAL:
    return &terminated;
  case HF_SEVERITY_WARNING:
    return &shut_down_at_once;
  case HF_SEVERITY_ERROR:
    return judge_draining(evidence);
  case HF_SEVERITY_PANIC:
  case HF_SEVERITY_UNKNOWN:
    break;
  }
  /* drivers may drop the severity; this sentence is only sent as FATAL */
  return begins_with_one_of(evidence, &by_administrator, 1)
             ? &terminated
             : &terminated_somehow;
}

/*
 * A server that refuses a session, or ends an idle one, does so with FATAL. SQL
 * can raise the codes as well, and a WARNING only announces them.
 */
static const struct hf_rule *judge_turned_away(
    const struct hf_evidence *evidence,
    const struct hf_rule *rule) {
  if (evidence->phase == HF_PHASE_CONNECT ||
      evidence->phase == HF_PHASE_ACQUIRE) {
    return rule;
  }
  switch (evidence->severity) {
  case HF_SEVERITY_WARNING:
    return &terminated_somehow;
  case HF_SEVERITY_ERROR:
    return &raised;
  case HF_SEVERITY_FATAL:
  case HF_SEVERITY_PANIC:
    break;
  case HF_SEVERITY_UNKNOWN: /* drivers may drop it */
    return evidence->speaker == HF_SPEAKER_SERVER ? &terminated_somehow : rule;
  }
  return rule;
}

/*
 * A server sends the routine and, since 9.6, V. PgBouncer sends neither; other
 * drivers drop V, so a routine is proof enough.
 */
static bool said_by_server(const struct hf_evidence *evidence) {
  return evidence->speaker == HF_SPEAKER_SERVER ||
         (evidence->speaker == HF_SPEAKER_UNKNOWN && evidence->routine != NULL);
}

static const struct hf_rule *judge_violation(
    const struct hf_evidence *evidence) {
  const char *sentences[HF_SENTENCES_MAX];
  size_t n = hf_classify_sentences(evidence->message, sentences);
  size_t i;

  for (i = 0; i < n; i++) {
    const struct hf_rule *rule = hf_classify_pooler(sentences[i]);

    if (rule != NULL) {
      return rule;
    }
  }
  return &pooler_unknown;
}

static const struct hf_rule *judge_bind(const struct hf_evidence *evidence) {
  const char *sentences[HF_SENTENCES_MAX];
  size_t n = hf_classify_sentences(evidence->message, sentences);
  const struct hf_rule *rule = NULL;
  size_t i;

  for (i = 0; i < n && rule == NULL; i++) {
    rule = hf_classify_bind(sentences[i]);
  }
  return rule;
}

/*
 * Proxies without a code of their own for "full" or "no server" use XX000; a
 * real internal error has a routine.
 */
static const struct hf_rule *judge_internal(
    const struct hf_evidence *evidence) {
  const char *sentences[HF_SENTENCES_MAX];
  size_t n = hf_classify_sentences(evidence->message, sentences);
  const struct hf_rule *rule = NULL;
  size_t i;

  for (i = 0; i < n && rule == NULL && evidence->routine == NULL; i++) {
    rule = hf_classify_driver(sentences[i]);
  }
  return rule;
}

static bool is_stale_plan(const struct hf_evidence *evidence) {
  static const char *const sentence = "cached plan must not change result type";

  if (evidence->routine != NULL) {
    return strcmp(evidence->routine, "RevalidateCachedQuery") == 0;
  }
  return begins_with_one_of(evidence, &sentence, 1);
}

/*
 * Services that suspend databases refuse the first logins with a code of this
 * class while the database resumes, and say so. PostgreSQL's own sentences of
 * the class contain names of users and databases, which may be any text.
 */
static bool is_waking(const struct hf_evidence *evidence) {
  static const char *const own[] = {"no pg_hba.conf entry",
                                    "pg_hba.conf rejects",
                                    "password authentication failed",
                                    "role \"",
                                    "permission denied"};
  static const char *const words[] = {"resum",
                                      "waking",
                                      "wake",
                                      "paused",
                                      "suspended",
                                      "asleep",
                                      "sleeping",
                                      "starting",
                                      "is not ready",
                                      "not yet ready",
                                      "try again",
                                      "retry",
                                      "temporarily",
                                      "unavailable",
                                      "in progress",
                                      "scaling",
                                      "hibernat"};
  const char *message = evidence->message;
  size_t i;

  if (message == NULL || strstr(message, " authentication failed for user ")) {
    return false;
  }
  for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
    if (strstr(message, own[i]) != NULL) {
      return false;
    }
  }
  for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    if (strstr(message, words[i]) != NULL) {
      return true;
    }
  }
  return false;
}

static bool has_class(const char *sqlstate, const char *class) {
  return memcmp(sqlstate, class, CLASS_LENGTH) == 0;
}

static const struct hf_rule *find(const char *sqlstate) {
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *key = rows[i].sqlstate;

    if (strlen(key) == SQLSTATE_LENGTH ? strcmp(key, sqlstate) == 0
                                       : has_class(sqlstate, key)) {
      return &rows[i].rule;
    }
  }
  return NULL;
}

const struct hf_rule *hf_classify_sqlstate(const struct hf_evidence *evidence,
                                           const char *sqlstate) {
  const struct hf_rule *rule;

  if (strcmp(sqlstate, "08P01") == 0 && judge_bind(evidence) != NULL) {
    return judge_bind(evidence);
  }
  if (!said_by_server(evidence) &&
      (evidence->pooled || strcmp(sqlstate, "08P01") == 0)) {
    return judge_violation(evidence);
  }
  if (strcmp(sqlstate, "57P01") == 0) {
    return judge_terminated(evidence);
  }
  if (strcmp(sqlstate, "0A000") == 0 && is_stale_plan(evidence)) {
    return &stale_plan;
  }
  if (strcmp(sqlstate, "XX000") == 0 &&
      evidence->severity < HF_SEVERITY_FATAL &&
      is_aborted_by_yugabyte(evidence)) {
    return find("40001");
  }
  if (strcmp(sqlstate, "XX000") == 0 && judge_internal(evidence) != NULL) {
    return judge_internal(evidence);
  }
  if (strcmp(sqlstate, "28000") == 0 && is_waking(evidence)) {
    return &waking;
  }
  rule = find(sqlstate);
  if (strcmp(sqlstate, "57P03") == 0 || strcmp(sqlstate, "57P05") == 0) {
    return judge_turned_away(evidence, rule);
  }
  if (rule != NULL) {
    return rule;
  }
  switch (evidence->severity) {
  case HF_SEVERITY_FATAL:
  case HF_SEVERITY_PANIC:
  case HF_SEVERITY_WARNING:
    return &ended;
  case HF_SEVERITY_ERROR:
  case HF_SEVERITY_UNKNOWN:
    break;
  }
  return &failed;
}
