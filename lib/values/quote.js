// SPDX-License-Identifier: MIT
'use strict';

// Quoting for what cannot be a parameter. Values should be parameters: the
// second argument of query().

const { argumentError } = require('../validate/argument-error.js');

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {string}
 */
function checked(value, what) {
  if (typeof value !== 'string') {
    throw argumentError(`${what} to escape must be a string`);
  }
  if (value.includes('\0')) {
    throw argumentError(`${what} to escape contains a NUL character`);
  }
  return value;
}

/**
 * Returns a name as an identifier of SQL, in double quotes.
 * @param {string} name
 * @returns {string}
 */
function escapeIdentifier(name) {
  return `"${checked(name, 'an identifier').replaceAll('"', '""')}"`;
}

/**
 * Returns a text as a literal of SQL. A text with a backslash becomes an
 * escape string, which means the same whatever standard_conforming_strings is.
 * @param {string} text
 * @returns {string}
 */
function escapeLiteral(text) {
  const doubled = checked(text, 'a literal').replaceAll("'", "''");
  return doubled.includes('\\')
    ? ` E'${doubled.replaceAll('\\', '\\\\')}'`
    : `'${doubled}'`;
}

module.exports = { escapeIdentifier, escapeLiteral };
