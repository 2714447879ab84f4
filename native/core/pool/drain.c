/* SPDX-License-Identifier: MIT */
#include "core/pool/drain.h"

#include "core/pool/dispatch.h"
#include "core/pool/interrupt.h"
#include "core/pool/lease.h"
#include "core/pool/loss.h"
#include "core/pool/state.h"

static struct hf_request *request_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_request, of_all);
}

/*
 * Returns true when a cancel cannot end what runs: several requests share the
 * connection, or the user was already answered.
 */
static bool is_beyond_cancel(const struct hf_slot *slot) {
  struct hf_link *link = hf_list_first(&slot->running);
  return slot->running.count > 1 ||
         HF_CONTAINER_OF(link, struct hf_request, link)->settled;
}

/* Takes leases away: those of `owner`, or all when it is NULL. */
static void cut_leases(struct hf_pool *pool, const void *owner) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &pool->slots_in[HF_SLOT_LEASED]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (owner == NULL || slot->lease->owner == owner) {
      hf_loss_lose_with(pool, slot, HF_POOL_CLOSED);
    }
  }
}

/* Interrupts requests: those of `owner`, or all when it is NULL. */
static void cut_requests(struct hf_pool *pool, const void *owner) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &pool->requests) {
    if (owner == NULL || request_of(link)->owner == owner) {
      hf_interrupt_request(pool, request_of(link), HF_POOL_CLOSED);
    }
  }
}

void hf_drain_cut_all(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  pool->drain_us = UINT64_MAX;
  cut_leases(pool, NULL);
  HF_LIST_EACH_SAFE(link, after, &pool->slots_in[HF_SLOT_BUSY]) {
    if (is_beyond_cancel(hf_slot_of(link))) {
      hf_loss_lose_with(pool, hf_slot_of(link), HF_POOL_CLOSED);
    }
  }
  cut_requests(pool, NULL);
}

void hf_drain_close_spare(struct hf_pool *pool) {
  if (hf_list_empty(&pool->waiting)) {
    hf_dispatch_close_all(pool, HF_SLOT_CONNECTING);
    hf_dispatch_close_all(pool, HF_SLOT_IDLE);
  }
}

void hf_drain_cut_owner(struct hf_pool *pool, const void *owner) {
  cut_leases(pool, owner);
  cut_requests(pool, owner);
}
