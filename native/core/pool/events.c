/* SPDX-License-Identifier: MIT */
#include "core/pool/events.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/policy/classify_error.h"
#include "core/pool/advice.h"
#include "core/pool/connect_hook.h"
#include "core/pool/demotion.h"
#include "core/pool/dispatch.h"
#include "core/pool/janitor.h"
#include "core/pool/lease_release.h"
#include "core/pool/loss.h"
#include "core/pool/reachability.h"
#include "core/pool/repeat.h"
#include "core/pool/reset.h"
#include "core/pool/scheduler.h"
#include "core/pool/sharing.h"
#include "core/pool/state.h"
#include "core/pool/stream.h"
#include "core/pool/turn.h"

static void emit(struct hf_pool *pool,
                 struct hf_slot *slot,
                 enum hf_event event,
                 const struct hf_error *error) {
  pool->io.event(pool->io.ctx, slot, event, error);
}

/*
 * Behind a pooler it would drop statements of other clients, on connections
 * that change with each statement.
 */
static void warn_of_deallocate(struct hf_pool *pool, struct hf_slot *slot) {
  if (pool->config.deallocate == HF_DEALLOCATE_ON && slot->proxied) {
    hf_advise(pool, slot, HF_ADVICE_DEALLOCATE);
  }
}

void hf_pool_on_connected(struct hf_pool *pool,
                          struct hf_slot *slot,
                          uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  assert(slot->state == HF_SLOT_CONNECTING);
  hf_stats_add(&pool->stats, HF_STAT_CONNECTS_SUCCEEDED, 1);
  hf_stats_record(&pool->stats,
                  HF_HISTOGRAM_CONNECT_TIME,
                  pool->now_us - slot->since_us);
  pool->proxied = slot->proxied;
  pool->misconfigured = false;
  slot->last_byte_us = pool->now_us;
  slot->expires_us = hf_janitor_lifetime(pool);
  slot->announced = true;
  (void)hf_connect_hook_begin(pool, slot);
  emit(pool, slot, HF_EVENT_CONNECT, NULL);
  warn_of_deallocate(pool, slot);
  hf_connect_hook_enter(pool, slot);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

/*
 * Failures that pass without anybody's doing: the server is full or starting,
 * or the pooler waits before it logs in to its server again.
 */
static bool is_transient(const struct hf_pool *pool,
                         const struct hf_classification *why) {
  const char *sqlstate = pool->connect_error.sqlstate;
  return why->outcome != HF_OUTCOME_PERMANENT &&
         (why->slow || strcmp(sqlstate, "08P01") == 0 ||
          strcmp(sqlstate, "57P03") == 0);
}

/* An error in our own settings says nothing about the server. */
static bool is_about_settings(const struct hf_pool *pool) {
  return pool->connect_error.status == HF_PARAM_INVALID;
}

/* A host name that never resolved is wrong. One that did may resolve again. */
static bool never_was(const struct hf_pool *pool) {
  return pool->connect_error.status == HF_NAME_ERROR &&
         pool->connect_error.sys_errno == 0 &&
         hf_stats_get(&pool->stats, HF_STAT_CONNECTS_SUCCEEDED) == 0;
}

void hf_pool_on_connect_failed(struct hf_pool *pool,
                               struct hf_slot *slot,
                               const struct hf_error *error,
                               uint64_t now_us) {
  struct hf_evidence context;
  struct hf_classification why;
  uint64_t began_us = slot->since_us;
  hf_turn_enter(pool, now_us);
  assert(slot->state == HF_SLOT_CONNECTING);
  memset(&context, 0, sizeof context);
  context.phase = HF_PHASE_CONNECT;
  context.nothing_sent = true;
  hf_error_copy(&pool->connect_error, error);
  why = hf_classify_error(&pool->connect_error, &context);
  if (never_was(pool)) {
    why.outcome = HF_OUTCOME_PERMANENT;
    pool->connect_error.outcome = why.outcome;
    pool->connect_error.retryable = false;
  }
  hf_stats_add(&pool->stats, HF_STAT_CONNECTS_FAILED, 1);
  pool->answered_us = 0;
  hf_stats_add_sqlstate(&pool->stats, pool->connect_error.sqlstate);
  emit(pool, slot, HF_EVENT_CONNECT_FAILED, &pool->connect_error);
  if (is_about_settings(pool)) {
    pool->misconfigured = true;
    hf_breaker_probe_dropped(&pool->breaker);
  } else {
    hf_reachability_note_failure(pool, slot, &why);
  }
  hf_slot_move(slot, HF_SLOT_EMPTY, pool->now_us);
  hf_demotion_note_refused_connect(pool);
  if (why.outcome == HF_OUTCOME_PERMANENT) {
    hf_loss_refuse_all(pool);
  }
  hf_scheduler_fail_fast(pool);
  hf_scheduler_fail_probes(pool, began_us, is_transient(pool, &why));
  hf_turn_serve(pool);
  hf_scheduler_fail_unreachable(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

/* Decides what follows an answer: the next statement, a reset, or idle. */
static void continue_slot(struct hf_pool *pool,
                          struct hf_slot *slot,
                          bool discard) {
  if (discard) {
    hf_slot_retire(slot); /* even if other requests still run on it */
  }
  if (slot->lease != NULL) {
    hf_lease_advance(pool, slot->lease);
    return;
  }
  if (!hf_list_empty(&slot->running)) {
    return;
  }
  if (discard) {
    hf_dispatch_close_slot(pool, slot);
  } else if (slot->transaction != 'I') {
    hf_reset_begin(pool, slot, HF_RESET_ROLLBACK);
  } else if (hf_reset_is_due(slot)) {
    hf_reset_begin(pool, slot, HF_RESET_DEALLOCATE);
  } else if (hf_reset_may_prove(pool, slot)) {
    hf_reset_begin(pool, slot, HF_RESET_PROVE);
  } else {
    hf_dispatch_free_slot(pool, slot);
  }
}

/*
 * pool.query() must not leave a transaction open: the next call may run on
 * another connection.
 */
static void refuse_open_transaction(struct hf_request *request) {
  if (request->error.status == HF_OK) {
    hf_error_set(&request->error, HF_TRANSACTION_OPEN, HF_PHASE_LOCAL, NULL);
    request->error.unit = HF_UNIT_TRANSACTION;
    request->error.outcome =
        request->sql.commits || request->sql.may_commit_midway
            ? HF_OUTCOME_AMBIGUOUS
            : HF_OUTCOME_PERMANENT;
  }
}

static void count_slow(struct hf_pool *pool, const struct hf_request *request) {
  int32_t limit_ms = request->slow_query_ms >= 0 ? request->slow_query_ms
                                                 : pool->config.slow_query_ms;
  uint64_t limit_us = (uint64_t)limit_ms * HF_US_PER_MS;
  if (limit_us != 0 && pool->now_us - request->started_us >= limit_us) {
    hf_stats_add(&pool->stats, HF_STAT_SLOW_QUERIES, 1);
  }
}

/*
 * A caller that begins a read-only transaction does not want another server
 * when a write is refused.
 */
static bool begins_read_only(const struct hf_request *request) {
  return request->sql.kind == HF_SQL_BEGIN &&
         (request->flags & HF_FLAG_READ_ONLY) != 0;
}

/*
 * Other statements, such as SET and BEGIN, succeed on a read-only server, too.
 */
static bool proves_writing(const struct hf_request *request) {
  return request->error.status == HF_OK &&
         (request->sql.kind == HF_SQL_INSERT ||
          request->sql.kind == HF_SQL_UPDATE ||
          request->sql.kind == HF_SQL_DELETE);
}

void hf_pool_on_finished(struct hf_pool *pool,
                         struct hf_request *request,
                         char transaction,
                         uint64_t now_us) {
  struct hf_slot *slot = request->slot;
  bool discard;
  hf_turn_enter(pool, now_us);
  hf_list_remove(&slot->running, &request->link);
  hf_sharing_note_end(pool, request);
  slot->transaction = transaction;
  request->transaction = transaction;
  slot->read_only_transaction =
      transaction != 'I' &&
      (slot->read_only_transaction || begins_read_only(request));
  hf_silence_reset(&slot->silence);
  hf_stats_record(&pool->stats,
                  HF_HISTOGRAM_QUERY_TIME,
                  pool->now_us - request->started_us);
  count_slow(pool, request);
  if (request->kind == HF_REQUEST_QUERY && transaction != 'I' &&
      hf_list_empty(&slot->running)) {
    refuse_open_transaction(request);
  }
  if (request->kind == HF_REQUEST_QUERY && request->error.status == HF_OK) {
    if (pool->now_us >= pool->demoted_until_us) {
      pool->answered_us = pool->now_us;
    }
    hf_reachability_answered(pool, request);
  }
  if (proves_writing(request)) {
    hf_demotion_note_write(pool, slot);
  }
  hf_advise_on_session(pool, request);
  hf_reset_note_session(pool, request);
  hf_stream_judge_end(request);
  discard = hf_repeat_judge(pool, request);
  continue_slot(pool, slot, discard);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_on_checked(struct hf_pool *pool,
                        struct hf_slot *slot,
                        uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  assert(slot->state == HF_SLOT_CHECKING);
  hf_reset_end(pool, slot);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_on_proved(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_proof proof,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  assert(slot->state == HF_SLOT_CHECKING);
  hf_reset_proved(pool, slot, proof);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_on_lost(struct hf_pool *pool,
                     struct hf_slot *slot,
                     const struct hf_error *error,
                     uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_loss_lose(pool, slot, error);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_on_closed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  if (slot->announced) {
    slot->announced = false;
    emit(pool, slot, HF_EVENT_REMOVE, NULL);
  }
  hf_slot_move(slot, HF_SLOT_EMPTY, pool->now_us);
  hf_turn_serve(pool);
  hf_janitor_plan(pool);
  hf_turn_leave(pool);
}

void hf_pool_on_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  hf_janitor_probed(pool, slot, finding, server);
  hf_turn_serve(pool);
  hf_turn_leave(pool);
}
