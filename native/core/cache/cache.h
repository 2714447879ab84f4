/* SPDX-License-Identifier: MIT */
/*
 * A cache of query results with single flight: equal queries at the same time
 * are sent once. Pure: what a result is, and how it is fetched, is up to the
 * engine.
 *
 *            ask                  answered
 *   (none) ------> FILLING ---------------------> STORED
 *                    | |                         |    ^
 *          invalidate| | failed           asked, |    | answered, failed
 *                    | v                  too old v   |
 *                    | (none)                   REFILLING
 *                    v                             |
 *                 DROPPED <------------------------+ invalidate
 *                    | answered, failed
 *                    v
 *                  (none)
 *
 * FILLING, REFILLING and DROPPED have a flight: one leader asks the server,
 * waiters wait for its result. A flight whose leader gave up is orphaned until
 * a waiter becomes the leader, or no waiter is left.
 *
 * Ownership: the cache owns its entries and payloads; waiters and leaders
 * belong to the engine and are borrowed.
 * Threads: none; one thread at a time per cache.
 */
#ifndef HF_CORE_CACHE_CACHE_H
#define HF_CORE_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/hash_table.h"
#include "core/base/heap.h"
#include "core/base/list.h"
#include "core/base/siphash.h"
#include "core/cache/tag_index.h"
#include "holdfast.h"

/* A result is stored only if it is at most this part of the cache. */
enum { HF_CACHE_SHARE = 8 };

enum hf_cache_state {
  HF_CACHE_FILLING,   /* nothing stored yet, a flight is under way */
  HF_CACHE_STORED,    /* a result is stored, nobody asks the server */
  HF_CACHE_REFILLING, /* the stored result was too old for a caller */
  HF_CACHE_DROPPED /* invalidated meanwhile: not found any more, its result is
                      not stored */
};

/* What a caller must do. */
enum hf_cache_verdict {
  HF_CACHE_HIT,   /* use entry->payload */
  HF_CACHE_STALE, /* the same; too old, but the server is unreachable */
  HF_CACHE_JOIN,  /* wait: hf_cache_wait() */
  HF_CACHE_FILL,  /* be the leader: ask the server, then end the flight */
  HF_CACHE_BYPASS /* ask the server without the cache */
};

/* How old a result may be. */
struct hf_cache_max_age {
  uint64_t ttl_us;
  uint64_t stale_us; /* this much older while the server is unreachable */
};

struct hf_cache_query {
  const char *key; /* everything the result depends on */
  size_t key_bytes;
  const char *const *tags; /* names by which it can be invalidated */
  int32_t n_tags;
  struct hf_cache_max_age max_age;
  uint64_t timeout_us; /* limit of an attempt: only equal ones share a flight */
  bool unreachable;    /* the server cannot be reached now */
};

struct hf_cache_entry {
  /* set at creation, read-only */
  struct hf_table_node node;
  size_t own_bytes; /* excluding the payload */
  size_t key_bytes;
  char *key;
  int32_t n_tag_links;
  struct hf_tag_link *tag_links;

  /* changed by the mover */
  enum hf_cache_state state;
  struct hf_link link; /* by_use when STORED, else flights or orphans */

  /* what is stored: NULL except in STORED and REFILLING */
  void *payload;
  size_t payload_bytes;
  uint64_t as_of_us;
  struct hf_cache_max_age max_age;

  /* of the flight */
  void *leader; /* of the engine */
  bool orphaned;
  uint64_t timeout_us;
  struct hf_list waiters;
};

struct hf_cache_waiter {
  struct hf_link link;
  struct hf_heap_node timer;
  struct hf_cache_entry *entry; /* NULL = it does not wait */
};

struct hf_cache {
  /* set at init, read-only */
  uint64_t max_bytes;
  void (*free_payload)(void *payload);

  struct hf_table entries; /* all except DROPPED ones */
  struct hf_tag_index tags;
  struct hf_list by_use;  /* STORED ones, least recently used first */
  struct hf_list flights; /* flights with a leader */
  struct hf_list orphans; /* flights without one */
  struct hf_heap timers;  /* of waiters */

  /* statistics */
  uint64_t bytes; /* of everything stored */
  uint64_t evictions;
  size_t refills; /* REFILLING */
};

/* Initializes an empty cache. Its hash tables use `hash_key`. */
void hf_cache_init(struct hf_cache *cache,
                   uint64_t max_bytes,
                   const struct hf_hash_key *hash_key,
                   void (*free_payload)(void *payload));

/* Frees everything. No waiter may be left; flights are dropped. */
void hf_cache_finish(struct hf_cache *cache);

/*
 * Looks up a query and returns what the caller must do. Sets *entry, except
 * with HF_CACHE_BYPASS.
 */
enum hf_cache_verdict hf_cache_lookup(struct hf_cache *cache,
                                      const struct hf_cache_query *query,
                                      uint64_t now_us,
                                      struct hf_cache_entry **entry);

/*
 * Returns true when the stored result is young enough while the server is
 * unreachable.
 */
bool hf_cache_accepts(const struct hf_cache_entry *entry,
                      const struct hf_cache_max_age *max_age,
                      uint64_t now_us);

/* ---- flights ------------------------------------------------------------- */

/* Adds a waiter to a flight, until `until_us`; 0 = without limit. */
void hf_cache_wait(struct hf_cache *cache,
                   struct hf_cache_entry *entry,
                   struct hf_cache_waiter *waiter,
                   uint64_t until_us);

/* Removes a waiter. Does nothing to one that does not wait. */
void hf_cache_leave(struct hf_cache *cache, struct hf_cache_waiter *waiter);

/* Removes and returns the waiter that has waited longest, or NULL. */
struct hf_cache_waiter *hf_cache_next_waiter(struct hf_cache *cache,
                                             struct hf_cache_entry *entry);

/* Removes and returns a waiter whose time is over, with its entry, or NULL. */
struct hf_cache_waiter *hf_cache_due(struct hf_cache *cache,
                                     uint64_t now_us,
                                     struct hf_cache_entry **entry);

/* Returns when hf_cache_due() has something next; UINT64_MAX = never. */
uint64_t hf_cache_next_us(const struct hf_cache *cache);

/*
 * Ends a flight, which must have no waiters, with a result that was true at
 * `as_of_us`. Takes ownership of the payload. Returns true if it was stored:
 * not if the entry was invalidated meanwhile or the result is too large.
 */
bool hf_cache_answered(struct hf_cache *cache,
                       struct hf_cache_entry *entry,
                       void *payload,
                       size_t payload_bytes,
                       const struct hf_cache_max_age *max_age,
                       uint64_t as_of_us);

/* Ends a flight, which must have no waiters, without a result. */
void hf_cache_failed(struct hf_cache *cache, struct hf_cache_entry *entry);

/* Makes a flight an orphan: its leader gave up, but there are waiters. */
void hf_cache_orphan(struct hf_cache *cache, struct hf_cache_entry *entry);

/* Returns an orphaned flight, or NULL. */
struct hf_cache_entry *hf_cache_first_orphan(const struct hf_cache *cache);

/* Gives an orphaned flight a new leader. */
void hf_cache_adopt(struct hf_cache *cache,
                    struct hf_cache_entry *entry,
                    void *leader);

/* ---- invalidation -------------------------------------------------------- */

/*
 * Drops all entries with a tag, or all entries when it is NULL. Flights
 * continue for their waiters, but later callers do not join them. Returns how
 * many entries were dropped.
 */
int32_t hf_cache_invalidate(struct hf_cache *cache, const char *tag);

/* Discards what an entry stores. Frees an entry that is STORED. */
void hf_cache_discard_payload(struct hf_cache *cache,
                              struct hf_cache_entry *entry);

/* ---- failures ------------------------------------------------------------ */

/*
 * Returns true when the leader failed for a reason of its own, such as its
 * deadline.
 */
bool hf_cache_is_leaders_own(const struct hf_error *error);

/* Returns true when the server could not be reached, or not in time. */
bool hf_cache_is_unreachable(const struct hf_error *error);

/* ---- for the cache's own modules ----------------------------------------- */

/* Returns the entry of a link on one of the cache's lists. */
struct hf_cache_entry *hf_cache_entry_of(struct hf_link *link);

/* Returns true when a flight is under way. */
bool hf_cache_entry_has_flight(const struct hf_cache_entry *entry);

/* Returns the bytes that an entry takes, with its payload. */
size_t hf_cache_entry_size(const struct hf_cache_entry *entry);

/* Asserts every invariant; for tests. */
void hf_cache_assert(const struct hf_cache *cache);

#endif
