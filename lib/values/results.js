// SPDX-License-Identifier: MIT
'use strict';

// Row descriptions and results from the engine's messages.

const {
  COMMAND,
  RESULT_AT,
  ROW_DESCRIPTION_AT,
} = require('../protocol/messages.js');
const { RowReaders } = require('./rows.js');

/** @typedef {import('./rows.js').Message} Message */
/** @typedef {import('./types.js').CustomTypes} CustomTypes */

/**
 * One column of a result, as in `pg`.
 * @typedef {object} Field
 * @property {string} name
 * @property {number} tableID
 * @property {number} columnID
 * @property {number} dataTypeID
 * @property {number} dataTypeSize
 * @property {number} dataTypeModifier
 * @property {'text'} format
 */

const { COLUMNS, INTS: COLUMN_INTS, STRIDE } = ROW_DESCRIPTION_AT;
const {
  ROWS,
  AFFECTED_LOW,
  AFFECTED_HIGH,
  OID,
  COMMAND: COMMAND_AT,
} = RESULT_AT;

const WORD = 2 ** 32;

/** By enum hf_command. */
const COMMANDS = Object.keys(COMMAND).map((name) =>
  name === 'EMPTY' ? null : name,
);
const OTHER_COMMAND = COMMAND.OTHER;

/** The result of a statement. */
class Result {
  /**
   * @param {string | null} command
   * @param {number | null} rowCount
   * @param {number | null} oid
   * @param {Field[]} fields
   * @param {boolean} rowAsArray
   */
  constructor(command, rowCount, oid, fields, rowAsArray) {
    this.command = command;
    this.rowCount = rowCount;
    this.oid = oid;
    /** @type {any[]} */
    this.rows = [];
    this.fields = fields;
    this.rowAsArray = rowAsArray;
    // Only results of the cache have these: others are as pg's.
    /** @type {boolean | undefined} */
    this.cached;
    /** @type {boolean | undefined} */
    this.stale;
  }
}

/** A list of columns, described by the engine once per port. */
class RowDescription {
  /**
   * @param {Field[]} fields
   * @param {Uint8Array} kinds
   */
  constructor(fields, kinds) {
    const names = fields.map((field) => field.name);
    const oids = fields.map((field) => field.dataTypeID);
    this.fields = fields;
    this.objects = new RowReaders(names, oids, kinds, false);
    this.arrays = new RowReaders(names, oids, kinds, true);
  }
}

/**
 * Returns the description of an HF_MSG_ROW_DESCRIPTION.
 * @param {Message} message
 * @returns {RowDescription}
 */
function readRowDescription({ ints, at, strings, first }) {
  const names = strings[first].split('\0');
  const columns = ints[at + COLUMNS];
  const kinds = new Uint8Array(columns);
  /** @type {Field[]} */
  const fields = [];
  for (let i = 0; i < columns; i++) {
    const column = at + COLUMN_INTS + i * STRIDE;
    fields.push({
      name: names[i],
      // OIDs are unsigned.
      tableID: ints[column] >>> 0,
      columnID: ints[column + 1],
      dataTypeID: ints[column + 2] >>> 0,
      dataTypeSize: ints[column + 3],
      dataTypeModifier: ints[column + 4],
      format: 'text',
    });
    kinds[i] = ints[column + 5];
  }
  return new RowDescription(fields, kinds);
}

/**
 * Each result has its own copy, which its user may change.
 * @param {Field} field
 * @returns {Field}
 */
function copyField(field) {
  return {
    name: field.name,
    tableID: field.tableID,
    columnID: field.columnID,
    dataTypeID: field.dataTypeID,
    dataTypeSize: field.dataTypeSize,
    dataTypeModifier: field.dataTypeModifier,
    format: field.format,
  };
}

/**
 * Returns a result without its rows.
 * @param {Message} message
 * @param {RowDescription | undefined} description
 * @param {boolean} rowAsArray
 * @returns {Result}
 */
function readHead({ ints, at, strings, first }, description, rowAsArray) {
  const number = ints[at + COMMAND_AT];
  const command = number === OTHER_COMMAND ? strings[first] : COMMANDS[number];
  const high = ints[at + AFFECTED_HIGH];
  const low = ints[at + AFFECTED_LOW] >>> 0;
  return new Result(
    command,
    high < 0 ? null : high * WORD + low,
    command === 'INSERT' ? ints[at + OID] >>> 0 : null,
    description === undefined ? [] : description.fields.map(copyField),
    rowAsArray,
  );
}

/**
 * Returns the rows of a result. Throws what a type parser throws.
 * @param {Message} message
 * @param {RowDescription} description
 * @param {boolean} rowAsArray
 * @param {CustomTypes} types
 * @returns {any[]}
 */
function readRows(message, description, rowAsArray, types) {
  const { ints, at, first } = message;
  if (ints[at + ROWS] === 0) {
    return [];
  }
  const readers = rowAsArray ? description.arrays : description.objects;
  const next = ints[at + COMMAND_AT] === OTHER_COMMAND ? first + 1 : first;
  return readers.get(types)(message, next);
}

/**
 * Returns the rows of a result without columns: `select from` has some.
 * @param {Message} message
 * @param {boolean} rowAsArray
 * @returns {any[]}
 */
function readEmptyRows({ ints, at }, rowAsArray) {
  const rows = [];
  for (let count = ints[at + ROWS]; count > 0; count--) {
    rows.push(rowAsArray ? [] : {});
  }
  return rows;
}

module.exports = {
  Result,
  RowDescription,
  readEmptyRows,
  readHead,
  readRows,
  readRowDescription,
};
