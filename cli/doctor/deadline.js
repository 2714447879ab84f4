// SPDX-License-Identifier: MIT
'use strict';

// The time there is for everything together, and limits for single steps.

const { performance } = require('node:perf_hooks');

const { Failure } = require('./failure.js');

class Deadline {
  #endsAt;
  #startedAt = performance.now();

  /** @param {number} millis */
  constructor(millis) {
    this.millis = millis;
    this.#endsAt = this.#startedAt + millis;
  }

  get elapsed() {
    return performance.now() - this.#startedAt;
  }

  get remaining() {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /**
   * Returns a step's limit, or what is left.
   * @param {number} millis
   */
  within(millis) {
    return Math.min(millis, this.remaining);
  }

  /**
   * Settles as `promise` does, or fails when the limit has passed.
   * @template T
   * @param {PromiseLike<T>} promise
   * @param {number} millis
   * @param {string} during
   * @returns {Promise<T>}
   */
  async race(promise, millis, during) {
    const limit = this.within(millis);
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => {
        const text = `${during}: nothing came within ${Math.round(limit)} ms`;
        reject(new Failure('silent', text, { during }));
      }, limit);
    });
    try {
      return /** @type {T} */ (await Promise.race([promise, late]));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {number} millis @returns {number} with two decimals */
function rounded(millis) {
  return Math.round(millis * 100) / 100;
}

module.exports = { Deadline, rounded };
