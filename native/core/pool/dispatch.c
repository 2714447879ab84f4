/* SPDX-License-Identifier: MIT */
#include "core/pool/dispatch.h"

#include "core/pool/size.h"
#include "core/pool/state.h"

void hf_dispatch_close_slot(struct hf_pool *pool, struct hf_slot *slot) {
  if (slot->state == HF_SLOT_CONNECTING) {
    hf_breaker_probe_dropped(&pool->breaker);
  }
  hf_slot_move(slot, HF_SLOT_CLOSING, pool->now_us);
  hf_stats_add(&pool->stats, HF_STAT_CONNECTIONS_CLOSED, 1);
  pool->io.close(pool->io.ctx, slot);
}

void hf_dispatch_close_all(struct hf_pool *pool, enum hf_slot_state state) {
  struct hf_link *link;
  while ((link = hf_list_first(&pool->slots_in[state])) != NULL) {
    hf_dispatch_close_slot(pool, hf_slot_of(link));
  }
}

static bool is_used_up(const struct hf_pool *pool, const struct hf_slot *slot) {
  int32_t max_uses = pool->config.max_uses;
  return max_uses != 0 && slot->uses >= (uint32_t)max_uses;
}

bool hf_dispatch_is_spent(const struct hf_pool *pool,
                          const struct hf_slot *slot) {
  return !hf_pool_needs_connections(pool) || hf_size_is_over(pool) ||
         slot->generation != pool->generation ||
         hf_slot_is_expired(slot, pool->now_us) || is_used_up(pool, slot);
}

void hf_dispatch_free_slot(struct hf_pool *pool, struct hf_slot *slot) {
  if (hf_dispatch_is_spent(pool, slot)) {
    hf_dispatch_close_slot(pool, slot);
  } else {
    hf_slot_move(slot, HF_SLOT_IDLE, pool->now_us);
  }
}

void hf_dispatch_start(struct hf_pool *pool,
                       struct hf_slot *slot,
                       struct hf_request *request) {
  uint64_t end_us = UINT64_MAX;
  request->slot = slot;
  request->serial = slot->serial;
  request->started_us = pool->now_us;
  request->held_us = 0;
  request->in_transaction = slot->transaction != 'I';
  request->attempts++;
  request->unsent = false;
  request->simple_protocol = false;
  request->server_warned = false;
  request->answered_rollback = false;
  request->wrapping_refused = false;
  request->server_role = HF_ROLE_UNKNOWN;
  request->progress = HF_PROGRESS_UNKNOWN;
  hf_error_finish(&request->error);
  hf_request_move(request, HF_REQUEST_RUNNING);
  if (hf_list_empty(&slot->running)) {
    slot->head_us = pool->now_us;
  }
  hf_list_push(&slot->running, &request->link);
  if (request->timeout_us != 0) {
    end_us = pool->now_us + request->timeout_us;
  }
  if ((request->flags & HF_FLAG_CALLER_DEADLINE) != 0 &&
      request->deadline_us != 0 && request->deadline_us < end_us) {
    end_us = request->deadline_us;
  }
  hf_pool_set_timer(pool, request, end_us);
  pool->io.execute(pool->io.ctx, slot, request);
}
