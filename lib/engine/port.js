// SPDX-License-Identifier: MIT
'use strict';

// This environment's connection to the engine. All operations of a tick are
// handed over in one call, and answers arrive in one call (inbox.js).
//
// A request waits in a table (waiters.js) until its answer comes.

const { FLAG, OP } = require('../protocol/operations.js');
const { Batch, NO_LIMITS, divide, requestsOf } = require('./batch.js');
const { HoldfastError, paramError } = require('../errors/errors.js');
const { rootsOf, thisCopy } = require('../platform/package-instance.js');
const { deliverTo } = require('./deliver.js');
const { Inbox } = require('./inbox.js');
const native = require('./native.js');
const { NOBODY, Waiters } = require('./waiters.js');

/** Ports with work under way, and pools with clients out. */
const roots = rootsOf(thisCopy());

/** @typedef {import('./waiters.js').Waiter} Waiter */
/** @typedef {import('./listener.js').Listener} Listener */

const TOO_LONG =
  'the statement and its values are together longer than a string of ' +
  "JavaScript's can be (536870888 characters): send it in parts";

const LOCAL = { outcome: 'not_executed', phase: 'local' };

/**
 * The error of what the engine did not take.
 * @param {number} status
 * @returns {Error}
 */
function statusError(status) {
  const { code, text } = native.statuses()[status];
  return Object.assign(new HoldfastError(code, text), LOCAL);
}

class Port {
  #native;
  #batch = new Batch((ops, count, fields) => this.#submit(ops, count, fields));

  #waiters = new Waiters();
  /** @type {Map<number, Listener>} */
  #pools = new Map();
  #lastPool = 0;
  #inbox = new Inbox(
    this.#waiters,
    this.#pools,
    (pool, low, high, text, flags) => {
      this.push(text);
      const id = { index: low, generation: high };
      this.#batch.add(OP.ANSWER, 1, pool, id, flags, NO_LIMITS);
    },
  );
  #leases = 0;
  #held = false;

  /** @param {import('./native.js').Addon} [addon] */
  constructor(addon = native.load()) {
    // The addon must not hold this object: a port whose pools are gone is
    // garbage-collected, with the modules it belongs to.
    this.#native = new addon.Port(deliverTo(new WeakRef(this)));
  }

  /** @type {import('./native.js').Deliver} */
  receive(ints, nums, strings, messages) {
    this.#inbox.read(ints, nums, strings, messages);
    this.#letGo();
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
   * Ends a pool that was garbage-collected.
   * @param {number} pool
   */
  abandonPool(pool) {
    if (this.#pools.delete(pool)) {
      this.add(OP.END, 0, pool, null, 0);
    }
  }

  /**
   * @param {number} pool
   * @returns {Int32Array | undefined}
   */
  gauges(pool) {
    return this.#native.gauges(pool);
  }

  /**
   * Returns a pool's gauges once the engine has taken all calls made so far.
   * @param {number} pool
   * @returns {Int32Array | undefined}
   */
  counts(pool) {
    this.#batch.flush();
    this.#native.catchUp();
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
   * Appends a field to the batch's text. The operation it belongs to must be
   * added next, in the same tick.
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
    this.#enter(waiter);
    this.#batch.add(kind, fields, target, waiter ?? NOBODY, flags, NO_LIMITS);
  }

  /**
   * Adds a request whose fields were pushed: it waits for its own answer.
   * @param {number} kind
   * @param {number} fields
   * @param {number} target
   * @param {Waiter & import('./batch.js').Limits & {flags: number}} request
   */
  addRequest(kind, fields, target, request) {
    this.#enter(request);
    this.#batch.add(kind, fields, target, request, request.flags, request);
  }

  /** @param {Waiter | null} waiter */
  #enter(waiter) {
    if (waiter !== null) {
      this.#waiters.enter(waiter);
      if (waiter.counted) {
        this.#hold();
      }
    }
  }

  /**
   * Asks the engine to abort a request.
   * @param {Waiter} waiter
   */
  abort(waiter) {
    this.#about(OP.ABORT, waiter, 0);
  }

  /**
   * Tells the engine that the reader of a stream wants no more rows.
   * @param {Waiter} waiter
   */
  leave(waiter) {
    this.#about(OP.ABORT, waiter, FLAG.STREAM);
  }

  /**
   * Asks for another portion of a stream.
   * @param {Waiter} waiter
   */
  readMore(waiter) {
    this.#about(OP.READ, waiter, 0);
  }

  /**
   * Hands the engine bytes for the server, behind what was added before. They
   * are copied. Returns why it cannot take them, or null.
   * @param {Waiter} waiter a COPY; one that is over needs none
   * @param {Uint8Array[]} chunks
   * @param {boolean} last nothing follows
   * @returns {Error | null}
   */
  write(waiter, chunks, last) {
    this.#batch.flush();
    const { index, generation } = waiter;
    const flags = last ? FLAG.CLOSE : 0;
    const status = this.#waiters.has(waiter)
      ? this.#native.write(index, generation, flags, chunks)
      : 0;
    return status === 0 ? null : statusError(status);
  }

  /**
   * Adds an operation on a request, unless it has its answer.
   * @param {number} kind
   * @param {Waiter} waiter
   * @param {number} flags
   */
  #about(kind, waiter, flags) {
    if (this.#waiters.has(waiter)) {
      this.#batch.add(kind, 0, 0, waiter, flags, NO_LIMITS);
    }
  }

  /**
   * @param {Int32Array} ops
   * @param {number} count
   * @param {string[]} fields
   */
  #submit(ops, count, fields) {
    const failure = this.#trySubmit(ops, count, fields);
    if (failure === null) {
      return;
    }
    if (count > 1) {
      // An operation that is refused must not fail the others.
      for (const part of divide(ops, count, fields)) {
        this.#submit(part.op, 1, part.fields);
      }
      return;
    }
    for (const [low, high] of requestsOf(ops, count)) {
      this.#waiters.take(low, high)?.onError(failure, 0, 0);
    }
    this.#letGo();
  }

  /**
   * @param {Int32Array} ops
   * @param {number} count
   * @param {string[]} fields
   * @returns {Error | null}
   */
  #trySubmit(ops, count, fields) {
    /** @type {string} */
    let text;
    try {
      text = fields.length === 0 ? '' : `${fields.join('\0')}\0`;
    } catch (cause) {
      const error = paramError(TOO_LONG);
      return Object.assign(error, { cause, phase: 'local' });
    }
    try {
      const status = this.#native.submit(ops, count, text);
      if (status === 0) {
        return null;
      }
      return statusError(status);
    } catch (error) {
      return Object.assign(/** @type {Error} */ (error), LOCAL);
    }
  }

  #hold() {
    if (!this.#held) {
      this.#held = true;
      roots.add(this);
      this.#native.ref();
    }
  }

  #letGo() {
    if (this.#held && this.#leases + this.#waiters.counted === 0) {
      this.#held = false;
      roots.delete(this);
      this.#native.unref();
    }
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

module.exports = { Port, getPort };
