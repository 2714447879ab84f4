/* SPDX-License-Identifier: MIT */
#include "core/pool/loss.h"

#include "core/pool/connect_hook.h"
#include "core/pool/dispatch.h"
#include "core/pool/lease.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/repeat.h"
#include "core/pool/reset.h"
#include "core/pool/state.h"

/*
 * Returns true when we closed the connection ourselves, because of what a
 * caller asked for. That is not counted as a loss.
 */

static bool closed_by_us(const struct hf_error *error) {
  return error->status == HF_ABORTED || error->status == HF_DEADLINE ||
         error->status == HF_QUERY_TIMEOUT || error->status == HF_RELEASED ||
         error->status == HF_POOL_CLOSED ||
         error->status == HF_RESULT_TOO_LARGE ||
         error->status == HF_COPY_UNSUPPORTED;
}

static void count_loss(struct hf_pool *pool, const struct hf_slot *slot) {
  hf_stats_add(&pool->stats, HF_STAT_CONNECTIONS_LOST, 1);
  if (!hf_list_empty(&slot->running)) {
    hf_stats_add(&pool->stats, HF_STAT_CONNECTIONS_LOST_BUSY, 1);
  }
}

void hf_loss_lose(struct hf_pool *pool,
                  struct hf_slot *slot,
                  const struct hf_error *error) {
  bool wanted = closed_by_us(error);
  bool idle = hf_list_empty(&slot->running);
  struct hf_lease *lease = slot->lease;
  const struct hf_error *first = error;
  bool probing = false;
  struct hf_list dead;
  struct hf_link *link;
  hf_list_init(&dead);
  if (!wanted) {
    count_loss(pool, slot);
  }
  hf_reset_lost(pool, slot);
  pool->answered_us = 0;
  if (slot->state == HF_SLOT_IDLE && !wanted) {
    pool->io.event(pool->io.ctx, slot, HF_EVENT_ERROR, error);
  } else if (lease != NULL && (!wanted || idle)) {
    pool->io.event(pool->io.ctx, slot, HF_EVENT_LOST, error);
  }
  /* Newest first: retried requests re-enter the queue at its head. */
  while ((link = hf_list_pop(&slot->running)) != NULL) {
    hf_list_push_front(&dead, link);
  }
  slot->lease = NULL;
  hf_dispatch_close_slot(pool, slot);
  while ((link = hf_list_pop(&dead)) != NULL) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if (request->error.status == HF_OK) {
      hf_error_copy(&request->error, error);
    }
    probing = probing || (request->flags & HF_FLAG_PROBE) != 0;
    (void)hf_repeat_judge(pool, request);
    first = lease == NULL ? error : &request->error;
  }
  /*
   * After the statement that was in flight, so that answers keep the order of
   * the calls.
   */
  if (lease != NULL) {
    if (lease->runs_hook) {
      hf_connect_hook_fail(pool, lease, slot, lease->hook_timed_out);
    }
    hf_lease_lose(pool, lease, first);
  }
  if (probing) {
    /*
     * The health check will say that the server works: make that true of the
     * other connections as well.
     */
    pool->ping_idle = true;
  }
}

void hf_loss_lose_with(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_status status) {
  struct hf_error error;
  hf_error_init(&error);
  hf_error_set(&error, status, HF_PHASE_AWAIT, NULL);
  hf_loss_lose(pool, slot, &error);
  hf_error_finish(&error);
}

void hf_loss_refuse_all(struct hf_pool *pool) {
  struct hf_link *link;
  if (hf_pool_is_live(pool)) {
    return;
  }
  while ((link = hf_list_first(&pool->waiting)) != NULL) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    hf_queue_leave(pool, request);
    /* The first doubt says more than what followed it. */
    if (request->error.outcome == HF_OUTCOME_AMBIGUOUS &&
        request->cause.outcome != HF_OUTCOME_AMBIGUOUS) {
      hf_error_move(&request->cause, &request->error);
    }
    hf_error_copy(&request->error, &pool->connect_error);
    hf_outcome_settle(pool, request);
  }
}
