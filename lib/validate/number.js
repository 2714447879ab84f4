// SPDX-License-Identifier: MIT
'use strict';

const NUMBER = /^\s*\d+(?:\.\d+)?\s*$/;

/**
 * Returns the number that a text from an environment holds, as pg takes it;
 * everything else as it is.
 * @param {unknown} value
 * @returns {unknown}
 */
function numberOf(value) {
  return typeof value === 'string' && NUMBER.test(value)
    ? Number(value)
    : value;
}

module.exports = { numberOf };
