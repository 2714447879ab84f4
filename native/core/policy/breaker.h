/* SPDX-License-Identifier: MIT */
/*
 * Governs connecting to one server. Calls never fail because of it; they wait
 * while it lets through one probe at a time.
 *
 *            5 failures in a row                 pace is over, one asks
 *   CLOSED ----------------------> OPEN <-------------------------- HALF_OPEN
 *      ^                             |  ------------------------>      |
 *      |                             +--------------  failure, dropped +
 *      +------------------------------------------------------ success +
 *
 * A refused password or an unknown database opens it at once: nobody wins by
 * asking five times.
 *
 * When nobody asks, probes go on at a slower pace: otherwise what is open stays
 * open, for as long as the connections that are left suffice.
 *
 * Ownership: plain data in the caller's memory.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_POLICY_BREAKER_H
#define HF_CORE_POLICY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

/* How soon it makes sense to try again. */
enum hf_breaker_pace {
  HF_PACE_NORMAL, /* infrastructure: at most 250 ms apart */
  HF_PACE_SLOW,   /* the server is full: at least 1 s apart */
  HF_PACE_REFUSED /* password, database, TLS: 5 s apart */
};

enum {
  HF_BREAKER_THRESHOLD = 5,
  HF_BREAKER_PACE_MIN_MS = 25,
  HF_BREAKER_PACE_MAX_MS = 250,
  HF_BREAKER_SLOW_MS = 1000,
  HF_BREAKER_REFUSED_MS = 5000,
  /* Between two tries when somebody asks: a refused password locks accounts. */
  HF_BREAKER_PROBE_SOON_MS = 100,
  HF_BREAKER_PROBE_SOON_REFUSED_MS = 1000,
  /* Between two probes that nobody waits for: doubling, up to the second. */
  HF_BREAKER_BACKGROUND_MIN_MS = 1000,
  HF_BREAKER_BACKGROUND_MAX_MS = 5000,
  HF_BREAKER_BACKGROUND_REFUSED_MS = 30000
};

struct hf_breaker {
  enum hf_circuit circuit;
  int32_t failures;          /* in a row */
  int32_t pace_ms;           /* upper bound of the next normal wait */
  uint64_t next_at_ms;       /* when OPEN: the next probe may go then */
  uint64_t probe_soon_at_ms; /* when OPEN: not before, whoever asks */
  int32_t background_ms; /* the last wait for a probe that nobody asked for */
  uint64_t background_at_ms; /* when OPEN: the next of these */
  uint64_t failed_at_ms;     /* the last failure */
};

/* Makes a closed breaker. */
void hf_breaker_init(struct hf_breaker *breaker);

/*
 * Returns true when a connection may be opened now. In OPEN, after the pace,
 * this takes the only probe: the caller must report success, failure or
 * probe_dropped.
 */
HF_NODISCARD bool hf_breaker_allow(struct hf_breaker *breaker, uint64_t now_ms);

/* Reports an opened connection: closes the breaker. */
void hf_breaker_success(struct hf_breaker *breaker);

/*
 * Reports a failed connect that counts (`connecting` of a classification). The
 * breaker cannot tell connects apart: one that began before it opened and
 * fails during a probe ends HALF_OPEN too, but the pace stays.
 */
void hf_breaker_failure(struct hf_breaker *breaker,
                        uint64_t now_ms,
                        enum hf_breaker_pace pace,
                        uint32_t random);

/*
 * Somebody wants to know now whether the server is back: brings the next
 * probe forward, to a tenth of a second after the last one at the earliest.
 */
void hf_breaker_probe_soon(struct hf_breaker *breaker, uint64_t now_ms);

/*
 * Reports that the probe ended without a verdict (it was cancelled): the next
 * one may go at once. Does nothing in other states.
 */
void hf_breaker_probe_dropped(struct hf_breaker *breaker);

/*
 * Returns when the next connect may start: 0 = now (CLOSED); in HALF_OPEN the
 * moment it was allowed at, which is past: wait for the probe's end.
 */
uint64_t hf_breaker_next_at(const struct hf_breaker *breaker);

/* Returns when the next connect may start that nobody waits for. */
uint64_t hf_breaker_background_at(const struct hf_breaker *breaker);

/* Returns the state. */
enum hf_circuit hf_breaker_state(const struct hf_breaker *breaker);

/* Returns the pace that fits a failure's classification. */
enum hf_breaker_pace hf_breaker_pace_of(const struct hf_classification *why);

#endif
