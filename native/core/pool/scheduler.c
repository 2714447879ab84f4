/* SPDX-License-Identifier: MIT */
#include "core/pool/scheduler.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/pool/demotion.h"
#include "core/pool/dispatch.h"
#include "core/pool/lease.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/sharing.h"
#include "core/pool/size.h"
#include "core/pool/state.h"

enum {
  /* more at once would burden the server and gain nothing */
  CONNECTS_AT_ONCE = 4
};

/*
 * Picks the connection used last, whose caches are warmest, but not the one the
 * request has just failed on.
 */
static struct hf_slot *pick_idle(struct hf_pool *pool, uint32_t avoid) {
  struct hf_list *idle = &pool->slots_in[HF_SLOT_IDLE];
  struct hf_slot *slot;
  if (hf_list_empty(idle)) {
    return NULL;
  }
  slot = hf_slot_of(idle->head.prev);
  if (slot->serial == avoid && idle->count > 1) {
    slot = hf_slot_of(slot->link.prev);
  }
  return slot;
}

/* Returns an idle connection that is alive, or NULL. Closes dead ones. */
static struct hf_slot *take_idle(struct hf_pool *pool, uint32_t avoid) {
  struct hf_slot *slot;
  while ((slot = pick_idle(pool, avoid)) != NULL) {
    /* it was in use during this turn */
    if (slot->since_us == pool->now_us || pool->io.usable(pool->io.ctx, slot)) {
      return slot;
    }
    hf_stats_add(&pool->stats, HF_STAT_CONNECTIONS_LOST, 1);
    pool->answered_us = 0;
    hf_dispatch_close_slot(pool, slot);
  }
  return NULL;
}

/*
 * Returns true when the connection must drop its prepared statements after use
 * (deallocateBeforeUse).
 */
static bool deallocates_after_use(const struct hf_pool *pool,
                                  const struct hf_slot *slot) {
  return pool->config.deallocate == HF_DEALLOCATE_FORCE ||
         (pool->config.deallocate == HF_DEALLOCATE_ON && !slot->proxied);
}

static void serve(struct hf_pool *pool,
                  struct hf_request *request,
                  struct hf_slot *slot) {
  hf_queue_leave(pool, request);
  hf_stats_add(&pool->stats, HF_STAT_ACQUIRES, 1);
  hf_stats_record(&pool->stats,
                  HF_HISTOGRAM_ACQUIRE_WAIT,
                  pool->now_us - request->submitted_us);
  slot->deallocate |= deallocates_after_use(pool, slot);
  if (request->kind == HF_REQUEST_ACQUIRE) {
    hf_lease_grant(pool, request, slot);
    return;
  }
  if (slot->state == HF_SLOT_IDLE) {
    hf_slot_move(slot, HF_SLOT_BUSY, pool->now_us);
    slot->shared = hf_sharing_allows(pool, request);
  }
  slot->uses++;
  hf_dispatch_start(pool, slot, request);
}

static void connect(struct hf_pool *pool) {
  struct hf_link *link = hf_list_first(&pool->slots_in[HF_SLOT_EMPTY]);
  struct hf_slot *slot = hf_slot_of(link);
  hf_slot_move(slot, HF_SLOT_CONNECTING, pool->now_us);
  slot->serial = ++pool->last_serial;
  slot->generation = pool->generation;
  slot->uses = 0;
  slot->transaction = 'I';
  slot->silence = (struct hf_silence){0};
  slot->probe_us = 0;
  slot->deallocate = false;
  slot->restore_settings = false;
  slot->dirty = false;
  slot->hooked = false;
  slot->demoted = false;
  slot->read_only_transaction = false;
  pool->newer_wanted = false;
  slot->proven = false;
  slot->proof = HF_PROOF_NONE;
  hf_stats_add(&pool->stats, HF_STAT_CONNECTS_STARTED, 1);
  pool->io.event(pool->io.ctx, slot, HF_EVENT_CONNECTING, NULL);
  pool->io.connect(pool->io.ctx, slot);
}

bool hf_scheduler_wants_connection(const struct hf_pool *pool) {
  size_t connecting =
      hf_pool_count(pool, HF_SLOT_CONNECTING) + pool->hooks_running;
  size_t empty = hf_pool_count(pool, HF_SLOT_EMPTY);
  size_t closing = hf_pool_count(pool, HF_SLOT_CLOSING);
  size_t live = (size_t)pool->n_slots - empty - closing;
  if (!hf_pool_needs_connections(pool) || !hf_size_has_room(pool) ||
      connecting >= CONNECTS_AT_ONCE) {
    return false;
  }
  /*
   * After a local failure only a call is worth another try, because it would
   * fail at once.
   */
  return connecting < hf_demotion_demand(pool) ||
         (pool->state == HF_POOL_STATE_OPEN && !pool->misconfigured &&
          live < (size_t)pool->warm_target);
}

/*
 * Returns true when no request or warm-up would make the pool try to connect.
 */
static bool probes_in_background(const struct hf_pool *pool) {
  return hf_breaker_state(&pool->breaker) == HF_CIRCUIT_OPEN &&
         pool->state == HF_POOL_STATE_OPEN &&
         hf_pool_count(pool, HF_SLOT_EMPTY) > 0 &&
         hf_pool_count(pool, HF_SLOT_CONNECTING) == 0 &&
         !hf_scheduler_wants_connection(pool);
}

uint64_t hf_scheduler_next_us(const struct hf_pool *pool) {
  if (hf_breaker_state(&pool->breaker) != HF_CIRCUIT_OPEN) {
    return UINT64_MAX;
  }
  if (hf_scheduler_wants_connection(pool)) {
    return hf_breaker_next_at(&pool->breaker) * HF_US_PER_MS;
  }
  return probes_in_background(pool)
             ? hf_breaker_background_at(&pool->breaker) * HF_US_PER_MS
             : UINT64_MAX;
}

/* Returns an idle connection that is new enough for the request, or NULL. */
static struct hf_slot *take_newer(struct hf_pool *pool,
                                  const struct hf_request *request) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_IDLE]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (hf_demotion_allows(request, slot)) {
      return slot;
    }
  }
  return NULL;
}

/* Serves requests that wait for a newer connection. */
static void serve_waiting_for_newer(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  if (pool->waiting_for_newer == 0) {
    return;
  }
  HF_LIST_EACH_SAFE(link, after, &pool->waiting) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    struct hf_slot *slot =
        request->newer_than == 0 ? NULL : take_newer(pool, request);
    if (slot != NULL) {
      serve(pool, request, slot);
    }
  }
}

/* Returns the first request that any connection will do for, or NULL. */
static struct hf_request *first_of_others(const struct hf_pool *pool) {
  struct hf_link *link;
  if (pool->waiting_for_newer == 0) {
    return hf_queue_first(pool);
  }
  HF_LIST_EACH(link, &pool->waiting) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if (request->newer_than == 0) {
      return request;
    }
  }
  return NULL;
}

void hf_scheduler_run(struct hf_pool *pool) {
  struct hf_request *request;
  if (pool->state == HF_POOL_STATE_SUSPENDED) {
    return;
  }
  if (pool->state != HF_POOL_STATE_OPEN) {
    hf_demotion_stop_search(pool);
  }
  serve_waiting_for_newer(pool);
  while ((request = first_of_others(pool)) != NULL) {
    struct hf_slot *slot = take_idle(pool, request->avoid_serial);
    if (slot == NULL) {
      slot = hf_sharing_find(pool, request);
    }
    if (slot == NULL) {
      break;
    }
    serve(pool, request, slot);
  }
  while (hf_scheduler_wants_connection(pool) &&
         hf_breaker_allow(&pool->breaker, pool->now_us / HF_US_PER_MS)) {
    connect(pool);
  }
  if (probes_in_background(pool) &&
      pool->now_us / HF_US_PER_MS >= hf_breaker_background_at(&pool->breaker) &&
      hf_breaker_allow(&pool->breaker, pool->now_us / HF_US_PER_MS)) {
    connect(pool);
  }
}

static bool is_cut_off(const struct hf_pool *pool) {
  return hf_breaker_state(&pool->breaker) == HF_CIRCUIT_OPEN &&
         !hf_pool_is_live(pool);
}

/*
 * Returns true when nothing listens at the address, and no connect has ever
 * succeeded.
 */
static bool was_never_there(const struct hf_pool *pool) {
  const struct hf_error *error = &pool->connect_error;
  const char *syscall = hf_error_field(error, 'y');
  return hf_stats_get(&pool->stats, HF_STAT_CONNECTS_SUCCEEDED) == 0 &&
         error->status == HF_SOCKET_ERROR && syscall != NULL &&
         strcmp(syscall, "connect") == 0;
}

/*
 * Returns true when the last connect error answers the request: it is
 * permanent, or the caller asked to fail fast.
 */
static bool fails_without_waiting(const struct hf_pool *pool,
                                  const struct hf_request *request) {
  if (pool->connect_error.status == HF_OK ||
      (request->flags & HF_FLAG_PROBE) != 0) {
    return false;
  }
  return pool->connect_error.outcome == HF_OUTCOME_PERMANENT ||
         (request->flags & HF_FLAG_FAIL_FAST) != 0 ||
         ((request->flags & HF_FLAG_FAIL_NEW) != 0 && was_never_there(pool));
}

void hf_scheduler_probe_soon(struct hf_pool *pool,
                             const struct hf_request *request) {
  if ((request->flags & HF_FLAG_PROBE) != 0 ||
      fails_without_waiting(pool, request)) {
    hf_breaker_probe_soon(&pool->breaker, pool->now_us / HF_US_PER_MS);
  }
}

void hf_scheduler_fail_fast(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  if (hf_pool_is_live(pool)) {
    return;
  }
  HF_LIST_EACH_SAFE(link, after, &pool->waiting) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if (fails_without_waiting(pool, request)) {
      hf_queue_leave(pool, request);
      hf_outcome_refuse(pool, request, HF_BREAKER_OPEN);
    }
  }
}

static void fail_if_unreachable(struct hf_pool *pool,
                                struct hf_request *request,
                                uint64_t probe_us) {
  if (request->state == HF_REQUEST_WAITING &&
      (fails_without_waiting(pool, request) ||
       (request->deadline_us != 0 && request->deadline_us <= probe_us))) {
    hf_queue_leave(pool, request);
    hf_outcome_refuse(pool, request, HF_BREAKER_OPEN);
  }
}

void hf_scheduler_fail_unreachable_one(struct hf_pool *pool,
                                       struct hf_request *request) {
  if (is_cut_off(pool)) {
    fail_if_unreachable(pool,
                        request,
                        hf_breaker_next_at(&pool->breaker) * HF_US_PER_MS);
  }
}

void hf_scheduler_fail_unreachable(struct hf_pool *pool) {
  uint64_t probe_us = hf_breaker_next_at(&pool->breaker) * HF_US_PER_MS;
  struct hf_link *link;
  struct hf_link *after;
  if (!is_cut_off(pool)) {
    pool->queue_checked_us = 0;
    return;
  }
  if (probe_us <= pool->queue_checked_us) {
    return; /* the queue was checked against this time already */
  }
  pool->queue_checked_us = probe_us;
  HF_LIST_EACH_SAFE(link, after, &pool->waiting) {
    fail_if_unreachable(pool,
                        HF_CONTAINER_OF(link, struct hf_request, link),
                        probe_us);
  }
}

void hf_scheduler_fail_probes(struct hf_pool *pool,
                              uint64_t began_us,
                              bool transient) {
  struct hf_link *link;
  struct hf_link *after;
  if (hf_breaker_state(&pool->breaker) != HF_CIRCUIT_OPEN ||
      hf_pool_is_live(pool)) {
    return;
  }
  pool->outage.begun_us = began_us;
  pool->outage.failed_us = pool->now_us;
  pool->outage.transient = transient;
  HF_LIST_EACH_SAFE(link, after, &pool->waiting) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if ((request->flags & HF_FLAG_PROBE) == 0) {
      continue;
    }
    if (hf_pool_is_unreachable(pool, request->submitted_us)) {
      hf_queue_leave(pool, request);
      hf_outcome_refuse(pool, request, HF_BREAKER_OPEN);
    } else {
      hf_breaker_probe_soon(&pool->breaker, pool->now_us / HF_US_PER_MS);
    }
  }
}
