// SPDX-License-Identifier: MIT
'use strict';

// The pending requests, in a table by index. The engine gives back index and
// generation: nothing is looked up by key, and an answer to a settled request
// is ignored.

/**
 * What waits for answers. Which of them come depends on the operation.
 * @typedef {object} Waiter
 * @property {number} index
 * @property {number} generation
 * @property {boolean} counted whether it keeps the process alive
 * @property {import('../values/types.js').CustomTypes} [types]
 * @property {(connection: number) => import('../values/types.js').CustomTypes }
 *   [typesOn] those of the connection it ran on
 * @property {boolean} [rowAsArray]
 * @property {(result: import('../values/results.js').Result, meta: ResultMeta)
 *   => void } [onResult]
 * @property {(bytes: any) => void} [onData] of COPY: a Buffer, or null where
 *   there was no memory for one
 * @property {(bytes: number) => void} [onTaken] so many went on to the server
 * @property {(lease: Lease) => void} [onLease]
 * @property {(existing: boolean, options: string) => void} [onOpened]
 * @property {(value: number) => void} [onOk]
 * @property {(verdict: Int32Array, error: Error | null, connection: number ) =>
 *   void} [onHealth] the message itself, and what the probe failed with
 * @property {(error: Error, transaction: number, connection: number) => void }
 *   onError
 */

/**
 * What comes with a result besides its rows; the object is reused.
 * @typedef {object} ResultMeta
 * @property {number} connection the serial of the one it ran on
 * @property {number} attempts
 * @property {boolean} more another result of the same statement follows
 * @property {boolean} part it is a portion of a stream's rows
 * @property {number} transaction status after it, as a character code; 0 when
 *   unknown or not on a lease
 * @property {boolean} wrote something may be durable by now
 * @property {boolean} holds something of it may be left in its session
 * @property {{thrown: unknown} | null} failed by a type parser
 */

/**
 * @typedef {object} Lease
 * @property {number} number
 * @property {number} connection
 * @property {number} processID
 * @property {boolean} pooled
 */

/** The index of no request, for operations without an answer. */
const NOBODY = { index: 0, generation: 0 };

class Waiters {
  /** How many of them keep the process alive. */
  counted = 0;
  /** @type {(Waiter | null)[]} */
  #list = [null];
  /** @type {number[]} */
  #free = [];
  /** @type {number[]} */
  #generations = [0];

  /**
   * Gives a request its index and generation.
   * @param {Waiter} waiter
   */
  enter(waiter) {
    const index = this.#free.pop() ?? this.#list.length;
    if (index === this.#list.length) {
      this.#generations.push(0);
    }
    this.#list[index] = waiter;
    waiter.index = index;
    waiter.generation = this.#generations[index];
    this.counted += waiter.counted ? 1 : 0;
  }

  /**
   * @param {Waiter} waiter
   * @returns {boolean}
   */
  has(waiter) {
    return this.#list[waiter.index] === waiter;
  }

  /**
   * @param {number} low
   * @param {number} high
   * @returns {Waiter | null}
   */
  find(low, high) {
    const waiter = low < this.#list.length ? this.#list[low] : null;
    return waiter !== null && waiter.generation === high ? waiter : null;
  }

  /**
   * Returns a request and forgets it.
   * @param {number} low
   * @param {number} high
   * @returns {Waiter | null}
   */
  take(low, high) {
    const waiter = this.find(low, high);
    if (waiter !== null) {
      this.#list[low] = null;
      this.#generations[low] = (high + 1) | 0;
      this.#free.push(low);
      this.counted -= waiter.counted ? 1 : 0;
    }
    return waiter;
  }
}

module.exports = { NOBODY, Waiters };
