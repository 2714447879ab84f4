// SPDX-License-Identifier: MIT
'use strict';

// How the core as WebAssembly is called: native/wasm/abi.h.
// Written by `node scripts/protocol.js --fix`.

/** Places in its words. */
const WORD = Object.freeze({
  /** by enum hf_fact */
  FACTS: 0,
  /** by enum hf_evidence_text */
  TEXTS: 9,
  /** a preset's, or a text */
  NAME: 16,
  /** by enum hf_policy */
  POLICY: 17,
  OUTCOME: 27,
  UNIT: 28,
  /** enum hf_wasm_trait */
  TRAITS: 29,
  REASON: 30,
  AGAIN: 31,
  WAITS: 32,
  CUT: 33,
  DELAY_MS: 34,
  REFUSED: 35,
  OPTION_NAME: 36,
  OPTION_KIND: 37,
  OPTION_WORDS: 38,
  OPTION_UNIT: 39,
  OPTION_SCOPE: 40,
  STATUS_CODE: 41,
  STATUS_TEXT: 42,
  COUNT: 43,
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
});

/** What could not be read. */
const UNREAD = Object.freeze({
  NOTHING: 0,
  POLICY: 1,
  STATE: 2,
  EVIDENCE: 3,
});

module.exports = { NUMBER, TRAIT, UNREAD, WORD };
