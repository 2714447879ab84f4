/* SPDX-License-Identifier: MIT */
#include "core/pool/outcome.h"

#include <assert.h>
#include <string.h>

#include "core/policy/rule.h"
#include "core/pool/state.h"

void hf_outcome_count_health(struct hf_pool *pool,
                             const struct hf_request *request) {
  if ((request->flags & HF_FLAG_PROBE) != 0) {
    hf_stats_add(&pool->stats, HF_STAT_HEALTH_CHECKS, 1);
    hf_stats_add(&pool->stats,
                 HF_STAT_HEALTH_FAILURES,
                 request->error.status != HF_OK);
  }
}

void hf_outcome_settle(struct hf_pool *pool, struct hf_request *request) {
  if (hf_transaction_is_ending(&request->end)) {
    hf_transaction_finish(&request->end, &request->error);
  }
  if (!request->settled) {
    hf_outcome_count_health(pool, request);
    if (request->error.status == HF_OK) {
      /* a lease by itself is not a statement that succeeded */
      if (request->kind != HF_REQUEST_ACQUIRE) {
        hf_stats_add_success(&pool->stats, request->retries);
      }
      hf_error_finish(&request->cause);
    } else {
      if (hf_request_in_doubt(request)) {
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
 * Returns true when a call that was never sent is refused because no connection
 * could be opened: then the connect error says more than the time it waited.
 */
static bool blames_connect(const struct hf_pool *pool,
                           const struct hf_request *request,
                           enum hf_status status) {
  if (request->error.status != HF_OK || hf_request_in_doubt(request) ||
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
  /* if an earlier attempt failed, its outcome still holds */
  enum hf_outcome outcome =
      error->status == HF_OK ? HF_OUTCOME_NOT_EXECUTED : error->outcome;
  struct hf_error cause;
  if (blames_connect(pool, request, status)) {
    hf_error_copy(error, &pool->connect_error);
    hf_error_copy(&request->cause, &pool->connect_error);
    hf_outcome_settle(pool, request);
    return;
  }
  if (hf_request_in_doubt(request)) {
    outcome = HF_OUTCOME_AMBIGUOUS;
  } else if (outcome == HF_OUTCOME_AMBIGUOUS &&
             hf_request_only_reads(request)) {
    outcome = HF_OUTCOME_ROLLED_BACK; /* a read leaves nothing behind */
  }
  hf_error_init(&cause);
  if (hf_request_in_doubt(request)) {
    /* the error behind the doubt says more than what followed it */
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
  error->retryable = hf_classify_may_be_made_again(status);
  hf_error_move(&request->cause, &cause);
  hf_outcome_settle(pool, request);
}
