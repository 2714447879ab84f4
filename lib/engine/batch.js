// SPDX-License-Identifier: MIT
'use strict';

// The operations of one tick: twelve words each
// (struct hf_op) and one text with all their fields, a NUL after each.

const { OP, OP_AT } = require('../protocol/operations.js');

/**
 * The end of the tick, as Node has it: a test that fakes process.nextTick for
 * a while must not hold a batch back. One that was faked before this file was
 * loaded (fakes of Jest and Sinon carry their clock) is not used at all.
 * @type {(callback: () => void) => void}
 */
const atEndOfTick =
  'clock' in process.nextTick
    ? (callback) => {
        Promise.resolve().then(callback);
      }
    : process.nextTick;

const {
  KIND,
  FIELDS,
  TARGET,
  ID_LOW,
  ID_HIGH,
  FLAGS,
  DECODE,
  DEADLINE_MS,
  ACQUIRE_MS,
  TIMEOUT_MS,
  RETRIES,
  PORTION,
  COUNT: OP_WORDS,
} = OP_AT;
const FIRST_OPS = 64;

/**
 * A batch with this much text goes at once: one string must hold all of it,
 * and V8's strings end at half a billion characters.
 */
const TEXT_MAX = 1 << 24;

/**
 * Hands a batch over.
 * @callback Send
 * @param {Int32Array} ops
 * @param {number} count
 * @param {string[]} fields
 * @returns {void}
 */

/**
 * What an operation may take, and how often it may go again. Times are in
 * milliseconds, 0 where there is none.
 * @typedef {object} Limits
 * @property {number} decode which types the engine decodes
 * @property {number} deadline
 * @property {number} acquire how long to wait for a connection
 * @property {number} timeout
 * @property {number} retries -1 = as the pool has it
 * @property {number} portion of a stream: how many rows at once; 0 = none
 */

/** @type {Limits} */
const NO_LIMITS = {
  decode: 0,
  deadline: 0,
  acquire: 0,
  timeout: 0,
  retries: -1,
  portion: 0,
};

class Batch {
  #ops = new Int32Array(FIRST_OPS * OP_WORDS);
  #count = 0;
  /** @type {string[]} */
  #fields = [];
  #textLength = 0;
  #send;
  #flush = () => this.flush();

  /** @param {Send} send called at the end of the tick */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Appends a field. The operation it belongs to is added next, and nothing
   * of the caller's runs in between.
   * @param {string} field
   */
  push(field) {
    this.#fields.push(field);
    this.#textLength += field.length + 1;
  }

  /**
   * Adds an operation whose fields were pushed.
   * @param {number} kind
   * @param {number} fields
   * @param {number} target
   * @param {{index: number, generation: number}} id
   * @param {number} flags
   * @param {Limits} limits
   */
  add(kind, fields, target, id, flags, limits) {
    const at = this.#count * OP_WORDS;
    if (at === this.#ops.length) {
      this.#grow();
    }
    const ops = this.#ops;
    ops[at + KIND] = kind;
    ops[at + FIELDS] = fields;
    ops[at + TARGET] = target;
    ops[at + ID_LOW] = id.index;
    ops[at + ID_HIGH] = id.generation;
    ops[at + FLAGS] = flags;
    ops[at + DECODE] = limits.decode;
    ops[at + DEADLINE_MS] = limits.deadline;
    ops[at + ACQUIRE_MS] = limits.acquire;
    ops[at + TIMEOUT_MS] = limits.timeout;
    ops[at + RETRIES] = limits.retries;
    ops[at + PORTION] = limits.portion;
    this.#count += 1;
    if (this.#count === 1) {
      atEndOfTick(this.#flush);
    }
    if (this.#textLength > TEXT_MAX) {
      this.flush();
    }
  }

  #grow() {
    const larger = new Int32Array(this.#ops.length * 2);
    larger.set(this.#ops);
    this.#ops = larger;
  }

  flush() {
    const count = this.#count;
    if (count !== 0) {
      const fields = this.#fields;
      this.#count = 0;
      this.#fields = [];
      this.#textLength = 0;
      this.#send(this.#ops, count, fields);
    }
  }
}

/**
 * Lists the requests of a batch as pairs of id_low and id_high.
 * @param {Int32Array} ops
 * @param {number} count
 * @returns {[number, number][]}
 */
function requestsOf(ops, count) {
  /** @type {[number, number][]} */
  const ids = [];
  for (let at = 0; at < count * OP_WORDS; at += OP_WORDS) {
    const kind = ops[at + KIND];
    // These carry the number of something else.
    if (kind !== OP.ABORT && kind !== OP.ANSWER && kind !== OP.READ) {
      ids.push([ops[at + ID_LOW], ops[at + ID_HIGH]]);
    }
  }
  return ids;
}

/**
 * Divides a batch into its operations.
 * @param {Int32Array} ops
 * @param {number} count
 * @param {string[]} fields
 * @returns {{op: Int32Array, fields: string[]}[]}
 */
function divide(ops, count, fields) {
  const parts = [];
  let first = 0;
  for (let at = 0; at < count * OP_WORDS; at += OP_WORDS) {
    const next = first + ops[at + FIELDS];
    parts.push({
      op: ops.slice(at, at + OP_WORDS),
      fields: fields.slice(first, next),
    });
    first = next;
  }
  return parts;
}

module.exports = { Batch, NO_LIMITS, divide, requestsOf };
