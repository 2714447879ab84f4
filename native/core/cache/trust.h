/* SPDX-License-Identifier: MIT */
/*
 * Whether a pool may serve kept answers at their word. With
 * cacheNotifyChannel, other processes say what has become old; answers are
 * kept only while that is heard for sure.
 *
 *          a subscription hears        no proof for twice its period
 *     UNSUBSCRIBED --------------------> LISTENING -----------------> SILENT
 *      ^                           | ^                         |
 *      | the last one is lost      | +-------------------------+
 *      +---------------------------+--- (also from SILENT)  proven
 *
 * One decision for all threads: each environment may bring a subscription, and
 * one that hears is enough. While nothing is heard, an answer counts as too old
 * at once: calls ask the server and share that one statement, and what was kept
 * serves while the server is away, as its terms allow.
 *
 * Ownership: part of its pool; owns nothing. Zeroed memory is UNSUBSCRIBED.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_CACHE_TRUST_H
#define HF_CORE_CACHE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cache/cache.h"

enum {
  HF_TRUST_MISSED_PINGS = 2 /* in a row: it may not be heard any more */
};

enum hf_trust_state {
  HF_TRUST_UNSUBSCRIBED, /* nothing is subscribed to, or the session is lost */
  HF_TRUST_LISTENING,    /* the session answered lately */
  HF_TRUST_SILENT,       /* it did not: it may be dead without a sign */
  HF_TRUST_STATES
};

struct hf_cache_trust {
  enum hf_trust_state state;
  int32_t listening;     /* subscriptions that hear */
  uint64_t confirmed_us; /* when the session was last known to answer */
};

/*
 * One more subscription hears from now on, on a session that last answered what
 * was asked at `confirmed_us`. Everything kept has to be forgotten with it:
 * what was notified before was not heard.
 */
void hf_cache_trust_begin(struct hf_cache_trust *trust, uint64_t confirmed_us);

/* One hears no more. */
void hf_cache_trust_lose(struct hf_cache_trust *trust);

/* The session has answered what was asked at `asked_us`. */
void hf_cache_trust_confirm(struct hf_cache_trust *trust, uint64_t asked_us);

/*
 * Takes the time to live off `max_age` unless what is kept can be trusted: the
 * session answered within twice `ping_us`.
 */
void hf_cache_trust_apply(struct hf_cache_trust *trust,
                          uint64_t ping_us,
                          uint64_t now_us,
                          struct hf_cache_max_age *max_age);

#endif
