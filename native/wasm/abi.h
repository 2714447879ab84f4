/* SPDX-License-Identifier: MIT */
/*
 * The core as a WebAssembly module: judging and repeating, and the tables, for
 * where no binary fits. lib/wasm/core.js is its only caller.
 *
 * The two sides hand each other numbers in two arrays. A text is an address in
 * this memory, 0 = none; those from JavaScript are UTF-8 ended by a NUL, in
 * what hf_wasm_reserve() returns.
 *
 * Threads: none; each JavaScript environment has an instance of its own.
 */
#ifndef HF_WASM_ABI_H
#define HF_WASM_ABI_H

#include <stdint.h>

#define HF_WASM_EXPORT __attribute__((visibility("default")))

/* Places in `words`; lib/wasm/core.js has the same. */
enum {
  PHASE,
  STATUS,
  SEVERITY,
  SPEAKER,
  IN_TRANSACTION,
  COMMIT_SENT,
  MAY_COMMIT_MIDWAY,
  NOTHING_SENT,
  ONLY_READS,
  SQLSTATE,
  ROUTINE,
  CODE,
  KIND,
  SYSCALL,
  NAME,
  MESSAGE,
  MAX_RETRIES,
  BASE_MS,
  CAP_MS,
  JITTER,
  GROWTH,
  RETRY_AMBIGUOUS,
  COUNT_GIVEN,
  DELAYS_GIVEN,
  UNBUDGETED,
  NAME_RETRIES,
  OUTCOME,
  UNIT,
  TRAITS,
  REASON,
  AGAIN,
  WAITS_FOR_SERVER,
  CUT,
  DELAY_MS,
  REFUSED,
  OPTION_NAME,
  OPTION_KIND,
  OPTION_WORDS,
  OPTION_UNIT,
  STATUS_CODE,
  STATUS_TEXT,
  OPTION_SCOPE,
  WORDS
};

/* Places in `numbers`. */
enum {
  RETRIES,
  DEADLINE_AT,
  USED_ONCE,
  WAITS,
  OPTION_INITIAL,
  OPTION_MIN,
  OPTION_MAX,
  NUMBERS
};

/* Bits of words[TRAITS]. */
enum {
  TRAIT_RETRYABLE = 1 << 0,
  TRAIT_ONCE = 1 << 1,
  TRAIT_SLOW = 1 << 2,
  TRAIT_UNNAMED = 1 << 3,
  TRAIT_DISCARD = 1 << 4,
  TRAIT_CONNECTING = 1 << 5
};

/* What of its input hf_wasm_retry_next() could not read. */
enum { READ_ALL, BAD_POLICY, BAD_STATE, BAD_EVIDENCE };

/* Returns where the array of words is. */
HF_WASM_EXPORT int32_t *hf_wasm_words(void);

/* Returns where the array of numbers is. */
HF_WASM_EXPORT double *hf_wasm_numbers(void);

/* Returns room for texts, NULL when memory ran out. Grows the memory. */
HF_WASM_EXPORT char *hf_wasm_reserve(uint32_t bytes);

/* Judges the evidence in the words; 0 when a value is unknown. */
HF_WASM_EXPORT int32_t hf_wasm_classify(void);

/* Judges a failed attempt; says what of its input it could not read. */
HF_WASM_EXPORT int32_t hf_wasm_retry_next(double now_ms, uint32_t random);

/* Writes the default policy into the words. */
HF_WASM_EXPORT void hf_wasm_retry_policy(void);

/* Writes a preset's policy; 0 when words[NAME] is the name of none. */
HF_WASM_EXPORT int32_t hf_wasm_retry_preset(void);

/* Counts a call towards the budget of repetitions. */
HF_WASM_EXPORT void hf_wasm_retry_count_call(double now_ms);

/* Returns how many repetitions the budget forbade. */
HF_WASM_EXPORT double hf_wasm_retry_cuts(void);

/* Returns the HF_TEXT_* bits of the text of so many bytes that was written. */
HF_WASM_EXPORT int32_t hf_wasm_text_traits(uint32_t bytes);

/* Writes an option's row; 0 past the last. */
HF_WASM_EXPORT int32_t hf_wasm_option(uint32_t i);

/* Writes a status' code and sentence; 0 past the last. */
HF_WASM_EXPORT int32_t hf_wasm_status(uint32_t i);

/* Returns the names of statistics, ended by NULL. */
HF_WASM_EXPORT const char *const *hf_wasm_stats_names(void);

/* Writes a bucket's bound into the first number; 0 past the last. */
HF_WASM_EXPORT int32_t hf_wasm_stats_bound(uint32_t i);

#endif
