/* SPDX-License-Identifier: MIT */
#include "core/pool/reset.h"

#include "core/base/time.h"
#include "core/pool/dispatch.h"
#include "core/pool/lease.h"
#include "core/pool/reachability.h"
#include "core/pool/request.h"
#include "core/pool/state.h"

enum {
  PING_LIMIT_US = 500 * HF_US_PER_MS,
  /* The first unit of a proof takes 5 ms on the server. */
  PROOF_GAP_US = 1500,
  PROOF_LIMIT_US = 1000 * HF_US_PER_MS,
  /* one may be a coincidence */
  LOST_PROOFS_MAX = 2,
  LIMIT_US = 5000 * HF_US_PER_MS
};

/* Behind a pooler the session is not ours. */
void hf_reset_note_session(const struct hf_pool *pool,
                           const struct hf_request *request) {
  struct hf_slot *slot = request->slot;
  if (pool->config.reset_on_release != HF_RESET_ON_RELEASE_OFF &&
      request->sql.session_state && !request->unsent && !slot->proxied &&
      (slot->lease == NULL || !slot->lease->runs_hook)) {
    slot->dirty = true;
  }
}

void hf_reset_note_release(const struct hf_pool *pool, struct hf_slot *slot) {
  if (pool->config.reset_on_release == HF_RESET_ON_RELEASE_ALWAYS &&
      !slot->proxied) {
    slot->dirty = true;
  }
}

bool hf_reset_is_due(struct hf_slot *slot) {
  if (slot->dirty && slot->hooked) {
    slot->dirty = false;
    hf_slot_retire(slot);
    return false;
  }
  return slot->deallocate || slot->restore_settings || slot->dirty;
}

void hf_reset_begin(struct hf_pool *pool,
                    struct hf_slot *slot,
                    enum hf_reset kind) {
  const struct hf_pool_io *io = &pool->io;
  hf_slot_move(slot, HF_SLOT_CHECKING, pool->now_us);
  slot->check_until_us = pool->now_us + LIMIT_US;
  switch (kind) {
  case HF_RESET_ROLLBACK:
    io->rollback(io->ctx, slot);
    break;
  case HF_RESET_PING:
    slot->check_until_us = pool->now_us + PING_LIMIT_US;
    io->ping(io->ctx, slot);
    break;
  case HF_RESET_DEALLOCATE:
    io->deallocate(io->ctx, slot);
    slot->deallocate = false;
    slot->restore_settings = false;
    slot->dirty = false;
    break;
  case HF_RESET_PROVE:
    pool->wants_proof = false;
    slot->proof = HF_PROOF_FIRST;
    slot->check_until_us = pool->now_us + PROOF_GAP_US;
    io->prove(io->ctx, slot, HF_PROOF_FIRST);
    break;
  }
}

static bool is_proving(const struct hf_pool *pool) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_CHECKING]) {
    if (hf_slot_of(link)->proof != HF_PROOF_NONE) {
      return true;
    }
  }
  return false;
}

bool hf_reset_may_prove(const struct hf_pool *pool,
                        const struct hf_slot *slot) {
  return pool->wants_proof && !slot->proven && !slot->proxied &&
         !pool->drops_units && !is_proving(pool);
}

static void stop_sharing(struct hf_pool *pool, struct hf_slot *slot) {
  struct hf_error warning;
  if (pool->drops_units) {
    return;
  }
  pool->drops_units = true;
  hf_error_init(&warning);
  hf_error_set(&warning,
               HF_PROTOCOL_ERROR,
               HF_PHASE_CONNECT,
               "something between here and the server loses statements that "
               "are sent before an answer has come: no connection is shared "
               "(shareMax is taken to be 1)");
  pool->io.event(pool->io.ctx, slot, HF_EVENT_WARNING, &warning);
  hf_error_finish(&warning);
}

void hf_reset_proved(struct hf_pool *pool,
                     struct hf_slot *slot,
                     enum hf_proof proof) {
  slot->proof = HF_PROOF_NONE;
  if (proof == HF_PROOF_FAILED) {
    stop_sharing(pool, slot);
    hf_dispatch_close_slot(pool, slot);
    return;
  }
  slot->proven = proof == HF_PROOF_PASSED;
  hf_reset_end(pool, slot);
}

void hf_reset_lost(struct hf_pool *pool, struct hf_slot *slot) {
  if (slot->proof != HF_PROOF_NONE) {
    slot->proof = HF_PROOF_NONE;
    pool->lost_proofs++;
    if (pool->lost_proofs >= LOST_PROOFS_MAX) {
      stop_sharing(pool, slot);
    }
  }
}

bool hf_reset_time_out(struct hf_pool *pool, struct hf_slot *slot) {
  if (slot->proof == HF_PROOF_NONE) {
    return false;
  }
  if (slot->proof == HF_PROOF_SECOND) {
    hf_reset_proved(pool, slot, HF_PROOF_FAILED);
    return true;
  }
  slot->proof = HF_PROOF_SECOND;
  slot->check_until_us = pool->now_us + PROOF_LIMIT_US;
  pool->io.prove(pool->io.ctx, slot, HF_PROOF_SECOND);
  return true;
}

void hf_reset_end(struct hf_pool *pool, struct hf_slot *slot) {
  slot->transaction = 'I';
  if (pool->pooler_has_no_server) { /* it has now */
    pool->pooler_has_no_server = false;
    hf_reachability_note_success(pool, slot);
  }
  hf_dispatch_free_slot(pool, slot);
  if (slot->state == HF_SLOT_IDLE && hf_reset_is_due(slot)) {
    hf_reset_begin(pool, slot, HF_RESET_DEALLOCATE);
  }
}

/* Begins a reset of every idle connection. */
static void begin_all(struct hf_pool *pool, enum hf_reset kind) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &pool->slots_in[HF_SLOT_IDLE]) {
    hf_reset_begin(pool, hf_slot_of(link), kind);
  }
}

void hf_reset_ping_idle(struct hf_pool *pool) {
  begin_all(pool, HF_RESET_PING);
}

static int32_t mark_all(struct hf_pool *pool, enum hf_slot_state state) {
  struct hf_link *link;
  int32_t marked = 0;
  HF_LIST_EACH(link, &pool->slots_in[state]) {
    hf_slot_of(link)->deallocate = true;
    /* A connection that reads keep joining would never become free. */
    hf_slot_of(link)->shared = false;
    marked++;
  }
  return marked;
}

int32_t hf_reset_deallocate_all(struct hf_pool *pool) {
  int32_t marked =
      mark_all(pool, HF_SLOT_BUSY) + mark_all(pool, HF_SLOT_LEASED) +
      mark_all(pool, HF_SLOT_CHECKING) + mark_all(pool, HF_SLOT_IDLE);
  begin_all(pool, HF_RESET_DEALLOCATE);
  return marked;
}

uint64_t hf_reset_next_us(const struct hf_pool *pool) {
  uint64_t next = UINT64_MAX;
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_CHECKING]) {
    if (hf_slot_of(link)->check_until_us < next) {
      next = hf_slot_of(link)->check_until_us;
    }
  }
  return next;
}
