// SPDX-License-Identifier: MIT
'use strict';

// Values of catalogue types as the server reads them: the way back of
// type-reader.js. What is wrong with a value throws before anything is sent.

const { paramError } = require('../../errors/errors.js');
const { writeJson } = require('../types/json.js');
const { writeArray, writeRange, writeRecord } = require('./literal.js');

/** @typedef {import('./catalog.js').TypeEntry} TypeEntry */

/**
 * Returns a value's text as a parameter has it.
 * @callback Prepare
 * @param {unknown} value
 * @returns {any}
 */

/**
 * The property by which a value knows its type, so that what was read can be
 * sent. It is not enumerable: values look and compare as plain objects.
 */
const WRITE = Symbol.for('holdfast.write');

const JSON_TYPES = new Set([114, 3802]);
const POINT = 600;
const BOUNDS = Object.freeze(['[)', '[]', '(]', '()', 'empty']);

/**
 * @param {unknown} value
 * @returns {string}
 */
function kindOf(value) {
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** @param {ArrayBufferView} view */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** @param {TypeEntry} entry */
function nameOf({ schema, name, alias }) {
  return `${schema}.${alias || name}`;
}

class TypeWriter {
  #find;

  /** @param {(oid: number) => TypeEntry | undefined} find */
  constructor(find) {
    this.#find = find;
  }

  /**
   * Returns a value as text, null for NULL.
   * @param {number} oid of its type
   * @param {any} value
   * @param {Prepare} prepare
   * @returns {string | null}
   */
  write(oid, value, prepare) {
    if (value === null || value === undefined) {
      return null;
    }
    const entry = this.#find(oid);
    // A text may be a literal of the type.
    const isWhole = entry === undefined || typeof value === 'string';
    if (isWhole || entry.kind === 'enum' || entry.kind === 'text') {
      return this.#single(oid, value, prepare);
    }
    switch (entry.kind) {
      case 'domain':
        return this.write(entry.of, value, prepare);
      case 'composite':
        return this.#composite(entry, value, prepare);
      case 'array':
        return this.#array(entry, value, prepare);
      case 'range':
        return this.#range(entry, value, prepare);
      default:
        return this.#multirange(entry, value, prepare);
    }
  }

  /**
   * @param {number} oid
   * @param {any} value
   * @param {Prepare} prepare
   * @returns {string | null}
   */
  #single(oid, value, prepare) {
    if (JSON_TYPES.has(oid)) {
      return writeJson(value) ?? null;
    }
    if (oid === POINT && typeof value === 'object' && 'x' in value) {
      return `(${value.x},${value.y})`;
    }
    return ArrayBuffer.isView(value)
      ? `\\x${bytesOf(value).toString('hex')}`
      : prepare(value);
  }

  /**
   * @param {TypeEntry} entry
   * @param {any} value
   * @param {Prepare} prepare
   */
  #composite(entry, value, prepare) {
    const names = entry.attributes.map(({ name }) => name);
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw paramError(
        `a value of ${nameOf(entry)} must be an object, not ${kindOf(value)}`,
      );
    }
    const wrong = Object.keys(value).find((key) => !names.includes(key));
    const lacking = names.find((name) => !Object.hasOwn(value, name));
    if (wrong !== undefined || lacking !== undefined) {
      const what =
        wrong === undefined
          ? `lacks the attribute ${JSON.stringify(lacking)}: give null for NULL`
          : `has no attribute ${JSON.stringify(wrong)}: it has ${names.join(', ')}`;
      throw paramError(`a value of ${nameOf(entry)} ${what}`);
    }
    if (names.length === 0) {
      return '()';
    }
    return writeRecord(
      entry.attributes.map(({ name, oid }) =>
        this.write(oid, value[name], prepare),
      ),
    );
  }

  /**
   * @param {TypeEntry} entry
   * @param {any} value
   * @param {Prepare} prepare
   * @returns {string}
   */
  #array(entry, value, prepare) {
    if (!Array.isArray(value)) {
      throw paramError(
        `a value of ${nameOf(entry)} must be an array, not ${kindOf(value)}`,
      );
    }
    const nested = value.some(Array.isArray) && !this.#takesArrays(entry.of);
    const parts = value.map((part) =>
      nested && Array.isArray(part)
        ? this.#array(entry, part, prepare)
        : this.write(entry.of, part, prepare),
    );
    return writeArray(parts, entry.delimiter, nested);
  }

  /**
   * Whether a value of this type is an array itself.
   * @param {number} oid
   * @returns {boolean}
   */
  #takesArrays(oid) {
    const entry = this.#find(oid);
    if (entry?.kind === 'domain') {
      return this.#takesArrays(entry.of);
    }
    return (
      entry?.kind === 'array' ||
      entry?.kind === 'multirange' ||
      JSON_TYPES.has(oid)
    );
  }

  /**
   * @param {TypeEntry} entry
   * @param {any} value
   * @param {Prepare} prepare
   * @returns {string}
   */
  #range(entry, value, prepare) {
    const { lower = null, upper = null, bounds = '[)' } = Object(value);
    const isRange = typeof value === 'object' && !Array.isArray(value);
    if (!isRange || !BOUNDS.includes(bounds)) {
      throw paramError(
        `a value of ${nameOf(entry)} must be {lower, upper, bounds}, where ` +
          `bounds is one of ${BOUNDS.join(' ')}`,
      );
    }
    return writeRange(
      this.write(entry.of, lower, prepare),
      this.write(entry.of, upper, prepare),
      bounds,
    );
  }

  /**
   * @param {TypeEntry} entry
   * @param {any} value
   * @param {Prepare} prepare
   * @returns {string}
   */
  #multirange(entry, value, prepare) {
    if (!Array.isArray(value)) {
      throw paramError(
        `a value of ${nameOf(entry)} must be an array of ranges, not ` +
          kindOf(value),
      );
    }
    const parts = value.map((range) => this.#range(entry, range, prepare));
    return `{${parts.join()}}`;
  }
}

module.exports = { TypeWriter, WRITE };
