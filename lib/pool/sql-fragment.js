// SPDX-License-Identifier: MIT
'use strict';

// Pieces of SQL with values in between. A value never becomes part of the text,
// so nothing that a user of the application enters can: it travels as a
// parameter, and what is quoted as an identifier goes where a quote is whole.

const { usageError } = require('../errors/errors.js');
const { PLACEHOLDER, WITHIN } = require('../protocol/policy.js');
const { checkValue } = require('../values/check-value.js');
const { nameOf, placeholdersOf } = require('./named-parameters.js');

/**
 * Where a fragment keeps its parts. A symbol, which no JSON has: data cannot
 * pass for a fragment. Registered, so that those of a second copy of the
 * package are fragments, too.
 */
const PARTS = Symbol.for('pg-holdfast.sql');

/**
 * @typedef {object} Parts
 * @property {readonly string[]} texts one more than values
 * @property {readonly unknown[]} values
 */

/** What runs together with another of them. */
const WORD = /[\w$"'\u0080-\uffff]/;
const OPERATOR = /[~!@#^&|`?+\-*/%<>=:]/;

/**
 * @param {string} message
 * @returns {Error}
 */
function invalid(message) {
  return usageError('HF_TEMPLATE_INVALID', message, {
    outcome: 'permanent',
    reason: 'the template cannot become SQL',
  });
}

/** A part of a statement, to be used in templates. */
class SqlFragment {
  /** @param {Parts} parts */
  constructor(parts) {
    Object.defineProperty(this, PARTS, { value: parts });
  }
}

/** @param {unknown} value @returns {Parts | undefined} */
function partsOf(value) {
  return typeof value === 'object' && value !== null
    ? /** @type {any} */ (value)[PARTS]
    : undefined;
}

/**
 * Whether two characters beside each other would be read as something that
 * neither side is: a longer name or number, '' in a string, -- or U&"".
 * @param {string} left the last character before, '' for none
 * @param {string} right
 */
function runTogether(left, right) {
  return (
    (WORD.test(left) && WORD.test(right)) ||
    (OPERATOR.test(left) && OPERATOR.test(right)) ||
    (left === '&' && WORD.test(right))
  );
}

/** Puts texts and values one behind the other. */
class Builder {
  /** @type {string[]} */
  #texts = [''];
  /** @type {unknown[]} */
  #values = [];

  /** @param {string} right */
  #separate(right) {
    const at = this.#texts.length - 1;
    const text = /** @type {string} */ (this.#texts[at]);
    const afterValue = text === '' && at > 0;
    const left = afterValue ? '1' : text.slice(-1);
    if (runTogether(left, right.slice(0, 1))) {
      this.#texts[at] = `${text} `;
    }
  }

  /** @param {string} text */
  text(text) {
    this.#separate(text);
    this.#texts[this.#texts.length - 1] += text;
    return this;
  }

  /** @param {unknown} value */
  value(value) {
    this.#separate('$1');
    this.#values.push(value);
    this.#texts.push('');
    return this;
  }

  /** @param {Parts} parts */
  fragment({ texts, values }) {
    this.text(/** @type {string} */ (texts[0]));
    for (const [i, value] of values.entries()) {
      this.value(value).text(/** @type {string} */ (texts[i + 1]));
    }
    // What follows must not become part of a comment at its end.
    const last = /** @type {string} */ (texts.at(-1));
    if (last.slice(last.lastIndexOf('\n') + 1).includes('--')) {
      this.text('\n');
    }
    return this;
  }

  /**
   * @param {unknown} value or a fragment
   * @param {string} name for messages
   */
  either(value, name) {
    const parts = partsOf(value);
    if (parts !== undefined) {
      return this.fragment(parts);
    }
    checkValue(value, name);
    return this.value(value);
  }

  /** @returns {Parts} */
  done() {
    return { texts: this.#texts, values: this.#values };
  }
}

/**
 * Throws for a place whose value would not be a parameter, and for one that
 * the text numbers itself.
 * @param {readonly string[]} strings
 */
function checkPlaces(strings) {
  let text = strings[0] ?? '';
  const starts = strings.slice(1).map((string, i) => {
    const start = Buffer.byteLength(text) + 1;
    text += ` $${i + 1} ${string}`;
    return start;
  });
  const found = placeholdersOf(text);
  if (found === undefined) {
    throw invalid(
      'the template has a quote or a comment without an end, or a NUL ' +
        'character; this goes for each fragment by itself',
    );
  }
  const own = new Set(starts);
  for (const { start, kind, within } of found) {
    if (kind !== PLACEHOLDER.NUMBER) {
      continue;
    }
    if (own.has(start) && within !== WITHIN.NOTHING) {
      throw invalid(
        `value ${starts.indexOf(start) + 1} of the template stands in ` +
          `${nameOf(within)}, where it cannot be a parameter: write ` +
          `\${…} outside of it, without quotes around`,
      );
    }
    if (!own.has(start) && within === WITHIN.NOTHING) {
      throw invalid(
        `the template has a number such as $1: write \${value}, parameters are ` +
          'numbered by themselves',
      );
    }
  }
}

/**
 * The texts of a template whose places are all values. Each template of the
 * source has an object of its own for its strings, so each is checked once.
 * @type {WeakMap<readonly string[], readonly string[]>}
 */
const checked = new WeakMap();

/**
 * @param {any} strings
 * @param {string} tag how it is called, for messages
 * @returns {readonly string[]}
 */
function textsOf(strings, tag) {
  const known = checked.get(strings);
  if (known !== undefined) {
    return known;
  }
  if (
    !Array.isArray(strings) ||
    !Array.isArray(/** @type {any} */ (strings).raw)
  ) {
    throw invalid(
      `${tag} is a template tag: write ${tag}\`…\` without parentheses. A text ` +
        'that is put together first would not be safe',
    );
  }
  if (strings.some((string) => typeof string !== 'string')) {
    throw invalid('the template has an invalid escape: write \\\\ for \\');
  }
  checkPlaces(strings);
  const builder = new Builder().text(strings[0]);
  for (const string of strings.slice(1)) {
    builder.value(null).text(string);
  }
  const { texts } = builder.done();
  checked.set(strings, texts);
  return texts;
}

/**
 * Returns the parts of a template.
 * @param {any} strings
 * @param {readonly unknown[]} values
 * @param {string} tag
 * @returns {Parts}
 */
function readTemplate(strings, values, tag) {
  const texts = textsOf(strings, tag);
  const name = (/** @type {number} */ i) => `value ${i + 1} of the template`;
  if (values.every((value) => partsOf(value) === undefined)) {
    for (const [i, value] of values.entries()) {
      checkValue(value, name(i));
    }
    return { texts, values };
  }
  const builder = new Builder().text(strings[0]);
  for (const [i, value] of values.entries()) {
    builder.either(value, name(i)).text(strings[i + 1]);
  }
  return builder.done();
}

/**
 * Returns the text of a statement: parameters are numbered from 1.
 * @param {Parts} parts
 * @returns {string}
 */
function textOf({ texts }) {
  let text = texts[0] ?? '';
  for (let i = 1; i < texts.length; i++) {
    text += `$${i}${texts[i]}`;
  }
  return text;
}

module.exports = {
  Builder,
  SqlFragment,
  invalid,
  partsOf,
  readTemplate,
  textOf,
};
