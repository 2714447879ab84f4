// SPDX-License-Identifier: MIT
'use strict';

// The time limit of everything together, and limits of single steps.

const { nowMillis } = require('../../lib/platform/clock.js');
const { until } = require('../../lib/platform/until.js');
const { Failure } = require('./failure.js');

class Deadline {
  #endsAt;
  #startedAt = nowMillis();

  /** @param {number} millis */
  constructor(millis) {
    this.millis = millis;
    this.#endsAt = this.#startedAt + millis;
  }

  get elapsed() {
    return nowMillis() - this.#startedAt;
  }

  get remaining() {
    return Math.max(0, this.#endsAt - nowMillis());
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
  race(promise, millis, during) {
    const limit = this.within(millis);
    const text = `${during}: nothing came within ${Math.round(limit)} ms`;
    const endsAt = nowMillis() + limit;
    return until(
      promise,
      { endsAt },
      () => new Failure('silent', text, { during }),
    );
  }
}

/** @param {number} millis @returns {number} with two decimals */
function rounded(millis) {
  return Math.round(millis * 100) / 100;
}

module.exports = { Deadline, rounded };
