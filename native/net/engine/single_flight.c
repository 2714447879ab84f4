/* SPDX-License-Identifier: MIT */
/*
 * A leader that fails for a reason of its own (its deadline) is replaced by the
 * call that waits longest. Any other failure is the answer to all: another
 * attempt would fail alike, and the pool has already retried what it should.
 * Calls that accept an older result get that when the server cannot be reached.
 */
#include "net/engine/single_flight.h"

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/cached_result.h"
#include "net/engine/call.h"
#include "net/engine/call_answer.h"
#include "net/engine/call_table.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

static struct hf_call *call_of(struct hf_cache_waiter *waiter) {
  return HF_CONTAINER_OF(waiter, struct hf_query_cache_call, waiter)->call;
}

static void add_stat(const struct hf_handle *handle, enum hf_stat stat) {
  hf_stats_add(&handle->pool->core.stats, stat, 1);
}

void hf_query_cache_publish(struct hf_query_cache *cached) {
  struct hf_stats *stats = &cached->handle->pool->core.stats;
  const struct hf_cache *cache = &cached->cache;
  if (cache->bytes != cached->published_bytes ||
      cache->evictions != cached->published_evictions) {
    /* Sums over all handles. Unsigned: a decrease wraps around. */
    hf_stats_add(stats,
                 HF_STAT_CACHE_BYTES,
                 cache->bytes - cached->published_bytes);
    hf_stats_add(stats,
                 HF_STAT_CACHE_EVICTIONS,
                 cache->evictions - cached->published_evictions);
    cached->published_bytes = cache->bytes;
    cached->published_evictions = cache->evictions;
  }
}

/* ---- ends of waiting ----------------------------------------------------- */

/* Frees a call that has waited and was answered. */
static void finish_waiter(struct hf_call *call) {
  hf_call_table_remove(call->handle->port, call);
  call->handle->calls--;
  hf_call_free(call);
}

static void serve(struct hf_call *call,
                  const struct hf_message *messages,
                  bool stale) {
  if (stale) {
    add_stat(call->handle, HF_STAT_CACHE_STALE);
  }
  hf_cached_result_send(&call->handle->port->outbox,
                        messages,
                        call->unit.request.id_low,
                        call->unit.request.id_high,
                        stale);
}

/* Answers a waiting call with the leader's failure. */
static void share_failure(struct hf_call *call, const struct hf_call *leader) {
  hf_error_copy(&call->unit.request.error, &leader->unit.request.error);
  hf_error_copy(&call->unit.request.cause, &leader->unit.request.cause);
  call->unit.request.attempts = leader->unit.request.attempts;
  hf_call_answer(call);
  finish_waiter(call);
}

void hf_query_cache_give_up(struct hf_call *call, enum hf_status status) {
  struct hf_request *request = &call->unit.request;
  struct hf_pool *pool = &call->handle->pool->core;
  hf_error_set(&request->error, status, HF_PHASE_ACQUIRE, NULL);
  request->error.outcome = HF_OUTCOME_NOT_EXECUTED;
  request->error.retryable = status == HF_DEADLINE;
  if (status == HF_DEADLINE) {
    hf_error_copy(&request->cause, &pool->connect_error);
  }
  hf_stats_add_outcome(&pool->stats, HF_OUTCOME_NOT_EXECUTED);
  hf_call_answer(call);
  finish_waiter(call);
}

static bool accepts(const struct hf_call *call,
                    const struct hf_cache_entry *entry) {
  return hf_cache_accepts(entry, &call->cached->max_age, hf_clock_us());
}

/* Answers all calls that accept the cached result, however old it is. */
static void serve_stale(struct hf_query_cache *cached,
                        struct hf_cache_entry *entry) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &entry->waiters) {
    struct hf_cache_waiter *waiter =
        HF_CONTAINER_OF(link, struct hf_cache_waiter, link);
    struct hf_call *call = call_of(waiter);
    if (accepts(call, entry)) {
      hf_cache_leave(&cached->cache, waiter);
      serve(call, entry->payload, true);
      finish_waiter(call);
    }
  }
}

/* ---- the answer of a leader -----------------------------------------------
 */

/* Answers the calls that wait with the result, and caches it. */
static void on_answered(struct hf_query_cache *cached,
                        struct hf_cache_entry *entry,
                        struct hf_call *leader) {
  struct hf_cache_waiter *waiter;
  size_t bytes = hf_cached_result_bytes(leader->unit.first);
  struct hf_message *copy = NULL;
  while ((waiter = hf_cache_next_waiter(&cached->cache, entry)) != NULL) {
    struct hf_call *call = call_of(waiter);
    serve(call, leader->unit.first, false);
    finish_waiter(call);
  }
  if (bytes <= cached->cache.max_bytes / HF_CACHE_SHARE) {
    copy = hf_cached_result_copy(leader->unit.first);
  }
  if (copy == NULL) {
    /* The older result is not valid any more. */
    hf_cache_discard_payload(&cached->cache, entry);
    hf_cache_failed(&cached->cache, entry);
    return;
  }
  (void)hf_cache_answered(&cached->cache,
                          entry,
                          copy,
                          bytes,
                          &leader->cached->max_age,
                          leader->unit.request.started_us);
}

static void on_failed(struct hf_query_cache *cached,
                      struct hf_cache_entry *entry,
                      struct hf_call *leader) {
  struct hf_cache_waiter *waiter;
  const struct hf_error *error = &leader->unit.request.error;
  if (hf_cache_is_unreachable(error)) {
    if (!leader->cached->answered && accepts(leader, entry)) {
      leader->cached->answered = true;
      serve(leader, entry->payload, true);
    }
    serve_stale(cached, entry);
  }
  if (hf_cache_is_leaders_own(error) && !hf_list_empty(&entry->waiters)) {
    hf_cache_orphan(&cached->cache, entry);
    return;
  }
  while ((waiter = hf_cache_next_waiter(&cached->cache, entry)) != NULL) {
    share_failure(call_of(waiter), leader);
  }
  hf_cache_failed(&cached->cache, entry);
}

void hf_query_cache_answer(struct hf_call *call) {
  struct hf_query_cache_call *part = call->cached;
  struct hf_cache_entry *entry = part->entry;
  struct hf_query_cache *cached = call->handle->cached;
  part->entry = NULL;
  /* Before it is copied. */
  hf_call_renew_row_descriptions(call);
  if (entry != NULL && call->unit.request.error.status == HF_OK) {
    on_answered(cached, entry, call);
  } else if (entry != NULL) {
    on_failed(cached, entry, call);
  }
  if (entry != NULL) {
    hf_query_cache_publish(cached);
  }
  if (!part->answered) {
    hf_call_answer(call);
  }
}

/* ---- the end of a turn --------------------------------------------------- */

static bool is_running(const struct hf_cache_entry *entry) {
  const struct hf_call *leader = entry->leader;
  return leader != NULL && leader->unit.request.state == HF_REQUEST_RUNNING;
}

/* The pool's own deadline limits waiting, not a statement that runs. */
static bool may_stay(const struct hf_call *call,
                     const struct hf_cache_entry *entry) {
  return is_running(entry) &&
         (call->unit.request.flags & HF_FLAG_CALLER_DEADLINE) == 0;
}

static void end_waiting(struct hf_query_cache *cached) {
  struct hf_cache_entry *entry;
  struct hf_cache_waiter *waiter;
  uint64_t now_us = hf_clock_us();
  while ((waiter = hf_cache_due(&cached->cache, now_us, &entry)) != NULL) {
    struct hf_call *call = call_of(waiter);
    if (may_stay(call, entry)) {
      hf_cache_wait(&cached->cache, entry, waiter, 0);
    } else if (accepts(call, entry)) {
      serve(call, entry->payload, true);
      finish_waiter(call);
    } else {
      add_stat(call->handle, HF_STAT_DEADLINES);
      hf_query_cache_give_up(call, HF_DEADLINE);
    }
  }
}

/* Has the call that waits longest replace a leader that has given up. */
static void promote_waiters(struct hf_query_cache *cached) {
  struct hf_cache *cache = &cached->cache;
  struct hf_pool *pool = &cached->handle->pool->core;
  struct hf_cache_entry *entry;
  while ((entry = hf_cache_first_orphan(cache)) != NULL) {
    struct hf_cache_waiter *waiter = hf_cache_next_waiter(cache, entry);
    if (waiter == NULL) {
      hf_cache_adopt(cache, entry, NULL);
      hf_cache_failed(cache, entry);
    } else {
      struct hf_call *call = call_of(waiter);
      hf_cache_adopt(cache, entry, call);
      call->cached->entry = entry;
      cached->check_stale = true;
      add_stat(cached->handle, HF_STAT_CACHE_MISSES);
      hf_pool_submit(pool, &call->unit.request, hf_clock_us());
    }
  }
}

/*
 * While the server is unreachable, answers calls that accept an older result at
 * once, not at their deadline. The leader's call goes on, to renew the result.
 */
static void answer_from_cache(struct hf_query_cache *cached) {
  struct hf_link *link;
  HF_LIST_EACH(link, &cached->cache.flights) {
    struct hf_cache_entry *entry =
        HF_CONTAINER_OF(link, struct hf_cache_entry, link);
    struct hf_call *leader = entry->leader;
    if (entry->payload == NULL || is_running(entry)) {
      continue;
    }
    serve_stale(cached, entry);
    if (!leader->cached->answered && accepts(leader, entry)) {
      leader->cached->answered = true;
      hf_call_table_remove(leader->handle->port, leader);
      serve(leader, entry->payload, true);
    }
  }
}

void hf_query_cache_end_turn(struct hf_handle *handle) {
  struct hf_query_cache *cached = handle->cached;
  bool away;
  if (cached == NULL) {
    return;
  }
  end_waiting(cached);
  promote_waiters(cached);
  away =
      cached->cache.refills > 0 && hf_pool_is_unavailable(&handle->pool->core);
  if (away && (cached->check_stale || !cached->was_unavailable)) {
    answer_from_cache(cached);
    cached->check_stale = false;
  }
  cached->was_unavailable = away;
  hf_query_cache_publish(cached);
}

uint64_t hf_query_cache_next_us(const struct hf_handle *handle) {
  return handle->cached == NULL ? UINT64_MAX
                                : hf_cache_next_us(&handle->cached->cache);
}

/* ---- the end of a handle ------------------------------------------------- */

static void abandon(struct hf_query_cache *cached, struct hf_list *flights) {
  struct hf_link *link;
  HF_LIST_EACH(link, flights) {
    struct hf_cache_entry *entry =
        HF_CONTAINER_OF(link, struct hf_cache_entry, link);
    struct hf_cache_waiter *waiter;
    struct hf_call *leader = entry->leader;
    if (leader != NULL) {
      leader->cached->entry = NULL;
    }
    while ((waiter = hf_cache_next_waiter(&cached->cache, entry)) != NULL) {
      finish_waiter(call_of(waiter));
    }
  }
}

void hf_query_cache_close(struct hf_handle *handle) {
  struct hf_query_cache *cached = handle->cached;
  if (cached == NULL) {
    return;
  }
  abandon(cached, &cached->cache.flights);
  abandon(cached, &cached->cache.orphans);
  (void)hf_cache_invalidate(&cached->cache, NULL);
  hf_query_cache_publish(cached);
  hf_cache_finish(&cached->cache);
  hf_free(cached->key);
  hf_free(cached);
  handle->cached = NULL;
}
