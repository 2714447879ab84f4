/* SPDX-License-Identifier: MIT */
#include "core/pool/sharing.h"

#include "core/base/time.h"
#include "core/pool/repeat.h"
#include "core/pool/state.h"

enum {
  /*
   * A statement is short if it usually takes less than this, network not
   * counted.
   */
  SHORT_US = 10 * HF_US_PER_MS,
  /* For so long a connection that has become half empty is filled up. */
  FILL_US = 200,
  /* A head may hold up the requests behind it for this long. */
  SHARE_HEAD_LIMIT_US = 50 * HF_US_PER_MS
};

static struct hf_request *request_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_request, link);
}

/*
 * The network round trip: the shortest run of any statement so far. Statements
 * on leases count as well; BEGIN and COMMIT are the shortest there are.
 */
static uint64_t way_us(const struct hf_pool *pool) {
  return pool->shortest_us == UINT64_MAX ? 0 : pool->shortest_us;
}

static bool is_usually_short(const struct hf_pool *pool,
                             const struct hf_request *request) {
  return request->usual_us != 0 && request->usual_us <= way_us(pool) + SHORT_US;
}

bool hf_sharing_allows(const struct hf_pool *pool,
                       const struct hf_request *request) {
  return request->kind == HF_REQUEST_QUERY && request->sql.read_only &&
         (request->flags & (HF_FLAG_SETTINGS | HF_FLAG_BATCH)) == 0 &&
         !hf_request_must_not_write(request) && !hf_request_streams(request) &&
         pool->config.share_max > 1 && !pool->drops_units &&
         is_usually_short(pool, request);
}

static uint64_t head_limit_us(const struct hf_pool *pool) {
  return SHARE_HEAD_LIMIT_US + way_us(pool);
}

/*
 * A connection is filled up at once when it has become half empty: what comes
 * within a turn goes out in one packet, for which the server wakes up once.
 */
static bool takes_more(const struct hf_pool *pool, const struct hf_slot *slot) {
  size_t max = (size_t)pool->config.share_max;
  return slot->running.count <= max / 2 ||
         (pool->now_us - slot->filled_us < FILL_US &&
          slot->running.count < max);
}

static bool has_room(const struct hf_pool *pool, const struct hf_slot *slot) {
  int32_t max_uses = pool->config.max_uses;
  return slot->shared && !slot->proxied && takes_more(pool, slot) &&
         (max_uses == 0 || slot->uses < (uint32_t)max_uses) &&
         pool->now_us - slot->head_us < head_limit_us(pool);
}

static struct hf_slot *join(struct hf_pool *pool, struct hf_slot *slot) {
  struct hf_list *busy = &pool->slots_in[HF_SLOT_BUSY];
  uint64_t until_us = slot->head_us + head_limit_us(pool);
  if (slot->running.count <= (size_t)pool->config.share_max / 2 &&
      pool->now_us - slot->filled_us >= FILL_US) {
    slot->filled_us = pool->now_us;
  }
  if (slot->running.count + 1 == (size_t)pool->config.share_max) {
    hf_list_remove(busy, &slot->link);
    hf_list_push(busy, &slot->link);
  }
  hf_stats_add(&pool->stats, HF_STAT_SHARED, 1);
  if (until_us < pool->followers_due_us) {
    pool->followers_due_us = until_us;
  }
  return slot;
}

struct hf_slot *hf_sharing_find(struct hf_pool *pool,
                                const struct hf_request *request) {
  struct hf_link *link;
  if (!hf_sharing_allows(pool, request) ||
      hf_pool_count(pool, HF_SLOT_CONNECTING) + pool->hooks_running > 0 ||
      (hf_pool_count(pool, HF_SLOT_EMPTY) > 0 &&
       hf_breaker_state(&pool->breaker) == HF_CIRCUIT_CLOSED)) {
    return NULL;
  }
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_BUSY]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (!has_room(pool, slot)) {
      continue;
    }
    if (slot->proven) {
      return join(pool, slot);
    }
    pool->wants_proof = true;
  }
  return NULL;
}

void hf_sharing_note_end(struct hf_pool *pool, struct hf_request *request) {
  struct hf_slot *slot = request->slot;
  request->ran_us = pool->now_us - slot->head_us;
  slot->head_us = pool->now_us;
  if (request->error.status == HF_OK && request->ran_us < pool->shortest_us) {
    pool->shortest_us = request->ran_us;
  }
}

/* Moves all requests but the head to other connections. */
static void move_followers(struct hf_pool *pool, struct hf_slot *slot) {
  struct hf_link *link = hf_list_first(&slot->running);
  slot->shared = false;
  link = hf_list_next(&slot->running, link);
  while (link != NULL) {
    struct hf_link *after = hf_list_next(&slot->running, link);
    (void)hf_repeat_elsewhere(pool, request_of(link));
    link = after;
  }
}

void hf_sharing_tick(struct hf_pool *pool) {
  uint64_t limit_us = head_limit_us(pool);
  struct hf_link *link;
  if (pool->now_us < pool->followers_due_us) {
    return;
  }
  pool->followers_due_us = UINT64_MAX;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_BUSY]) {
    struct hf_slot *slot = hf_slot_of(link);
    if (slot->running.count < 2) {
      continue;
    }
    if (pool->now_us - slot->head_us >= limit_us) {
      move_followers(pool, slot);
    } else if (slot->head_us + limit_us < pool->followers_due_us) {
      pool->followers_due_us = slot->head_us + limit_us;
    }
  }
}

uint64_t hf_sharing_next_us(const struct hf_pool *pool) {
  return hf_pool_count(pool, HF_SLOT_BUSY) == 0 ? UINT64_MAX
                                                : pool->followers_due_us;
}
