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

enum about {
  NEUTRAL = 1 << 0,    /* does not count as a failure to connect */
  TRANSACTION = 1 << 1 /* always concerns a transaction that ran */
};

/* Our own statuses: what they mean before and after something was sent. */
struct status_row {
  struct hf_rule before;
  struct hf_rule after;
  int about; /* enum about */
};

/* clang-format off */
static const struct status_row statuses[HF_STATUS_COUNT] = {
  [HF_NO_MEMORY] = {
    {N, 0, "the process is out of memory"},
    {A, DISCARD, "the process ran out of memory before the answer"},
    NEUTRAL},
  [HF_SERVER_ERROR] = {
    {N, RETRY | HF_TRAIT_DISCARD, "the server refused without a code"},
    {A, RETRY | DISCARD, "the server reported an error without a code"},
    0},
  [HF_SOCKET_ERROR] = {
    {N, CONNECT, "the connection was lost before anything was sent"},
    {A, RETRY | DISCARD, "the connection was lost"},
    0},
  [HF_NAME_ERROR] = {
    {N, CONNECT | HF_TRAIT_ONCE, "the host name could not be resolved"},
    {N, CONNECT | HF_TRAIT_ONCE, "the host name could not be resolved"},
    0},
  [HF_TLS_ERROR] = {
    {P, REFUSED, "TLS could not be established"},
    {A, DISCARD, "TLS failed"},
    0},
  [HF_AUTH_ERROR] = {
    {P, REFUSED, "authentication failed"},
    {P, REFUSED, "authentication failed"},
    0},
  [HF_PROTOCOL_ERROR] = {
    {P, REFUSED, "the server broke the protocol"},
    {A, DISCARD, "the server broke the protocol"},
    0},
  [HF_ACQUIRE_TIMEOUT] = {
    {N, RETRY | SLOW, "no connection became free in time"},
    {N, RETRY | SLOW, "no connection became free in time"},
    NEUTRAL},
  [HF_QUEUE_FULL] = {
    {N, RETRY | SLOW, "too many calls were waiting"},
    {N, RETRY | SLOW, "too many calls were waiting"},
    NEUTRAL},
  [HF_CONNECT_TIMEOUT] = {
    {N, CONNECT, "connecting took too long"},
    {N, CONNECT, "connecting took too long"},
    0},
  [HF_QUERY_TIMEOUT] = {
    {N, RETRY, "time ran out before the statement was sent"},
    {A, RETRY | DISCARD, "no answer in time; the server may still be at it"},
    0},
  [HF_DEADLINE] = {
    {N, 0, "the deadline came before the statement was sent"},
    {A, DISCARD, "the deadline came before the answer"},
    NEUTRAL},
  [HF_ABORTED] = {
    {N, 0, "the caller aborted it before it was sent"},
    {A, 0, "the caller aborted it before the answer"},
    NEUTRAL},
  [HF_POOL_CLOSED] = {
    {P, 0, "the pool was ended"},
    {A, DISCARD, "the pool was ended before the answer"},
    NEUTRAL},
  [HF_RELEASED] = {
    {P, 0, "the client was released already"},
    {P, 0, "the client was released already"},
    0},
  [HF_PARAM_INVALID] = {
    {P, 0, "a value cannot be sent"},
    {P, 0, "a value cannot be sent"},
    0},
  [HF_COPY_UNSUPPORTED] = {
    {P, 0, "COPY is not supported here"},
    {P, 0, "COPY is not supported here"},
    0},
  [HF_RESULT_TOO_LARGE] = {
    {P, 0, "the result is too large"},
    {P, HF_TRAIT_DISCARD, "the result is too large"},
    0},
  [HF_OUTCOME_UNKNOWN] = {
    {A, RETRY | DISCARD, "the connection was lost during COMMIT"},
    {A, RETRY | DISCARD, "the connection was lost during COMMIT"},
    TRANSACTION},
  [HF_BREAKER_OPEN] = {
    {N, RETRY, "the server cannot be reached"},
    {N, RETRY, "the server cannot be reached"},
    NEUTRAL},
  [HF_SESSION_REQUIRED] = {
    {P, 0, "this needs a session of its own"},
    {P, 0, "this needs a session of its own"},
    0},
  [HF_TRANSACTION_OPEN] = {
    {P, 0, "the transaction was left open and rolled back"},
    {P, 0, "the transaction was left open and rolled back"},
    TRANSACTION},
  [HF_COMMIT_ROLLED_BACK] = {
    {R, 0, "the transaction had failed before COMMIT"},
    {R, 0, "the transaction had failed before COMMIT"},
    TRANSACTION},
  [HF_SILENT] = {
    {N, RETRY | HF_TRAIT_DISCARD, "the server fell silent"},
    {A, RETRY | DISCARD, "the server fell silent"},
    0},
  [HF_ROLLED_BACK] = {
    {N, 0, "a ROLLBACK came before it was sent"},
    {A, 0, "a ROLLBACK came before the answer"},
    NEUTRAL},
  [HF_HOOK_FAILED] = {
    {N, 0, "the connection could not be prepared"},
    {N, 0, "the connection could not be prepared"},
    NEUTRAL}
};
/* clang-format on */

static const struct hf_rule nothing_known = {A, 0, "nothing is known of it"};
static const struct hf_rule not_connected = {N,
                                             RETRY | HF_TRAIT_DISCARD,
                                             "no connection could be made"};
/* A token service that is down comes back; a wrong password stays wrong. */
static const struct hf_rule no_password = {N,
                                           CONNECT,
                                           "the password function failed"};
static const struct hf_rule between_attempts = {
    R,
    0,
    "it ended between two attempts"};

static bool ours(const struct hf_evidence *evidence) {
  return evidence->status != HF_OK &&
         (unsigned)evidence->status < HF_STATUS_COUNT;
}

static bool connecting(const struct hf_evidence *evidence) {
  return evidence->phase == HF_PHASE_CONNECT ||
         (evidence->name != NULL &&
          strcmp(evidence->name, "PrismaClientInitializationError") == 0);
}

/* Returns true when our status always concerns a transaction that ran. */
static bool concerns_transaction(const struct hf_evidence *evidence) {
  return ours(evidence) &&
         (statuses[evidence->status].about & TRANSACTION) != 0;
}

/*
 * Returns true when nothing of the unit can have reached a server. LOCAL is
 * also the phase of zeroed evidence, so it counts for our own errors only.
 */
static bool before_work(const struct hf_evidence *evidence) {
  if (concerns_transaction(evidence)) {
    return false;
  }
  return evidence->nothing_sent || connecting(evidence) ||
         evidence->phase == HF_PHASE_ACQUIRE ||
         (evidence->phase == HF_PHASE_LOCAL && ours(evidence));
}

static bool commit_sent(const struct hf_evidence *evidence) {
  return evidence->commit_sent || evidence->phase == HF_PHASE_COMMIT ||
         evidence->status == HF_OUTCOME_UNKNOWN;
}

static bool in_transaction(const struct hf_evidence *evidence) {
  return evidence->in_transaction || commit_sent(evidence) ||
         concerns_transaction(evidence);
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
  if (ours(evidence)) {
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

static const struct hf_rule *judge_status(const struct hf_evidence *evidence) {
  const struct status_row *row = &statuses[evidence->status];

  if (evidence->phase == HF_PHASE_BACKOFF && !evidence->nothing_sent) {
    return &between_attempts;
  }
  if (evidence->status == HF_AUTH_ERROR && evidence->syscall != NULL &&
      strcmp(evidence->syscall, "password") == 0) {
    return &no_password;
  }
  return before_work(evidence) ? &row->before : &row->after;
}

/* First what the server said, then what we know, then what others say. */
static const struct hf_rule *judge(const struct hf_evidence *evidence) {
  const struct hf_rule *rule = judge_sqlstate(evidence);

  if (rule == NULL && ours(evidence)) {
    return judge_status(evidence);
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
      ours(evidence) ? find_sqlstate(evidence, buffer) : NULL;

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
  if ((rule->traits & HF_TRAIT_UNNAMED) == 0 || ours(evidence)) {
    return;
  }
  why->once = false;
  if (why->outcome == N && !before_work(evidence)) {
    why->outcome = R;
  }
}

static bool counts_as_connecting(const struct hf_evidence *evidence,
                                 const struct hf_rule *rule) {
  if (ours(evidence)) {
    return connecting(evidence) &&
           (statuses[evidence->status].about & NEUTRAL) == 0;
  }
  return connecting(evidence) || (rule->traits & HF_TRAIT_NO_WORK) != 0;
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
  hf_classify_known(evidence, &why);
  why.doubt = hf_classify_doubt(&why);
  return why;
}
