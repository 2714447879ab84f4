/* SPDX-License-Identifier: MIT */
#include "core/pool/turn.h"

#include "core/pool/drain.h"
#include "core/pool/lease.h"
#include "core/pool/reset.h"
#include "core/pool/scheduler.h"
#include "core/pool/state.h"

void hf_turn_enter(struct hf_pool *pool, uint64_t now_us) {
  if (now_us > pool->now_us) {
    pool->now_us = now_us;
  }
}

void hf_turn_serve(struct hf_pool *pool) {
  if (pool->ping_idle) {
    pool->ping_idle = false;
    hf_reset_ping_idle(pool);
  }
  hf_scheduler_run(pool);
}

void hf_turn_leave(struct hf_pool *pool) {
  struct hf_link *link;
  while ((link = hf_list_pop(&pool->done)) != NULL) {
    pool->io.deliver(pool->io.ctx,
                     HF_CONTAINER_OF(link, struct hf_request, link));
  }
  while ((link = hf_list_pop(&pool->ended_leases)) != NULL) {
    pool->io.released(pool->io.ctx,
                      HF_CONTAINER_OF(link, struct hf_lease, ending));
  }
  if (pool->state == HF_POOL_STATE_DRAINING) {
    hf_drain_close_spare(pool);
  }
  hf_pool_publish_gauges(pool);
  if (pool->state == HF_POOL_STATE_DRAINING && hf_list_empty(&pool->requests) &&
      hf_pool_count(pool, HF_SLOT_EMPTY) == (size_t)pool->n_slots) {
    pool->state = HF_POOL_STATE_CLOSED;
    pool->io.closed(pool->io.ctx);
  }
}
