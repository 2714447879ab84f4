// SPDX-License-Identifier: MIT
'use strict';

// What is refused as a value of a template or of a named parameter. In an array
// of values undefined is NULL, as in pg; here it is a misspelt property or a
// missing argument far more often than it is meant.

const { paramError } = require('../errors/errors.js');

/**
 * Throws for what is no value.
 * @param {unknown} value
 * @param {string} name for the message
 */
function checkValue(value, name) {
  if (value === undefined) {
    throw paramError(`${name} is undefined: write null for NULL`);
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw paramError(`${name} is a ${typeof value}, which is no value`);
  }
  const { then } = /** @type {{then?: unknown}} */ (value ?? {});
  if (typeof value === 'object' && typeof then === 'function') {
    throw paramError(`${name} is a promise: await it first`);
  }
}

module.exports = { checkValue };
