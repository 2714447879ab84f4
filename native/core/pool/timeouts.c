/* SPDX-License-Identifier: MIT */
/* Ending requests before their answer. */
#include "core/pool/timeouts.h"

#include <assert.h>

#include "core/pool/janitor.h"
#include "core/pool/lease.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/state.h"

enum {
  /* How long a cancelled statement may take to say what became of it. */
  CANCEL_GRACE_US = 1000 * 1000,
  /*
   * A cancel that comes before its statement has begun hits nothing, so there
   * is a second one. More would only be a storm for a server that is busy.
   */
  CANCEL_AGAIN_US = 300 * 1000,
  ORPHAN_GRACE_US = 1000 * 1000
};

/* Answers the user now; the request stays until its answer was read. */
static void answer_early(struct hf_pool *pool,
                         struct hf_request *request,
                         enum hf_status status) {
  struct hf_error *error = &request->error;
  bool open = hf_request_goes_with_connection(request);
  bool undone =
      open && !request->sql.commits && !request->sql.may_commit_midway;
  if (request->settled) {
    return;
  }
  hf_error_set(error,
               status,
               request->sql.commits ? HF_PHASE_COMMIT : HF_PHASE_AWAIT,
               NULL);
  error->unit = open ? HF_UNIT_TRANSACTION : HF_UNIT_STATEMENT;
  /* The lease is closed with it: an open transaction cannot survive. */
  error->outcome = undone ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_AMBIGUOUS;
  error->retryable = false;
  hf_stats_add_outcome(&pool->stats, error->outcome);
  hf_outcome_count_health(pool, request);
  pool->world.deliver(pool->world.ctx, request);
  request->settled = true;
  hf_error_finish(error);
}

static void count(struct hf_pool *pool, enum hf_status status) {
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

/* Sends a cancel, and looks again once before our patience ends. */
static void cancel(struct hf_pool *pool, struct hf_request *request) {
  uint64_t end_us = request->cancelled_us + CANCEL_GRACE_US;
  bool first = pool->now_us == request->cancelled_us;
  hf_pool_set_timer(pool,
                    request,
                    first ? pool->now_us + CANCEL_AGAIN_US : end_us);
  hf_stats_add(&pool->stats, HF_STAT_CANCELS, 1);
  pool->world.cancel(pool->world.ctx, request->slot);
}

/* Sent, and nobody waits for it any longer. */
static void interrupt_running(struct hf_pool *pool,
                              struct hf_request *request,
                              enum hf_status status) {
  struct hf_slot *slot = request->slot;
  if (request->interrupted != HF_OK) {
    return;
  }
  count(pool, status);
  request->interrupted = status;
  if (slot->running.count > 1) {
    answer_early(pool, request, status);
    hf_pool_set_timer(pool, request, pool->now_us + CANCEL_GRACE_US);
    return;
  }
  /* Nothing may join it now: the cancel is for it alone. */
  slot->shared = false;
  request->cancelled_us = pool->now_us;
  cancel(pool, request);
}

/* Whether a statement that ends a transaction goes on, perhaps otherwise. */
static bool goes_on(struct hf_pool *pool,
                    struct hf_request *request,
                    enum hf_status status) {
  switch (hf_transaction_stop(&request->end, status)) {
  case HF_TRANSACTION_STOP:
    return false;
  case HF_TRANSACTION_TURN:
    count(pool, status);
    hf_lease_turn_back(pool, request);
    break;
  case HF_TRANSACTION_CARRY_ON:
    break;
  }
  return true;
}

void hf_timeouts_end(struct hf_pool *pool,
                     struct hf_request *request,
                     enum hf_status status) {
  if (goes_on(pool, request, status)) {
    return;
  }
  switch (request->state) {
  case HF_REQUEST_WAITING:
    count(pool, status);
    if (request->kind == HF_REQUEST_STATEMENT) {
      hf_list_remove(&request->lease->waiting, &request->link);
    } else {
      hf_queue_leave(pool, request);
    }
    hf_outcome_refuse(pool, request, status);
    break;
  case HF_REQUEST_BACKOFF:
    count(pool, status);
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

void hf_timeouts_orphan(struct hf_pool *pool, struct hf_request *request) {
  request->orphan = true;
  if (request->state != HF_REQUEST_RUNNING) {
    hf_timeouts_end(pool, request, HF_POOL_CLOSED);
  } else if (request->interrupted == HF_OK) {
    hf_pool_set_timer(pool, request, pool->now_us + ORPHAN_GRACE_US);
  }
}

/* The cancel brought no answer in time: the connection is given up. */
static void give_up(struct hf_pool *pool, struct hf_request *request) {
  struct hf_error error;
  answer_early(pool, request, request->interrupted);
  hf_error_init(&error);
  hf_error_set(&error, request->interrupted, HF_PHASE_AWAIT, NULL);
  hf_janitor_lose(pool, request->slot, &error);
  hf_error_finish(&error);
}

/* Whether everybody whose answer slot still owes was answered early. */
static bool is_unread(const struct hf_slot *slot) {
  struct hf_link *link;
  HF_LIST_EACH(link, &slot->running) {
    if (!HF_CONTAINER_OF(link, struct hf_request, link)->settled) {
      return false;
    }
  }
  return true;
}

static void running_is_due(struct hf_pool *pool, struct hf_request *request) {
  bool past_deadline = (request->flags & HF_FLAG_CALLER_DEADLINE) != 0 &&
                       request->deadline_us != 0 &&
                       pool->now_us >= request->deadline_us;
  if (request->settled && !is_unread(request->slot)) {
    /* Neighbours still wait for theirs; look again later. */
    hf_pool_set_timer(pool, request, pool->now_us + CANCEL_GRACE_US);
  } else if (request->interrupted != HF_OK && !request->settled &&
             pool->now_us < request->cancelled_us + CANCEL_GRACE_US) {
    cancel(pool, request);
  } else if (request->interrupted != HF_OK) {
    give_up(pool, request);
  } else if (request->orphan) {
    hf_timeouts_end(pool, request, HF_POOL_CLOSED);
  } else {
    hf_timeouts_end(pool,
                    request,
                    past_deadline ? HF_DEADLINE : HF_QUERY_TIMEOUT);
  }
}

static void waiting_is_due(struct hf_pool *pool, struct hf_request *request) {
  bool past_deadline =
      request->deadline_us != 0 && pool->now_us >= request->deadline_us;
  hf_timeouts_end(pool,
                  request,
                  past_deadline ? HF_DEADLINE : HF_ACQUIRE_TIMEOUT);
}

void hf_timeouts_tick(struct hf_pool *pool) {
  struct hf_heap_node *node;
  while ((node = hf_heap_peek(&pool->timers)) != NULL &&
         node->key <= pool->now_us) {
    struct hf_request *request =
        HF_CONTAINER_OF(node, struct hf_request, timer);
    hf_heap_remove(&pool->timers, node);
    switch (request->state) {
    case HF_REQUEST_WAITING:
      if (request->kind == HF_REQUEST_STATEMENT) {
        hf_lease_due(pool, request);
      } else {
        waiting_is_due(pool, request);
      }
      break;
    case HF_REQUEST_BACKOFF:
      hf_queue_reenter(pool, request);
      break;
    case HF_REQUEST_RUNNING:
      running_is_due(pool, request);
      break;
    case HF_REQUEST_NEW:
    case HF_REQUEST_DONE:
      assert(false);
      break;
    }
  }
}
