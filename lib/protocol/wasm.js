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
  /** a character each; the first is 0 where there is none */
  SQLSTATE: 43,
  DOUBT: 48,
  /** enum hf_run_action */
  ACTION: 49,
  /** enum hf_status */
  ENDED: 50,
  /** enum hf_phase */
  PHASE: 51,
  AGAIN: 52,
  WAITS: 53,
  CUT: 54,
  PARTIAL: 55,
  DELAY_MS: 56,
  REFUSED: 57,
  OPTION_NAME: 58,
  OPTION_KIND: 59,
  OPTION_WORDS: 60,
  OPTION_UNIT: 61,
  OPTION_SCOPE: 62,
  STATUS_CODE: 63,
  STATUS_TEXT: 64,
  COUNT: 65,
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
