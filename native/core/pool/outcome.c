/* SPDX-License-Identifier: MIT */
/* Judging finished attempts: the retry law applied to the pool's requests. */
#include "core/pool/outcome.h"

#include <assert.h>
#include <string.h>

#include "core/policy/classify_error.h"
#include "core/policy/retry.h"
#include "core/pool/demotion.h"
#include "core/pool/queue.h"
#include "core/pool/reachability.h"
#include "core/pool/stale_types.h"
#include "core/pool/state.h"

enum { US_PER_MS = 1000 };

void hf_outcome_count_health(struct hf_pool *pool,
                             const struct hf_request *request) {
  if ((request->flags & HF_FLAG_PROBE) != 0) {
    hf_stats_add(&pool->stats, HF_STAT_HEALTH_CHECKS, 1);
    hf_stats_add(&pool->stats,
                 HF_STAT_HEALTH_FAILURES,
                 request->error.status != HF_OK);
  }
}

/*
 * What the server kept from writing leaves nothing behind, so that nothing
 * about it is in doubt. Its text alone does not prove that.
 */
static bool only_reads(const struct hf_request *request) {
  return (request->flags & HF_FLAG_READ_ONLY) != 0;
}

/* Says whether an earlier attempt may have been done. */
static bool in_doubt(const struct hf_request *request) {
  return request->cause.outcome == HF_OUTCOME_AMBIGUOUS && !only_reads(request);
}

void hf_outcome_settle(struct hf_pool *pool, struct hf_request *request) {
  if (hf_transaction_is_ending(&request->end)) {
    hf_transaction_finish(&request->end, &request->error);
  }
  if (!request->settled) {
    hf_outcome_count_health(pool, request);
    if (request->error.status == HF_OK) {
      /* A lease alone is no statement that succeeded. */
      if (request->kind != HF_REQUEST_ACQUIRE) {
        hf_stats_add_success(&pool->stats, request->retries);
      }
      hf_error_finish(&request->cause);
    } else {
      if (in_doubt(request)) {
        request->error.outcome = HF_OUTCOME_AMBIGUOUS;
      }
      hf_stats_add_outcome(&pool->stats, request->error.outcome);
    }
  }
  hf_pool_set_timer(pool, request, UINT64_MAX);
  hf_list_remove(&pool->requests, &request->of_all);
  hf_request_move(request, HF_REQUEST_DONE);
  hf_list_push(&pool->done, &request->link);
}

/*
 * An error about names or syntax, in a statement that has no others inside:
 * said before it began.
 */
static bool failed_to_parse(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  return strncmp(request->error.sqlstate, "42", 2) == 0 &&
         sql->n_statements == 1 && sql->kind != HF_SQL_CALL &&
         sql->kind != HF_SQL_DO;
}

/*
 * Inside a transaction CALL and DO cannot commit. What stands behind a COMMIT
 * or ROLLBACK in the same text is outside it; one that fails itself is not.
 */
static bool may_commit_midway(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  if (failed_to_parse(request)) {
    return false;
  }
  return request->in_transaction ? sql->ends_transaction && sql->multiple
                                 : sql->may_commit_midway;
}

/* What the pool knows about the attempt that is just over. */
static struct hf_evidence describe(const struct hf_request *request) {
  struct hf_evidence context;
  memset(&context, 0, sizeof context);
  context.phase = request->sql.commits ? HF_PHASE_COMMIT : HF_PHASE_AWAIT;
  context.in_transaction = request->in_transaction;
  context.commit_sent = request->sql.commits && !request->unsent;
  context.nothing_sent = request->unsent;
  context.may_commit_midway = may_commit_midway(request);
  context.progress = request->progress;
  context.simple = request->simple;
  context.pooled = request->slot != NULL && request->slot->proxied;
  return context;
}

/*
 * The answer to our own cancel: the user asked for it, so it is told in our
 * words; the server's fields stay as the proof that it was rolled back. So is
 * the end of a connection that was given up because it could not be cancelled.
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
 * A COMMIT that got no answer deserves a code that says so. A warning of the
 * server's that it goes is not an answer.
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
 * An attempt that may have been done leaves a doubt that no later failure can
 * remove.
 */
static void keep_doubt(struct hf_request *request) {
  if (in_doubt(request)) {
    request->error.outcome = HF_OUTCOME_AMBIGUOUS;
  } else if (request->error.outcome == HF_OUTCOME_AMBIGUOUS &&
             !only_reads(request)) {
    hf_error_copy(&request->cause, &request->error);
  }
}

/*
 * What ran when its client was released is, to the server, a statement whose
 * connection broke: it may have been done. Repeating it is up to the user.
 */
static struct hf_classification classify(struct hf_request *request) {
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
 * A server that says read-only may have been demoted, and another may take the
 * write. Not so when the caller asked for it.
 */
static void keep_read_only(struct hf_request *request,
                           struct hf_classification *why) {
  bool chosen = request->slot != NULL && request->slot->chose_reading;
  if (strcmp(request->error.sqlstate, "25006") != 0) {
    return;
  }
  /* A demoted server is demotion.c's affair: nothing else is worth it. */
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
 * A result that was given up says nothing about what the statement wrote:
 * only an open transaction goes with its connection.
 */
static void doubt_too_large(struct hf_request *request,
                            struct hf_classification *why) {
  if (request->error.status != HF_RESULT_TOO_LARGE || request->unsent ||
      why->outcome != HF_OUTCOME_PERMANENT || only_reads(request) ||
      request->sql.read_only) {
    return;
  }
  why->outcome = request->in_transaction && !request->sql.commits
                     ? HF_OUTCOME_ROLLED_BACK
                     : HF_OUTCOME_AMBIGUOUS;
  request->error.outcome = why->outcome;
}

/* All there was of the transaction went with the connection. */
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

/* Outside a helper the unit of a lease's statement is never repeated by us. */
static bool may_repeat(const struct hf_pool *pool,
                       const struct hf_request *request) {
  return request->kind == HF_REQUEST_QUERY && hf_pool_finishes(pool) &&
         !request->orphan && !request->settled && request->interrupted == HF_OK;
}

/*
 * A repetition that would write, or that could not be kept from it: what is
 * known is what the attempt before it left, a doubt.
 */
static bool end_guarded(struct hf_pool *pool, struct hf_request *request) {
  struct hf_error *error = &request->error;
  if (!request->guarded || !in_doubt(request) ||
      error->severity != HF_SEVERITY_ERROR ||
      (strcmp(error->sqlstate, "25006") != 0 &&
       request->progress != HF_PROGRESS_UNPARSED)) {
    return false;
  }
  hf_error_move(error, &request->cause);
  error->retryable = false;
  error->reason = "it looks like a read, but writes: it was not repeated";
  hf_outcome_settle(pool, request);
  return true;
}

static struct hf_verdict decide(struct hf_pool *pool,
                                struct hf_request *request,
                                const struct hf_classification *why) {
  struct hf_retry_policy policy;
  struct hf_retry_state state = {0};
  struct hf_verdict verdict;
  hf_config_retry_policy(&pool->config, &policy);
  policy.max_retries = request->max_retries;
  if (request->retry_base_ms >= 0) {
    policy.base_ms = request->retry_base_ms;
    policy.cap_ms = request->retry_cap_ms;
  }
  policy.retry_ambiguous = hf_request_repeatable(request);
  state.retries = request->retries;
  state.used_once = request->used_once;
  state.deadline_at = (double)request->deadline_us / US_PER_MS;
  verdict = hf_retry_judge(&policy,
                           &state,
                           why,
                           why->outcome == HF_OUTCOME_AMBIGUOUS,
                           (double)pool->now_us / US_PER_MS,
                           pool->world.random(pool->world.ctx));
  request->used_once = state.used_once;
  if (verdict.cut) {
    hf_stats_add(&pool->stats, HF_STAT_RETRIES_CUT, 1);
    hf_error_add(&request->error, 'b', verdict.refused);
  }
  return verdict;
}

static bool is_late(const struct hf_pool *pool,
                    const struct hf_request *request) {
  return request->deadline_us != 0 && pool->now_us >= request->deadline_us;
}

/*
 * A name that the server did not know, or knew already, is our affair: the
 * unit goes again without one, whatever the policy about repeating says. So
 * does one that failed over types which may be those of yesterday: it was
 * rolled back.
 */
static bool goes_unnamed(const struct hf_pool *pool,
                         struct hf_request *request,
                         const struct hf_classification *why) {
  bool unknown = why->unnamed && why->outcome == HF_OUTCOME_NOT_EXECUTED;
  bool stale = hf_stale_types_suspected(request) && !request->in_transaction;
  if ((!unknown && !stale) || request->unnamed || is_late(pool, request)) {
    return false;
  }
  request->unnamed = true;
  return true;
}

static void repeat(struct hf_pool *pool,
                   struct hf_request *request,
                   int32_t delay_ms) {
  keep_doubt(request);
  /* A read by its text alone may write after all: not a second time. */
  request->guarded =
      request->guarded || (request->error.outcome == HF_OUTCOME_AMBIGUOUS &&
                           hf_request_seems_to_read(request));
  request->retries++;
  request->avoid = request->slot == NULL ? 0 : request->slot->serial;
  request->slot = NULL;
  hf_stats_add_retry(&pool->stats, request->error.outcome);
  hf_request_move(request, HF_REQUEST_BACKOFF);
  if (delay_ms <= 0) {
    hf_pool_set_timer(pool, request, UINT64_MAX);
    hf_queue_reenter(pool, request);
    return;
  }
  hf_pool_set_timer(pool,
                    request,
                    pool->now_us + (uint64_t)delay_ms * US_PER_MS);
}

/* It never reached a server: it waits on, at no cost, where it waited before.
 */
static void go_back(struct hf_pool *pool, struct hf_request *request) {
  hf_pool_set_timer(pool, request, UINT64_MAX);
  request->attempts--;
  request->slot = NULL;
  hf_error_finish(&request->error);
  hf_request_move(request, HF_REQUEST_BACKOFF);
  hf_queue_reenter(pool, request);
}

/*
 * A server that stops waiting for its synchronous standbys says success, and
 * warns: what is done here may be lost there. That is no success when it was
 * us who ended the wait, or when the caller wants to know for sure.
 */
static void doubt_replication(struct hf_request *request) {
  struct hf_error *error = &request->error;
  if (!request->warned || (request->interrupted == HF_OK &&
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

/* A server that only reads: another is looked for once, then it is said. */
static bool end_demoted(struct hf_pool *pool,
                        struct hf_request *request,
                        enum hf_demotion demotion) {
  if (demotion == HF_DEMOTION_LOOK && may_repeat(pool, request) &&
      !is_late(pool, request)) {
    repeat(pool, request, 0);
    return hf_demotion_discards(pool);
  }
  if (demotion == HF_DEMOTION_LOOK) {
    request->newer_than = 0;
  }
  if (demotion == HF_DEMOTION_FAIL) {
    request->error.retryable = false;
    request->error.reason = "the server only reads, and no other was found";
  }
  hf_outcome_settle(pool, request);
  return demotion != HF_DEMOTION_FAIL && hf_demotion_discards(pool);
}

/* The law of repetition; settles what does not go again. */
static bool repeat_or_settle(struct hf_pool *pool,
                             struct hf_request *request,
                             const struct hf_classification *why) {
  struct hf_verdict verdict;
  if (hf_reachability_turned_away(pool, request, why) &&
      why->outcome == HF_OUTCOME_NOT_EXECUTED && may_repeat(pool, request) &&
      !is_late(pool, request)) {
    go_back(pool, request);
    return true;
  }
  if (may_repeat(pool, request)) {
    if (goes_unnamed(pool, request, why)) {
      repeat(pool, request, 0);
      return why->discard;
    }
    verdict = decide(pool, request, why);
    if (verdict.again) {
      repeat(pool, request, verdict.delay_ms);
      return why->discard;
    }
  }
  hf_outcome_settle(pool, request);
  return why->discard;
}

/* A COMMIT that was answered with ROLLBACK says so before all else. */
static void check_commit(struct hf_request *request) {
  if (hf_transaction_commit_failed(request->answered_rollback,
                                   request->sql.commits,
                                   request->sql.rolls_back)) {
    hf_error_set(&request->error, HF_COMMIT_ROLLED_BACK, HF_PHASE_COMMIT, NULL);
  }
}

/* Whether the attempt needs no judging: it went well, or was judged before. */
static bool is_settled_already(const struct hf_request *request) {
  return request->error.status == HF_OK ||
         /* The world refused it before anything was sent. */
         (request->error.phase == HF_PHASE_LOCAL &&
          request->error.outcome != HF_OUTCOME_NONE);
}

bool hf_outcome_judge(struct hf_pool *pool, struct hf_request *request) {
  struct hf_classification why;
  enum hf_demotion demotion;
  assert(request->state == HF_REQUEST_RUNNING);
  assert(!hf_link_queued(&request->link));
  check_commit(request);
  if (is_settled_already(request)) {
    if (request->error.status == HF_OK) {
      doubt_replication(request);
    }
    hf_outcome_settle(pool, request);
    return false;
  }
  hf_stats_add_sqlstate(&pool->stats, request->error.sqlstate);
  why = classify(request);
  if (end_guarded(pool, request)) {
    return false;
  }
  if (request->misfit && may_repeat(pool, request) && !is_late(pool, request)) {
    repeat(pool, request, 0);
    return true;
  }
  keep_read_only(request, &why);
  doubt_too_large(request, &why);
  undo_begin(request, &why);
  rename_cancelled(request);
  rename_lost_commit(request);
  demotion = hf_demotion_judge(pool, request);
  return demotion == HF_DEMOTION_NONE ? repeat_or_settle(pool, request, &why)
                                      : end_demoted(pool, request, demotion);
}

/* What answers in the place of a request that goes elsewhere. */
static void take_place(struct hf_pool *pool,
                       struct hf_request *request,
                       struct hf_request *stand_in) {
  stand_in->slot = request->slot;
  stand_in->started_us = request->started_us;
  stand_in->sql = request->sql;
  stand_in->attempts = request->attempts;
  hf_request_move(stand_in, HF_REQUEST_RUNNING);
  hf_list_replace(&request->link, &stand_in->link);
  hf_list_push(&pool->requests, &stand_in->of_all);
}

bool hf_outcome_go_elsewhere(struct hf_pool *pool, struct hf_request *request) {
  struct hf_classification why;
  struct hf_request *stand_in;
  if (!may_repeat(pool, request) || !hf_request_repeatable(request) ||
      is_late(pool, request)) {
    return false;
  }
  hf_error_set(&request->error,
               HF_SILENT,
               HF_PHASE_AWAIT,
               "the statement before it on the same connection takes long");
  why = classify(request);
  if (!decide(pool, request, &why).again) {
    hf_error_finish(&request->error);
    return false;
  }
  stand_in = pool->world.replace(pool->world.ctx, request);
  if (stand_in == NULL) {
    hf_error_finish(&request->error);
    return false;
  }
  take_place(pool, request, stand_in);
  repeat(pool, request, 0);
  return true;
}

/*
 * Whether a call that was never sent is refused because no connection could be
 * made: then why says more than that it waited.
 */
static bool blames_connect(const struct hf_pool *pool,
                           const struct hf_request *request,
                           enum hf_status status) {
  if (request->error.status != HF_OK || in_doubt(request) ||
      pool->connect_error.status == HF_OK) {
    return false;
  }
  return status == HF_BREAKER_OPEN ||
         ((status == HF_ACQUIRE_TIMEOUT || status == HF_DEADLINE) &&
          hf_breaker_state(&pool->breaker) != HF_CIRCUIT_CLOSED &&
          !hf_pool_is_live(pool));
}

void hf_outcome_refuse(struct hf_pool *pool,
                       struct hf_request *request,
                       enum hf_status status) {
  struct hf_error *error = &request->error;
  /* An earlier attempt failed: that it was undone still holds. */
  enum hf_outcome outcome =
      error->status == HF_OK ? HF_OUTCOME_NOT_EXECUTED : error->outcome;
  struct hf_error cause;
  if (blames_connect(pool, request, status)) {
    hf_error_copy(error, &pool->connect_error);
    hf_error_copy(&request->cause, &pool->connect_error);
    hf_outcome_settle(pool, request);
    return;
  }
  if (in_doubt(request)) {
    outcome = HF_OUTCOME_AMBIGUOUS;
  } else if (outcome == HF_OUTCOME_AMBIGUOUS && only_reads(request)) {
    outcome = HF_OUTCOME_ROLLED_BACK; /* a read leaves nothing behind */
  }
  hf_error_init(&cause);
  if (in_doubt(request)) {
    /* What the doubt comes from says more than what came later. */
    hf_error_move(&cause, &request->cause);
  } else if (error->status != HF_OK) {
    hf_error_move(&cause, error);
  } else if (pool->connect_error.status != HF_OK) {
    hf_error_copy(&cause, &pool->connect_error);
  }
  hf_error_set(error,
               status,
               request->retries > 0 ? HF_PHASE_BACKOFF : HF_PHASE_ACQUIRE,
               NULL);
  error->outcome = outcome;
  error->unit = HF_UNIT_STATEMENT;
  error->retryable = status == HF_ACQUIRE_TIMEOUT || status == HF_DEADLINE ||
                     status == HF_QUEUE_FULL || status == HF_BREAKER_OPEN;
  hf_error_move(&request->cause, &cause);
  hf_outcome_settle(pool, request);
}
