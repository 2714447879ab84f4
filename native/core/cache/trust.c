/* SPDX-License-Identifier: MIT */
/* Whether kept answers can be trusted. */
#include "core/cache/trust.h"

#include <assert.h>

/* clang-format off */
static const unsigned moves[HF_TRUST_STATES] = {
  [HF_TRUST_DEAF]    = 1u << HF_TRUST_HEARING,
  [HF_TRUST_HEARING] = 1u << HF_TRUST_SILENT | 1u << HF_TRUST_DEAF,
  [HF_TRUST_SILENT]  = 1u << HF_TRUST_HEARING | 1u << HF_TRUST_DEAF,
};
/* clang-format on */

static void move(struct hf_cache_trust *trust, enum hf_trust_state next) {
  assert((moves[trust->state] & 1u << next) != 0);
  trust->state = next;
}

static bool is_overdue(const struct hf_cache_trust *trust,
                       uint64_t proof_us,
                       uint64_t now_us) {
  return now_us >= trust->proven_us &&
         now_us - trust->proven_us >= HF_TRUST_PROOFS_MISSING * proof_us;
}

void hf_cache_trust_begin(struct hf_cache_trust *trust, uint64_t proven_us) {
  trust->hearing++;
  if (proven_us > trust->proven_us) {
    trust->proven_us = proven_us;
  }
  if (trust->state == HF_TRUST_DEAF) {
    move(trust, HF_TRUST_HEARING);
  }
}

void hf_cache_trust_lose(struct hf_cache_trust *trust) {
  assert(trust->hearing > 0);
  trust->hearing--;
  if (trust->hearing == 0) {
    move(trust, HF_TRUST_DEAF);
  }
}

void hf_cache_trust_prove(struct hf_cache_trust *trust, uint64_t asked_us) {
  assert(trust->state != HF_TRUST_DEAF);
  if (asked_us > trust->proven_us) {
    trust->proven_us = asked_us;
  }
}

void hf_cache_trust_apply(struct hf_cache_trust *trust,
                          uint64_t proof_us,
                          uint64_t now_us,
                          struct hf_cache_terms *terms) {
  enum hf_trust_state next =
      is_overdue(trust, proof_us, now_us) ? HF_TRUST_SILENT : HF_TRUST_HEARING;
  if (trust->state != HF_TRUST_DEAF && trust->state != next) {
    move(trust, next);
  }
  if (trust->state != HF_TRUST_HEARING) {
    terms->ttl_us = 0;
  }
}
