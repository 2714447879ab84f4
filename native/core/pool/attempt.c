/* SPDX-License-Identifier: MIT */
#include "core/pool/attempt.h"

#include <string.h>

#include "core/policy/classify_error.h"
#include "core/pool/request.h"
#include "core/pool/slot.h"

/*
 * A single statement with an error about names or syntax failed before it began
 * to run. CALL and DO run other statements, which may have failed instead.
 */
static bool failed_to_parse(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  return strncmp(request->error.sqlstate, "42", 2) == 0 &&
         sql->n_statements == 1 && sql->kind != HF_SQL_CALL &&
         sql->kind != HF_SQL_DO;
}

/*
 * Inside a transaction CALL and DO cannot commit. What follows a COMMIT or
 * ROLLBACK in the same text is outside it again.
 */
static bool may_commit_midway(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  if (failed_to_parse(request)) {
    return false;
  }
  return request->in_transaction ? sql->ends_transaction && sql->multiple
                                 : sql->may_commit_midway;
}

/* What the pool knows about the attempt that has just ended. */
static struct hf_evidence describe(const struct hf_request *request) {
  struct hf_evidence context;
  memset(&context, 0, sizeof context);
  context.phase = request->sql.commits ? HF_PHASE_COMMIT : HF_PHASE_AWAIT;
  context.in_transaction = request->in_transaction;
  context.commit_sent = request->sql.commits && !request->unsent;
  context.nothing_sent = request->unsent;
  context.may_commit_midway = may_commit_midway(request);
  context.progress = request->progress;
  context.simple = request->simple_protocol;
  context.pooled = request->slot != NULL && request->slot->proxied;
  return context;
}

/*
 * To the server, a statement that ran when its client was released is one whose
 * connection broke: it may have been executed. Whether to retry it is up to the
 * user.
 */
struct hf_classification hf_attempt_classify(struct hf_request *request) {
  struct hf_evidence context = describe(request);
  struct hf_classification why;
  bool released = request->error.status == HF_RELEASED;
  if (released) {
    request->error.status = HF_SOCKET_ERROR;
  }
  why = hf_classify_error(&request->error, &context);
  if (released) {
    request->error.status = HF_RELEASED;
    request->error.retryable = false;
  }
  return why;
}

/*
 * The answer to our own cancel is reported with our own status, because the
 * user asked for it; the server's fields remain as proof that it was rolled
 * back. The same goes for a connection that was given up because the cancel
 * failed.
 */
static void rename_cancelled(struct hf_request *request) {
  struct hf_error *error = &request->error;
  bool lost = error->status == HF_SOCKET_ERROR && error->sqlstate[0] == '\0';
  if (request->interrupted == HF_OK ||
      (!lost && strcmp(error->sqlstate, "57014") != 0)) {
    return;
  }
  error->status = request->interrupted;
  error->retryable = false;
}

/*
 * A COMMIT without an answer has its own code. A warning from the server that
 * it is about to end the session is not an answer.
 */
static void rename_lost_commit(struct hf_request *request) {
  struct hf_error *error = &request->error;
  if (!request->sql.commits || error->outcome != HF_OUTCOME_AMBIGUOUS) {
    return;
  }
  if (error->phase == HF_PHASE_AWAIT) {
    error->phase = HF_PHASE_COMMIT;
  }
  if (error->status != HF_RELEASED && error->status != HF_COMMIT_ROLLED_BACK &&
      (error->sqlstate[0] == '\0' || error->severity == HF_SEVERITY_WARNING)) {
    error->status = HF_OUTCOME_UNKNOWN;
  }
}

/*
 * A server that reports read-only may have been demoted, so that another one
 * takes the write. Not when the caller asked for read-only.
 */
static void keep_read_only(struct hf_request *request,
                           struct hf_classification *why) {
  bool chosen = request->slot != NULL && request->slot->read_only_transaction;
  if (strcmp(request->error.sqlstate, "25006") != 0) {
    return;
  }
  /* demotion.c decides what to do about a demoted server */
  why->discard = false;
  why->retryable = false;
  request->error.retryable = false;
  if ((request->flags & HF_FLAG_READ_ONLY) != 0 || chosen) {
    why->outcome = HF_OUTCOME_PERMANENT;
    request->error.outcome = why->outcome;
    request->error.reason = "the statement writes, and readOnly was asked for";
  }
}

/*
 * That a result was too large says nothing about what the statement wrote. Only
 * an open transaction is certainly rolled back, with its connection.
 */
static void doubt_too_large(struct hf_request *request,
                            struct hf_classification *why) {
  if (request->error.status != HF_RESULT_TOO_LARGE || request->unsent ||
      why->outcome != HF_OUTCOME_PERMANENT || hf_request_only_reads(request) ||
      request->sql.read_only) {
    return;
  }
  why->outcome = request->in_transaction && !request->sql.commits
                     ? HF_OUTCOME_ROLLED_BACK
                     : HF_OUTCOME_AMBIGUOUS;
  request->error.outcome = why->outcome;
}

/* The whole transaction was lost with its connection. */
static void undo_begin(struct hf_request *request,
                       struct hf_classification *why) {
  if (why->outcome != HF_OUTCOME_AMBIGUOUS || request->in_transaction ||
      !hf_request_goes_with_connection(request)) {
    return;
  }
  why->outcome = HF_OUTCOME_ROLLED_BACK;
  why->unit = HF_UNIT_TRANSACTION;
  request->error.outcome = why->outcome;
  request->error.unit = why->unit;
}

/* Nothing of a COPY is stored before the server knows that it has all. */
static void undo_copy(struct hf_request *request,
                      struct hf_classification *why) {
  if (why->outcome == HF_OUTCOME_AMBIGUOUS &&
      hf_request_is_unfinished_copy(request)) {
    why->outcome = HF_OUTCOME_ROLLED_BACK;
    request->error.outcome = why->outcome;
  }
}

void hf_attempt_check_commit(struct hf_request *request) {
  if (hf_transaction_commit_failed(request->answered_rollback,
                                   request->sql.commits,
                                   request->sql.rolls_back)) {
    hf_error_set(&request->error, HF_COMMIT_ROLLED_BACK, HF_PHASE_COMMIT, NULL);
  }
}

void hf_attempt_correct(struct hf_request *request,
                        struct hf_classification *why) {
  keep_read_only(request, why);
  doubt_too_large(request, why);
  undo_begin(request, why);
  undo_copy(request, why);
  rename_cancelled(request);
  rename_lost_commit(request);
}

/*
 * A server that stops waiting for its synchronous standbys reports success with
 * a warning: the data is durable here but may be lost in a fail-over. That is
 * not a success when our own cancel ended the wait, or when the caller needs
 * certainty.
 */
void hf_attempt_doubt_replication(struct hf_request *request) {
  struct hf_error *error = &request->error;
  if (!request->server_warned ||
      (request->interrupted == HF_OK &&
       (request->flags & HF_FLAG_EXACTLY_ONCE) == 0)) {
    return;
  }
  hf_error_set(error,
               request->interrupted == HF_OK ? HF_OUTCOME_UNKNOWN
                                             : request->interrupted,
               request->sql.commits ? HF_PHASE_COMMIT : HF_PHASE_AWAIT,
               NULL);
  error->outcome = HF_OUTCOME_AMBIGUOUS;
  error->unit =
      request->in_transaction ? HF_UNIT_TRANSACTION : HF_UNIT_STATEMENT;
  error->reason = "it was done, but the wait for its replication was cut short";
}
