/* SPDX-License-Identifier: MIT */
#include "core/pool/repeat.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/policy/retry.h"
#include "core/pool/attempt.h"
#include "core/pool/demotion.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/reachability.h"
#include "core/pool/stale_types.h"
#include "core/pool/state.h"

/*
 * An attempt that may have been executed leaves a doubt that no later failure
 * removes.
 */
static void keep_doubt(struct hf_request *request) {
  if (hf_request_in_doubt(request)) {
    request->error.outcome = HF_OUTCOME_AMBIGUOUS;
  } else if (request->error.outcome == HF_OUTCOME_AMBIGUOUS &&
             !hf_request_only_reads(request)) {
    hf_error_copy(&request->cause, &request->error);
  }
}

/*
 * Statements of a lease are never retried by the pool: the caller's transaction
 * is the unit.
 */
static bool may_repeat(const struct hf_pool *pool,
                       const struct hf_request *request) {
  return request->kind == HF_REQUEST_QUERY && hf_pool_finishes(pool) &&
         !request->orphan && !request->settled && !request->begun &&
         request->interrupted == HF_OK;
}

/*
 * Ends a read-only retry that the server refused because it would write, or
 * that could not be made read-only. What is known is what the attempt before it
 * left: a doubt.
 */
static bool end_read_only_retry(struct hf_pool *pool,
                                struct hf_request *request) {
  struct hf_error *error = &request->error;
  if (!request->read_only_retry || !hf_request_in_doubt(request) ||
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
  state.deadline_at = (double)request->deadline_us / HF_US_PER_MS;
  verdict = hf_retry_judge(&policy,
                           &state,
                           why,
                           why->outcome == HF_OUTCOME_AMBIGUOUS,
                           (double)pool->now_us / HF_US_PER_MS,
                           pool->io.random(pool->io.ctx));
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
 * Returns true when the statement is retried at once without a name, whatever
 * the retry policy says: the server did not know the name, or knew it already,
 * or failed over parameter types that may be out of date and was rolled back.
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
  /* What only looks like a read may write after all: not a second time. */
  request->read_only_retry = request->read_only_retry ||
                             (request->error.outcome == HF_OUTCOME_AMBIGUOUS &&
                              hf_request_seems_to_read(request));
  request->retries++;
  request->avoid_serial = request->slot == NULL ? 0 : request->slot->serial;
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
                    pool->now_us + (uint64_t)delay_ms * HF_US_PER_MS);
}

/* Returns a request that never reached a server to the queue, at no cost. */
static void go_back(struct hf_pool *pool, struct hf_request *request) {
  hf_pool_set_timer(pool, request, UINT64_MAX);
  request->attempts--;
  request->slot = NULL;
  hf_error_finish(&request->error);
  hf_request_move(request, HF_REQUEST_BACKOFF);
  hf_queue_reenter(pool, request);
}

/* Ends an attempt on a read-only server. Another server is tried once. */
static bool end_demoted(struct hf_pool *pool,
                        struct hf_request *request,
                        enum hf_demotion demotion) {
  if (demotion == HF_DEMOTION_RETRY && may_repeat(pool, request) &&
      !is_late(pool, request)) {
    repeat(pool, request, 0);
    return hf_demotion_discards(pool);
  }
  if (demotion == HF_DEMOTION_RETRY) {
    request->newer_than = 0;
  }
  if (demotion == HF_DEMOTION_FAIL) {
    request->error.retryable = false;
    request->error.reason = "the server only reads, and no other was found";
  }
  hf_outcome_settle(pool, request);
  return demotion != HF_DEMOTION_FAIL && hf_demotion_discards(pool);
}

/* Applies the retry policy; settles the request unless it is retried. */
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

/*
 * Returns true when there is nothing to judge: it succeeded, or was judged
 * before.
 */
static bool is_settled_already(const struct hf_request *request) {
  return request->error.status == HF_OK ||
         /* the engine refused it before anything was sent */
         (request->error.phase == HF_PHASE_LOCAL &&
          request->error.outcome != HF_OUTCOME_NONE);
}

bool hf_repeat_judge(struct hf_pool *pool, struct hf_request *request) {
  struct hf_classification why;
  enum hf_demotion demotion;
  assert(request->state == HF_REQUEST_RUNNING);
  assert(!hf_link_queued(&request->link));
  hf_attempt_check_commit(request);
  if (is_settled_already(request)) {
    if (request->error.status == HF_OK) {
      hf_attempt_doubt_replication(request);
    }
    hf_outcome_settle(pool, request);
    return false;
  }
  hf_stats_add_sqlstate(&pool->stats, request->error.sqlstate);
  why = hf_attempt_classify(request);
  if (end_read_only_retry(pool, request)) {
    return false;
  }
  if (request->wrapping_refused && may_repeat(pool, request) &&
      !is_late(pool, request)) {
    repeat(pool, request, 0);
    return true;
  }
  hf_attempt_correct(request, &why);
  demotion = hf_demotion_judge(pool, request);
  return demotion == HF_DEMOTION_NONE ? repeat_or_settle(pool, request, &why)
                                      : end_demoted(pool, request, demotion);
}

/* Puts a request that nobody reads in the place of one that is moved. */
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

bool hf_repeat_elsewhere(struct hf_pool *pool, struct hf_request *request) {
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
  why = hf_attempt_classify(request);
  if (!decide(pool, request, &why).again) {
    hf_error_finish(&request->error);
    return false;
  }
  stand_in = pool->io.replace(pool->io.ctx, request);
  if (stand_in == NULL) {
    hf_error_finish(&request->error);
    return false;
  }
  take_place(pool, request, stand_in);
  repeat(pool, request, 0);
  return true;
}
