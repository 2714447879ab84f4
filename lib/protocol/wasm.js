// SPDX-License-Identifier: MIT
'use strict';

// How the core as WebAssembly is called: native/wasm/abi.h.
// Written by `node scripts/protocol.js --fix`.

/** Places in its words. */
const WORD = Object.freeze({
  /** by enum hf_fact */
  FACTS: 0,
  /** by enum hf_evidence_text */
  TEXTS: 11,
  /** a preset's, or a text */
  NAME: 18,
  /** by enum hf_policy */
  POLICY: 19,
  OUTCOME: 29,
  UNIT: 30,
  /** enum hf_wasm_trait */
  TRAITS: 31,
  REASON: 32,
  DOUBT: 33,
  AGAIN: 34,
  WAITS: 35,
  CUT: 36,
  DELAY_MS: 37,
  REFUSED: 38,
  OPTION_NAME: 39,
  OPTION_KIND: 40,
  OPTION_WORDS: 41,
  OPTION_UNIT: 42,
  OPTION_SCOPE: 43,
  STATUS_CODE: 44,
  STATUS_TEXT: 45,
  COUNT: 46,
});

/** Places in its numbers. */
const NUMBER = Object.freeze({
  /** by enum hf_history */
  STATE: 0,
  INITIAL: 4,
  MIN: 5,
  MAX: 6,
  COUNT: 7,
});

/** Bits of a verdict. */
const TRAIT = Object.freeze({
  RETRYABLE: 1,
  ONCE: 2,
  SLOW: 4,
  UNNAMED: 8,
  DISCARD: 16,
  CONNECTING: 32,
  UNKNOWN: 64,
});

/** What could not be read. */
const UNREAD = Object.freeze({
  NOTHING: 0,
  POLICY: 1,
  STATE: 2,
  EVIDENCE: 3,
});

module.exports = { NUMBER, TRAIT, UNREAD, WORD };
