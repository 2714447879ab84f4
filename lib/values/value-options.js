// SPDX-License-Identifier: MIT
'use strict';

// The options int8, json and dates, of a pool or of a call: parsers in front of
// others.

const { argumentError } = require('../validate/argument-error.js');
const { addNames } = require('./named-parsers.js');
const { parseArray } = require('./types/array.js');
const { parseBigJson } = require('./types/json.js');
const { builtinParsers, parseText } = require('./types/parsers.js');
const { temporal, temporalOf } = require('./types/temporal.js');
const registry = require('./types.js');
const { unreadable } = require('./unreadable.js');

/** @typedef {import('./types.js').CustomTypes} CustomTypes */
/** @typedef {import('./types/parsers.js').TypeParser} TypeParser */

/**
 * What is not given is as in pg.
 * @typedef {object} ValueOptions
 * @property {string} [int8]
 * @property {string} [json]
 * @property {string} [dates]
 */

/** @type {TypeParser} */
function parseSafe(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw unreadable(
      'it has an int8 that a number cannot hold exactly: ' +
        "say int8: 'bigint' or int8: 'string'",
    );
  }
  return value;
}

/**
 * Returns parsers of types and of their arrays.
 * @param {Record<number, [number, TypeParser]>} parsers by the OID of a type,
 *   that of its array first
 * @returns {[number, TypeParser][]}
 */
function withArrays(parsers) {
  return Object.entries(parsers).flatMap(([oid, [array, parse]]) => [
    /** @type {[number, TypeParser]} */ ([Number(oid), parse]),
    /** @type {[number, TypeParser]} */ ([
      array,
      (text) => parseArray(text, parse),
    ]),
  ]);
}

/** @param {TypeParser} parse */
function int8s(parse) {
  return withArrays({ 20: [1016, parse] });
}

/** @param {TypeParser} parse */
function jsons(parse) {
  return withArrays({ 114: [199, parse], 3802: [3807, parse] });
}

/**
 * @param {TypeParser} date
 * @param {TypeParser} timestamp
 * @param {TypeParser} instant
 * @param {TypeParser} time
 */
function dates(date, timestamp, instant, time) {
  return withArrays({
    1082: [1182, date],
    1083: [1183, time],
    1114: [1115, timestamp],
    1184: [1185, instant],
  });
}

/**
 * Returns the parsers that pg has.
 * @param {number[]} oids
 * @returns {[number, TypeParser][]}
 */
function usual(...oids) {
  return oids.map((oid) => [oid, builtinParsers.get(oid) ?? parseText]);
}

/**
 * By option and word; the first word of an option is what holds without it.
 * @type {Record<keyof ValueOptions, Record<string, [number, TypeParser][]>>}
 */
const PARSERS = Object.freeze({
  int8: {
    string: usual(20, 1016),
    number: int8s(parseSafe),
    bigint: int8s(BigInt),
  },
  json: {
    parse: usual(114, 199, 3802, 3807),
    bigint: jsons(parseBigJson),
    text: jsons(parseText),
  },
  dates: {
    date: usual(1082, 1182, 1083, 1183, 1114, 1115, 1184, 1185),
    text: dates(parseText, parseText, parseText, parseText),
    temporal: dates(
      temporalOf('PlainDate'),
      temporalOf('PlainDateTime'),
      temporalOf('Instant'),
      temporalOf('PlainTime'),
    ),
  },
});

const NAMES = /** @type {(keyof ValueOptions)[]} */ (Object.keys(PARSERS));

/**
 * Returns the word of an option. Throws for any other.
 * @param {keyof ValueOptions} name
 * @param {unknown} value
 * @returns {string}
 */
function checkValueOption(name, value) {
  if (typeof value !== 'string' || !Object.hasOwn(PARSERS[name], value)) {
    const words = Object.keys(PARSERS[name]).join(', ');
    throw argumentError(`${name} must be one of ${words}`);
  }
  if (value === 'temporal' && temporal() === undefined) {
    throw argumentError(
      `${name}: 'temporal' needs Temporal, which this version of Node.js does ` +
        `not have: say '${Object.keys(PARSERS[name])[0]}' or 'text'`,
    );
  }
  return value;
}

/**
 * Returns the options that a query or a pool has, checked; null for none.
 * @param {any} config
 * @returns {ValueOptions | null}
 */
function readValueOptions(config) {
  /** @type {ValueOptions | null} */
  let options = null;
  for (const name of NAMES) {
    const value = config[name];
    if (value !== undefined && value !== null) {
      options ??= {};
      options[name] = checkValueOption(name, value);
    }
  }
  return options;
}

class ValueTypes {
  #base;
  #parsers;

  /**
   * @param {CustomTypes} base
   * @param {ValueOptions} options
   */
  constructor(base, options) {
    this.#base = base;
    this.#parsers = new Map(
      NAMES.flatMap((name) => {
        const word = options[name];
        return word === undefined ? [] : PARSERS[name][word];
      }),
    );
    addNames(this, base);
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   * @returns {TypeParser}
   */
  getTypeParser(oid, format) {
    const parser =
      format === 'binary' ? undefined : this.#parsers.get(Number(oid));
    return parser ?? this.#base.getTypeParser(oid, format);
  }
}

/**
 * Made once for each object of parsers, so that readers of rows are kept.
 * @type {WeakMap<object, Map<string, ValueTypes>>}
 */
const made = new WeakMap();

/**
 * Returns parsers with these options in front of others.
 * @param {CustomTypes} base
 * @param {ValueOptions | null | undefined} options
 * @returns {CustomTypes}
 */
function withValueOptions(base, options) {
  if (!options) {
    return base;
  }
  const known = made.get(base) ?? new Map();
  made.set(base, known);
  const key = NAMES.map((name) => options[name] ?? '').join();
  const types = known.get(key) ?? new ValueTypes(base, options);
  known.set(key, types);
  return types;
}

/**
 * Returns the parsers of a pool.
 * @param {{types?: CustomTypes, values?: ValueOptions | null}} resolved
 * @returns {CustomTypes}
 */
function typesOf({ types, values }) {
  return withValueOptions(types ?? registry, values);
}

module.exports = {
  checkValueOption,
  readValueOptions,
  typesOf,
  withValueOptions,
};
