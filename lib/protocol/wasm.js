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
  /** by enum hf_policy */
  AROUND: 29,
  OUTCOME: 39,
  UNIT: 40,
  /** enum hf_wasm_trait */
  TRAITS: 41,
  REASON: 42,
  SQLSTATE: 43,
  DOUBT: 44,
  /** enum hf_run_action */
  ACTION: 45,
  /** enum hf_status */
  ENDED: 46,
  /** enum hf_phase */
  PHASE: 47,
  AGAIN: 48,
  WAITS: 49,
  CUT: 50,
  PARTIAL: 51,
  DELAY_MS: 52,
  REFUSED: 53,
  OPTION_NAME: 54,
  OPTION_KIND: 55,
  OPTION_WORDS: 56,
  OPTION_UNIT: 57,
  OPTION_SCOPE: 58,
  STATUS_CODE: 59,
  STATUS_TEXT: 60,
  COUNT: 61,
});

/** Places in its numbers. */
const NUMBER = Object.freeze({
  /** by enum hf_run_number */
  RUN: 0,
  INITIAL: 20,
  MIN: 21,
  MAX: 22,
  COUNT: 23,
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
  RUN: 2,
  EVIDENCE: 3,
});

module.exports = { NUMBER, TRAIT, UNREAD, WORD };
