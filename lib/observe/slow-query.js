// SPDX-License-Identifier: MIT
'use strict';

// Statements as they may be shown, and those that took too long.

const SHOWN = 200;
/** How much is read: enough for SHOWN characters of a usual statement. */
const READ = 4 * SHOWN;

/**
 * In this order, for one hides the others: comments (of block comments the
 * beginning), "names" (which stay), $tag$texts$tag$, E'texts', 'texts', $1
 * (which stay), numbers with an exponent, other numbers and words.
 */
const PARTS =
  /--[^\r\n]*|\/\*|"(?:[^"]|"")*"?|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\1\$|$)|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*'?|\$\d+|[\d.][\w.]*?[eE][+-]?\d\w*|[\w.]*\w/g;
const NUMBER = /^[\d.]/;

/**
 * @param {string} part
 * @returns {string}
 */
function cleaned(part) {
  if (part.startsWith('--')) {
    return ' ';
  }
  if (part.startsWith('"') || /^\$\d/.test(part)) {
    return part;
  }
  const isText = part.includes("'") || part.startsWith('$');
  return isText || NUMBER.test(part) ? '?' : part;
}

/**
 * Returns the end of a comment, which may be nested, as in PostgreSQL.
 * @param {string} text
 * @param {number} at behind its beginning
 * @returns {number}
 */
function endOfComment(text, at) {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  for (let depth = 1; depth > 0; ) {
    const mark = marks.exec(text);
    if (mark === null) {
      return text.length;
    }
    depth += mark[0] === '/*' ? 1 : -1;
  }
  return marks.lastIndex;
}

/**
 * @param {string} text
 * @returns {string} without values and comments
 */
function withoutValues(text) {
  const parts = new RegExp(PARTS);
  let shown = '';
  let at = 0;
  for (let found = parts.exec(text); found !== null; found = parts.exec(text)) {
    const [part] = found;
    shown += text.slice(at, found.index);
    if (part === '/*') {
      parts.lastIndex = endOfComment(text, parts.lastIndex);
      shown += ' ';
    } else {
      shown += cleaned(part);
    }
    at = parts.lastIndex;
  }
  return shown + text.slice(at);
}

/**
 * Returns a statement without its values and comments, on one line of at most
 * 200 characters.
 * @param {string} text
 * @returns {string}
 */
function shownText(text) {
  const shown = withoutValues(text.slice(0, READ)).replace(/\s+/g, ' ').trim();
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
