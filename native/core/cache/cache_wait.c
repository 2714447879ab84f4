/* SPDX-License-Identifier: MIT */
/* Waiting for the result of a flight. */
#include <assert.h>

#include "core/cache/cache.h"

void hf_cache_wait(struct hf_cache *cache,
                   struct hf_cache_entry *entry,
                   struct hf_cache_waiter *waiter,
                   uint64_t until_us) {
  assert(entry->state != HF_CACHE_STORED && waiter->entry == NULL);
  waiter->entry = entry;
  hf_list_push(&entry->waiters, &waiter->link);
  if (until_us != 0) {
    hf_heap_push(&cache->timers, &waiter->timer, until_us);
  }
}

void hf_cache_leave(struct hf_cache *cache, struct hf_cache_waiter *waiter) {
  if (waiter->entry != NULL) {
    hf_list_remove(&waiter->entry->waiters, &waiter->link);
    hf_heap_remove(&cache->timers, &waiter->timer);
    waiter->entry = NULL;
  }
}

struct hf_cache_waiter *hf_cache_next_waiter(struct hf_cache *cache,
                                             struct hf_cache_entry *entry) {
  struct hf_link *link = hf_list_first(&entry->waiters);
  struct hf_cache_waiter *waiter;
  if (link == NULL) {
    return NULL;
  }
  waiter = HF_CONTAINER_OF(link, struct hf_cache_waiter, link);
  hf_cache_leave(cache, waiter);
  return waiter;
}

struct hf_cache_waiter *hf_cache_due(struct hf_cache *cache,
                                     uint64_t now_us,
                                     struct hf_cache_entry **entry) {
  struct hf_cache_waiter *waiter;
  if (hf_cache_next_us(cache) > now_us) {
    return NULL;
  }
  waiter = HF_CONTAINER_OF(hf_heap_peek(&cache->timers),
                           struct hf_cache_waiter,
                           timer);
  *entry = waiter->entry;
  hf_cache_leave(cache, waiter);
  return waiter;
}

uint64_t hf_cache_next_us(const struct hf_cache *cache) {
  const struct hf_heap_node *node = hf_heap_peek(&cache->timers);
  return node == NULL ? UINT64_MAX : node->key;
}
