/* SPDX-License-Identifier: MIT */
/*
 * Whether the server is overloaded, as far as this process can tell: it said so
 * within the last second, or more attempts failed than calls succeeded in that
 * second. Approximate: a call counts as a success from its start until it
 * fails.
 *
 * Threads: any, concurrently.
 */
#ifndef HF_CORE_POLICY_LOAD_H
#define HF_CORE_POLICY_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  HF_LOAD_SLOT_MS = 100,
  HF_LOAD_SLOTS_SEEN = 10, /* one second */
  HF_LOAD_SLOTS = 16
};

struct hf_load_slot {
  _Atomic uint64_t tick; /* which tenth of a second it counts, from 1 */
  _Atomic int32_t calls;
  _Atomic int32_t failures; /* failed attempts */
  _Atomic int32_t given_up; /* failed calls */
};

/* Zeroed memory is valid and means no load. */
struct hf_load {
  struct hf_load_slot slots[HF_LOAD_SLOTS];
  _Atomic uint64_t overloaded_until_ms; /* the server reported overload */
};

/* Resets all counts. */
void hf_load_init(struct hf_load *load);

/* Counts a call at its start. All times are of the same clock. */
void hf_load_call(struct hf_load *load, uint64_t now_ms);

/* Counts a failed attempt; with `given_up` no retry follows. */
void hf_load_failure(struct hf_load *load, uint64_t now_ms, bool given_up);

/* The server reported that it is out of a resource (53xxx). */
void hf_load_overloaded(struct hf_load *load, uint64_t now_ms);

/* Returns true when the server is overloaded. */
bool hf_load_is_high(const struct hf_load *load, uint64_t now_ms);

#endif
