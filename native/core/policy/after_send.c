/* SPDX-License-Identifier: MIT */
#include "core/policy/after_send.h"

#include <string.h>

static bool is(const char *sqlstate, const char *other) {
  return strcmp(sqlstate, other) == 0;
}

static bool has_class(const char *sqlstate, const char *class) {
  return strncmp(sqlstate, class, strlen(class)) == 0;
}

/*
 * PgBouncer and similar poolers send neither V nor a routine. Some poolers send
 * V, so behind a pooler only the routine proves that the server sent the error.
 */
static bool said_by_server(const struct hf_evidence *evidence) {
  return evidence->routine != NULL ||
         (!evidence->pooled && evidence->speaker == HF_SPEAKER_SERVER);
}

static bool said_by_pooler(const struct hf_evidence *evidence) {
  return evidence->speaker != HF_SPEAKER_SERVER && evidence->routine == NULL;
}

/*
 * Returns true when a function raised the error: whatever the code means
 * elsewhere, the statement ran.
 */
static bool raised(const struct hf_evidence *evidence) {
  return evidence->routine != NULL &&
         strcmp(evidence->routine, "exec_stmt_raise") == 0;
}

/*
 * Returns true for codes by which distributed servers say that the end of a
 * transaction is unknown.
 */
static bool says_unknown(const struct hf_evidence *evidence,
                         const char *sqlstate) {
  return (is(sqlstate, "08007") || is(sqlstate, "40003")) && !raised(evidence);
}

/*
 * A statement that failed with ERROR was rolled back. It is not_executed only
 * if the server refused it before it began.
 */
static void judge_error(const struct hf_evidence *evidence,
                        const char *sqlstate,
                        const struct hf_rule *rule,
                        struct hf_classification *why) {
  bool refused = evidence->progress == HF_PROGRESS_UNPARSED;
  why->no_server = false;
  if (!refused && (says_unknown(evidence, sqlstate) ||
                   (has_class(sqlstate, "08") && !said_by_server(evidence)))) {
    why->outcome = HF_OUTCOME_AMBIGUOUS;
    return;
  }
  if (rule->outcome == HF_OUTCOME_AMBIGUOUS ||
      rule->outcome == HF_OUTCOME_NOT_EXECUTED) {
    why->outcome = refused ? HF_OUTCOME_NOT_EXECUTED : HF_OUTCOME_ROLLED_BACK;
    /* an ERROR does not end the session, but another server may take writes */
    why->discard = why->discard && is(sqlstate, "25006");
  }
}

/*
 * Returns true for codes with which a server ends an idle session. A server
 * sends no other FATAL to an idle session, so others come from a proxy that
 * passes the real process id on, which makes the connection look direct.
 */
static bool may_end_idle(const char *sqlstate) {
  static const char *const codes[] = {"57P01",
                                      "57P04",
                                      "57P05",
                                      "25P03",
                                      "25P04"};
  size_t i;

  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    if (is(sqlstate, codes[i])) {
      return true;
    }
  }
  return false;
}

static bool ended_before(const struct hf_evidence *evidence,
                         const char *sqlstate) {
  return evidence->severity == HF_SEVERITY_FATAL && !evidence->pooled &&
         evidence->progress == HF_PROGRESS_UNPARSED &&
         said_by_server(evidence) && may_end_idle(sqlstate);
}

/*
 * Returns true when the session was ended before the answer to Sync, which is
 * what commits.
 */
static bool ended_within(const struct hf_evidence *evidence,
                         const char *sqlstate) {
  return evidence->severity == HF_SEVERITY_FATAL && is(sqlstate, "57P01") &&
         !evidence->simple && evidence->progress != HF_PROGRESS_COMPLETE &&
         !evidence->commit_sent && evidence->phase != HF_PHASE_COMMIT &&
         said_by_server(evidence);
}

/*
 * That the session ended proves nothing by itself: the server may have
 * committed before, and a proxy may have sent the error.
 */
static void judge_fatal(const struct hf_evidence *evidence,
                        const char *sqlstate,
                        const struct hf_rule *rule,
                        struct hf_classification *why) {
  why->once = false;
  why->unnamed = false;
  why->discard = true;
  why->no_server = false;
  if (ended_before(evidence, sqlstate)) {
    why->outcome = HF_OUTCOME_NOT_EXECUTED;
    why->retryable = rule->outcome != HF_OUTCOME_PERMANENT;
    return;
  }
  if (ended_within(evidence, sqlstate) && !evidence->may_commit_midway) {
    why->outcome = HF_OUTCOME_ROLLED_BACK;
    return;
  }
  why->outcome = HF_OUTCOME_AMBIGUOUS;
  why->retryable = rule->outcome != HF_OUTCOME_PERMANENT ||
                   (rule->traits & HF_TRAIT_SOFT) != 0;
  why->reason = evidence->severity == HF_SEVERITY_PANIC
                    ? "the server crashed"
                    : "the connection was ended, and it is unknown how";
}

void hf_after_send_judge(const struct hf_evidence *evidence,
                         const char *sqlstate,
                         const struct hf_rule *rule,
                         struct hf_classification *why) {
  if (said_by_pooler(evidence) && (evidence->pooled || is(sqlstate, "08P01"))) {
    return; /* the rule is already that of the pooler's message */
  }
  switch (evidence->severity) {
  case HF_SEVERITY_ERROR:
    judge_error(evidence, sqlstate, rule, why);
    break;
  case HF_SEVERITY_FATAL:
  case HF_SEVERITY_PANIC:
    judge_fatal(evidence, sqlstate, rule, why);
    break;
  case HF_SEVERITY_WARNING:
    why->no_server = false;
    why->outcome =
        HF_OUTCOME_AMBIGUOUS; /* it only announced the end of the session */
    break;
  case HF_SEVERITY_UNKNOWN:
    if (rule->outcome == HF_OUTCOME_NOT_EXECUTED) {
      why->outcome = HF_OUTCOME_AMBIGUOUS;
    }
    break;
  }
}
