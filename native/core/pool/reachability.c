/* SPDX-License-Identifier: MIT */
#include "core/pool/reachability.h"

#include <string.h>

#include "core/base/time.h"
#include "core/pool/state.h"

/*
 * Only errors by which a pooler ends the connection count, and only those that
 * prove that nothing was executed. SQL can raise any code, but servers send the
 * field V and poolers do not.
 */
static bool says_no_server(const struct hf_request *request,
                           const struct hf_classification *why) {
  const struct hf_slot *slot = request->slot;
  return slot != NULL && slot->proxied && why->no_server &&
         why->outcome == HF_OUTCOME_NOT_EXECUTED && !request->in_transaction &&
         request->error.speaker != HF_SPEAKER_SERVER;
}

void hf_reachability_note_success(struct hf_pool *pool, struct hf_slot *slot) {
  bool closed = hf_breaker_state(&pool->breaker) == HF_CIRCUIT_CLOSED;
  hf_breaker_success(&pool->breaker);
  if (!closed) {
    pool->io.event(pool->io.ctx, slot, HF_EVENT_BREAKER, NULL);
  }
}

void hf_reachability_note_failure(struct hf_pool *pool,
                                  struct hf_slot *slot,
                                  const struct hf_classification *why) {
  bool closed = hf_breaker_state(&pool->breaker) == HF_CIRCUIT_CLOSED;
  enum hf_breaker_pace pace = hf_breaker_pace_of(why);
  if (pace == HF_PACE_REFUSED && pool->password_may_change &&
      strncmp(pool->connect_error.sqlstate, "28", 2) == 0) {
    pace = HF_PACE_NORMAL; /* the password function may return another one */
  }
  hf_breaker_failure(&pool->breaker,
                     pool->now_us / HF_US_PER_MS,
                     pace,
                     pool->io.random(pool->io.ctx));
  if (closed && hf_breaker_state(&pool->breaker) == HF_CIRCUIT_OPEN) {
    hf_stats_add(&pool->stats, HF_STAT_BREAKER_OPENED, 1);
    pool->io.event(pool->io.ctx, slot, HF_EVENT_BREAKER, &pool->connect_error);
  }
}

bool hf_reachability_turned_away(struct hf_pool *pool,
                                 const struct hf_request *request,
                                 const struct hf_classification *why) {
  if (!says_no_server(request, why)) {
    return false;
  }
  hf_error_copy(&pool->connect_error, &request->error);
  hf_reachability_note_failure(pool, request->slot, why);
  if (!pool->pooler_has_no_server) {
    pool->pooler_has_no_server = true;
    pool->ping_idle = true;
  }
  return true;
}

void hf_reachability_answered(struct hf_pool *pool,
                              const struct hf_request *request) {
  struct hf_slot *slot = request->slot;
  if (pool->pooler_has_no_server && slot->proxied &&
      request->started_us / HF_US_PER_MS > pool->breaker.failed_at_ms) {
    pool->pooler_has_no_server = false;
    hf_reachability_note_success(pool, slot);
  }
}

bool hf_reachability_proved(struct hf_pool *pool, const struct hf_slot *slot) {
  if (pool->pooler_has_no_server && slot->proxied && !slot->server_answered) {
    return false;
  }
  pool->pooler_has_no_server = false;
  return true;
}
