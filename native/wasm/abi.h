/* SPDX-License-Identifier: MIT */
/*
 * The core as a WebAssembly module, for platforms without a binary:
 * classification, retries and the tables. lib/wasm/core.js is its only caller.
 *
 * The two sides hand each other numbers in two arrays. A text is an address in
 * this memory, 0 = none; those from JavaScript are UTF-8 ended by a NUL, in
 * what hf_wasm_reserve() returns. lib/protocol/wasm.js is generated from this.
 *
 * Threads: none; each JavaScript environment has an instance of its own.
 */
#ifndef HF_WASM_ABI_H
#define HF_WASM_ABI_H

#include <stdint.h>

#include "holdfast.h"

#define HF_WASM_EXPORT __attribute__((visibility("default")))

/* Places in `words`. */
enum hf_wasm_word {
  HF_WORD_FACTS,                                 /* by enum hf_fact */
  HF_WORD_TEXTS = HF_WORD_FACTS + HF_FACT_COUNT, /* by enum hf_evidence_text */
  HF_WORD_NAME = HF_WORD_TEXTS + HF_EVIDENCE_COUNT,  /* a preset's, or a text */
  HF_WORD_POLICY,                                    /* by enum hf_policy */
  HF_WORD_AROUND = HF_WORD_POLICY + HF_POLICY_COUNT, /* by enum hf_policy */
  HF_WORD_OUTCOME = HF_WORD_AROUND + HF_POLICY_COUNT,
  HF_WORD_UNIT,
  HF_WORD_TRAITS, /* enum hf_wasm_trait */
  HF_WORD_REASON,
  HF_WORD_SQLSTATE, /* a character each; the first is 0 where there is none */
  HF_WORD_DOUBT = HF_WORD_SQLSTATE + 5,
  HF_WORD_ACTION, /* enum hf_run_action */
  HF_WORD_ENDED,  /* enum hf_status */
  HF_WORD_PHASE,  /* enum hf_phase */
  HF_WORD_AGAIN,
  HF_WORD_WAITS,
  HF_WORD_CUT,
  HF_WORD_PARTIAL,
  HF_WORD_DELAY_MS,
  HF_WORD_REFUSED,
  HF_WORD_OPTION_NAME,
  HF_WORD_OPTION_KIND,
  HF_WORD_OPTION_WORDS,
  HF_WORD_OPTION_UNIT,
  HF_WORD_OPTION_SCOPE,
  HF_WORD_STATUS_CODE,
  HF_WORD_STATUS_TEXT,
  HF_WORD_COUNT
};

/* Places in `numbers`. */
enum hf_wasm_number {
  HF_NUMBER_RUN, /* by enum hf_run_number */
  HF_NUMBER_INITIAL = HF_NUMBER_RUN + HF_RUN_AT_COUNT,
  HF_NUMBER_MIN,
  HF_NUMBER_MAX,
  HF_NUMBER_COUNT
};

/* Bits of words[HF_WORD_TRAITS]. */
enum hf_wasm_trait {
  HF_TRAIT_RETRYABLE = 1 << 0,
  HF_TRAIT_ONCE = 1 << 1,
  HF_TRAIT_SLOW = 1 << 2,
  HF_TRAIT_UNNAMED = 1 << 3,
  HF_TRAIT_DISCARD = 1 << 4,
  HF_TRAIT_CONNECTING = 1 << 5,
  HF_TRAIT_UNKNOWN = 1 << 6
};

/* The input that hf_wasm_run_next() could not read. */
enum hf_wasm_unread {
  HF_UNREAD_NOTHING,
  HF_UNREAD_POLICY,
  HF_UNREAD_RUN,
  HF_UNREAD_EVIDENCE
};

/* Returns the address of the array of words. */
HF_WASM_EXPORT int32_t *hf_wasm_words(void);

/* Returns the address of the array of numbers. */
HF_WASM_EXPORT double *hf_wasm_numbers(void);

/* Returns a buffer for texts, NULL when out of memory. Grows the memory. */
HF_WASM_EXPORT char *hf_wasm_reserve(uint32_t bytes);

/* Classifies the evidence in the words; returns 0 when a value is unknown. */
HF_WASM_EXPORT int32_t hf_wasm_classify(void);

/*
 * Advances a run by an event, with the evidence in the words if there is any.
 * Returns an enum hf_wasm_unread.
 */
HF_WASM_EXPORT int32_t hf_wasm_run_next(int32_t has_evidence);

/* Writes the default policy into the words. */
HF_WASM_EXPORT void hf_wasm_retry_policy(void);

/*
 * Lets the policy follow that of the surrounding run; returns 0 when one could
 * not be read.
 */
HF_WASM_EXPORT int32_t hf_wasm_retry_policy_within(void);

/*
 * Writes the policy of a preset; returns 0 when words[HF_WORD_NAME] names none.
 */
HF_WASM_EXPORT int32_t hf_wasm_retry_preset(void);

/* Counts a call towards the retry budget. */
HF_WASM_EXPORT void hf_wasm_retry_count_call(double now_ms);

/* Returns how many retries the budget has refused. */
HF_WASM_EXPORT double hf_wasm_retry_cuts(void);

/* Returns the HF_TEXT_* bits of a text of `bytes` bytes in the buffer. */
HF_WASM_EXPORT int32_t hf_wasm_text_traits(uint32_t bytes);

/* Writes the row of an option; returns 0 past the last. */
HF_WASM_EXPORT int32_t hf_wasm_option(uint32_t i);

/* Writes code and sentence of a status; returns 0 past the last. */
HF_WASM_EXPORT int32_t hf_wasm_status(uint32_t i);

/* Returns the names of statistics, NULL-terminated. */
HF_WASM_EXPORT const char *const *hf_wasm_stats_names(void);

/*
 * Writes the bound of a bucket into the first number; returns 0 past the last.
 */
HF_WASM_EXPORT int32_t hf_wasm_stats_bound(uint32_t i);

#endif
