// SPDX-License-Identifier: MIT
'use strict';

// Values of options: numbers, times and booleans. All throw an error that
// begins with the option's name.

const { argumentError } = require('./argument-error.js');

/** The longest time the engine and timers take. */
const MILLIS_MAX = 2147483647;

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

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number}
 */
function checkInteger(value, name, min, max) {
  if (typeof value !== 'number') {
    throw argumentError(`${name} must be a number`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw argumentError(
      `${name} must be a whole number from ${min} to ${max}`,
      RangeError,
    );
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
function checkBoolean(value, name) {
  if (typeof value !== 'boolean') {
    throw argumentError(`${name} must be true or false`);
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean} false where it is not given
 */
function readBoolean(value, name) {
  return value === undefined || value === null
    ? false
    : checkBoolean(value, name);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number} 0 = none
 */
function readMillis(value, name) {
  if (value === undefined || value === null || value === Infinity) {
    return 0;
  }
  const millis = numberOf(value);
  if (typeof millis !== 'number' || !(millis >= 0)) {
    throw argumentError(`${name} must be a number of milliseconds`);
  }
  return Math.min(MILLIS_MAX, Math.ceil(millis));
}

/**
 * As readMillis(), where 0 means at once and Infinity the longest time.
 * @param {unknown} value
 * @param {string} name
 * @returns {number} 1 or more
 */
function readDrainMillis(value, name) {
  return value === Infinity ? MILLIS_MAX : Math.max(1, readMillis(value, name));
}

module.exports = {
  MILLIS_MAX,
  checkBoolean,
  checkInteger,
  numberOf,
  readBoolean,
  readDrainMillis,
  readMillis,
};
