// SPDX-License-Identifier: MIT
'use strict';

// Statements as they may be shown, and those that took too long.

const SHOWN = 200;
/** What is looked at: enough for SHOWN characters of a usual statement. */
const READ = 4 * SHOWN;

/**
 * In this order, for one hides the others: comments, "names" (which stay),
 * $tag$texts$tag$, E'texts', 'texts', $1 (which stay), numbers.
 */
const PARTS =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"]|"")*"?|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*'?|\$\d+|[\w.]*\w/g;
const NUMBER = /^[\d.]/;

/**
 * @param {string} part
 * @returns {string}
 */
function cleaned(part) {
  if (part.startsWith('--') || part.startsWith('/*')) {
    return ' ';
  }
  if (part.startsWith('"') || /^\$\d/.test(part)) {
    return part;
  }
  const isText = part.includes("'") || part.startsWith('$');
  return isText || NUMBER.test(part) ? '?' : part;
}

/**
 * Returns a statement without what is in it of values and comments, on one
 * line of at most 200 characters.
 * @param {string} text
 * @returns {string}
 */
function shownText(text) {
  const shown = text
    .slice(0, READ)
    .replace(PARTS, cleaned)
    .replace(/\s+/g, ' ')
    .trim();
  return shown.length > SHOWN || text.length > READ
    ? `${shown.slice(0, SHOWN - 1)}…`
    : shown;
}

/**
 * @typedef {object} SlowQuery
 * @property {string} pool
 * @property {string} text
 * @property {number} durationMillis as the caller waited for it
 * @property {number} attempts
 * @property {number} [rows]
 * @property {string} [code] why it failed
 */

/**
 * @param {SlowQuery} slow
 * @returns {string}
 */
function sentence({ durationMillis, attempts, rows, code, text }) {
  const parts = [`${Math.round(durationMillis)} ms`];
  if (code !== undefined) {
    parts.push(`failed with ${code}`);
  } else if (rows !== undefined) {
    parts.push(`${rows} ${rows === 1 ? 'row' : 'rows'}`);
  }
  if (attempts > 1) {
    parts.push(`${attempts} attempts`);
  }
  return `Slow query: ${parts.join(', ')}: ${text}`;
}

module.exports = { sentence, shownText };
