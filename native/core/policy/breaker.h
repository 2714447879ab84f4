/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker for connecting to a server. No call fails because of it:
 * calls wait while it allows one connect, the probe, at a time.
 *
 *            5 failures in a row                 pace is over, demand
 *   CLOSED ----------------------> OPEN <-------------------------- HALF_OPEN
 *      ^                             |  ------------------------>      |
 *      |                             +--------------  failure, dropped +
 *      +------------------------------------------------------ success +
 *
 * A refused password or an unknown database opens it at once.
 *
 * Without demand, probes continue in the background at a slower pace, so that
 * the breaker closes even while the remaining connections suffice.
 *
 * Ownership: plain data in the caller's memory.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_POLICY_BREAKER_H
#define HF_CORE_POLICY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

/* How soon to try again. */
enum hf_breaker_pace {
  HF_PACE_NORMAL, /* infrastructure failed: at most 250 ms apart */
  HF_PACE_SLOW,   /* the server is full: at least 1 s apart */
  HF_PACE_REFUSED /* password, database or TLS was refused: 5 s apart */
};

enum {
  HF_BREAKER_THRESHOLD = 5,
  HF_BREAKER_PACE_MIN_MS = 25,
  HF_BREAKER_PACE_MAX_MS = 250,
  HF_BREAKER_SLOW_MS = 1000,
  HF_BREAKER_REFUSED_MS = 5000,
  /*
   * Between two connects when a caller wants to know now; longer after a
   * refused password, which may lock the account.
   */
  HF_BREAKER_PROBE_SOON_MS = 100,
  HF_BREAKER_PROBE_SOON_REFUSED_MS = 1000,
  /* Between two background probes: doubling, up to the maximum. */
  HF_BREAKER_BACKGROUND_MIN_MS = 1000,
  HF_BREAKER_BACKGROUND_MAX_MS = 5000,
  HF_BREAKER_BACKGROUND_REFUSED_MS = 30000
};

struct hf_breaker {
  enum hf_circuit circuit;
  int32_t failures;          /* in a row */
  int32_t pace_ms;           /* upper bound of the next normal delay */
  uint64_t next_at_ms;       /* OPEN: when the next probe is allowed */
  uint64_t probe_soon_at_ms; /* OPEN: the next probe is never earlier */
  int32_t background_ms;     /* the last delay of a background probe */
  uint64_t
      background_at_ms;  /* OPEN: when the next background probe is allowed */
  uint64_t failed_at_ms; /* time of the last failure */
};

/* Initializes a closed breaker. */
void hf_breaker_init(struct hf_breaker *breaker);

/*
 * Returns true when a connection may be opened now. When OPEN and the pace is
 * over this takes the only probe: the caller must report success, failure or
 * probe_dropped.
 */
HF_NODISCARD bool hf_breaker_allow(struct hf_breaker *breaker, uint64_t now_ms);

/* Reports a successful connect: closes the breaker. */
void hf_breaker_success(struct hf_breaker *breaker);

/*
 * Reports a failed connect. The breaker cannot tell connects apart: one that
 * began before it opened and fails during a probe ends HALF_OPEN, too, but does
 * not change the pace.
 */
void hf_breaker_failure(struct hf_breaker *breaker,
                        uint64_t now_ms,
                        enum hf_breaker_pace pace,
                        uint32_t random);

/*
 * Brings the next probe forward, because a caller wants to know now whether the
 * server is back: to HF_BREAKER_PROBE_SOON_MS after the last one at the
 * earliest.
 */
void hf_breaker_probe_soon(struct hf_breaker *breaker, uint64_t now_ms);

/*
 * Reports that the probe ended without a result, for example because it was
 * stopped: the next one is allowed at once. Does nothing in other states.
 */
void hf_breaker_probe_dropped(struct hf_breaker *breaker);

/*
 * Returns when the next connect is allowed: 0 = now (CLOSED). When HALF_OPEN
 * the time is in the past: wait for the end of the probe.
 */
uint64_t hf_breaker_next_at(const struct hf_breaker *breaker);

/* Returns when the next background probe is allowed. */
uint64_t hf_breaker_background_at(const struct hf_breaker *breaker);

/* Returns the state. */
enum hf_circuit hf_breaker_state(const struct hf_breaker *breaker);

/* Returns the pace for a classified failure. */
enum hf_breaker_pace hf_breaker_pace_of(const struct hf_classification *why);

#endif
