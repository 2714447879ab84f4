/* SPDX-License-Identifier: MIT */
#include "core/pool/janitor.h"

#include <assert.h>

#include "core/base/time.h"
#include "core/pool/connect_hook.h"
#include "core/pool/dispatch.h"
#include "core/pool/drain.h"
#include "core/pool/loss.h"
#include "core/pool/reset.h"
#include "core/pool/scheduler.h"
#include "core/pool/state.h"

enum {
  SWEEP_US = HF_US_PER_S,
  PROBE_EVERY_US = 5 * HF_US_PER_S,
  /* Soon, to see whether the same server answers. */
  PROBE_ABSENT_US = HF_US_PER_S,
  LIFETIME_JITTER = 10 /* lifetimes are shortened by up to a tenth */
};

static const struct hf_request *head_of(const struct hf_slot *slot) {
  struct hf_link *link = hf_list_first(&slot->running);
  return link == NULL ? NULL : HF_CONTAINER_OF(link, struct hf_request, link);
}

uint64_t hf_janitor_lifetime(struct hf_pool *pool) {
  uint64_t length_us = (uint64_t)pool->config.max_lifetime_s * HF_US_PER_S;
  uint64_t jitter_us;
  if (length_us == 0) {
    return 0;
  }
  /* Connections that were opened together must not all end together. */
  jitter_us =
      length_us / LIFETIME_JITTER / UINT32_MAX * pool->io.random(pool->io.ctx) +
      length_us / LIFETIME_JITTER % UINT32_MAX * pool->io.random(pool->io.ctx) /
          UINT32_MAX;
  return pool->now_us + length_us - jitter_us;
}

/*
 * Returns the connection that has been idle longest, if it is due to be closed.
 * The idle list is ordered by time.
 */
static struct hf_slot *overdue_idle(const struct hf_pool *pool) {
  uint64_t limit_us = (uint64_t)pool->config.idle_timeout_ms * HF_US_PER_MS;
  struct hf_link *link = hf_list_first(&pool->slots_in[HF_SLOT_IDLE]);
  if (link == NULL || limit_us == 0 ||
      hf_pool_live_count(pool) <= (size_t)pool->config.min ||
      pool->now_us < hf_slot_of(link)->since_us + limit_us) {
    return NULL;
  }
  return hf_slot_of(link);
}

static void sweep_idle(struct hf_pool *pool) {
  struct hf_list *idle = &pool->slots_in[HF_SLOT_IDLE];
  struct hf_slot *slot;
  struct hf_link *link;
  struct hf_link *after;
  while ((slot = overdue_idle(pool)) != NULL) {
    hf_dispatch_close_slot(pool, slot);
    /* Connections that were warmed and never used are not opened again. */
    if (pool->warm_target > (int32_t)hf_pool_live_count(pool)) {
      pool->warm_target = (int32_t)hf_pool_live_count(pool);
    }
  }
  HF_LIST_EACH_SAFE(link, after, idle) {
    slot = hf_slot_of(link);
    if (hf_dispatch_is_spent(pool, slot)) {
      hf_dispatch_close_slot(pool, slot);
    }
  }
}

/* A connection that reads keep joining would never become free. */
static void unshare_spent(struct hf_pool *pool) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_BUSY]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (hf_dispatch_is_spent(pool, slot)) {
      slot->shared = false;
    }
  }
}

/* Probes servers that have sent nothing for too long while a request runs. */
static void watch_silence(struct hf_pool *pool, enum hf_slot_state state) {
  uint64_t limit_us = (uint64_t)pool->config.silence_ms * HF_US_PER_MS;
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->slots_in[state]) {
    struct hf_slot *slot = hf_slot_of(link);
    const struct hf_request *head = head_of(slot);
    uint64_t last_byte_us = slot->last_byte_us;
    if (head == NULL) {
      continue;
    }
    if (last_byte_us < head->started_us) {
      last_byte_us = head->started_us;
    }
    if (head->held_us != 0 || pool->now_us - last_byte_us < limit_us) {
      hf_silence_reset(&slot->silence);
    } else if (!slot->probing && pool->now_us >= slot->probe_us) {
      slot->probe_us = pool->now_us + PROBE_EVERY_US;
      hf_stats_add(&pool->stats, HF_STAT_PROBES, 1);
      slot->probing = pool->io.probe(pool->io.ctx, slot);
    }
  }
}

void hf_janitor_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server) {
  struct hf_error error;
  slot->probing = false;
  if (head_of(slot) == NULL || head_of(slot)->held_us != 0 ||
      (slot->state != HF_SLOT_BUSY && slot->state != HF_SLOT_LEASED)) {
    hf_silence_reset(&slot->silence);
    return;
  }
  if (finding == HF_FINDING_ABSENT) {
    slot->probe_us = pool->now_us + PROBE_ABSENT_US;
  }
  if (hf_silence_judge(&slot->silence, finding, server)) {
    hf_silence_reset(&slot->silence);
    hf_error_init(&error);
    hf_error_set(&error,
                 HF_SILENT,
                 HF_PHASE_AWAIT,
                 hf_silence_reason(&slot->silence));
    hf_loss_lose(pool, slot, &error);
    hf_error_finish(&error);
  }
}

/* Gives up connections whose reset takes too long. */
static void sweep_checking(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &pool->slots_in[HF_SLOT_CHECKING]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (pool->now_us >= slot->check_until_us &&
        !hf_reset_time_out(pool, slot)) {
      hf_loss_lose_with(pool, slot, HF_SILENT);
    }
  }
}

/* Gives up new connections whose onConnect hook takes too long. */
static void sweep_hooks(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  if (pool->hooks_running == 0) {
    return;
  }
  HF_LIST_EACH_SAFE(link, after, &pool->slots_in[HF_SLOT_LEASED]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (hf_connect_hook_is_overdue(pool, slot)) {
      struct hf_error error;
      hf_error_init(&error);
      hf_connect_hook_give_up(pool, slot, &error);
      hf_loss_lose(pool, slot, &error);
      hf_error_finish(&error);
    }
  }
}

void hf_janitor_sweep(struct hf_pool *pool) {
  if (pool->state == HF_POOL_STATE_DRAINING && pool->now_us >= pool->drain_us) {
    hf_drain_cut_all(pool);
  }
  sweep_idle(pool);
  unshare_spent(pool);
  sweep_checking(pool);
  sweep_hooks(pool);
  if (pool->config.silence_ms > 0) {
    watch_silence(pool, HF_SLOT_BUSY);
    watch_silence(pool, HF_SLOT_LEASED);
  }
}

/*
 * Idle connections count, too: a late tick is how the engine notices that the
 * process was suspended.
 */
static bool needs_watching(const struct hf_pool *pool) {
  return hf_pool_count(pool, HF_SLOT_BUSY) > 0 ||
         hf_pool_count(pool, HF_SLOT_LEASED) > 0 ||
         hf_pool_count(pool, HF_SLOT_IDLE) > 0;
}

void hf_janitor_plan(struct hf_pool *pool) {
  struct hf_link *oldest = hf_list_first(&pool->slots_in[HF_SLOT_IDLE]);
  uint64_t next = UINT64_MAX;
  if (oldest != NULL && pool->config.idle_timeout_ms > 0 &&
      hf_pool_live_count(pool) > (size_t)pool->config.min) {
    const struct hf_slot *slot = hf_slot_of(oldest);
    next =
        slot->since_us + (uint64_t)pool->config.idle_timeout_ms * HF_US_PER_MS;
  }
  if (needs_watching(pool)) {
    if (pool->watch_us <= pool->now_us) {
      pool->watch_us = pool->now_us + SWEEP_US;
    }
    next = hf_earlier(next, pool->watch_us);
  }
  next = hf_earlier(next, hf_reset_next_us(pool));
  next = hf_earlier(next, hf_scheduler_next_us(pool));
  next = hf_earlier(next, hf_connect_hook_next_us(pool));
  if (pool->state == HF_POOL_STATE_DRAINING) {
    next = hf_earlier(next, pool->drain_us);
  }
  pool->sweep_us = next;
}
