/* SPDX-License-Identifier: MIT */
#include "core/policy/load.h"

#define RELAXED memory_order_relaxed

enum { OVERLOADED_MS = 1000 };

static uint64_t tick_of(uint64_t now_ms) {
  return now_ms / HF_LOAD_SLOT_MS + 1;
}

/*
 * Counts by threads that race with the reset of a slot may be lost; they are
 * few.
 */
static struct hf_load_slot *slot_at(struct hf_load *load, uint64_t now_ms) {
  uint64_t tick = tick_of(now_ms);
  struct hf_load_slot *slot = &load->slots[tick % HF_LOAD_SLOTS];
  uint64_t seen = atomic_load_explicit(&slot->tick, RELAXED);

  if (seen != tick && atomic_compare_exchange_strong_explicit(&slot->tick,
                                                              &seen,
                                                              tick,
                                                              RELAXED,
                                                              RELAXED)) {
    atomic_store_explicit(&slot->calls, 0, RELAXED);
    atomic_store_explicit(&slot->failures, 0, RELAXED);
    atomic_store_explicit(&slot->given_up, 0, RELAXED);
  }
  return slot;
}

void hf_load_init(struct hf_load *load) {
  int i;

  for (i = 0; i < HF_LOAD_SLOTS; i++) {
    atomic_init(&load->slots[i].tick, 0);
    atomic_init(&load->slots[i].calls, 0);
    atomic_init(&load->slots[i].failures, 0);
    atomic_init(&load->slots[i].given_up, 0);
  }
  atomic_init(&load->overloaded_until_ms, 0);
}

void hf_load_call(struct hf_load *load, uint64_t now_ms) {
  atomic_fetch_add_explicit(&slot_at(load, now_ms)->calls, 1, RELAXED);
}

void hf_load_failure(struct hf_load *load, uint64_t now_ms, bool given_up) {
  struct hf_load_slot *slot = slot_at(load, now_ms);

  atomic_fetch_add_explicit(&slot->failures, 1, RELAXED);
  if (given_up) {
    atomic_fetch_add_explicit(&slot->given_up, 1, RELAXED);
  }
}

void hf_load_overloaded(struct hf_load *load, uint64_t now_ms) {
  atomic_store_explicit(&load->overloaded_until_ms,
                        now_ms + OVERLOADED_MS,
                        RELAXED);
}

bool hf_load_is_high(const struct hf_load *load, uint64_t now_ms) {
  uint64_t now = tick_of(now_ms);
  int64_t succeeded = 0;
  int64_t failed = 0;
  int i;

  if (now_ms < atomic_load_explicit(&load->overloaded_until_ms, RELAXED)) {
    return true;
  }
  for (i = 0; i < HF_LOAD_SLOTS; i++) {
    const struct hf_load_slot *slot = &load->slots[i];
    uint64_t tick = atomic_load_explicit(&slot->tick, RELAXED);

    if (tick != 0 && tick <= now && tick + HF_LOAD_SLOTS_SEEN > now) {
      succeeded += atomic_load_explicit(&slot->calls, RELAXED) -
                   atomic_load_explicit(&slot->given_up, RELAXED);
      failed += atomic_load_explicit(&slot->failures, RELAXED);
    }
  }
  return failed > succeeded;
}
