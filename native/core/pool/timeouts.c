/* SPDX-License-Identifier: MIT */
#include "core/pool/timeouts.h"

#include <assert.h>

#include "core/pool/interrupt.h"
#include "core/pool/lease_statements.h"
#include "core/pool/loss.h"
#include "core/pool/queue.h"
#include "core/pool/state.h"

/* Gives up a connection whose cancel brought no answer in time. */

static void give_up(struct hf_pool *pool, struct hf_request *request) {
  struct hf_error error;
  hf_interrupt_answer(pool, request, request->interrupted);
  hf_error_init(&error);
  hf_error_set(&error, request->interrupted, HF_PHASE_AWAIT, NULL);
  hf_loss_lose(pool, request->slot, &error);
  hf_error_finish(&error);
}

/* Returns true when every request in flight on the slot was answered early. */
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
    /*
     * Other requests wait for their answers on this connection: look again
     * later.
     */
    hf_pool_set_timer(pool, request, pool->now_us + HF_CANCEL_GRACE_US);
  } else if (request->interrupted != HF_OK && !request->settled &&
             pool->now_us < request->cancelled_us + HF_CANCEL_GRACE_US) {
    hf_interrupt_cancel(pool, request);
  } else if (request->interrupted != HF_OK) {
    give_up(pool, request);
  } else if (request->orphan) {
    hf_lease_interrupt(pool, request, HF_POOL_CLOSED);
  } else {
    hf_lease_interrupt(pool,
                       request,
                       past_deadline ? HF_DEADLINE : HF_QUERY_TIMEOUT);
  }
}

static void waiting_is_due(struct hf_pool *pool, struct hf_request *request) {
  bool past_deadline =
      request->deadline_us != 0 && pool->now_us >= request->deadline_us;
  hf_lease_interrupt(pool,
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
