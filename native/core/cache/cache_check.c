/* SPDX-License-Identifier: MIT */
/*
 * hf_cache_assert(): what holds whenever no function of the cache is running.
 */
#include <assert.h>

#include "core/cache/cache.h"

/* Totals over the entries of a cache. */
struct tally {
  uint64_t bytes;
  size_t found, refills, waiting;
};

static void assert_entry(const struct hf_cache_entry *entry,
                         struct tally *tally) {
  bool keeps =
      entry->state == HF_CACHE_STORED || entry->state == HF_CACHE_REFILLING;
  assert(keeps == (entry->payload != NULL));
  assert(hf_cache_entry_has_flight(entry) || hf_list_empty(&entry->waiters));
  tally->bytes += keeps ? hf_cache_entry_size(entry) : 0;
  tally->found += entry->state != HF_CACHE_DROPPED;
  tally->refills += entry->state == HF_CACHE_REFILLING;
  tally->waiting += entry->waiters.count;
}

void hf_cache_assert(const struct hf_cache *cache) {
  struct tally tally = {0};
  struct hf_link *link;
  HF_LIST_EACH(link, &cache->by_use) {
    assert(!hf_cache_entry_has_flight(hf_cache_entry_of(link)));
    assert_entry(hf_cache_entry_of(link), &tally);
  }
  HF_LIST_EACH(link, &cache->flights) {
    assert(hf_cache_entry_has_flight(hf_cache_entry_of(link)) &&
           !hf_cache_entry_of(link)->orphaned);
    assert_entry(hf_cache_entry_of(link), &tally);
  }
  HF_LIST_EACH(link, &cache->orphans) {
    assert(hf_cache_entry_has_flight(hf_cache_entry_of(link)) &&
           hf_cache_entry_of(link)->orphaned);
    assert_entry(hf_cache_entry_of(link), &tally);
  }
  assert(tally.bytes == cache->bytes && cache->bytes <= cache->max_bytes);
  assert(tally.found == cache->entries.count);
  assert(tally.refills == cache->refills);
  assert(cache->timers.count <= tally.waiting);
}
