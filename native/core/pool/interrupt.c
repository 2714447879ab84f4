/* SPDX-License-Identifier: MIT */
#include "core/pool/interrupt.h"

#include "core/pool/lease.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/state.h"

enum {
  /*
   * A cancel that arrives before its statement has begun has no effect, so a
   * second one is sent. More would only add load to a busy server.
   */
  CANCEL_AGAIN_US = 300 * 1000,
  ORPHAN_GRACE_US = 1000 * 1000
};

void hf_interrupt_answer(struct hf_pool *pool,
                         struct hf_request *request,
                         enum hf_status status) {
  struct hf_error *error = &request->error;
  bool open = hf_request_goes_with_connection(request);
  bool undone =
      hf_request_is_unfinished_copy(request) ||
      (open && !request->sql.commits && !request->sql.may_commit_midway);
  if (request->settled) {
    return;
  }
  hf_error_set(error,
               status,
               request->sql.commits ? HF_PHASE_COMMIT : HF_PHASE_AWAIT,
               NULL);
  error->unit = open ? HF_UNIT_TRANSACTION : HF_UNIT_STATEMENT;
  /* the lease's connection is closed, and an open transaction with it */
  error->outcome = undone ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_AMBIGUOUS;
  error->retryable = false;
  hf_stats_add_outcome(&pool->stats, error->outcome);
  hf_outcome_count_health(pool, request);
  pool->io.deliver(pool->io.ctx, request);
  request->settled = true;
  hf_error_finish(error);
}

void hf_interrupt_count(struct hf_pool *pool, enum hf_status status) {
  if (status == HF_ABORTED) {
    hf_stats_add(&pool->stats, HF_STAT_ABORTS, 1);
  } else if (status == HF_DEADLINE || status == HF_BREAKER_OPEN) {
    hf_stats_add(&pool->stats, HF_STAT_DEADLINES, 1);
  } else if (status == HF_QUERY_TIMEOUT) {
    hf_stats_add(&pool->stats, HF_STAT_TIMEOUTS, 1);
  } else if (status == HF_ACQUIRE_TIMEOUT) {
    hf_stats_add(&pool->stats, HF_STAT_ACQUIRE_TIMEOUTS, 1);
  }
}

void hf_interrupt_cancel(struct hf_pool *pool, struct hf_request *request) {
  uint64_t end_us = request->cancelled_us + HF_CANCEL_GRACE_US;
  bool first = pool->now_us == request->cancelled_us;
  hf_pool_set_timer(pool,
                    request,
                    first ? pool->now_us + CANCEL_AGAIN_US : end_us);
  hf_stats_add(&pool->stats, HF_STAT_CANCELS, 1);
  pool->io.cancel(pool->io.ctx, request->slot);
}

/* Ends a request that was sent. */
static void interrupt_running(struct hf_pool *pool,
                              struct hf_request *request,
                              enum hf_status status) {
  struct hf_slot *slot = request->slot;
  if (request->interrupted != HF_OK) {
    return;
  }
  if (!request->left) {
    hf_interrupt_count(pool, status);
  }
  request->interrupted = status;
  if (slot->running.count > 1) {
    hf_interrupt_answer(pool, request, status);
    hf_pool_set_timer(pool, request, pool->now_us + HF_CANCEL_GRACE_US);
    return;
  }
  /* No request may join it now: the cancel is for this one alone. */
  slot->shared = false;
  request->cancelled_us = pool->now_us;
  hf_interrupt_cancel(pool, request);
  if (request->undone_if_cut) {
    hf_interrupt_answer(pool, request, status);
  }
}

void hf_interrupt_request(struct hf_pool *pool,
                          struct hf_request *request,
                          enum hf_status status) {
  switch (request->state) {
  case HF_REQUEST_WAITING:
    hf_interrupt_count(pool, status);
    if (request->kind == HF_REQUEST_STATEMENT) {
      hf_list_remove(&request->lease->waiting, &request->link);
    } else {
      hf_queue_leave(pool, request);
    }
    hf_outcome_refuse(pool, request, status);
    break;
  case HF_REQUEST_BACKOFF:
    hf_interrupt_count(pool, status);
    hf_outcome_refuse(pool, request, status);
    break;
  case HF_REQUEST_RUNNING:
    interrupt_running(pool, request, status);
    break;
  case HF_REQUEST_NEW:
  case HF_REQUEST_DONE:
    break;
  }
}

void hf_interrupt_orphan(struct hf_pool *pool, struct hf_request *request) {
  request->orphan = true;
  if (request->state != HF_REQUEST_RUNNING) {
    hf_interrupt_request(pool, request, HF_POOL_CLOSED);
  } else if (request->interrupted == HF_OK) {
    hf_pool_set_timer(pool, request, pool->now_us + ORPHAN_GRACE_US);
  }
}
