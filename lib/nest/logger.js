// SPDX-License-Identifier: MIT
'use strict';

// The pool's log lines go to the application's logger.

const CONTEXT = 'Holdfast';

/**
 * Returns a logger for the pool that writes to Nest's.
 * @param {{Logger: new (context: string) => any}} common
 */
function makeLogger(common) {
  const nest = new common.Logger(CONTEXT);
  return Object.freeze({
    // A line for each health check would be too much, and Nest shows debug
    // lines by default.
    debug() {},
    /** @param {object} _fields @param {string} message */
    info: (_fields, message) => nest.log(message),
    /** @param {object} _fields @param {string} message */
    warn: (_fields, message) => nest.warn(message),
    /** @param {object} _fields @param {string} message */
    error: (_fields, message) => nest.error(message),
  });
}

module.exports = { makeLogger };
