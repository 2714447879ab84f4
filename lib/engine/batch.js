// SPDX-License-Identifier: MIT
'use strict';

// What is asked of the engine during one tick: operations of twelve words each
// (struct hf_op) and one text with all their fields, a NUL after each.

// enum hf_op_kind
const OP = Object.freeze({
  OPEN: 1,
  QUERY: 2,
  ACQUIRE: 3,
  LEASE_QUERY: 4,
  RELEASE: 5,
  ABORT: 6,
  END: 7,
  WARMUP: 8,
  RESET: 9,
  SUSPEND: 10,
  RESUME: 11,
  FORGET: 12,
  ANSWER: 13,
  INVALIDATE: 14,
  GREET: 15,
});

// HF_FLAG_*
const FLAG = Object.freeze({
  NAMED: 1 << 0,
  READ_ONLY: 1 << 1,
  IDEMPOTENT: 1 << 2,
  EXACTLY_ONCE: 1 << 3,
  CLOSE: 1 << 4,
  SHARED: 1 << 5,
  SESSION: 1 << 6,
  FAILED: 1 << 7,
  HEARS: 1 << 8,
  CALLER_DEADLINE: 1 << 9,
  EVENTS: 1 << 10,
  EXTENDED: 1 << 11,
  PROBE: 1 << 12,
  FORCE: 1 << 13,
  CACHE: 1 << 14,
  URGENT: 1 << 15,
  FAIL_FAST: 1 << 16,
  FAIL_NEW: 1 << 17,
});

/**
 * The end of the tick, as Node has it: a test that fakes process.nextTick for
 * a while must not keep a batch. One that was faked before this file was
 * loaded (fakes of Jest and Sinon carry their clock) is not used at all.
 * @type {(callback: () => void) => void}
 */
const atEndOfTick =
  'clock' in process.nextTick
    ? (callback) => {
        Promise.resolve().then(callback);
      }
    : process.nextTick;

const OP_WORDS = 12;
const OP_KIND = 0;
const OP_FIELDS = 1;
const OP_ID_LOW = 3;
const OP_ID_HIGH = 4;
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
   * Adds an operation whose fields were pushed. Times are in milliseconds, 0
   * where there is none.
   * @param {number} kind
   * @param {number} fields
   * @param {number} target
   * @param {number} low
   * @param {number} high
   * @param {number} flags
   * @param {number} decode
   * @param {number} deadline
   * @param {number} acquire
   * @param {number} timeout
   * @param {number} retries
   */
  add(
    kind,
    fields,
    target,
    low,
    high,
    flags,
    decode,
    deadline,
    acquire,
    timeout,
    retries,
  ) {
    const at = this.#count * OP_WORDS;
    if (at === this.#ops.length) {
      this.#grow();
    }
    const ops = this.#ops;
    ops[at + OP_KIND] = kind;
    ops[at + OP_FIELDS] = fields;
    ops[at + 2] = target;
    ops[at + OP_ID_LOW] = low;
    ops[at + OP_ID_HIGH] = high;
    ops[at + 5] = flags;
    ops[at + 6] = decode;
    ops[at + 7] = deadline;
    ops[at + 8] = acquire;
    ops[at + 9] = timeout;
    ops[at + 10] = retries;
    ops[at + 11] = 0;
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
    const kind = ops[at + OP_KIND];
    // These two carry the number of something else.
    if (kind !== OP.ABORT && kind !== OP.ANSWER) {
      ids.push([ops[at + OP_ID_LOW], ops[at + OP_ID_HIGH]]);
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
    const next = first + ops[at + OP_FIELDS];
    parts.push({
      op: ops.slice(at, at + OP_WORDS),
      fields: fields.slice(first, next),
    });
    first = next;
  }
  return parts;
}

module.exports = { Batch, FLAG, OP, divide, requestsOf };
