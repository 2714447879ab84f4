/* SPDX-License-Identifier: MIT */
#include "core/pool/connect_hook.h"

#include <string.h>

#include "core/base/time.h"
#include "core/pool/dispatch.h"
#include "core/pool/lease.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/reachability.h"
#include "core/pool/reset.h"
#include "core/pool/state.h"

/*
 * Counts the connect as a success, unless only a pooler has answered so far.
 * Returns true when the server is known to be reachable.
 */
static bool note_opened(struct hf_pool *pool, struct hf_slot *slot) {
  bool proved = hf_reachability_proved(pool, slot);
  if (proved) {
    hf_reachability_note_success(pool, slot);
    hf_error_finish(&pool->connect_error);
    pool->outage.begun_us = 0;
  } else {
    hf_breaker_probe_dropped(&pool->breaker);
  }
  return proved;
}

bool hf_connect_hook_begin(struct hf_pool *pool, struct hf_slot *slot) {
  struct hf_lease *lease = NULL;
  if (pool->state == HF_POOL_STATE_OPEN &&
      slot->generation == pool->generation) {
    lease = pool->io.begin_hook(pool->io.ctx, slot);
  }
  if (lease == NULL) {
    return false;
  }
  lease->runs_hook = true;
  lease->slot = slot;
  lease->granted_us = pool->now_us;
  slot->lease = lease;
  pool->hooks_running++;
  return true;
}

void hf_connect_hook_enter(struct hf_pool *pool, struct hf_slot *slot) {
  struct hf_lease *lease = slot->lease;
  bool proved;
  if (lease != NULL) {
    slot->lease = NULL;
    hf_slot_move(slot, HF_SLOT_IDLE, pool->now_us);
    slot->lease = lease;
    hf_slot_move(slot, HF_SLOT_LEASED, pool->now_us);
    return;
  }
  proved = note_opened(pool, slot);
  hf_dispatch_free_slot(pool, slot);
  if (!proved && slot->state == HF_SLOT_IDLE) {
    hf_reset_begin(pool, slot, HF_RESET_PING);
  }
}

static void end(struct hf_pool *pool, struct hf_lease *lease) {
  lease->runs_hook = false;
  pool->hooks_running--;
}

void hf_connect_hook_succeed(struct hf_pool *pool, struct hf_lease *lease) {
  end(pool, lease);
  (void)note_opened(pool, lease->slot);
}

void hf_connect_hook_fail(struct hf_pool *pool,
                          struct hf_lease *lease,
                          struct hf_slot *slot,
                          bool theirs) {
  struct hf_request *request = hf_queue_first(pool);
  struct hf_classification why;
  end(pool, lease);
  memset(&why, 0, sizeof why);
  if (theirs && request != NULL) {
    request->serial = slot->serial;
    hf_queue_leave(pool, request);
    hf_outcome_refuse(pool, request, HF_HOOK_FAILED);
    pool->hook_refusals++;
  }
  if (theirs && pool->connect_error.status == HF_OK) {
    hf_error_set(&pool->connect_error, HF_HOOK_FAILED, HF_PHASE_CONNECT, NULL);
    pool->connect_error.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  hf_reachability_note_failure(pool, slot, &why);
}

static uint64_t end_of(const struct hf_pool *pool,
                       const struct hf_lease *lease) {
  return lease->granted_us +
         (uint64_t)pool->config.connect_timeout_ms * HF_US_PER_MS;
}

bool hf_connect_hook_is_overdue(const struct hf_pool *pool,
                                const struct hf_slot *slot) {
  return slot->lease->runs_hook && pool->now_us >= end_of(pool, slot->lease);
}

void hf_connect_hook_give_up(struct hf_pool *pool,
                             struct hf_slot *slot,
                             struct hf_error *error) {
  hf_error_set(error,
               HF_CONNECT_TIMEOUT,
               HF_PHASE_CONNECT,
               "onConnect, or what a 'connect' listener returned, did not "
               "settle within connectTimeoutMillis");
  error->outcome = HF_OUTCOME_NOT_EXECUTED;
  hf_error_copy(&pool->connect_error, error);
  slot->lease->hook_timed_out = true;
}

uint64_t hf_connect_hook_next_us(const struct hf_pool *pool) {
  uint64_t next = UINT64_MAX;
  struct hf_link *link;
  if (pool->hooks_running == 0) {
    return next;
  }
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_LEASED]) {
    const struct hf_slot *slot = hf_slot_of(link);
    if (slot->lease->runs_hook && end_of(pool, slot->lease) < next) {
      next = end_of(pool, slot->lease);
    }
  }
  return next;
}
