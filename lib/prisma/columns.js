// SPDX-License-Identifier: MIT
'use strict';

// What Prisma calls the server's types, and how it wants their values: mostly
// the server's own text. A type that is not listed is text, too.

const { parseArray, parseIntegers } = require('../values/types/array.js');
const { builtinParsers, parseText } = require('../values/types/parsers.js');
const {
  readDate,
  readTimestamp,
  readTimestamptz,
  readTimetz,
} = require('./dates.js');

/** @typedef {(text: string) => any} TypeParser */

/** Prisma's numbers of column types. */
const COLUMN = Object.freeze({
  INT32: 0,
  INT64: 1,
  FLOAT: 2,
  DOUBLE: 3,
  NUMERIC: 4,
  BOOLEAN: 5,
  CHARACTER: 6,
  TEXT: 7,
  DATE: 8,
  TIME: 9,
  DATETIME: 10,
  JSON: 11,
  UUID: 15,
});

/** The difference between a list's number and that of its elements. */
const LIST = 64;
/** UUIDs differ: sets, before them, have no lists. */
const UUID_LIST = 78;

/**
 * Returns the number in an amount of money, formatted in any locale.
 * @param {string} text
 * @returns {string}
 */
function readMoney(text) {
  const digits = text.replace(/[^\d.,]/g, '');
  const [whole, cents] = /[.,]\d\d$/.test(digits)
    ? [digits.slice(0, -3), `.${digits.slice(-2)}`]
    : [digits, ''];
  const sign = /[-(\u2212]/.test(text) ? '-' : '';
  return `${sign}${whole.replace(/[.,]/g, '')}${cents}`;
}

/**
 * @param {number} oid
 * @returns {TypeParser}
 */
function builtin(oid) {
  return builtinParsers.get(oid) ?? parseText;
}

const readBuffer = builtin(17);

/**
 * Returns bytes in memory of their own: the user gets this object.
 * @param {string} text
 * @returns {Uint8Array}
 */
function readBytes(text) {
  return new Uint8Array(readBuffer(text));
}

/**
 * The type's OID, that of its array, Prisma's number and the reader of one
 * value. Numbers and booleans have the readers that the engine knows, so that
 * it can decode them itself.
 * @type {readonly (readonly [number, number, number, TypeParser])[]}
 */
const TYPES = [
  [16, 1000, COLUMN.BOOLEAN, builtin(16)], // bool
  // Prisma 6.19 takes the bytes of a raw query only as an array of numbers;
  // what is called text, it and its successors hand on as it is.
  [17, 1001, COLUMN.TEXT, readBytes], // bytea
  [18, 1002, COLUMN.CHARACTER, parseText], // "char"
  [19, 1003, COLUMN.TEXT, parseText], // name
  [20, 1016, COLUMN.INT64, parseText], // int8
  [21, 1005, COLUMN.INT32, builtin(21)], // int2
  [23, 1007, COLUMN.INT32, builtin(23)], // int4
  [25, 1009, COLUMN.TEXT, parseText], // text
  [26, 1028, COLUMN.INT64, builtin(26)], // oid
  [114, 199, COLUMN.JSON, parseText], // json
  [142, 143, COLUMN.TEXT, parseText], // xml
  [650, 651, COLUMN.TEXT, parseText], // cidr
  [700, 1021, COLUMN.FLOAT, builtin(700)], // float4
  [701, 1022, COLUMN.DOUBLE, builtin(701)], // float8
  [774, 775, COLUMN.TEXT, parseText], // macaddr8
  [790, 791, COLUMN.NUMERIC, readMoney], // money
  [829, 1040, COLUMN.TEXT, parseText], // macaddr
  [869, 1041, COLUMN.TEXT, parseText], // inet
  [1042, 1014, COLUMN.TEXT, parseText], // bpchar
  [1043, 1015, COLUMN.TEXT, parseText], // varchar
  [1082, 1182, COLUMN.DATE, readDate], // date
  [1083, 1183, COLUMN.TIME, parseText], // time
  [1114, 1115, COLUMN.DATETIME, readTimestamp], // timestamp
  [1184, 1185, COLUMN.DATETIME, readTimestamptz], // timestamptz
  [1186, 1187, COLUMN.TEXT, parseText], // interval
  [1266, 1270, COLUMN.TIME, readTimetz], // timetz
  [1560, 1561, COLUMN.TEXT, parseText], // bit
  [1562, 1563, COLUMN.TEXT, parseText], // varbit
  [1700, 1231, COLUMN.NUMERIC, parseText], // numeric
  [2950, 2951, COLUMN.UUID, parseText], // uuid
  [3802, 3807, COLUMN.JSON, parseText], // jsonb
];

/** OIDs of whole numbers that are short enough for a reader of their own. */
const SHORT_INTEGERS = new Set([21, 23]);

/**
 * @param {number} oid
 * @param {TypeParser} parseElement
 * @returns {TypeParser}
 */
function listReader(oid, parseElement) {
  return SHORT_INTEGERS.has(oid)
    ? (text) => parseIntegers(text, parseElement)
    : (text) => parseArray(text, parseElement);
}

/** @type {Map<number, number>} */
const columnTypes = new Map();
/** @type {Map<number, TypeParser>} */
const readers = new Map();

for (const [oid, arrayOid, column, reader] of TYPES) {
  columnTypes.set(oid, column);
  columnTypes.set(arrayOid, column === COLUMN.UUID ? UUID_LIST : column + LIST);
  readers.set(oid, reader);
  readers.set(arrayOid, listReader(oid, reader));
}

/**
 * The readers, in the form query() takes as `types`. What the process set with
 * `types.setTypeParser` does not count: Prisma expects what is in here.
 */
const prismaTypes = Object.freeze({
  /**
   * @param {number} oid
   * @returns {TypeParser}
   */
  getTypeParser: (oid) => readers.get(oid) ?? parseText,
});

/**
 * @typedef {object} Columns
 * @property {string[]} columnNames
 * @property {number[]} columnTypes
 */

/**
 * By the first field: results with the same columns share their fields.
 * @type {WeakMap<object, Columns>}
 */
const known = new WeakMap();

/**
 * @param {import('../values/results.js').Field[]} fields
 * @returns {Columns}
 */
function columnsOf(fields) {
  if (fields.length === 0) {
    return { columnNames: [], columnTypes: [] };
  }
  let columns = known.get(fields[0]);
  if (columns === undefined) {
    columns = {
      columnNames: fields.map((field) => field.name),
      columnTypes: fields.map(
        (field) => columnTypes.get(field.dataTypeID) ?? COLUMN.TEXT,
      ),
    };
    known.set(fields[0], columns);
  }
  return columns;
}

module.exports = { COLUMN, columnsOf, prismaTypes };
