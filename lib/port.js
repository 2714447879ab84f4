// SPDX-License-Identifier: MIT
'use strict';

// This environment's side of the crossing. What is asked of the engine during
// a tick goes to it in one call, and its answers come in one call.
//
// A request waits in a table (waiters.js) until its answer comes.

const { Batch, OP, requestsOf } = require('./batch.js');
const { HoldfastError, errorFromMessage, usageError } = require('./errors.js');
const { askPool, readEvent } = require('./listener.js');
const native = require('./native.js');
const {
  RESULT_SHAPE,
  readEmptyRows,
  readHead,
  readRows,
  readShape,
} = require('./results.js');
const { NOBODY, Waiters } = require('./waiters.js');

/** @typedef {import('./waiters.js').Waiter} Waiter */
/** @typedef {import('./waiters.js').Told} Told */
/** @typedef {import('./listener.js').Listener} Listener */

// enum hf_msg_kind
const MSG_RESULT = 1;
const MSG_SHAPE = 2;
const MSG_ERROR = 3;
const MSG_LEASE = 4;
const MSG_OK = 5;
const MSG_OPENED = 6;
const MSG_EVENT = 7;
const MSG_ASK = 8;

// Indices into a message's ints.
const LENGTH = 1;
const ID_LOW = 2;
const ID_HIGH = 3;
const NUMS = 4;
const CHUNKS = 5;
const HEADER = 6;

const RESULT_MORE = 1;
const RESULT_READ = 2;
const RESULT_CACHED = 4;
const RESULT_STALE = 8;
const RESULT_ATTEMPTS = HEADER + 7;
const RESULT_CONNECTION = HEADER + 8;
const RESULT_TRANSACTION = HEADER + 9;
const ERROR_TRANSACTION = HEADER + 14;
const SHAPE_CLEARS = 1;

/**
 * Reports what a caller's own function threw the way `pg` does: the process
 * hears of it, the other calls don't.
 * @param {unknown} error
 */
function rethrowLater(error) {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * Returns the error of a message. One that cannot be read still settles its
 * call: a promise that stays open would be worse than a vague answer.
 * @param {Int32Array} ints
 * @param {number} at
 * @param {string[]} strings
 * @param {number} first
 * @returns {Error}
 */
function errorOf(ints, at, strings, first) {
  try {
    return errorFromMessage(ints, at, strings, first);
  } catch (cause) {
    return usageError('HF_OUTCOME_UNKNOWN', 'the error could not be read', {
      outcome: 'ambiguous',
      retryable: false,
      phase: 'await',
      attempts: 1,
      cause,
    });
  }
}

class Port {
  #native;
  #batch = new Batch((ops, count, fields) => this.#submit(ops, count, fields));

  #waiters = new Waiters();
  /** @type {Map<number, Listener>} */
  #pools = new Map();
  #lastPool = 0;
  /** @type {Map<number, import('./results.js').Shape>} */
  #shapes = new Map();
  #olderShapes = this.#shapes;
  /** @type {Told} */
  #told = {
    connection: 0,
    attempts: 0,
    more: false,
    transaction: 0,
    read: false,
    failed: null,
  };
  #leases = 0;
  #held = false;

  /** @param {import('./native.js').Addon} [addon] */
  constructor(addon = native.load()) {
    this.#native = new addon.Port((ints, nums, strings, messages) =>
      this.#deliver(ints, nums, strings, messages),
    );
  }

  /**
   * Gives a pool its number.
   * @param {Listener} listener
   * @returns {number}
   */
  addPool(listener) {
    this.#lastPool += 1;
    this.#pools.set(this.#lastPool, listener);
    return this.#lastPool;
  }

  /** @param {number} pool */
  removePool(pool) {
    this.#pools.delete(pool);
  }

  /**
   * @param {number} pool
   * @returns {Int32Array | undefined}
   */
  gauges(pool) {
    return this.#native.gauges(pool);
  }

  /**
   * @param {number} pool
   * @returns {Float64Array | undefined}
   */
  stats(pool) {
    return this.#native.stats(pool);
  }

  /**
   * @param {number} pool
   * @returns {Float64Array | undefined}
   */
  buckets(pool) {
    return this.#native.buckets(pool);
  }

  /** Counts a lease: it keeps the process alive until `drop`. */
  hold() {
    this.#leases += 1;
    this.#hold();
  }

  drop() {
    this.#leases -= 1;
    this.#letGo();
  }

  /**
   * Appends a field to the batch's text. The operation it belongs to is to be
   * added next, in the same breath.
   * @param {string} field
   */
  push(field) {
    this.#batch.push(field);
  }

  /**
   * Adds an operation whose fields were pushed.
   * @param {number} kind
   * @param {number} fields
   * @param {number} target
   * @param {Waiter | null} waiter
   * @param {number} flags
   */
  add(kind, fields, target, waiter, flags) {
    this.addTimed(kind, fields, target, waiter, flags, 0, 0, 0, 0, -1);
  }

  /**
   * @param {number} kind
   * @param {number} fields
   * @param {number} target
   * @param {Waiter | null} waiter
   * @param {number} flags
   * @param {number} decode
   * @param {number} deadline
   * @param {number} acquire
   * @param {number} timeout
   * @param {number} retries
   */
  addTimed(
    kind,
    fields,
    target,
    waiter,
    flags,
    decode,
    deadline,
    acquire,
    timeout,
    retries,
  ) {
    if (waiter !== null) {
      this.#waiters.enter(waiter);
      if (waiter.counted) {
        this.#hold();
      }
    }
    this.#batch.add(
      kind,
      fields,
      target,
      waiter === null ? NOBODY : waiter.index,
      waiter === null ? 0 : waiter.generation,
      flags,
      decode,
      deadline,
      acquire,
      timeout,
      retries,
    );
  }

  /**
   * Asks the engine to give up on a request that is under way.
   * @param {Waiter} waiter
   */
  abort(waiter) {
    if (this.#waiters.has(waiter)) {
      const { index, generation } = waiter;
      this.#batch.add(OP.ABORT, 0, 0, index, generation, 0, 0, 0, 0, 0, -1);
    }
  }

  /**
   * @param {Int32Array} ops
   * @param {number} count
   * @param {string[]} fields
   */
  #submit(ops, count, fields) {
    /** @type {any} */
    let failure;
    try {
      const text = fields.length === 0 ? '' : `${fields.join('\0')}\0`;
      const status = this.#native.submit(ops, count, text);
      if (status === 0) {
        return;
      }
      const { code, text: sentence } = native.statuses()[status];
      failure = new HoldfastError(code, sentence);
    } catch (error) {
      failure = error; // the text is too long for a string
    }
    Object.assign(failure, { outcome: 'not_executed', phase: 'local' });
    for (const [low, high] of requestsOf(ops, count)) {
      this.#waiters.take(low, high)?.onError(failure, 0);
    }
    this.#letGo();
  }

  #hold() {
    if (!this.#held) {
      this.#held = true;
      this.#native.ref();
    }
  }

  #letGo() {
    if (this.#held && this.#leases + this.#waiters.counted === 0) {
      this.#held = false;
      this.#native.unref();
    }
  }

  /**
   * Never throws: what goes wrong with one message is that one's affair.
   * @param {Int32Array} ints
   * @param {Float64Array} nums
   * @param {string[]} strings
   * @param {number} messages
   */
  #deliver(ints, nums, strings, messages) {
    let at = 0;
    let num = 0;
    let first = 0;
    for (let i = 0; i < messages; i++) {
      try {
        if (ints[at] === MSG_RESULT) {
          this.#onResult(ints, at, nums, num, strings, first);
        } else {
          this.#onOther(ints, at, strings, first);
        }
      } catch (error) {
        rethrowLater(error);
      }
      num += ints[at + NUMS];
      first += ints[at + CHUNKS];
      at += ints[at + LENGTH];
    }
    this.#letGo();
  }

  /**
   * @param {Int32Array} ints
   * @param {number} at
   * @param {Float64Array} nums
   * @param {number} num
   * @param {string[]} strings
   * @param {number} first
   */
  #onResult(ints, at, nums, num, strings, first) {
    const low = ints[at + ID_LOW];
    const high = ints[at + ID_HIGH];
    const more = (ints[at + HEADER] & RESULT_MORE) !== 0;
    const waiter = more
      ? this.#waiters.find(low, high)
      : this.#waiters.take(low, high);
    if (waiter?.onResult === undefined || waiter.types === undefined) {
      return;
    }
    const number = ints[at + RESULT_SHAPE];
    const shape = this.#shapes.get(number) ?? this.#olderShapes.get(number);
    const asArray = waiter.rowAsArray === true;
    const result = readHead(ints, at, strings, first, shape, asArray);
    const told = this.#told;
    told.connection = ints[at + RESULT_CONNECTION];
    told.attempts = ints[at + RESULT_ATTEMPTS];
    told.more = more;
    told.transaction = ints[at + RESULT_TRANSACTION];
    told.read = (ints[at + HEADER] & RESULT_READ) !== 0;
    told.failed = null;
    if ((ints[at + HEADER] & RESULT_CACHED) !== 0) {
      result.cached = true;
      result.stale = (ints[at + HEADER] & RESULT_STALE) !== 0;
    }
    if (shape === undefined) {
      result.rows = readEmptyRows(ints, at, asArray);
    } else {
      try {
        result.rows = readRows(
          ints,
          at,
          nums,
          num,
          strings,
          first,
          shape,
          asArray,
          waiter.types,
        );
      } catch (thrown) {
        told.failed = { thrown }; // by a type parser of the caller's
      }
    }
    waiter.onResult(result, told);
  }

  /**
   * @param {Int32Array} ints
   * @param {number} at
   * @param {string[]} strings
   * @param {number} first
   */
  #onOther(ints, at, strings, first) {
    switch (ints[at]) {
      case MSG_SHAPE:
        this.#onShape(ints, at, strings[first]);
        break;
      case MSG_EVENT:
        this.#onEvent(ints, at, strings, first);
        break;
      case MSG_ASK:
        this.#onAsk(ints, at, strings[first]);
        break;
      default:
        this.#onAnswer(ints, at, strings, first);
    }
  }

  /**
   * @param {Int32Array} ints
   * @param {number} at
   * @param {string[]} strings
   * @param {number} first
   */
  #onAnswer(ints, at, strings, first) {
    const waiter = this.#waiters.take(ints[at + ID_LOW], ints[at + ID_HIGH]);
    if (waiter === null) {
      return;
    }
    switch (ints[at]) {
      case MSG_ERROR:
        waiter.onError(
          errorOf(ints, at, strings, first),
          ints[at + ERROR_TRANSACTION] ?? 0,
        );
        break;
      case MSG_LEASE:
        waiter.onLease?.({
          number: ints[at + HEADER],
          connection: ints[at + HEADER + 1],
          processID: ints[at + HEADER + 2],
          pooled: ints[at + HEADER + 3] === 1,
        });
        break;
      case MSG_OPENED: {
        const options = ints[at + CHUNKS] > 0 ? strings[first] : '';
        waiter.onOpened?.(ints[at + HEADER] === 1, options);
        break;
      }
      case MSG_OK:
        waiter.onOk?.(ints[at + HEADER]);
        break;
    }
  }

  /**
   * @param {Int32Array} ints
   * @param {number} at
   * @param {string} names
   */
  #onShape(ints, at, names) {
    const id = ints[at + HEADER];
    if (id === SHAPE_CLEARS) {
      // Results that were made before may still be on their way.
      this.#olderShapes = this.#shapes;
      this.#shapes = new Map();
    } else {
      this.#shapes.set(id, readShape(ints, at, names));
    }
  }

  /**
   * @param {Int32Array} ints
   * @param {number} at
   * @param {string[]} strings
   * @param {number} first
   */
  #onEvent(ints, at, strings, first) {
    const pool = this.#pools.get(ints[at + ID_LOW]);
    pool?.onEvent(readEvent(ints, at, strings, first));
  }

  /**
   * Has a pool answer a question of the engine's.
   * @param {Int32Array} ints
   * @param {number} at
   * @param {string} question
   */
  #onAsk(ints, at, question) {
    const number = ints[at + HEADER];
    const asked = askPool(this.#pools.get(number), question);
    const [low, high] = [ints[at + ID_LOW], ints[at + ID_HIGH]];
    asked.then(({ text, flags }) => {
      this.push(text);
      this.#batch.add(OP.ANSWER, 1, number, low, high, flags, 0, 0, 0, 0, -1);
    });
  }
}

/** @type {Port | undefined} */
let shared;

/**
 * Returns this environment's port; opens it at the first call.
 * @returns {Port}
 */
function getPort() {
  shared ??= new Port();
  return shared;
}

module.exports = { Port, getPort, rethrowLater };
