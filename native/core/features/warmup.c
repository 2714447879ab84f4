/* SPDX-License-Identifier: MIT */
#include "core/features/warmup.h"

#include <assert.h>

#include "core/pool/pool.h"

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[HF_WARMUP_STATES] = {
  [HF_WARMUP_COLD]      = {"cold",      1u << HF_WARMUP_OPENING |
                                        1u << HF_WARMUP_WARM},
  [HF_WARMUP_OPENING]   = {"opening",   1u << HF_WARMUP_COLD |
                                        1u << HF_WARMUP_WARM},
  [HF_WARMUP_WARM]      = {"warm",      1u << HF_WARMUP_REOPENING},
  [HF_WARMUP_REOPENING] = {"reopening", 1u << HF_WARMUP_WARM},
};
/* clang-format on */

const char *hf_warmup_state_name(enum hf_warmup_state state) {
  return states[state].name;
}

/* The only place that changes the state. */
static void move(struct hf_warmup *warmup, enum hf_warmup_state next) {
  assert((states[warmup->state].next & 1u << next) != 0);
  assert(hf_warmup_is_opening(warmup) || hf_list_empty(&warmup->waiting));
  warmup->state = next;
}

static struct hf_warmup_call *call_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_warmup_call, link);
}

static int32_t wanted(int32_t min) {
  return min < 1 ? 1 : min;
}

bool hf_warmup_is_enough(const struct hf_gauges *gauges, int32_t min) {
  return gauges->total - gauges->connecting >= wanted(min);
}

static bool is_enough(const struct hf_warmup *warmup) {
  struct hf_gauges gauges;
  hf_pool_gauges(warmup->pool, &gauges);
  return hf_warmup_is_enough(&gauges, warmup->pool->config.min);
}

void hf_warmup_init(struct hf_warmup *warmup,
                    struct hf_pool *pool,
                    hf_warmup_answer_cb answer,
                    void *ctx) {
  warmup->pool = pool;
  warmup->answer = answer;
  warmup->ctx = ctx;
  warmup->state = HF_WARMUP_COLD;
  warmup->since_us = 0;
  warmup->failure_us = 0;
  hf_list_init(&warmup->waiting);
}

bool hf_warmup_is_opening(const struct hf_warmup *warmup) {
  return warmup->state == HF_WARMUP_OPENING ||
         warmup->state == HF_WARMUP_REOPENING;
}

bool hf_warmup_is_warm(struct hf_warmup *warmup) {
  if (warmup->state == HF_WARMUP_COLD && is_enough(warmup)) {
    move(warmup, HF_WARMUP_WARM);
  }
  return warmup->state == HF_WARMUP_WARM ||
         warmup->state == HF_WARMUP_REOPENING || is_enough(warmup);
}

/*
 * ---- answers --------------------------------------------------------------
 */

static void answer(struct hf_warmup *warmup,
                   struct hf_warmup_call *call,
                   enum hf_status status) {
  hf_list_remove(&warmup->waiting, &call->link);
  warmup->answer(warmup->ctx, call, status, &warmup->pool->connect_error);
}

/* Ends the warm-up when no call waits any more. */
static void rest(struct hf_warmup *warmup) {
  if (hf_warmup_is_opening(warmup) && hf_list_empty(&warmup->waiting)) {
    move(warmup,
         warmup->state == HF_WARMUP_OPENING ? HF_WARMUP_COLD : HF_WARMUP_WARM);
  }
}

static void complete(struct hf_warmup *warmup, uint64_t now_us) {
  struct hf_link *link;
  hf_stats_record(&warmup->pool->stats,
                  HF_HISTOGRAM_WARMUP_TIME,
                  now_us - warmup->since_us);
  while ((link = hf_list_first(&warmup->waiting)) != NULL) {
    answer(warmup, call_of(link), HF_OK);
  }
  move(warmup, HF_WARMUP_WARM);
}

/* Returns why a call need not wait any longer, or HF_OK. */
static enum hf_status refusal_of(const struct hf_warmup *warmup,
                                 const struct hf_warmup_call *call,
                                 uint64_t now_us) {
  const struct hf_pool *pool = warmup->pool;
  if (!hf_pool_takes_requests(pool)) {
    return HF_POOL_CLOSED;
  }
  if (now_us >= call->until_us) {
    return HF_DEADLINE;
  }
  if (pool->connect_error.outcome == HF_OUTCOME_PERMANENT ||
      (call->fail_fast && hf_pool_is_unreachable(pool, call->begun_us))) {
    return pool->connect_error.status;
  }
  return HF_OK;
}

/* Brings the next connect forward for calls that fail fast. */
static void probe_soon(struct hf_warmup *warmup, uint64_t now_us) {
  struct hf_link *link;
  if (warmup->failure_us == warmup->pool->outage.failed_us) {
    return;
  }
  warmup->failure_us = warmup->pool->outage.failed_us;
  HF_LIST_EACH(link, &warmup->waiting) {
    if (call_of(link)->fail_fast) {
      hf_pool_probe_soon(warmup->pool, now_us);
      return;
    }
  }
}

void hf_warmup_review(struct hf_warmup *warmup, uint64_t now_us) {
  struct hf_link *link;
  struct hf_link *after;
  if (!hf_warmup_is_opening(warmup)) {
    return;
  }
  if (is_enough(warmup)) {
    complete(warmup, now_us);
    return;
  }
  HF_LIST_EACH_SAFE(link, after, &warmup->waiting) {
    enum hf_status status = refusal_of(warmup, call_of(link), now_us);
    if (status != HF_OK) {
      answer(warmup, call_of(link), status);
    }
  }
  rest(warmup);
  probe_soon(warmup, now_us);
}

/*
 * ---- calls ----------------------------------------------------------------
 */

void hf_warmup_begin(struct hf_warmup *warmup,
                     struct hf_warmup_call *call,
                     uint64_t now_us) {
  call->begun_us = now_us;
  if (!hf_warmup_is_opening(warmup)) {
    warmup->since_us = now_us;
    move(warmup,
         hf_warmup_is_warm(warmup) ? HF_WARMUP_REOPENING : HF_WARMUP_OPENING);
  }
  hf_list_push(&warmup->waiting, &call->link);
  hf_pool_warm(warmup->pool, wanted(warmup->pool->config.min), now_us);
  if (call->fail_fast) {
    hf_pool_probe_soon(warmup->pool, now_us);
  }
  hf_warmup_review(warmup, now_us);
}

void hf_warmup_refuse(struct hf_warmup *warmup,
                      struct hf_warmup_call *call,
                      enum hf_status status) {
  answer(warmup, call, status);
  rest(warmup);
}

void hf_warmup_end_owner(struct hf_warmup *warmup, const void *owner) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &warmup->waiting) {
    if (call_of(link)->owner == owner) {
      answer(warmup, call_of(link), HF_POOL_CLOSED);
    }
  }
  rest(warmup);
}

uint64_t hf_warmup_next_us(const struct hf_warmup *warmup) {
  uint64_t next_us = UINT64_MAX;
  struct hf_link *link;
  HF_LIST_EACH(link, &warmup->waiting) {
    if (call_of(link)->until_us < next_us) {
      next_us = call_of(link)->until_us;
    }
  }
  return next_us;
}
