// SPDX-License-Identifier: MIT
'use strict';

// Arrays, composites, ranges and multiranges as the server writes them, and the
// other way round:
//
//   {1,NULL,"a \"quoted\" one"}   [0:1]={1,2}      an array
//   (1,,"a ""quoted"" one")                        a composite; nothing is NULL
//   [1,10)   (,"2020-01-01 00:00:00"]   empty      a range
//   {[1,2),[5,6)}                                  a multirange
//
// Unlike pg's parser of arrays, these accept nothing that the server does not
// write: what is read with the wrong definition of its type must not become a
// value.

const { unreadable } = require('../unreadable.js');

/** @typedef {(text: string) => unknown} Parse */

/**
 * A range as a value: `null` is a bound that is not there.
 * @typedef {object} Range
 * @property {unknown} lower
 * @property {unknown} upper
 * @property {'[)' | '[]' | '(]' | '()' | 'empty'} bounds
 */

const BOUNDS = /^(?:\[[+-]?\d+:[+-]?\d+\])+=/;

/** @param {string} kind */
function notA(kind) {
  return unreadable(`a value is not the text of ${kind}`);
}

/** In an array, a composite or a range; read from `at` on. */
class Reader {
  /**
   * @param {string} text
   * @param {string} kind for errors
   */
  constructor(text, kind) {
    this.text = text;
    this.kind = kind;
    this.at = 0;
  }

  /** @returns {never} */
  fail() {
    throw notA(this.kind);
  }

  /** Returns the next character, '' at the end. */
  peek() {
    return this.text.charAt(this.at);
  }

  /**
   * Reads one of these characters.
   * @param {string} characters
   * @returns {string}
   */
  take(characters) {
    const next = this.peek();
    if (next === '' || !characters.includes(next)) {
      this.fail();
    }
    this.at += 1;
    return next;
  }

  /** Nothing may follow. */
  end() {
    if (this.at !== this.text.length) {
      this.fail();
    }
  }

  /**
   * Reads up to one of the characters; nothing in between may be quoted.
   * @param {string} stops
   * @param {string} refused
   * @returns {string}
   */
  plain(stops, refused) {
    const { text, at: start } = this;
    let end = start;
    while (end < text.length && !stops.includes(text[end])) {
      if (refused.includes(text[end])) {
        this.fail();
      }
      end += 1;
    }
    this.at = end;
    return text.slice(start, end);
  }

  /**
   * Reads a quoted part, in which a backslash escapes the next character.
   * @returns {string}
   */
  escaped() {
    const { text, at: start } = this;
    let end = start + 1;
    let isEscaped = false;
    while (text[end] !== '"') {
      if (text[end] === '\\') {
        isEscaped = true;
        end += 1;
      }
      end += 1;
      if (end >= text.length) {
        this.fail();
      }
    }
    this.at = end + 1;
    const raw = text.slice(start + 1, end);
    return isEscaped ? raw.replace(/\\(.)/gs, '$1') : raw;
  }

  /**
   * Reads a quoted part, in which quotes and backslashes are written twice.
   * @returns {string}
   */
  doubled() {
    const { text, at: start } = this;
    let end = start + 1;
    let isDoubled = false;
    for (;;) {
      const next = text[end];
      if (next === undefined) {
        this.fail();
      }
      if (next === '"' || next === '\\') {
        if (text[end + 1] !== next) {
          break;
        }
        isDoubled = true;
        end += 1;
      }
      end += 1;
    }
    if (text[end] === '\\') {
      this.fail();
    }
    this.at = end + 1;
    const raw = text.slice(start + 1, end);
    return isDoubled ? raw.replace(/(["\\])\1/g, '$1') : raw;
  }
}

/**
 * Whether an array has one dimension, and nothing in it is quoted.
 * @param {string} text
 */
function isFlat(text) {
  return (
    text.charAt(0) === '{' &&
    text.indexOf('}') === text.length - 1 &&
    text.indexOf('{', 1) < 0 &&
    !text.includes('"') &&
    !text.includes('\\')
  );
}

/**
 * @param {string} text
 * @param {string} delimiter
 * @param {Parse} parse
 * @returns {unknown[]}
 */
function readFlat(text, delimiter, parse) {
  if (text.length === 2) {
    return [];
  }
  return text
    .slice(1, -1)
    .split(delimiter)
    .map((element) => {
      if (element === '') {
        throw notA('an array');
      }
      return element === 'NULL' ? null : parse(element);
    });
}

/**
 * Reads an array of any shape. Its bounds are dropped: JavaScript's arrays begin
 * at 0.
 * @param {string} text
 * @param {string} delimiter between elements
 * @param {Parse} parse reads an element that is not NULL
 * @returns {unknown[]}
 */
function readArray(text, delimiter, parse) {
  if (isFlat(text)) {
    return readFlat(text, delimiter, parse);
  }
  const reader = new Reader(text, 'an array');
  reader.at = BOUNDS.exec(text)?.[0].length ?? 0;
  const stops = `${delimiter}}`;
  /** @type {unknown[][]} the arrays around the current one */
  const around = [];
  /** @type {unknown[]} */
  let current = [];
  reader.take('{');
  for (;;) {
    if (reader.peek() === '{') {
      reader.at += 1;
      around.push(current);
      current = [];
      continue;
    }
    if (reader.peek() !== '}' || current.length > 0) {
      current.push(readElement(reader, stops, parse));
    }
    while (reader.take(stops) === '}') {
      const outer = around.pop();
      if (outer === undefined) {
        reader.end();
        return current;
      }
      outer.push(current);
      current = outer;
    }
  }
}

/**
 * @param {Reader} reader
 * @param {string} stops
 * @param {Parse} parse
 * @returns {unknown}
 */
function readElement(reader, stops, parse) {
  if (reader.peek() === '"') {
    return parse(reader.escaped());
  }
  const text = reader.plain(stops, '{"\\');
  if (text === '') {
    reader.fail();
  }
  return text === 'NULL' ? null : parse(text);
}

/**
 * Returns the texts of a composite's attributes, null for NULL.
 * @param {string} text
 * @returns {(string | null)[]}
 */
function readRecord(text) {
  const reader = new Reader(text, 'a composite');
  /** @type {(string | null)[]} */
  const fields = [];
  reader.take('(');
  do {
    if (reader.peek() === '"') {
      fields.push(reader.doubled());
    } else {
      const field = reader.plain(',)', '("\\');
      fields.push(field === '' ? null : field);
    }
  } while (reader.take(',)') === ',');
  reader.end();
  return fields;
}

/**
 * @param {Reader} reader
 * @param {Parse} parse
 * @param {string} stop
 * @returns {unknown}
 */
function readBound(reader, parse, stop) {
  if (reader.peek() === '"') {
    return parse(reader.doubled());
  }
  const text = reader.plain(stop, '([,)]"\\');
  return text === '' ? null : parse(text);
}

/**
 * @param {Reader} reader
 * @param {Parse} parse
 * @returns {Range}
 */
function readOneRange(reader, parse) {
  const left = reader.take('[(');
  const lower = readBound(reader, parse, ',');
  reader.take(',');
  const upper = readBound(reader, parse, '])');
  const bounds = /** @type {Range['bounds']} */ (left + reader.take('])'));
  return { lower, upper, bounds };
}

/**
 * @param {string} text
 * @param {Parse} parse reads a bound
 * @returns {Range}
 */
function readRange(text, parse) {
  if (text === 'empty') {
    return { lower: null, upper: null, bounds: 'empty' };
  }
  const reader = new Reader(text, 'a range');
  const range = readOneRange(reader, parse);
  reader.end();
  return range;
}

/**
 * @param {string} text
 * @param {Parse} parse reads a bound
 * @returns {Range[]}
 */
function readMultirange(text, parse) {
  const reader = new Reader(text, 'a multirange');
  /** @type {Range[]} */
  const ranges = [];
  reader.take('{');
  if (reader.peek() === '}') {
    reader.at += 1;
  } else {
    do {
      ranges.push(readOneRange(reader, parse));
    } while (reader.take(',}') === ',');
  }
  reader.end();
  return ranges;
}

/**
 * Quotes a part of a composite or of a range.
 * @param {string} text
 */
function quoteDoubled(text) {
  return `"${text.replace(/["\\]/g, '$&$&')}"`;
}

/**
 * Returns a composite of its attributes' texts.
 * @param {(string | null)[]} fields
 * @returns {string}
 */
function writeRecord(fields) {
  const parts = fields.map((field) =>
    field === null ? '' : quoteDoubled(field),
  );
  return `(${parts.join()})`;
}

/**
 * Returns a range of its bounds' texts.
 * @param {string | null} lower
 * @param {string | null} upper
 * @param {Range['bounds']} bounds
 * @returns {string}
 */
function writeRange(lower, upper, bounds) {
  if (bounds === 'empty') {
    return bounds;
  }
  const [left, right] = [lower, upper].map((bound) =>
    bound === null ? '' : quoteDoubled(bound),
  );
  return `${bounds[0]}${left},${right}${bounds[1]}`;
}

/**
 * Returns an array of its elements' texts.
 * @param {(string | null)[]} elements arrays in it are literals already
 * @param {string} delimiter
 * @param {boolean} nested whether they are
 * @returns {string}
 */
function writeArray(elements, delimiter, nested) {
  const parts = elements.map((element) => {
    if (element === null || nested) {
      return element ?? 'NULL';
    }
    return `"${element.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(delimiter)}}`;
}

module.exports = {
  readArray,
  readMultirange,
  readRange,
  readRecord,
  writeArray,
  writeRange,
  writeRecord,
};
