// SPDX-License-Identifier: MIT
'use strict';

// Refuses unknown options, and suggests what was probably meant.

const { argumentError } = require('./argument-error.js');
const { nearest } = require('./nearest.js');

/** How much of an unknown key is shown. */
const SHOWN_MAX = 64;

/**
 * Throws a TypeError for a key that is not known.
 * @param {object} options
 * @param {ReadonlySet<string>} known
 * @param {string} before what the message says before the key
 * @param {string} [after] and after it
 */
function checkKeysAs(options, known, before, after = '') {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      const shown = key.slice(0, SHOWN_MAX);
      throw argumentError(`${before}${shown}${after}${nearest(key, known)}`);
    }
  }
}

/**
 * As checkKeysAs(), for the options of a function or class.
 * @param {object} options
 * @param {ReadonlySet<string>} known
 * @param {string} where as in "transaction()"
 */
function checkKeys(options, known, where) {
  checkKeysAs(options, known, `unknown option of ${where}: `);
}

/**
 * As checkKeys(), where the options must be an object, too.
 * @param {unknown} options
 * @param {ReadonlySet<string>} known
 * @param {string} where
 */
function checkOptions(options, known, where) {
  if (typeof options !== 'object' || options === null) {
    throw argumentError(`the options of ${where} must be an object`);
  }
  checkKeys(options, known, where);
}

module.exports = { checkKeys, checkKeysAs, checkOptions };
