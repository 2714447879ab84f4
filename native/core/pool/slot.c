/* SPDX-License-Identifier: MIT */
#include "core/pool/slot.h"

#include <assert.h>

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[HF_SLOT_STATES] = {
  [HF_SLOT_EMPTY]      = {"empty",      1u << HF_SLOT_CONNECTING},
  [HF_SLOT_CONNECTING] = {"connecting", 1u << HF_SLOT_IDLE |
                                        1u << HF_SLOT_CLOSING |
                                        1u << HF_SLOT_EMPTY},
  [HF_SLOT_IDLE]       = {"idle",       1u << HF_SLOT_BUSY |
                                        1u << HF_SLOT_LEASED |
                                        1u << HF_SLOT_CHECKING |
                                        1u << HF_SLOT_CLOSING},
  [HF_SLOT_BUSY]       = {"busy",       1u << HF_SLOT_IDLE |
                                        1u << HF_SLOT_CHECKING |
                                        1u << HF_SLOT_CLOSING},
  [HF_SLOT_LEASED]     = {"leased",     1u << HF_SLOT_IDLE |
                                        1u << HF_SLOT_CHECKING |
                                        1u << HF_SLOT_CLOSING},
  [HF_SLOT_CHECKING]   = {"checking",   1u << HF_SLOT_IDLE |
                                        1u << HF_SLOT_CLOSING},
  [HF_SLOT_CLOSING]    = {"closing",    1u << HF_SLOT_EMPTY},
};
/* clang-format on */

const char *hf_slot_state_name(enum hf_slot_state state) {
  return states[state].name;
}

bool hf_slot_state_is_live(enum hf_slot_state state) {
  return state == HF_SLOT_IDLE || state == HF_SLOT_BUSY ||
         state == HF_SLOT_LEASED || state == HF_SLOT_CHECKING;
}

struct hf_slot *hf_slot_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_slot, link);
}

bool hf_slot_is_connecting(const struct hf_slot *slot) {
  return slot->state == HF_SLOT_CONNECTING;
}

bool hf_slot_is_idle(const struct hf_slot *slot) {
  return slot->state == HF_SLOT_IDLE;
}

bool hf_slot_is_closing(const struct hf_slot *slot) {
  return slot->state == HF_SLOT_CLOSING;
}

void hf_slot_retire(struct hf_slot *slot) {
  slot->shared =
      false; /* a connection that reads keep joining would never become free */
  slot->expires_us = 1;
}

bool hf_slot_is_expired(const struct hf_slot *slot, uint64_t now_us) {
  return slot->expires_us != 0 && now_us >= slot->expires_us;
}

void hf_slot_move(struct hf_slot *slot,
                  enum hf_slot_state next,
                  uint64_t now_us) {
  assert((states[slot->state].next & 1u << next) != 0);
  assert(next == HF_SLOT_BUSY || next == HF_SLOT_CLOSING ||
         hf_list_empty(&slot->running));
  assert(next == HF_SLOT_LEASED || slot->lease == NULL);
  hf_list_remove(&slot->lists[slot->state], &slot->link);
  hf_list_push(&slot->lists[next], &slot->link);
  slot->state = next;
  slot->since_us = now_us;
}
