// SPDX-License-Identifier: MIT
'use strict';

// Parameters: JavaScript values to the text the server reads, and bytes as they
// are. Both are what `pg` sends, so a statement behaves the same with either
// driver.
//
// Messages name a parameter by its position and never show its value.

const { argumentError } = require('../validate/argument-error.js');
const { isAnyArrayBuffer, isDate } = require('node:util').types;

const { paramError } = require('../errors/errors.js');
const { defaults } = require('./defaults.js');
const { WRITE } = require('./catalog/type-writer.js');
const { writeJson } = require('./types/json.js');
const { temporalText } = require('./types/temporal.js');

/** The protocol counts parameters in 16 bits. */
const MAX_PARAMS = 65535;

/**
 * How NULL is sent to the engine; a text that starts with it gets a second one.
 */
const NULL_MARK = '\u0001';
const NULL_MARK_CODE = 1;

/** A parameter that is not sent as its text alone; `wire` is what is sent. */
class Wire {
  /** @param {string} wire */
  constructor(wire) {
    this.wire = wire;
  }
}

/**
 * Bytes in binary format: the parameter's type, which may be text, decides
 * their meaning.
 * @param {Buffer} bytes
 */
function binary(bytes) {
  return new Wire(`${NULL_MARK}x${bytes.toString('hex')}`);
}

/**
 * A text for a parameter whose type is given.
 * @param {number} oid
 * @param {string} text
 */
function typed(oid, text) {
  return new Wire(`${NULL_MARK}t${oid} ${text}`);
}

/** The path of a parameter itself: it is inside of nothing. */
const ROOT = Object.freeze(/** @type {object[]} */ ([]));

/**
 * Names a parameter by its position.
 * @param {number | undefined} position counted from 1
 * @returns {string}
 */
function nameOf(position) {
  return position === undefined ? 'a parameter' : `parameter $${position}`;
}

/**
 * @param {number} value
 * @returns {string}
 */
function two(value) {
  return value < 10 ? `0${value}` : String(value);
}

/**
 * From here on every zone's offset is in whole minutes; Liberia's was the last
 * to become so.
 */
const WHOLE_MINUTES_FROM = 1973;

/**
 * Returns how far local time was ahead, in seconds. getTimezoneOffset() cuts
 * off the seconds of local mean time.
 * @param {Date} date
 * @param {number} year
 */
function secondsAhead(date, year) {
  if (year >= WHOLE_MINUTES_FROM) {
    return -date.getTimezoneOffset() * 60;
  }
  const local = new Date(0);
  local.setUTCFullYear(year, date.getMonth(), date.getDate());
  local.setUTCHours(date.getHours(), date.getMinutes(), date.getSeconds());
  return local.getTime() / 1000 - Math.floor(date.getTime() / 1000);
}

/** @param {number} ahead in seconds @returns {string} such as `-05:50:36` */
function offsetText(ahead) {
  const distance = Math.abs(ahead);
  const seconds = distance % 60;
  const minutes = Math.trunc(distance / 60);
  return (
    `${ahead < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}` +
    `:${two(minutes % 60)}${seconds > 0 ? `:${two(seconds)}` : ''}`
  );
}

/**
 * Returns a date in local time with the zone's offset, which is right for date
 * and timestamp as well as timestamptz.
 * @param {Date} date
 * @param {number | undefined} position
 * @returns {string}
 */
function encodeDate(date, position) {
  const fullYear = date.getFullYear();
  if (Number.isNaN(fullYear)) {
    throw paramError(`${nameOf(position)} is an invalid Date`);
  }
  if (defaults.parseInputDatesAsUTC) {
    return encodeDateAsUtc(date);
  }
  const year = fullYear < 1 ? 1 - fullYear : fullYear;
  return (
    `${String(year).padStart(4, '0')}-${two(date.getMonth() + 1)}` +
    `-${two(date.getDate())}T${two(date.getHours())}` +
    `:${two(date.getMinutes())}:${two(date.getSeconds())}` +
    `.${String(date.getMilliseconds()).padStart(3, '0')}` +
    `${offsetText(secondsAhead(date, fullYear))}${fullYear < 1 ? ' BC' : ''}`
  );
}

/**
 * Returns a date in UTC, as pg does with `defaults.parseInputDatesAsUTC`.
 * @param {Date} date
 * @returns {string}
 */
function encodeDateAsUtc(date) {
  const fullYear = date.getUTCFullYear();
  const year = fullYear < 1 ? 1 - fullYear : fullYear;
  // From the month on, the standard's text is what the server reads.
  const rest = date.toISOString().slice(-'-01-01T00:00:00.000Z'.length, -1);
  const era = fullYear < 1 ? ' BC' : '';
  return `${String(year).padStart(4, '0')}${rest}+00:00${era}`;
}

/**
 * Returns the bytes behind a Buffer, a view or an ArrayBuffer, null for any
 * other object.
 * @param {object} value
 * @returns {Buffer | null}
 */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return isAnyArrayBuffer(value) ? Buffer.from(value) : null;
}

/**
 * Bytes go in binary format; within an array literal, as the text of a bytea.
 * @param {Buffer} bytes
 * @param {readonly object[]} within
 */
function encodeBytes(bytes, within) {
  return within.some(Array.isArray)
    ? `\\x${bytes.toString('hex')}`
    : binary(bytes);
}

/**
 * @param {string} text
 * @returns {string}
 */
function quoteElement(text) {
  // Searching first is several times as fast as replacing nothing.
  return text.includes('"') || text.includes('\\')
    ? `"${text.replace(/["\\]/g, '\\$&')}"`
    : `"${text}"`;
}

/**
 * Returns the path to `value`, itself included; a value that is on its own path
 * is circular.
 * @param {object} value
 * @param {number | undefined} position
 * @param {readonly object[]} within
 * @returns {readonly object[]}
 */
function pathTo(value, position, within) {
  if (within.includes(value)) {
    throw paramError(
      `circular reference detected while preparing ${nameOf(position)}`,
    );
  }
  return [...within, value];
}

/**
 * Whether a value was read as one of a type that is known.
 * @param {object} value
 */
function isMarked(value) {
  return /** @type {any} */ (value)[WRITE] !== undefined;
}

/**
 * Returns an array literal. Every element is quoted, so that none can be
 * taken for NULL or for structure; the server's parser of the element's type
 * sees it without the quotes.
 * @param {unknown[]} values
 * @param {number | undefined} position
 * @param {readonly object[]} within
 * @returns {string}
 */
function encodeArray(values, position, within) {
  const path = pathTo(values, position, within);
  let literal = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) {
      literal += ',';
    }
    if (Array.isArray(value) && !isMarked(value)) {
      literal += encodeArray(value, position, path);
    } else if (typeof value === 'number') {
      literal += `"${value}"`;
    } else {
      const text = encodeValue(value, position, path);
      literal += text === null ? 'NULL' : quoteElement(String(text));
    }
  }
  return `${literal}}`;
}

/**
 * @param {object} value
 * @param {number | undefined} position
 * @param {readonly object[]} within
 * @returns {string | Wire | null}
 */
function encodeObject(value, position, within) {
  if (isMarked(value)) {
    return /** @type {any} */ (value)[WRITE](value);
  }
  const bytes = bytesOf(value);
  if (bytes !== null) {
    return encodeBytes(bytes, within);
  }
  if (value instanceof Wire) {
    return value;
  }
  if (isDate(value)) {
    return encodeDate(value, position);
  }
  if (Array.isArray(value)) {
    return encodeArray(value, position, within);
  }
  const { toPostgres } = /** @type {{ toPostgres?: unknown }} */ (value);
  if (typeof toPostgres !== 'function') {
    // undefined if toJSON() says so, which pg sends as NULL.
    return temporalText(value) ?? writeJson(value) ?? null;
  }
  const path = pathTo(value, position, within);
  const prepared = toPostgres.call(value, (/** @type {unknown} */ inner) => {
    const encoded = encodeValue(inner, position, path);
    return encoded instanceof Wire ? bytesOf(Object(inner)) : encoded;
  });
  return encodeValue(prepared, position, path);
}

/**
 * @param {unknown} value
 * @param {number | undefined} position
 * @param {readonly object[]} within the arrays and objects this value is a part
 *   of
 * @returns {string | Wire | null}
 */
function encodeValue(value, position, within) {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : encodeObject(value, position, within);
    default:
      throw argumentError(`${nameOf(position)} is a ${typeof value}`);
  }
}

/**
 * Returns a parameter's text, what is sent instead, or null for NULL.
 * @param {unknown} value
 * @param {number} [position] counted from 1, for messages
 * @returns {string | Wire | null}
 */
function encodeParam(value, position) {
  if (typeof value === 'number') {
    return String(value);
  }
  const text =
    typeof value === 'string' ? value : encodeValue(value, position, ROOT);
  if (typeof text === 'string' && text.includes('\0')) {
    throw paramError(
      `${nameOf(position)} contains a NUL character, ` +
        'which PostgreSQL cannot store in text',
    );
  }
  return text;
}

/**
 * @param {unknown} values
 * @returns {asserts values is unknown[]}
 */
function checkValues(values) {
  if (!Array.isArray(values)) {
    throw argumentError('values must be an array');
  }
  if (values.length > MAX_PARAMS) {
    throw paramError(
      `values has ${values.length} parameters; ` +
        `a statement takes at most ${MAX_PARAMS}`,
    );
  }
}

/**
 * Returns the texts of all parameters.
 * @param {unknown[]} values
 * @returns {(string | Wire | null)[]}
 */
function encodeParams(values) {
  checkValues(values);
  // The length is read once: a toJSON() of the caller's may change the array.
  const count = values.length;
  const texts = new Array(count);
  for (let i = 0; i < count; i++) {
    texts[i] = encodeParam(values[i], i + 1);
  }
  return texts;
}

/**
 * Sends encoded parameters to the engine: NULL as '\u0001', a text that starts
 * with '\u0001' with one more in front, anything else after a mark of its own.
 * @param {{push: (text: string) => unknown}} to
 * @param {(string | Wire | null)[]} texts
 */
function pushTexts(to, texts) {
  for (let i = 0; i < texts.length; i++) {
    const text = /** @type {string | Wire | null} */ (texts[i]);
    if (typeof text !== 'string') {
      to.push(text === null ? NULL_MARK : text.wire);
    } else if (text.charCodeAt(0) === NULL_MARK_CODE) {
      to.push(NULL_MARK + text);
    } else {
      to.push(text);
    }
  }
}

module.exports = { Wire, binary, encodeParam, encodeParams, pushTexts, typed };
