// SPDX-License-Identifier: MIT
'use strict';

// The parts of evidence, and safe reading from foreign objects.

const { native } = require('#core');

/**
 * How much is taken of a long text: the judge reads its beginning and last
 * line.
 */
const TEXT_KEPT = 8192;

const SQLSTATE = /^(?!P[1-9])(?=.*\d)[0-9A-Z]{5}$/;

/**
 * @typedef {[sqlstate: string | undefined, routine: string | undefined,
 *   code: string | undefined, kind: string | undefined,
 *   syscall: string | undefined, name: string | undefined,
 *   message: string | undefined]} Strings
 */
/** @typedef {{ facts: Int32Array, strings: Strings }} Evidence */

/**
 * @param {any} object
 * @param {string} key
 * @returns {unknown}
 */
function read(object, key) {
  try {
    return object === null || object === undefined ? undefined : object[key];
  } catch {
    return undefined;
  }
}

/**
 * @param {any} object
 * @param {string} key
 * @returns {string | undefined}
 */
function readText(object, key) {
  const value = read(object, key);
  if (typeof value !== 'string' || value === '') {
    return undefined;
  }
  return value.length <= 2 * TEXT_KEPT
    ? value
    : value.slice(0, TEXT_KEPT) + value.slice(-TEXT_KEPT);
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {string | undefined} text
 * @returns {string | undefined}
 */
function asSqlState(text) {
  return text !== undefined && SQLSTATE.test(text) ? text : undefined;
}

/**
 * Judges evidence.
 * @param {Evidence} evidence
 */
function judge({ facts, strings }) {
  return native().classify(facts, ...strings);
}

module.exports = {
  asSqlState,
  isObject,
  judge,
  read,
  readText,
};
