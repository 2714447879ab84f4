// SPDX-License-Identifier: MIT
'use strict';

// JSON with integers that a number cannot hold as BigInt, in both directions.
// JSON.parse and JSON.stringify do the work; such integers pass them as strings
// behind a mark that nobody can guess.

const { randomUUID } = require('node:crypto');

const MARK = `${randomUUID()}:`;

/** A string, which may hold digits, or a number. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** Fewer digits are always exact. */
const LONG = /\d{16}/;

const INTEGER = /^-?\d+$/;

const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/**
 * @param {string} _key
 * @param {unknown} value
 */
function unmark(_key, value) {
  return typeof value === 'string' && value.startsWith(MARK)
    ? BigInt(value.slice(MARK.length))
    : value;
}

/**
 * Parses JSON; integers outside the safe range become BigInt.
 * @param {string} text
 * @returns {unknown}
 */
function parseBigJson(text) {
  if (!LONG.test(text)) {
    return JSON.parse(text);
  }
  const marked = text.replace(TOKEN, (token) =>
    INTEGER.test(token) && !Number.isSafeInteger(Number(token))
      ? `"${MARK}${token}"`
      : token,
  );
  return JSON.parse(marked, unmark);
}

/**
 * @param {string} _key
 * @param {unknown} value
 */
function mark(_key, value) {
  return typeof value === 'bigint' ? MARK + value : value;
}

/**
 * As JSON.stringify(), but a BigInt becomes a number of JSON.
 * @param {unknown} value
 * @returns {string | undefined}
 */
function writeJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes('BigInt'))) {
      throw error;
    }
  }
  return JSON.stringify(value, mark)?.replace(MARKED, '$1');
}

module.exports = { parseBigJson, writeJson };
