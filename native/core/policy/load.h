/* SPDX-License-Identifier: MIT */
/*
 * Whether the server is overloaded, as far as this process can tell: it said
 * so within the last second, or more attempts failed than calls succeeded in
 * it. Approximate: a call counts as a success when it begins, and no longer
 * when it is given up.
 *
 * Threads: any, at once.
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
  _Atomic int32_t failures; /* attempts that failed */
  _Atomic int32_t given_up; /* calls that failed */
};

/* Zeroed memory is a load of nothing. */
struct hf_load {
  struct hf_load_slot slots[HF_LOAD_SLOTS];
  _Atomic uint64_t
      overloaded_until_ms; /* the server lacks something until then */
};

/* Forgets everything. */
void hf_load_init(struct hf_load *load);

/* Counts a call that begins. All times are of one clock. */
void hf_load_call(struct hf_load *load, uint64_t now_ms);

/* Counts a failed attempt; `given_up` says that nothing follows it. */
void hf_load_failure(struct hf_load *load, uint64_t now_ms, bool given_up);

/* The server said that it is short of something: 53xxx. */
void hf_load_overloaded(struct hf_load *load, uint64_t now_ms);

/* Returns whether the server is overloaded. */
bool hf_load_is_high(const struct hf_load *load, uint64_t now_ms);

#endif
