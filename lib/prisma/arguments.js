// SPDX-License-Identifier: MIT
'use strict';

// Prisma's arguments, made ready for query(): bytes come as base64, moments as
// Date or text, everything else as it is to be sent.

const { writeDate } = require('./dates.js');

/**
 * @typedef {object} ArgType
 * @property {string} scalarType
 * @property {string} [dbType]
 * @property {string} [arity]
 */

/**
 * @param {unknown} arg
 * @param {ArgType | undefined} type
 * @returns {unknown}
 */
function writeArgument(arg, type) {
  switch (typeof arg) {
    case 'string':
      return type === undefined ? arg : writeText(arg, type);
    case 'object':
      return arg === null ? null : writeObject(arg, type);
    default:
      return arg;
  }
}

/**
 * @param {string} arg
 * @param {ArgType} type
 * @returns {unknown}
 */
function writeText(arg, type) {
  switch (type.scalarType) {
    case 'bytes':
      return Buffer.from(arg, 'base64');
    case 'datetime':
      return writeDate(new Date(arg), type.dbType);
    default:
      return arg;
  }
}

/**
 * @param {object} arg
 * @param {ArgType | undefined} type
 * @returns {unknown}
 */
function writeObject(arg, type) {
  if (arg instanceof Date) {
    return writeDate(arg, type?.dbType);
  }
  return Array.isArray(arg)
    ? arg.map((element) => writeArgument(element, type))
    : arg;
}

/**
 * @param {readonly unknown[]} args
 * @param {readonly ArgType[]} types
 * @returns {unknown[]}
 */
function writeArguments(args, types) {
  const values = new Array(args.length);
  for (let i = 0; i < args.length; i++) {
    values[i] = writeArgument(args[i], types[i]);
  }
  return values;
}

module.exports = { writeArguments };
