/* SPDX-License-Identifier: MIT */
/*
 * Whether a pool may serve stored results. With cacheNotifyChannel, other
 * processes notify which results are out of date, so results may be served
 * only while a session that listens is known to be alive.
 *
 *                  subscribed              no answer for two periods
 *     UNSUBSCRIBED ----------> LISTENING ---------------------------> SILENT
 *      ^                         | ^                                    |
 *      | the last one is lost    | +------------------------------------+
 *      +-------------------------+--- (also from SILENT)  answered
 *
 * One decision for all threads: each environment may have a subscription, and
 * one of them suffices. While not LISTENING every result is too old at once:
 * equal calls share one statement, and stored results serve only while the
 * server is unreachable, as far as the caller's max_age allows.
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
  HF_TRUST_MISSED_PINGS = 2 /* in a row, before it is SILENT */
};

enum hf_trust_state {
  HF_TRUST_UNSUBSCRIBED, /* no subscription, or the session is lost */
  HF_TRUST_LISTENING,    /* the session has answered in time */
  HF_TRUST_SILENT,       /* it has not: the session may be dead */
  HF_TRUST_STATES
};

struct hf_cache_trust {
  enum hf_trust_state state;
  int32_t listening;     /* subscriptions on a session */
  uint64_t confirmed_us; /* when the session last was known to answer */
};

/*
 * A subscription is listened to now, by a session that last answered a
 * statement sent at `confirmed_us`. The caller must drop everything stored:
 * earlier notifications were missed.
 */
void hf_cache_trust_begin(struct hf_cache_trust *trust, uint64_t confirmed_us);

/* A subscription has lost its session. */
void hf_cache_trust_lose(struct hf_cache_trust *trust);

/* The session has answered a statement sent at `asked_us`. */
void hf_cache_trust_confirm(struct hf_cache_trust *trust, uint64_t asked_us);

/*
 * Sets max_age->ttl_us to 0 unless the session has answered within the last two
 * periods of `ping_us`.
 */
void hf_cache_trust_apply(struct hf_cache_trust *trust,
                          uint64_t ping_us,
                          uint64_t now_us,
                          struct hf_cache_max_age *max_age);

#endif
