/* SPDX-License-Identifier: MIT */
#include "core/pool/state.h"

#include "core/base/time.h"

enum {
  /* After a failed login of its own, a pooler refuses clients for a second. */
  PROBE_PATIENCE_US = 950 * HF_US_PER_MS
};

bool hf_pool_takes_requests(const struct hf_pool *pool) {
  return pool->state == HF_POOL_STATE_OPEN ||
         pool->state == HF_POOL_STATE_SUSPENDED;
}

size_t hf_pool_count(const struct hf_pool *pool, enum hf_slot_state state) {
  return pool->slots_in[state].count;
}

void hf_pool_gauges(const struct hf_pool *pool, struct hf_gauges *out) {
  int32_t closing = (int32_t)hf_pool_count(pool, HF_SLOT_CLOSING);
  out->connecting =
      (int32_t)(hf_pool_count(pool, HF_SLOT_CONNECTING) + pool->hooks_running);
  out->leased =
      (int32_t)(hf_pool_count(pool, HF_SLOT_LEASED) - pool->hooks_running);
  out->idle = (int32_t)hf_pool_count(pool, HF_SLOT_IDLE);
  out->busy = (int32_t)hf_pool_count(pool, HF_SLOT_BUSY) + out->leased +
              (int32_t)hf_pool_count(pool, HF_SLOT_CHECKING);
  out->waiting = (int32_t)pool->waiting.count;
  out->breaker = (int32_t)hf_breaker_state(&pool->breaker);
  out->total =
      pool->n_slots - closing - (int32_t)hf_pool_count(pool, HF_SLOT_EMPTY);
  out->proxied = pool->proxied;
  out->suspended = pool->state == HF_POOL_STATE_SUSPENDED;
}

void hf_pool_publish_gauges(struct hf_pool *pool) {
  struct hf_gauges gauges;
  hf_pool_gauges(pool, &gauges);
  hf_stats_set_gauges(&pool->stats, &gauges);
}

bool hf_pool_is_unreachable(const struct hf_pool *pool, uint64_t since_us) {
  const struct hf_outage *outage = &pool->outage;
  uint64_t patience_us = outage->transient ? PROBE_PATIENCE_US : 0;
  return outage->begun_us != 0 && since_us <= outage->begun_us &&
         outage->failed_us - since_us >= patience_us;
}

/* A connection that is being prepared does not serve anybody yet. */
bool hf_pool_is_unavailable(const struct hf_pool *pool) {
  if (pool->state == HF_POOL_STATE_SUSPENDED) {
    return true;
  }
  return hf_breaker_state(&pool->breaker) != HF_CIRCUIT_CLOSED &&
         hf_pool_live_count(pool) == pool->hooks_running;
}

bool hf_pool_finishes(const struct hf_pool *pool) {
  return hf_pool_takes_requests(pool) ||
         (pool->state == HF_POOL_STATE_DRAINING &&
          pool->now_us < pool->drain_us && pool->drain_us != UINT64_MAX);
}

void hf_pool_set_timer(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t at_us) {
  if (request->timer.queued) {
    hf_heap_remove(&pool->timers, &request->timer);
  }
  if (at_us != UINT64_MAX) {
    hf_heap_push(&pool->timers, &request->timer, at_us);
  }
}

bool hf_pool_needs_connections(const struct hf_pool *pool) {
  return pool->state == HF_POOL_STATE_OPEN ||
         (pool->state == HF_POOL_STATE_DRAINING &&
          !hf_list_empty(&pool->waiting));
}

size_t hf_pool_live_count(const struct hf_pool *pool) {
  size_t live = 0;
  int state;
  for (state = 0; state < HF_SLOT_STATES; state++) {
    if (hf_slot_state_is_live((enum hf_slot_state)state)) {
      live += pool->slots_in[state].count;
    }
  }
  return live;
}

bool hf_pool_is_live(const struct hf_pool *pool) {
  return hf_pool_live_count(pool) > 0;
}
