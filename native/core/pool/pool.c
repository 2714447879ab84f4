/* SPDX-License-Identifier: MIT */
#include "core/pool/pool.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/policy/retry.h"
#include "core/pool/dispatch.h"
#include "core/pool/drain.h"
#include "core/pool/interrupt.h"
#include "core/pool/janitor.h"
#include "core/pool/lease_release.h"
#include "core/pool/lease_statements.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/reset.h"
#include "core/pool/scheduler.h"
#include "core/pool/sharing.h"
#include "core/pool/timeouts.h"
#include "core/pool/turn.h"

enum hf_status hf_pool_init(struct hf_pool *pool,
                            const struct hf_config *config,
                            const struct hf_pool_io *io,
                            uint64_t now_us) {
  int32_t i;
  memset(pool, 0, sizeof *pool);
  pool->config = *config;
  pool->io = *io;
  for (i = 0; i < HF_SLOT_STATES; i++) {
    hf_list_init(&pool->slots_in[i]);
  }
  if (hf_size_add(pool, config->max) != HF_OK) {
    return HF_NO_MEMORY;
  }
  hf_list_init(&pool->waiting);
  hf_list_init(&pool->requests);
  hf_list_init(&pool->done);
  hf_list_init(&pool->ended_leases);
  hf_heap_init(&pool->timers);
  hf_breaker_init(&pool->breaker);
  hf_error_init(&pool->connect_error);
  hf_stats_init(&pool->stats);
  pool->now_us = now_us;
  pool->sweep_us = UINT64_MAX;
  pool->shortest_us = UINT64_MAX;
  pool->followers_due_us = UINT64_MAX;
  return HF_OK;
}

void hf_pool_finish(struct hf_pool *pool) {
  assert(hf_list_empty(&pool->requests));
  hf_error_finish(&pool->connect_error);
  hf_size_finish(pool);
}

void hf_pool_submit(struct hf_pool *pool,
                    struct hf_request *request,
                    uint64_t now_us) {
  enum hf_status status;
  hf_turn_enter(pool, now_us);
  hf_request_submitted(request, now_us);
  hf_list_push(&pool->requests, &request->of_all);
  if (request->kind == HF_REQUEST_STATEMENT) {
    hf_stats_add(&pool->stats, HF_STAT_QUERIES, 1);
    hf_lease_submit(pool, request);
    hf_turn_leave(pool);
    return;
  }
  if (request->kind == HF_REQUEST_QUERY) {
    hf_stats_add(&pool->stats, HF_STAT_QUERIES, 1);
    hf_retry_count_call((double)now_us / HF_US_PER_MS);
  }
  status = hf_queue_enter(pool, request);
  if (status != HF_OK) {
    if (status == HF_QUEUE_FULL) {
      hf_stats_add(&pool->stats, HF_STAT_QUEUE_FULL, 1);
    }
    hf_outcome_refuse(pool, request, status);
  } else {
    hf_scheduler_probe_soon(pool, request);
    hf_turn_serve(pool);
    hf_scheduler_fail_unreachable(pool);
    hf_scheduler_fail_unreachable_one(pool, request);
    hf_janitor_plan(pool);
  }
  hf_turn_leave(pool);
}

void hf_pool_abort(struct hf_pool *pool,
                   struct hf_request *request,
                   uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_lease_interrupt(pool, request, HF_ABORTED);
  hf_turn_leave(pool);
}

void hf_pool_release(struct hf_pool *pool,
                     struct hf_lease *lease,
                     enum hf_release how,
                     uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_lease_release(pool, lease, how);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_drop_owner(struct hf_pool *pool,
                        const void *owner,
                        bool orphan,
                        uint64_t now_us) {
  struct hf_link *link;
  struct hf_link *after;
  hf_turn_enter(pool, now_us);
  HF_LIST_EACH_SAFE(link, after, &pool->requests) {
    struct hf_request *request =
        HF_CONTAINER_OF(link, struct hf_request, of_all);
    if (request->owner != owner) {
      continue;
    }
    if (orphan) {
      hf_interrupt_orphan(pool, request);
    } else if (request->kind != HF_REQUEST_STATEMENT &&
               request->state != HF_REQUEST_RUNNING) {
      hf_interrupt_request(pool, request, HF_POOL_CLOSED);
    }
  }
  hf_turn_leave(pool);
}

void hf_pool_each_request(struct hf_pool *pool,
                          const void *owner,
                          void (*visit)(struct hf_request *request)) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->requests) {
    struct hf_request *request =
        HF_CONTAINER_OF(link, struct hf_request, of_all);
    if (request->owner == owner) {
      visit(request);
    }
  }
}

void hf_pool_warm(struct hf_pool *pool, int32_t target, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  pool->warm_target = target;
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_probe_soon(struct hf_pool *pool, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_breaker_probe_soon(&pool->breaker, pool->now_us / HF_US_PER_MS);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_reset(struct hf_pool *pool, uint64_t now_us) {
  struct hf_link *link;
  hf_turn_enter(pool, now_us);
  pool->generation++;
  hf_dispatch_close_all(pool, HF_SLOT_IDLE);
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_BUSY]) {
    /* A connection that reads keep joining would never become free. */
    hf_slot_of(link)->shared = false;
  }
  hf_turn_serve(pool);
  hf_turn_leave(pool);
}

void hf_pool_suspend(struct hf_pool *pool, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  if (pool->state == HF_POOL_STATE_OPEN) {
    pool->state = HF_POOL_STATE_SUSPENDED;
    hf_dispatch_close_all(pool, HF_SLOT_CONNECTING);
    hf_dispatch_close_all(pool, HF_SLOT_IDLE);
    hf_janitor_plan(pool);
  }
  hf_turn_leave(pool);
}

void hf_pool_resume(struct hf_pool *pool, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  if (pool->state == HF_POOL_STATE_SUSPENDED) {
    pool->state = HF_POOL_STATE_OPEN;
    hf_turn_serve(pool);
    hf_janitor_plan(pool);
  }
  hf_turn_leave(pool);
}

void hf_pool_ping_idle(struct hf_pool *pool, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_reset_ping_idle(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

int32_t hf_pool_deallocate(struct hf_pool *pool, uint64_t now_us) {
  int32_t concerned;
  hf_turn_enter(pool, now_us);
  concerned = hf_reset_deallocate_all(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
  return concerned;
}

void hf_pool_tick(struct hf_pool *pool, uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_timeouts_tick(pool);
  hf_sharing_tick(pool);
  if (pool->now_us >= pool->sweep_us) {
    hf_janitor_sweep(pool);
  }
  hf_turn_serve(pool);
  hf_scheduler_fail_unreachable(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

uint64_t hf_pool_next_us(const struct hf_pool *pool) {
  const struct hf_heap_node *node = hf_heap_peek(&pool->timers);
  uint64_t next = pool->sweep_us;
  if (node != NULL && node->key < next) {
    next = node->key;
  }
  if (hf_sharing_next_us(pool) < next) {
    next = hf_sharing_next_us(pool);
  }
  return next;
}

/*
 * Closes connections above the limit: idle ones now, others when they are free.
 */
static void close_surplus(struct hf_pool *pool) {
  static const enum hf_slot_state spare[] = {HF_SLOT_CONNECTING, HF_SLOT_IDLE};
  size_t i;
  for (i = 0; i < sizeof spare / sizeof *spare; i++) {
    struct hf_list *list = &pool->slots_in[spare[i]];
    struct hf_link *link;
    while (hf_size_is_over(pool) && (link = hf_list_first(list)) != NULL) {
      hf_dispatch_close_slot(pool, hf_slot_of(link));
    }
  }
}

enum hf_status hf_pool_resize(struct hf_pool *pool,
                              int32_t max,
                              uint64_t now_us) {
  enum hf_status status = HF_OK;
  hf_turn_enter(pool, now_us);
  if (max > pool->n_slots) {
    status = hf_size_add(pool, max - pool->n_slots);
  }
  if (status == HF_OK) {
    pool->config.max = max;
    close_surplus(pool);
    hf_turn_serve(pool);
    hf_janitor_plan(pool);
  }
  hf_turn_leave(pool);
  return status;
}

enum hf_status hf_pool_configure(struct hf_pool *pool,
                                 const char *name,
                                 const char *value,
                                 uint64_t now_us,
                                 struct hf_error *error) {
  struct hf_config config = pool->config;
  enum hf_status status = hf_config_set(&config, name, value, error);
  int32_t max = config.max;
  if (status != HF_OK) {
    return status;
  }
  config.max = pool->config.max;
  pool->config = config;
  return max == config.max ? HF_OK : hf_pool_resize(pool, max, now_us);
}

void hf_pool_end(struct hf_pool *pool, int32_t drain_ms, uint64_t now_us) {
  uint64_t drain_us;
  hf_turn_enter(pool, now_us);
  drain_us = pool->now_us + (uint64_t)drain_ms * HF_US_PER_MS;
  if (hf_pool_takes_requests(pool)) {
    pool->state = HF_POOL_STATE_DRAINING;
    pool->drain_us = drain_us;
    if (drain_ms == 0) {
      hf_drain_cut_all(pool);
    }
    /* requests that waited for hf_pool_resume() are served after all */
    hf_turn_serve(pool);
    hf_janitor_plan(pool);
  }
  hf_turn_leave(pool);
}

void hf_pool_cut_owner(struct hf_pool *pool,
                       const void *owner,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_drain_cut_owner(pool, owner);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_retire_direct(struct hf_pool *pool) {
  int32_t i;
  for (i = 0; i < pool->n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(pool, i);
    if (hf_slot_state_is_live(slot->state) && !slot->proxied) {
      hf_slot_retire(slot);
    }
  }
}
