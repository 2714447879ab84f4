// SPDX-License-Identifier: MIT
'use strict';

// Warnings, each text once per process.

const { emitWarning } = require('#platform');

/** How many different texts are remembered. */
const REMEMBERED_MAX = 1000;

/** @type {Set<string>} */
const warned = new Set();

/**
 * @param {string} text
 * @param {import('../protocol/codes.js').WarningCode} code
 * @param {string} [detail]
 */
function warnOnce(text, code, detail) {
  if (warned.has(text) || warned.size >= REMEMBERED_MAX) {
    return;
  }
  warned.add(text);
  emitWarning(text, { type: 'HoldfastWarning', code, detail });
}

/**
 * Returns anything that was thrown as text.
 * @param {unknown} error
 * @returns {string}
 */
function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown';
  }
}

module.exports = { textOf, warnOnce };
