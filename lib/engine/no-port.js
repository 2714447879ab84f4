// SPDX-License-Identifier: MIT
'use strict';

// Where no binary fits, a pool can be made, as modules do at their top. What
// is asked of it rejects, with the sentence that says why and what helps.

const { getPort } = require('./port.js');

/** Stands for the port: these are all that a pool calls before it opens. */
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
