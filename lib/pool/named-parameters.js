// SPDX-License-Identifier: MIT
'use strict';

// Named parameters: `:name` in the text becomes $1, $2, … Where a name is one,
// and where it is a cast, a slice or a literal, is decided in C
// (native/core/sql/placeholders.c).

const { paramError, usageError } = require('../errors/errors.js');
const native = require('../engine/native.js');
const { PLACEHOLDER, WITHIN } = require('../protocol/policy.js');
const { checkValue } = require('../values/check-value.js');

/** Start, end, kind and surroundings. */
const INTS_OF_A_PLACEHOLDER = 4;

/** Texts that are made up as they go must not fill the memory. */
const CACHED_TEXTS_MAX = 500;
const CACHED_LENGTH_MAX = 32_768;

/** What $1 must not follow directly: it would be part of a name. */
const ENDS_IN_NAME = /[\w$\u0080-\uffff]$/;

/** What a placeholder is within, in words. */
const WITHIN_NAMES = new Map([
  [WITHIN.STRING, 'a string literal'],
  [WITHIN.DOLLAR_QUOTES, 'a dollar-quoted string'],
  [WITHIN.QUOTED_NAME, 'a quoted name'],
  [WITHIN.COMMENT, 'a comment'],
]);

/** @param {number} within of WITHIN @returns {string} */
function nameOf(within) {
  return WITHIN_NAMES.get(/** @type {any} */ (within)) ?? '';
}

/**
 * @typedef {object} Placeholder
 * @property {number} start in bytes
 * @property {number} end
 * @property {number} kind of PLACEHOLDER
 * @property {number} within of WITHIN
 */

/**
 * @typedef {object} Parsed
 * @property {string} text with $1, $2, …
 * @property {string[]} names of these
 * @property {Map<string, string>} quoted what a name that is none is within
 */

/** @type {Map<string, Parsed>} */
const cache = new Map();

/**
 * @param {string} text
 * @returns {Placeholder[] | undefined} undefined when a quote or a comment does
 *   not end
 */
function placeholdersOf(text) {
  const numbers = native.textPlaceholders(text);
  if (numbers === undefined) {
    return undefined;
  }
  const found = [];
  for (let i = 0; i < numbers.length; i += INTS_OF_A_PLACEHOLDER) {
    const [start = 0, end = 0, kind = 0, within = 0] = numbers.slice(
      i,
      i + INTS_OF_A_PLACEHOLDER,
    );
    found.push({ start, end, kind, within });
  }
  return found;
}

/**
 * @param {string} message
 * @param {'HF_VALUE_MISSING' | 'HF_VALUE_UNUSED'} code
 * @returns {Error}
 */
function refused(code, message) {
  return usageError(code, message, {
    outcome: 'permanent',
    reason: 'the names of the text and of the values differ',
  });
}

/** @param {string} text @returns {Parsed} */
function parse(text) {
  const placeholders = placeholdersOf(text);
  if (placeholders === undefined) {
    throw paramError('text, the SQL, has a quote or a comment without an end');
  }
  const bytes = Buffer.from(text);
  /** @type {Map<string, number>} */
  const numbers = new Map();
  const quoted = new Map();
  let out = '';
  let at = 0;
  for (const { start, end, kind, within } of placeholders) {
    const name = bytes.toString('utf8', start + 1, end);
    if (within !== WITHIN.NOTHING) {
      quoted.set(name, nameOf(within));
      continue;
    }
    if (kind === PLACEHOLDER.NUMBER) {
      throw refused(
        'HF_VALUE_MISSING',
        `$${name} has no value: values are given by name, so write :name`,
      );
    }
    const number = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, number);
    out += bytes.toString('utf8', at, start);
    out += ENDS_IN_NAME.test(out) ? ` $${number}` : `$${number}`;
    at = end;
  }
  return {
    text: out + bytes.toString('utf8', at),
    names: [...numbers.keys()],
    quoted,
  };
}

/** @param {string} text @returns {Parsed} */
function parsedOf(text) {
  const known = cache.get(text);
  if (known !== undefined) {
    return known;
  }
  const parsed = parse(text);
  if (text.length <= CACHED_LENGTH_MAX) {
    if (cache.size >= CACHED_TEXTS_MAX) {
      const [oldest] = cache.keys();
      cache.delete(/** @type {string} */ (oldest));
    }
    cache.set(text, parsed);
  }
  return parsed;
}

/**
 * Throws for the first value that no name of the text stands for.
 * @param {Parsed} parsed
 * @param {Record<string, unknown>} values
 */
function refuseUnused({ names, quoted }, values) {
  for (const key of Object.keys(values)) {
    if (values[key] === undefined || names.includes(key)) {
      continue;
    }
    const within = quoted.get(key);
    throw refused(
      'HF_VALUE_UNUSED',
      within === undefined
        ? `values has ${JSON.stringify(key)}, but the text has no :${key}`
        : `values has ${JSON.stringify(key)}, but :${key} stands in ` +
            `${within}, where it is text: write it outside`,
    );
  }
}

/**
 * Whether values are given by name.
 * @param {unknown} values
 * @returns {values is Record<string, unknown>}
 */
function areNamed(values) {
  return Object.prototype.toString.call(values) === '[object Object]';
}

/**
 * Returns a text with numbers instead of names, and the values in that order.
 * @param {string} text
 * @param {Record<string, unknown>} given
 * @returns {{text: string, values: unknown[]}}
 */
function bindNames(text, given) {
  const parsed = parsedOf(text);
  const values = parsed.names.map((name) => {
    // Only its own: "constructor" is a name as any other.
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) {
      throw refused(
        'HF_VALUE_MISSING',
        `values has no ${JSON.stringify(name)}, which the text names: ` +
          'give it, null for NULL',
      );
    }
    checkValue(value, `the value of :${name}`);
    return value;
  });
  if (Object.keys(given).length !== values.length) {
    refuseUnused(parsed, given);
  }
  return { text: parsed.text, values };
}

module.exports = { areNamed, bindNames, nameOf, placeholdersOf };
