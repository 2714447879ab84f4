/* SPDX-License-Identifier: MIT */
/* Entries of the cache, their states and their memory. */
#include "core/cache/cache.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

static struct hf_cache_entry *entry_of_node(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_cache_entry, node);
}

struct hf_cache_entry *hf_cache_entry_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_cache_entry, link);
}

bool hf_cache_entry_has_flight(const struct hf_cache_entry *entry) {
  return entry->state != HF_CACHE_STORED;
}

size_t hf_cache_entry_size(const struct hf_cache_entry *entry) {
  return entry->own_bytes + entry->payload_bytes;
}

void hf_cache_init(struct hf_cache *cache,
                   uint64_t max_bytes,
                   const struct hf_hash_key *hash_key,
                   void (*free_payload)(void *payload)) {
  memset(cache, 0, sizeof *cache);
  cache->max_bytes = max_bytes;
  cache->free_payload = free_payload;
  hf_table_init(&cache->entries, hash_key);
  hf_tag_index_init(&cache->tags, hash_key);
  hf_list_init(&cache->by_use);
  hf_list_init(&cache->flights);
  hf_list_init(&cache->orphans);
  hf_heap_init(&cache->timers);
}

/* ---- entries ------------------------------------------------------------- */

/* What a tag takes besides its name: the struct and its place in the index. */
enum { TAG_BYTES = 64 };

/*
 * As if no other entry had the same tags, so that the limit holds in any case.
 */
static size_t tag_bytes(const struct hf_cache_query *query) {
  size_t bytes = 0;
  int32_t i;
  for (i = 0; i < query->n_tags; i++) {
    bytes += TAG_BYTES + strlen(query->tags[i]) + 1;
  }
  return bytes;
}

/* One allocation: the entry, its tags, its key. */
static struct hf_cache_entry *entry_new(const struct hf_cache_query *query) {
  size_t n_tags = (size_t)query->n_tags;
  size_t tags_bytes = n_tags * sizeof(struct hf_tag_link);
  size_t bytes = sizeof(struct hf_cache_entry) + tags_bytes + query->key_bytes;
  struct hf_cache_entry *entry = hf_alloc(bytes);
  if (entry == NULL) {
    return NULL;
  }
  memset(entry, 0, sizeof *entry + tags_bytes);
  entry->own_bytes = bytes + tag_bytes(query);
  entry->n_tag_links = query->n_tags;
  entry->tag_links = (struct hf_tag_link *)(void *)(entry + 1);
  entry->key_bytes = query->key_bytes;
  entry->key = (char *)(entry->tag_links + n_tags);
  memcpy(entry->key, query->key, query->key_bytes);
  entry->state = HF_CACHE_FILLING;
  entry->timeout_us = query->timeout_us;
  hf_list_init(&entry->waiters);
  return entry;
}

static void remove_tags(struct hf_cache *cache, struct hf_cache_entry *entry) {
  int32_t i;
  for (i = 0; i < entry->n_tag_links; i++) {
    hf_tag_index_remove(&cache->tags, &entry->tag_links[i]);
  }
}

static struct hf_cache_entry *add(struct hf_cache *cache,
                                  const struct hf_cache_query *query,
                                  uint64_t hash) {
  struct hf_cache_entry *entry = entry_new(query);
  int32_t i;
  if (entry == NULL) {
    return NULL;
  }
  entry->node.hash = hash;
  for (i = 0; i < entry->n_tag_links; i++) {
    if (hf_tag_index_add(&cache->tags,
                         &entry->tag_links[i],
                         query->tags[i],
                         entry) != HF_OK) {
      goto fail_tag;
    }
  }
  if (hf_table_add(&cache->entries, &entry->node) != HF_OK) {
    goto fail_tag;
  }
  hf_list_push(&cache->flights, &entry->link);
  return entry;

fail_tag:
  remove_tags(cache, entry);
  hf_free(entry);
  return NULL;
}

static void drop_payload(struct hf_cache *cache, struct hf_cache_entry *entry) {
  if (entry->payload != NULL) {
    cache->bytes -= hf_cache_entry_size(entry);
    cache->free_payload(entry->payload);
    entry->payload = NULL;
    entry->payload_bytes = 0;
  }
}

/* Makes an entry impossible to find, and frees what it stores. */
static void unindex(struct hf_cache *cache, struct hf_cache_entry *entry) {
  drop_payload(cache, entry);
  remove_tags(cache, entry);
  hf_table_remove(&cache->entries, &entry->node);
}

static struct hf_list *list_of(struct hf_cache *cache,
                               const struct hf_cache_entry *entry) {
  if (!hf_cache_entry_has_flight(entry)) {
    return &cache->by_use;
  }
  return entry->orphaned ? &cache->orphans : &cache->flights;
}

/*
 * The only place that changes the state: relinks the entry and updates counts.
 */
static void move(struct hf_cache *cache,
                 struct hf_cache_entry *entry,
                 enum hf_cache_state next) {
  assert(entry->state != HF_CACHE_DROPPED);
  hf_list_remove(list_of(cache, entry), &entry->link);
  cache->refills -= entry->state == HF_CACHE_REFILLING;
  cache->refills += next == HF_CACHE_REFILLING;
  entry->state = next;
  hf_list_push(list_of(cache, entry), &entry->link);
}

static void free_entry(struct hf_cache *cache, struct hf_cache_entry *entry) {
  hf_list_remove(list_of(cache, entry), &entry->link);
  if (entry->state != HF_CACHE_DROPPED) {
    cache->refills -= entry->state == HF_CACHE_REFILLING;
    unindex(cache, entry);
  }
  hf_free(entry);
}

static void free_all(struct hf_cache *cache, struct hf_list *list) {
  struct hf_link *link;
  while ((link = hf_list_first(list)) != NULL) {
    assert(hf_list_empty(&hf_cache_entry_of(link)->waiters));
    free_entry(cache, hf_cache_entry_of(link));
  }
}

void hf_cache_finish(struct hf_cache *cache) {
  free_all(cache, &cache->by_use);
  free_all(cache, &cache->flights);
  free_all(cache, &cache->orphans);
  hf_tag_index_finish(&cache->tags);
  hf_table_finish(&cache->entries);
}

/* ---- asking -------------------------------------------------------------- */

static struct hf_cache_entry *find(const struct hf_cache *cache,
                                   const struct hf_cache_query *query,
                                   uint64_t hash) {
  struct hf_table_node *node = hf_table_first(&cache->entries, hash);
  while (node != NULL) {
    struct hf_cache_entry *entry = entry_of_node(node);
    if (entry->key_bytes == query->key_bytes &&
        memcmp(entry->key, query->key, query->key_bytes) == 0) {
      return entry;
    }
    node = hf_table_next(node);
  }
  return NULL;
}

/* Both the caller and whoever filled the entry must accept the age. */
static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t sum(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t age_of(const struct hf_cache_entry *entry, uint64_t now_us) {
  return now_us < entry->as_of_us ? 0 : now_us - entry->as_of_us;
}

static bool is_fresh(const struct hf_cache_entry *entry,
                     const struct hf_cache_max_age *max_age,
                     uint64_t now_us) {
  return entry->payload != NULL &&
         age_of(entry, now_us) < least(max_age->ttl_us, entry->max_age.ttl_us);
}

bool hf_cache_accepts(const struct hf_cache_entry *entry,
                      const struct hf_cache_max_age *max_age,
                      uint64_t now_us) {
  uint64_t limit = least(sum(max_age->ttl_us, max_age->stale_us),
                         sum(entry->max_age.ttl_us, entry->max_age.stale_us));
  return entry->payload != NULL && age_of(entry, now_us) < limit;
}

static void touch(struct hf_cache *cache, struct hf_cache_entry *entry) {
  if (entry->state == HF_CACHE_STORED) {
    hf_list_remove(&cache->by_use, &entry->link);
    hf_list_push(&cache->by_use, &entry->link);
  }
}

enum hf_cache_verdict hf_cache_lookup(struct hf_cache *cache,
                                      const struct hf_cache_query *query,
                                      uint64_t now_us,
                                      struct hf_cache_entry **entry) {
  uint64_t hash = hf_table_hash(&cache->entries, query->key, query->key_bytes);
  struct hf_cache_entry *found = find(cache, query, hash);
  *entry = found;
  if (found == NULL) {
    *entry = add(cache, query, hash);
    return *entry == NULL ? HF_CACHE_BYPASS : HF_CACHE_FILL;
  }
  if (is_fresh(found, &query->max_age, now_us)) {
    touch(cache, found);
    return HF_CACHE_HIT;
  }
  if (found->state == HF_CACHE_STORED) {
    move(cache, found, HF_CACHE_REFILLING);
    found->timeout_us = query->timeout_us;
    return HF_CACHE_FILL;
  }
  if (query->unreachable && hf_cache_accepts(found, &query->max_age, now_us)) {
    return HF_CACHE_STALE;
  }
  return found->timeout_us == query->timeout_us ? HF_CACHE_JOIN
                                                : HF_CACHE_BYPASS;
}

/* ---- flights ------------------------------------------------------------- */

/* Makes room by evicting the least recently used entries. */
static bool make_room(struct hf_cache *cache, uint64_t bytes) {
  if (bytes > cache->max_bytes / HF_CACHE_SHARE) {
    return false;
  }
  while (cache->bytes + bytes > cache->max_bytes &&
         !hf_list_empty(&cache->by_use)) {
    cache->evictions++;
    free_entry(cache, hf_cache_entry_of(hf_list_first(&cache->by_use)));
  }
  /* the rest may belong to entries that are being refilled */
  return cache->bytes + bytes <= cache->max_bytes;
}

bool hf_cache_answered(struct hf_cache *cache,
                       struct hf_cache_entry *entry,
                       void *payload,
                       size_t payload_bytes,
                       const struct hf_cache_max_age *max_age,
                       uint64_t as_of_us) {
  assert(hf_cache_entry_has_flight(entry) && hf_list_empty(&entry->waiters));
  drop_payload(cache, entry);
  if (entry->state == HF_CACHE_DROPPED ||
      !make_room(cache, entry->own_bytes + payload_bytes)) {
    cache->free_payload(payload);
    free_entry(cache, entry);
    return false;
  }
  entry->payload = payload;
  entry->payload_bytes = payload_bytes;
  entry->max_age = *max_age;
  entry->as_of_us = as_of_us;
  cache->bytes += hf_cache_entry_size(entry);
  move(cache, entry, HF_CACHE_STORED);
  return true;
}

void hf_cache_failed(struct hf_cache *cache, struct hf_cache_entry *entry) {
  assert(hf_cache_entry_has_flight(entry) && hf_list_empty(&entry->waiters));
  if (entry->state == HF_CACHE_REFILLING) {
    move(cache, entry, HF_CACHE_STORED);
  } else {
    free_entry(cache, entry);
  }
}

void hf_cache_orphan(struct hf_cache *cache, struct hf_cache_entry *entry) {
  assert(hf_cache_entry_has_flight(entry) && !entry->orphaned);
  hf_list_remove(&cache->flights, &entry->link);
  entry->leader = NULL;
  entry->orphaned = true;
  hf_list_push(&cache->orphans, &entry->link);
}

struct hf_cache_entry *hf_cache_first_orphan(const struct hf_cache *cache) {
  struct hf_link *link = hf_list_first(&cache->orphans);
  return link == NULL ? NULL : hf_cache_entry_of(link);
}

void hf_cache_adopt(struct hf_cache *cache,
                    struct hf_cache_entry *entry,
                    void *leader) {
  assert(entry->orphaned);
  hf_list_remove(&cache->orphans, &entry->link);
  entry->leader = leader;
  entry->orphaned = false;
  hf_list_push(&cache->flights, &entry->link);
}

/* ---- invalidation ------------------------------------------------------- */

static void invalidate(struct hf_cache *cache, struct hf_cache_entry *entry) {
  if (entry->state == HF_CACHE_STORED) {
    free_entry(cache, entry);
    return;
  }
  move(cache, entry, HF_CACHE_DROPPED);
  unindex(cache, entry);
}

static int32_t invalidate_all(struct hf_cache *cache) {
  struct hf_table_node *node;
  int32_t count = 0;
  while ((node = hf_table_any(&cache->entries)) != NULL) {
    invalidate(cache, entry_of_node(node));
    count++;
  }
  return count;
}

int32_t hf_cache_invalidate(struct hf_cache *cache, const char *tag) {
  struct hf_cache_entry *entry;
  int32_t count = 0;
  if (tag == NULL) {
    return invalidate_all(cache);
  }
  while ((entry = hf_tag_index_any(&cache->tags, tag)) != NULL) {
    invalidate(cache, entry);
    count++;
  }
  return count;
}

void hf_cache_discard_payload(struct hf_cache *cache,
                              struct hf_cache_entry *entry) {
  if (entry->state == HF_CACHE_STORED) {
    free_entry(cache, entry);
    return;
  }
  drop_payload(cache, entry);
  if (entry->state == HF_CACHE_REFILLING) {
    move(cache, entry, HF_CACHE_FILLING);
  }
}
