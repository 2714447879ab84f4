/* SPDX-License-Identifier: MIT */
#include "core/cache/trust.h"

#include <assert.h>

/* clang-format off */
static const unsigned moves[HF_TRUST_STATES] = {
  [HF_TRUST_UNSUBSCRIBED] = 1u << HF_TRUST_LISTENING,
  [HF_TRUST_LISTENING]    = 1u << HF_TRUST_SILENT |
                            1u << HF_TRUST_UNSUBSCRIBED,
  [HF_TRUST_SILENT]       = 1u << HF_TRUST_LISTENING |
                            1u << HF_TRUST_UNSUBSCRIBED,
};
/* clang-format on */

static void move(struct hf_cache_trust *trust, enum hf_trust_state next) {
  assert((moves[trust->state] & 1u << next) != 0);
  trust->state = next;
}

static bool is_overdue(const struct hf_cache_trust *trust,
                       uint64_t ping_us,
                       uint64_t now_us) {
  return now_us >= trust->confirmed_us &&
         now_us - trust->confirmed_us >= HF_TRUST_MISSED_PINGS * ping_us;
}

void hf_cache_trust_begin(struct hf_cache_trust *trust, uint64_t confirmed_us) {
  trust->listening++;
  if (confirmed_us > trust->confirmed_us) {
    trust->confirmed_us = confirmed_us;
  }
  if (trust->state == HF_TRUST_UNSUBSCRIBED) {
    move(trust, HF_TRUST_LISTENING);
  }
}

void hf_cache_trust_lose(struct hf_cache_trust *trust) {
  assert(trust->listening > 0);
  trust->listening--;
  if (trust->listening == 0) {
    move(trust, HF_TRUST_UNSUBSCRIBED);
  }
}

void hf_cache_trust_confirm(struct hf_cache_trust *trust, uint64_t asked_us) {
  assert(trust->state != HF_TRUST_UNSUBSCRIBED);
  if (asked_us > trust->confirmed_us) {
    trust->confirmed_us = asked_us;
  }
}

void hf_cache_trust_apply(struct hf_cache_trust *trust,
                          uint64_t ping_us,
                          uint64_t now_us,
                          struct hf_cache_max_age *max_age) {
  enum hf_trust_state next =
      is_overdue(trust, ping_us, now_us) ? HF_TRUST_SILENT : HF_TRUST_LISTENING;
  if (trust->state != HF_TRUST_UNSUBSCRIBED && trust->state != next) {
    move(trust, next);
  }
  if (trust->state != HF_TRUST_LISTENING) {
    max_age->ttl_us = 0;
  }
}
