// SPDX-License-Identifier: MIT
'use strict';

// The core as WebAssembly: the addon's functions for judging and retrying, and
// its tables, under the same names. See native/wasm/abi.h.

const { FACT, POLICY, RUN_AT } = require('../protocol/policy.js');
const { NUMBER, TRAIT, UNREAD, WORD } = require('../protocol/wasm.js');
const { Memory } = require('./memory.js');

/** @typedef {import('../engine/native.js').Addon} Addon */
/** @typedef {import('../engine/native.js').Classification} Classification */
/** @typedef {import('../engine/native.js').Option} Option */
/** @typedef {string | undefined} Text */

const KINDS = /** @type {const} */ (['int', 'bool', 'text', 'enum']);
const SCOPES = /** @type {const} */ (['pool', 'session', 'handle']);

const BAD_FACTS = 'facts must be an Int32Array of known values';
const BAD_POLICY = 'policy must be an Int32Array of known values';
const BAD_RUN = 'run must be a Float64Array of known values';
/** What hf_wasm_run_next() could not read. */
const COMPLAINTS = new Map([
  [UNREAD.POLICY, BAD_POLICY],
  [UNREAD.RUN, BAD_RUN],
  [UNREAD.EVIDENCE, BAD_FACTS],
]);

/**
 * @param {unknown} array
 * @param {Function} type
 * @param {number} length
 * @param {string} message
 */
function checkArray(array, type, length, message) {
  if (!(array instanceof type) || /** @type {any} */ (array).length < length) {
    throw new TypeError(message);
  }
}

/** The functions are properties: callers detach them from the object. */
class Core {
  #exports;
  #memory;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#exports = /** @type {Record<string, any>} */ (
      new WebAssembly.Instance(module).exports
    );
    this.#memory = new Memory(this.#exports);
  }

  /**
   * @param {Int32Array} facts
   * @param {Text[]} texts
   */
  #putEvidence(facts, texts) {
    const memory = this.#memory;
    checkArray(facts, Int32Array, FACT.COUNT, BAD_FACTS);
    for (const text of texts) {
      if (text !== undefined && typeof text !== 'string') {
        throw new TypeError('evidence must be text or undefined');
      }
    }
    memory.begin(texts);
    const { words } = memory;
    for (let i = 0; i < FACT.COUNT; i++) {
      words[WORD.FACTS + i] = facts[i];
    }
    for (let i = 0; i < texts.length; i++) {
      words[WORD.TEXTS + i] = memory.write(texts[i]);
    }
  }

  /** @returns {Classification} */
  #takeClassification() {
    const { words } = this.#memory;
    const traits = words[WORD.TRAITS];
    return {
      outcome: words[WORD.OUTCOME],
      unit: words[WORD.UNIT],
      retryable: (traits & TRAIT.RETRYABLE) !== 0,
      once: (traits & TRAIT.ONCE) !== 0,
      slow: (traits & TRAIT.SLOW) !== 0,
      unnamed: (traits & TRAIT.UNNAMED) !== 0,
      discard: (traits & TRAIT.DISCARD) !== 0,
      connecting: (traits & TRAIT.CONNECTING) !== 0,
      unknown: (traits & TRAIT.UNKNOWN) !== 0,
      doubt: words[WORD.DOUBT],
      reason: /** @type {string} */ (this.#memory.text(words[WORD.REASON])),
      sqlState:
        words[WORD.SQLSTATE] === 0
          ? ''
          : String.fromCharCode(...words.subarray(WORD.SQLSTATE, WORD.DOUBT)),
    };
  }

  /** @type {Addon['classify']} */
  classify = (facts, sqlstate, routine, code, kind, syscall, name, message) => {
    const texts = [sqlstate, routine, code, kind, syscall, name, message];
    this.#putEvidence(facts, texts);
    if (this.#exports.hf_wasm_classify() === 0) {
      throw new TypeError(BAD_FACTS);
    }
    return this.#takeClassification();
  };

  /**
   * @param {Int32Array} policy
   * @param {number} [place]
   */
  #putPolicy(policy, place = WORD.POLICY) {
    checkArray(policy, Int32Array, POLICY.COUNT, BAD_POLICY);
    this.#memory.words.set(policy.subarray(0, POLICY.COUNT), place);
  }

  /** @type {Addon['runNext']} */
  runNext = (policy, run, facts, ...texts) => {
    this.#putPolicy(policy);
    checkArray(run, Float64Array, RUN_AT.COUNT, BAD_RUN);
    if (facts !== undefined) {
      this.#putEvidence(facts, texts);
    }
    const { words, numbers } = this.#memory;
    numbers.set(run.subarray(0, RUN_AT.COUNT), NUMBER.RUN);
    const unread = COMPLAINTS.get(
      this.#exports.hf_wasm_run_next(facts === undefined ? 0 : 1),
    );
    if (unread !== undefined) {
      throw new TypeError(unread);
    }
    run.set(numbers.subarray(NUMBER.RUN, NUMBER.RUN + RUN_AT.COUNT));
    return {
      action: words[WORD.ACTION],
      status: words[WORD.ENDED],
      phase: words[WORD.PHASE],
      again: words[WORD.AGAIN] !== 0,
      waits: words[WORD.WAITS] !== 0,
      cut: words[WORD.CUT] !== 0,
      partial: words[WORD.PARTIAL] !== 0,
      delayMillis: words[WORD.DELAY_MS],
      refused: this.#memory.text(words[WORD.REFUSED]),
      why: this.#takeClassification(),
    };
  };

  /** @type {Addon['retryPolicyWithin']} */
  retryPolicyWithin = (policy, around) => {
    this.#putPolicy(policy);
    this.#putPolicy(around, WORD.AROUND);
    if (this.#exports.hf_wasm_retry_policy_within() === 0) {
      throw new TypeError(BAD_POLICY);
    }
    return this.#takePolicy();
  };

  /** @returns {number[]} */
  #takePolicy() {
    const { words } = this.#memory;
    return Array.from(words.subarray(WORD.POLICY, WORD.POLICY + POLICY.COUNT));
  }

  /** @type {Addon['retryPolicy']} */
  retryPolicy = () => {
    this.#exports.hf_wasm_retry_policy();
    return this.#takePolicy();
  };

  /** @type {Addon['retryPreset']} */
  retryPreset = (name) => {
    const memory = this.#memory;
    if (typeof name !== 'string') {
      throw new TypeError('name must be a string');
    }
    memory.begin([name]);
    memory.words[WORD.NAME] = memory.write(name);
    return this.#exports.hf_wasm_retry_preset() === 0
      ? undefined
      : this.#takePolicy();
  };

  /** @type {Addon['retryCountCall']} */
  retryCountCall = (now) => {
    this.#exports.hf_wasm_retry_count_call(now);
  };

  /** @type {Addon['retryCuts']} */
  retryCuts = () => this.#exports.hf_wasm_retry_cuts();

  /** @type {Addon['textTraits']} */
  textTraits = (text) => {
    const memory = this.#memory;
    if (typeof text !== 'string') {
      throw new TypeError('text must be a string');
    }
    memory.begin([text]);
    const at = memory.write(text);
    memory.words[WORD.NAME] = at;
    return this.#exports.hf_wasm_text_traits(memory.end - at - 1);
  };

  /** @type {Addon['optionTable']} */
  optionTable = () => {
    const { words, numbers } = this.#memory;
    const text = (/** @type {number} */ place) =>
      this.#memory.text(words[place]);
    /** @type {Option[]} */
    const table = [];
    for (let i = 0; this.#exports.hf_wasm_option(i) !== 0; i++) {
      table.push({
        name: text(WORD.OPTION_NAME) ?? '',
        kind: KINDS[words[WORD.OPTION_KIND]],
        initial: numbers[NUMBER.INITIAL],
        min: numbers[NUMBER.MIN],
        max: numbers[NUMBER.MAX],
        words: text(WORD.OPTION_WORDS),
        unit: text(WORD.OPTION_UNIT) ?? '',
        scope: SCOPES[words[WORD.OPTION_SCOPE]],
      });
    }
    return table;
  };

  /** @type {Addon['statuses']} */
  statuses = () => {
    const { words } = this.#memory;
    /** @type {{code: string, text: string}[]} */
    const table = [];
    for (let i = 0; this.#exports.hf_wasm_status(i) !== 0; i++) {
      table.push({
        code: this.#memory.text(words[WORD.STATUS_CODE]) ?? '',
        text: this.#memory.text(words[WORD.STATUS_TEXT]) ?? '',
      });
    }
    return table;
  };

  /** @type {Addon['statsNames']} */
  statsNames = () => {
    const addresses = new Int32Array(
      this.#memory.bytes.buffer,
      this.#exports.hf_wasm_stats_names(),
    );
    const count = addresses.indexOf(0);
    return Array.from(addresses.subarray(0, count), (address) =>
      String(this.#memory.text(address)),
    );
  };

  /** @type {Addon['statsBounds']} */
  statsBounds = () => {
    const { numbers } = this.#memory;
    /** @type {number[]} */
    const bounds = [];
    while (this.#exports.hf_wasm_stats_bound(bounds.length) !== 0) {
      bounds.push(numbers[0]);
    }
    return bounds;
  };
}

module.exports = { Core };
