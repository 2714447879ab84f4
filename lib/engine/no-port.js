// SPDX-License-Identifier: MIT
'use strict';

// Where no binary fits, a pool can be constructed, as modules do at the top
// level. Its methods reject with an error that says why and what helps.

const { getPort } = require('./port.js');

/** Replaces the port: a pool calls no other methods before it opens. */
class NoPort {
  #reason;

  /** @param {unknown} reason */
  constructor(reason) {
    this.#reason = reason;
  }

  /** @returns {never} */
  addPool() {
    throw this.#reason;
  }

  removePool() {}
}

/**
 * Returns this environment's port.
 * @returns {import('./port.js').Port}
 */
function portOrReason() {
  try {
    return getPort();
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'HF_NO_BINARY') {
      throw error;
    }
    return /** @type {any} */ (new NoPort(error));
  }
}

module.exports = { portOrReason };
