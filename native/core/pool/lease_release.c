/* SPDX-License-Identifier: MIT */
#include "core/pool/lease_release.h"

#include "core/pool/advice.h"
#include "core/pool/connect_hook.h"
#include "core/pool/dispatch.h"
#include "core/pool/lease.h"
#include "core/pool/loss.h"
#include "core/pool/reset.h"
#include "core/pool/state.h"

/* Returns the connection to the pool, reset for the next user. */

static void give_back(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  slot->lease = NULL;
  lease->slot = NULL;
  hf_reset_note_release(pool, slot);
  if (lease->release == HF_RELEASE_CLOSE || lease->release == HF_RELEASE_FAIL) {
    hf_dispatch_close_slot(pool, slot);
  } else if (slot->transaction != 'I') {
    hf_stats_add(&pool->stats, HF_STAT_ROLLED_BACK_LEASES, 1);
    if (lease->release == HF_RELEASE_KEEP) {
      hf_advise(pool, slot, HF_ADVICE_ROLLED_BACK);
    }
    hf_reset_begin(pool, slot, HF_RESET_ROLLBACK);
  } else if (hf_reset_is_due(slot)) {
    hf_reset_begin(pool, slot, HF_RESET_DEALLOCATE);
  } else {
    hf_dispatch_free_slot(pool, slot);
  }
}

static bool has_work(const struct hf_lease *lease) {
  return lease->slot != NULL && (!hf_list_empty(&lease->slot->running) ||
                                 !hf_list_empty(&lease->waiting));
}

/*
 * Ends the lease of an onConnect hook: the connection enters service or is
 * closed.
 */
static void end_hook(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  if (lease->release == HF_RELEASE_KEEP) {
    hf_connect_hook_succeed(pool, lease);
    lease->slot->hooked = true;
    give_back(pool, lease);
    return;
  }
  if (lease->release == HF_RELEASE_CUT) {
    lease->release = HF_RELEASE_CLOSE;
  }
  hf_connect_hook_fail(pool, lease, slot, lease->release == HF_RELEASE_FAIL);
  if (has_work(lease)) {
    hf_loss_lose_with(pool, slot, HF_RELEASED);
  } else {
    give_back(pool, lease);
  }
}

void hf_lease_release(struct hf_pool *pool,
                      struct hf_lease *lease,
                      enum hf_release how) {
  if (lease->released && lease->slot == NULL) {
    return;
  }
  lease->released = true;
  lease->release = how;
  if (has_work(lease) && how == HF_RELEASE_KEEP) {
    return; /* hf_lease_advance() continues with it */
  }
  if (lease->runs_hook) {
    end_hook(pool, lease);
    hf_lease_end(pool, lease);
    return;
  }
  hf_stats_record(&pool->stats,
                  HF_HISTOGRAM_LEASE_TIME,
                  pool->now_us - lease->granted_us);
  if (has_work(lease)) {
    hf_loss_lose_with(pool, lease->slot, HF_RELEASED);
  } else if (lease->slot != NULL) {
    give_back(pool, lease);
  }
  hf_lease_end(pool, lease);
}

void hf_lease_turn_into_rollback(struct hf_request *request) {
  static const char text[] = "ROLLBACK";
  hf_sql_scan(text, sizeof text - 1, &request->sql);
  request->flags |= HF_FLAG_URGENT;
  request->deadline_us = 0;
}

/*
 * Decides between COMMIT and ROLLBACK once all earlier statements have ended.
 */
static void take_turn(struct hf_pool *pool, struct hf_request *request) {
  uint64_t end_us = hf_transaction_take_turn(&request->end,
                                             request->lease->slot->transaction,
                                             request->deadline_us,
                                             pool->now_us);
  if (hf_transaction_rolls_back(&request->end)) {
    hf_lease_turn_into_rollback(request);
  } else if (end_us != UINT64_MAX) {
    request->deadline_us = end_us;
    request->flags |= HF_FLAG_CALLER_DEADLINE;
  }
}

void hf_lease_advance(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  struct hf_link *link;
  if (slot == NULL || !hf_list_empty(&slot->running)) {
    return;
  }
  link = hf_list_pop(&lease->waiting);
  if (link != NULL) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if (hf_transaction_is_ending(&request->end)) {
      take_turn(pool, request);
    }
    hf_dispatch_start(pool, slot, request);
  } else if (lease->released) {
    hf_lease_release(pool, lease, lease->release);
  }
}
