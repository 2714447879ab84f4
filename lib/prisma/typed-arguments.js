// SPDX-License-Identifier: MIT
'use strict';

// Types for the arguments of $queryRaw. As a rule the server finds them from
// the statement, which is right for every column. Where it finds none, or one
// that the value does not fit (length(name) > 1.5 makes it an integer), the
// statement is asked once more with the types that the values have by
// themselves.

const { typed } = require('../values/params.js');

const OID = Object.freeze({
  BOOL: 16,
  BYTEA: 17,
  INT8: 20,
  INT4: 23,
  TEXT: 25,
  FLOAT8: 701,
  TIMESTAMPTZ: 1184,
  NUMERIC: 1700,
});

const INT4_MAX = 2 ** 31 - 1;

/** No type, or none with such a function: nothing was even begun. */
const UNTYPED = new Set([
  ...['42P18', '42P08', '42883', '42725', '42804', '42846'],
  ...['22021', '22P03'], // bytes that are no text, nor that type
]);
/** A value that its parameter's type does not take. */
const MISREAD = new Set(['22P02', '22007', '22008']);

/** Where a fraction would be rounded into a column, the error is the answer. */
const ASKS = /^[\s(]*(?:select|with|values)\b/i;

/**
 * @param {unknown} value
 * @param {string | undefined} scalarType
 * @param {boolean} all whether integers and texts need a type as well
 * @returns {number} 0 = none
 */
function oidOf(value, scalarType, all) {
  switch (scalarType) {
    case 'datetime':
      return OID.TIMESTAMPTZ;
    case 'bytes':
      return OID.BYTEA;
    case 'decimal':
      return OID.NUMERIC;
    default:
  }
  if (value instanceof Date) {
    return OID.TIMESTAMPTZ;
  }
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return OID.FLOAT8;
  }
  return all ? plainOid(value) : 0;
}

/** @param {unknown} value */
function plainOid(value) {
  switch (typeof value) {
    case 'number':
      return Math.abs(value) <= INT4_MAX ? OID.INT4 : OID.INT8;
    case 'bigint':
      return OID.INT8;
    case 'boolean':
      return OID.BOOL;
    case 'string':
      return OID.TEXT;
    default:
      return 0;
  }
}

/** @param {unknown} value */
function textOf(value) {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

/**
 * Returns the values with types, or null when types would not cure the error.
 * @param {import('./queryable.js').SqlQuery} query
 * @param {unknown[]} values as they were sent
 * @param {any} error
 */
function withTypes({ sql, args, argTypes }, values, error) {
  const untyped = UNTYPED.has(error?.code);
  if (!untyped && !(MISREAD.has(error?.code) && ASKS.test(sql))) {
    return null;
  }
  let changed = false;
  const result = values.map((value, i) => {
    const type = argTypes?.[i];
    const scalar = value !== null && !Array.isArray(value);
    const oid = scalar ? oidOf(args[i], type?.scalarType, untyped) : 0;
    changed ||= oid !== 0;
    return oid === 0 ? value : typed(oid, textOf(value));
  });
  return changed ? result : null;
}

module.exports = { withTypes };
