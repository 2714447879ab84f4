// SPDX-License-Identifier: MIT
'use strict';

/**
 * Returns how many letters must change to make one word the other.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, change);
    }
    row = next;
  }
  return row[b.length];
}

/**
 * A prefix is near, and nearer the longer it is.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function asPrefix(a, b) {
  const begins = a.length > 2 && (a.startsWith(b) || b.startsWith(a));
  return begins ? 1 + Math.abs(a.length - b.length) / WORD_MAX : Infinity;
}

/** Longer words are no typing errors. */
const WORD_MAX = 64;

/**
 * Returns ": did you mean x?" when a known word is near, else "".
 * @param {string} word
 * @param {Iterable<string>} known
 * @returns {string}
 */
function nearest(word, known) {
  const lower = word.slice(0, WORD_MAX).toLowerCase();
  let best = '';
  let least = Math.max(2, Math.ceil(lower.length / 3)) + 1;
  for (const candidate of known) {
    const name = candidate.toLowerCase();
    const far = Math.min(distance(lower, name), asPrefix(lower, name));
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best === '' ? '' : `: did you mean ${best}?`;
}

module.exports = { nearest };
