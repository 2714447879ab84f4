// SPDX-License-Identifier: MIT
'use strict';

// Array literals as the server writes them: `{1,NULL,"a \"quoted\" one"}`,
// `{{1,2},{3,4}}`, `[0:1]={1,2}`.

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

/**
 * Drops the bounds (`[0:1]=`), which JavaScript arrays do not have.
 * @param {string} text
 * @returns {string}
 */
function withoutBounds(text) {
  return text.charAt(0) === '[' ? text.slice(text.indexOf('=') + 1) : text;
}

/**
 * Parses an array literal of any shape.
 * @template T
 * @param {string} text
 * @param {(element: string) => T} parseElement
 * @returns {unknown[]}
 */
function parseArray(text, parseElement) {
  const body = withoutBounds(text);
  if (
    body.charCodeAt(0) === OPEN &&
    body.indexOf('}') === body.length - 1 &&
    body.indexOf('{', 1) < 0 &&
    !body.includes('"') &&
    !body.includes('\\')
  ) {
    return parseFlat(body, parseElement);
  }
  return new ArrayReader(body, parseElement).read();
}

/**
 * Parses an array of one dimension in which nothing is quoted.
 * @param {string} body
 * @param {(element: string) => unknown} parseElement
 * @returns {unknown[]}
 */
function parseFlat(body, parseElement) {
  if (body.length === 2) {
    return [];
  }
  /** @type {unknown[]} */
  const elements = body.slice(1, -1).split(',');
  for (let i = 0; i < elements.length; i++) {
    const element = /** @type {string} */ (elements[i]);
    elements[i] = element === 'NULL' ? null : parseElement(element);
  }
  return elements;
}

/** More digits may not be exact. */
const DIGITS_MAX = 15;

/**
 * Returns where the digits that begin at `start` end.
 * @param {string} text
 * @param {number} start
 * @returns {number}
 */
function endOfDigits(text, start) {
  let end = start;
  let code = text.charCodeAt(end);
  while (code >= ZERO && code <= NINE) {
    end += 1;
    code = text.charCodeAt(end);
  }
  return end;
}

/**
 * Returns the number of the digits between two places.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {number}
 */
function sumOfDigits(text, start, end) {
  let value = 0;
  for (let i = start; i < end; i++) {
    value = value * 10 + (text.charCodeAt(i) - ZERO);
  }
  return value;
}

/**
 * Parses an array of integers; anything but digits between the commas takes
 * the general path.
 * @param {string} text
 * @param {(element: string) => number} parseElement
 * @returns {unknown[]}
 */
function parseIntegers(text, parseElement) {
  const last = text.length - 1;
  if (text.charCodeAt(0) !== OPEN || text.charCodeAt(last) !== CLOSE) {
    return parseArray(text, parseElement);
  }
  const elements = [];
  for (let at = 1; at < last; at++) {
    const negative = text.charCodeAt(at) === MINUS;
    const start = negative ? at + 1 : at;
    at = endOfDigits(text, start);
    const digits = at - start;
    const isWhole = at === last || text.charCodeAt(at) === COMMA;
    if (digits === 0 || digits > DIGITS_MAX || !isWhole) {
      return parseArray(text, parseElement);
    }
    const value = sumOfDigits(text, start, at);
    elements.push(negative ? -value : value);
  }
  return elements;
}

/** Reads an array literal character by character, without recursion. */
class ArrayReader {
  #text;
  #parseElement;
  #at = 0;
  /** @type {unknown[][]} the arrays around the current one */
  #open = [];

  /**
   * @param {string} text
   * @param {(element: string) => unknown} parseElement
   */
  constructor(text, parseElement) {
    this.#text = text;
    this.#parseElement = parseElement;
  }

  /** @returns {unknown[]} */
  read() {
    const text = this.#text;
    /** @type {unknown[]} */
    const top = [];
    let current = top;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === OPEN) {
        this.#open.push(current);
        current = [];
        this.#at += 1;
      } else if (code === CLOSE) {
        current = this.#close(current);
      } else if (code === COMMA) {
        this.#at += 1;
      } else {
        current.push(code === QUOTE ? this.#quoted() : this.#plain());
      }
    }
    if (this.#open.length > 0) {
      throw unbalanced();
    }
    return Array.isArray(top[0]) ? top[0] : [];
  }

  /**
   * Ends an array; returns the one around it.
   * @param {unknown[]} current
   * @returns {unknown[]}
   */
  #close(current) {
    const parent = this.#open.pop();
    if (parent === undefined) {
      throw unbalanced();
    }
    parent.push(current);
    this.#at += 1;
    return parent;
  }

  /** Reads from a quote to the next one that is not escaped. */
  #quoted() {
    const text = this.#text;
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    for (; text.charCodeAt(end) !== QUOTE; end++) {
      if (end >= text.length) {
        throw unbalanced();
      }
      if (text.charCodeAt(end) === BACKSLASH) {
        escaped = true;
        end += 1;
      }
    }
    this.#at = end + 1;
    const raw = text.slice(start, end);
    return this.#parseElement(escaped ? unescaped(raw) : raw);
  }

  /** Reads up to the next comma or brace. */
  #plain() {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    let escaped = false;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === COMMA || code === CLOSE || code === OPEN) {
        break;
      }
      if (code === BACKSLASH) {
        escaped = true;
        end += 1;
      }
    }
    this.#at = end;
    const raw = text.slice(start, end);
    if (raw === 'NULL') {
      return null;
    }
    return this.#parseElement(escaped ? unescaped(raw) : raw);
  }
}

/** @param {string} raw */
function unescaped(raw) {
  return raw.replace(/\\(.)/gs, '$1');
}

function unbalanced() {
  return new Error('array dimension not balanced');
}

/** The array parser with the interface of `pg`'s `types.arrayParser`. */
const arrayParser = Object.freeze({
  /**
   * @param {string} source
   * @param {(element: string) => unknown} [transform]
   * @returns {{ parse(): unknown[] }}
   */
  create(source, transform) {
    return {
      parse: () => parseArray(source, transform || String),
    };
  },
});

module.exports = { arrayParser, parseArray, parseIntegers };
