/* SPDX-License-Identifier: MIT */
/*
 * Answers that are kept, and questions that are under way so that nobody asks
 * twice at a time. Pure: what an answer is, and how it is had, is the engine's.
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
 * waiters wait for what it brings. A flight whose leader gave up is orphaned
 * until a waiter takes over, or none is left.
 *
 * Ownership: the cache owns its entries and what they keep; waiters and leaders
 * are the engine's and are borrowed.
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

/* A result may be so many times smaller than the cache to be kept. */
enum { HF_CACHE_SHARE = 8 };

enum hf_cache_state {
  HF_CACHE_FILLING,   /* nothing kept yet, a flight is under way */
  HF_CACHE_STORED,    /* an answer is kept, nobody asks the server */
  HF_CACHE_REFILLING, /* the one kept was too old for somebody */
  HF_CACHE_DROPPED    /* invalidated meanwhile: found no more, kept no more */
};

/* What a caller should do. */
enum hf_cache_verdict {
  HF_CACHE_HIT,   /* take entry->payload */
  HF_CACHE_STALE, /* the same; too old, but the server is away */
  HF_CACHE_JOIN,  /* hf_cache_wait */
  HF_CACHE_FILL,  /* ask the server, then end the flight */
  HF_CACHE_BYPASS /* ask the server as if there were no cache */
};

/* How old an answer a caller takes. */
struct hf_cache_max_age {
  uint64_t ttl_us;
  uint64_t stale_us; /* so much more while the server is away */
};

struct hf_cache_query {
  const char *key; /* everything the answer depends on */
  size_t key_bytes;
  const char *const *tags; /* by which it can be invalidated */
  int32_t n_tags;
  struct hf_cache_max_age max_age;
  uint64_t timeout_us; /* of the caller's attempt: only equals join */
  bool unreachable;    /* the server cannot be reached now */
};

struct hf_cache_entry {
  /* set when it is made, read-only */
  struct hf_table_node node;
  size_t own_bytes; /* without the payload */
  size_t key_bytes;
  char *key;
  int32_t n_tag_links;
  struct hf_tag_link *tag_links;

  /* changed by the mover */
  enum hf_cache_state state;
  struct hf_link link; /* by_use when STORED, else flights or orphans */

  /* what is kept: NULL but in STORED, REFILLING */
  void *payload;
  size_t payload_bytes;
  uint64_t as_of_us;
  struct hf_cache_max_age max_age;

  /* of the flight */
  void *leader; /* the engine's */
  bool orphaned;
  uint64_t timeout_us;
  struct hf_list waiters;
};

struct hf_cache_waiter {
  struct hf_link link;
  struct hf_heap_node timer;
  struct hf_cache_entry *entry; /* NULL = does not wait */
};

struct hf_cache {
  /* set at init, read-only */
  uint64_t max_bytes;
  void (*free_payload)(void *payload);

  struct hf_table entries; /* all but DROPPED ones */
  struct hf_tag_index tags;
  struct hf_list by_use;  /* STORED, least recently used first */
  struct hf_list flights; /* with a leader */
  struct hf_list orphans; /* without */
  struct hf_heap timers;  /* of waiters */

  /* statistics */
  uint64_t bytes; /* of what is kept */
  uint64_t evictions;
  size_t refills; /* REFILLING */
};

/* Makes an empty cache. Its tables are keyed. */
void hf_cache_init(struct hf_cache *cache,
                   uint64_t max_bytes,
                   const struct hf_hash_key *hash_key,
                   void (*free_payload)(void *payload));

/* Frees all. Nobody may wait any more; flights are forgotten. */
void hf_cache_finish(struct hf_cache *cache);

/* Finds out what to do; *entry is set but for HF_CACHE_BYPASS. */
enum hf_cache_verdict hf_cache_lookup(struct hf_cache *cache,
                                      const struct hf_cache_query *query,
                                      uint64_t now_us,
                                      struct hf_cache_entry **entry);

/* Returns whether a caller takes what is kept while the server is away. */
bool hf_cache_accepts(const struct hf_cache_entry *entry,
                      const struct hf_cache_max_age *max_age,
                      uint64_t now_us);

/* ---- flights ------------------------------------------------------------- */

/* Has a waiter wait for the flight; until `until_us`, 0 = without end. */
void hf_cache_wait(struct hf_cache *cache,
                   struct hf_cache_entry *entry,
                   struct hf_cache_waiter *waiter,
                   uint64_t until_us);

/* A waiter goes. Does nothing to one that does not wait. */
void hf_cache_leave(struct hf_cache *cache, struct hf_cache_waiter *waiter);

/* Takes away the waiter who waits longest, or returns NULL. */
struct hf_cache_waiter *hf_cache_next_waiter(struct hf_cache *cache,
                                             struct hf_cache_entry *entry);

/* Takes away a waiter whose time is over; its entry is told by *entry. */
struct hf_cache_waiter *hf_cache_due(struct hf_cache *cache,
                                     uint64_t now_us,
                                     struct hf_cache_entry **entry);

/* Returns when hf_cache_due has something next, UINT64_MAX when never. */
uint64_t hf_cache_next_us(const struct hf_cache *cache);

/*
 * Ends a flight, which nobody waits for any more, with an answer that was true
 * at `as_of_us`. Takes ownership of the payload. Returns whether it is kept:
 * not when the entry was invalidated meanwhile or the answer is too large.
 */
bool hf_cache_answered(struct hf_cache *cache,
                       struct hf_cache_entry *entry,
                       void *payload,
                       size_t payload_bytes,
                       const struct hf_cache_max_age *max_age,
                       uint64_t as_of_us);

/* Ends a flight, which nobody waits for any more, without one. */
void hf_cache_failed(struct hf_cache *cache, struct hf_cache_entry *entry);

/* The leader gave up though others wait. */
void hf_cache_orphan(struct hf_cache *cache, struct hf_cache_entry *entry);

/* Returns an orphaned flight, or NULL. */
struct hf_cache_entry *hf_cache_first_orphan(const struct hf_cache *cache);

/* An orphaned flight has a leader again. */
void hf_cache_adopt(struct hf_cache *cache,
                    struct hf_cache_entry *entry,
                    void *leader);

/* ---- forgetting ---------------------------------------------------------- */

/*
 * Forgets what carries the tag, everything when it is NULL. A flight goes on
 * for those who wait; who asks from now on does not join it. Returns how many.
 */
int32_t hf_cache_invalidate(struct hf_cache *cache, const char *tag);

/* What the entry keeps can be given to nobody. Frees a STORED one. */
void hf_cache_discard_payload(struct hf_cache *cache,
                              struct hf_cache_entry *entry);

/* ---- failures ------------------------------------------------------------ */

/* Returns whether the leader failed for reasons of its own. */
bool hf_cache_is_leaders_own(const struct hf_error *error);

/* Returns whether the server could not be reached, or not in time. */
bool hf_cache_is_unreachable(const struct hf_error *error);

/* Asserts every invariant; for tests. */
void hf_cache_assert(const struct hf_cache *cache);

#endif
