// SPDX-License-Identifier: MIT
'use strict';

// The option `retry` of a call.

const { argumentError } = require('../validate/argument-error.js');
const { checkKeys } = require('../validate/keys.js');
const { MILLIS_MAX } = require('../validate/values.js');

const RETRY_KEYS = new Set(['maxRetries']);

/**
 * @param {unknown} retry
 * @returns {number} -1 = the pool's policy
 */
function readRetry(retry) {
  if (retry === undefined || retry === null || retry === true) {
    return -1;
  }
  if (retry === false) {
    return 0;
  }
  if (typeof retry !== 'object' || Array.isArray(retry)) {
    throw argumentError('retry must be true, false or {maxRetries}');
  }
  checkKeys(retry, RETRY_KEYS, 'retry');
  const { maxRetries } = /** @type {{maxRetries?: unknown}} */ (retry);
  if (maxRetries === undefined || maxRetries === null) {
    return -1;
  }
  if (
    typeof maxRetries !== 'number' ||
    !Number.isInteger(maxRetries) ||
    maxRetries < 0
  ) {
    throw argumentError('retry.maxRetries must be a whole number, 0 or more');
  }
  return Math.min(MILLIS_MAX, maxRetries);
}

module.exports = { readRetry };
