/* SPDX-License-Identifier: MIT */
/*
 * Classifies a failed unit of work: hf_classify() of holdfast.h. Facts are
 * looked up in constant tables, in this order: an SQLSTATE, wherever it is
 * found, with its severity; the status of our own errors; codes of Node,
 * drivers and Prisma; sentences. What no table knows is ambiguous, or
 * not_executed if nothing was sent.
 */
#include <string.h>

#include "core/policy/after_send.h"
#include "core/policy/classify_rules.h"
#include "core/policy/classify_text.h"

enum { SQLSTATE_BYTES = SQLSTATE_LENGTH + 1 };

static const struct hf_rule nothing_known = {A, 0, "nothing is known of it"};
static const struct hf_rule not_connected = {N,
                                             RETRY | HF_TRAIT_DISCARD,
                                             "no connection could be made"};

static bool connecting(const struct hf_evidence *evidence) {
  return evidence->phase == HF_PHASE_CONNECT ||
         (evidence->name != NULL &&
          strcmp(evidence->name, "PrismaClientInitializationError") == 0);
}

/*
 * Returns true when nothing of the unit can have reached a server. LOCAL is
 * also the phase of zeroed evidence, so it counts for our own errors only.
 */
static bool before_work(const struct hf_evidence *evidence) {
  if (hf_classify_concerns_transaction(evidence)) {
    return false;
  }
  return evidence->nothing_sent || connecting(evidence) ||
         evidence->phase == HF_PHASE_ACQUIRE ||
         (evidence->phase == HF_PHASE_LOCAL && hf_classify_is_ours(evidence));
}

static bool commit_sent(const struct hf_evidence *evidence) {
  return evidence->commit_sent || evidence->phase == HF_PHASE_COMMIT ||
         evidence->status == HF_OUTCOME_UNKNOWN;
}

static bool in_transaction(const struct hf_evidence *evidence) {
  return evidence->in_transaction || commit_sent(evidence) ||
         hf_classify_concerns_transaction(evidence);
}

static bool is_prismas(const struct hf_evidence *evidence) {
  return evidence->name != NULL &&
         hf_classify_begins(evidence->name, "PrismaClient");
}

/* In our own errors only a message that begins like libpq's is searched. */
static bool may_extract(const struct hf_evidence *evidence) {
  if (evidence->message == NULL) {
    return false;
  }
  if (hf_classify_is_ours(evidence)) {
    return hf_classify_begins(evidence->message, "connection to server ");
  }
  return evidence->name == NULL || strcmp(evidence->name, "Error") == 0 ||
         is_prismas(evidence);
}

/* Finds the SQLSTATE in its own field, in the code, or in the text. */
static const char *find_sqlstate(const struct hf_evidence *evidence,
                                 char buffer[6]) {
  if (evidence->sqlstate != NULL &&
      hf_classify_is_sqlstate(evidence->sqlstate)) {
    return evidence->sqlstate;
  }
  if (evidence->code != NULL && hf_classify_is_sqlstate(evidence->code)) {
    return evidence->code;
  }
  return may_extract(evidence) && hf_classify_extract(evidence->message,
                                                      is_prismas(evidence),
                                                      buffer)
             ? buffer
             : NULL;
}

/* Returns the severity in Prisma's text. */
static enum hf_severity find_severity(const char *message) {
  static const struct {
    const char *text;
    enum hf_severity severity;
  } words[] = {
      {"severity: \"ERROR\"", HF_SEVERITY_ERROR},
      {"severity: \"FATAL\"", HF_SEVERITY_FATAL},
      {"severity: \"PANIC\"", HF_SEVERITY_PANIC},
  };
  size_t i;

  for (i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strstr(message, words[i].text) != NULL) {
      return words[i].severity;
    }
  }
  return HF_SEVERITY_UNKNOWN;
}

static const struct hf_rule *judge_sqlstate(
    const struct hf_evidence *evidence) {
  struct hf_evidence found = *evidence;
  char buffer[6];
  const char *sqlstate = find_sqlstate(evidence, buffer);

  if (sqlstate == NULL) {
    return NULL;
  }
  if (sqlstate == buffer && found.severity == HF_SEVERITY_UNKNOWN) {
    found.severity = find_severity(found.message);
  }
  return hf_classify_sqlstate(&found, sqlstate);
}

/* First what the server said, then what we know, then what others say. */
static const struct hf_rule *judge(const struct hf_evidence *evidence) {
  const struct hf_rule *rule = judge_sqlstate(evidence);

  if (rule == NULL && hf_classify_is_ours(evidence)) {
    return hf_classify_status(evidence, before_work(evidence));
  }
  if (rule == NULL) {
    rule = hf_classify_code(evidence);
  }
  if (rule == NULL) {
    rule = hf_classify_message(evidence);
  }
  if (rule == NULL) {
    rule = before_work(evidence) ? &not_connected : &nothing_known;
  }
  return rule;
}

static struct hf_classification from_rule(const struct hf_rule *rule) {
  struct hf_classification why = {0};

  why.outcome = rule->outcome;
  why.retryable = (rule->traits & HF_TRAIT_RETRY) != 0;
  why.once = (rule->traits & HF_TRAIT_ONCE) != 0;
  why.slow = (rule->traits & HF_TRAIT_SLOW) != 0;
  why.unnamed = (rule->traits & HF_TRAIT_UNNAMED) != 0;
  why.discard = (rule->traits & HF_TRAIT_DISCARD) != 0;
  why.no_server = (rule->traits & HF_TRAIT_NO_WORK) != 0;
  why.overload = (rule->traits & HF_TRAIT_FULL) != 0;
  why.reason = rule->reason;
  return why;
}

/* Nothing was sent: nothing can be rolled back or ambiguous. */
static void apply_before(const struct hf_evidence *evidence,
                         const struct hf_rule *rule,
                         struct hf_classification *why) {
  bool soft = (rule->traits & HF_TRAIT_SOFT) != 0 && connecting(evidence);

  if (rule->outcome == P && !soft) {
    return;
  }
  if (rule->outcome != N) {
    why->retryable = true;
    why->once = false;
  }
  why->outcome = N;
}

/* For errors of other drivers, where only the code is known. */
static void apply_traits(const struct hf_evidence *evidence,
                         const struct hf_rule *rule,
                         struct hf_classification *why) {
  if (commit_sent(evidence) && (rule->traits & HF_TRAIT_COMMIT) != 0) {
    why->outcome = A;
  }
}

/* Returns true when what ran before the failure may be committed. */
static bool may_be_kept(const struct hf_evidence *evidence,
                        bool read_by_us,
                        const struct hf_classification *why) {
  if (!evidence->may_commit_midway) {
    return false;
  }
  if (!read_by_us) {
    return true;
  }
  return why->outcome != N && (evidence->severity != HF_SEVERITY_ERROR ||
                               evidence->progress != HF_PROGRESS_UNPARSED);
}

/* Something was sent: how far may it have come? */
static void apply_after(const struct hf_evidence *evidence,
                        const struct hf_rule *rule,
                        struct hf_classification *why) {
  char buffer[SQLSTATE_BYTES];
  const char *sqlstate =
      hf_classify_is_ours(evidence) ? find_sqlstate(evidence, buffer) : NULL;

  if (sqlstate != NULL) {
    hf_after_send_judge(evidence, sqlstate, rule, why);
  } else {
    apply_traits(evidence, rule, why);
  }
  if (may_be_kept(evidence, sqlstate != NULL, why)) {
    why->outcome = A;
  } else if (in_transaction(evidence) &&
             (why->outcome == N ||
              (why->outcome == A && !commit_sent(evidence)))) {
    why->outcome = R;
  }
}

/*
 * A driver's statement did not run because of its name. The driver may have
 * been in a transaction, or the statement one of several in a text: what ran
 * before was rolled back with it.
 */
static void apply_names(const struct hf_evidence *evidence,
                        const struct hf_rule *rule,
                        struct hf_classification *why) {
  if ((rule->traits & HF_TRAIT_UNNAMED) == 0 || hf_classify_is_ours(evidence)) {
    return;
  }
  why->once = false;
  if (why->outcome == N && !before_work(evidence)) {
    why->outcome = R;
  }
}

static bool counts_as_connecting(const struct hf_evidence *evidence,
                                 const struct hf_rule *rule) {
  if (hf_classify_is_ours(evidence)) {
    return connecting(evidence) && !hf_classify_is_neutral(evidence);
  }
  return connecting(evidence) || (rule->traits & HF_TRAIT_NO_WORK) != 0;
}

static void note_sqlstate(const struct hf_evidence *evidence,
                          struct hf_classification *why) {
  char buffer[SQLSTATE_BYTES];
  const char *sqlstate = find_sqlstate(evidence, buffer);

  if (sqlstate != NULL) {
    memcpy(why->sqlstate, sqlstate, SQLSTATE_BYTES);
  }
}

struct hf_classification hf_classify(const struct hf_evidence *evidence) {
  const struct hf_rule *rule = judge(evidence);
  struct hf_classification why = from_rule(rule);

  if (before_work(evidence)) {
    apply_before(evidence, rule, &why);
  } else {
    apply_after(evidence, rule, &why);
  }
  apply_names(evidence, rule, &why);
  if (in_transaction(evidence)) {
    why.unit = HF_UNIT_TRANSACTION;
  }
  if (before_work(evidence) && evidence->in_transaction && why.outcome == N) {
    /* the statement was not sent, but earlier ones are rolled back */
    why.outcome = R;
  }
  if (evidence->severity == HF_SEVERITY_FATAL ||
      evidence->severity == HF_SEVERITY_PANIC || connecting(evidence)) {
    why.discard = true;
  }
  why.connecting = counts_as_connecting(evidence, rule);
  why.unknown = rule == &nothing_known;
  note_sqlstate(evidence, &why);
  hf_classify_known(evidence, &why);
  why.doubt = hf_classify_doubt(&why);
  return why;
}
