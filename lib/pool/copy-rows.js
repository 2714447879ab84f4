// SPDX-License-Identifier: MIT
'use strict';

// Rows as the text format of COPY. A value is written as a parameter is, so
// that a row is stored as INSERT would store it.

const { argumentError } = require('../validate/argument-error.js');
const { once } = require('node:events');
const { finished } = require('node:stream/promises');

const { paramError } = require('../errors/errors.js');
const { Wire, encodeParam } = require('../values/params.js');
const { escapeIdentifier } = require('../values/quote.js');

/** @typedef {import('./copy-streams.js').CopyWritable} CopyWritable */

/** Rows are written together, as many as make up so many characters. */
const BLOCK = 1 << 16;

/** What would end a field or a row, or begin an escape. */
const SPECIAL = /[\\\t\n\r]/;
const ALL_SPECIAL = /[\\\t\n\r]/g;

/** @type {Record<string, string>} */
const ESCAPES = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const USAGE =
  'copyFrom() takes the text of a COPY and options, or a table, the names of ' +
  'its columns, rows and options';

/**
 * Returns a table's name as SQL. A text is divided at its dots.
 * @param {any} table
 * @returns {string}
 */
function tableName(table) {
  const parts = typeof table === 'string' ? table.split('.') : table;
  if (!Array.isArray(parts) || parts.length === 0 || parts.includes('')) {
    throw argumentError(
      "table must be a name, as 'users' or 'app.users', or a list of a " +
        "schema's name and a table's",
    );
  }
  return parts.map(escapeIdentifier).join('.');
}

/**
 * @param {any} columns
 * @returns {string[]}
 */
function columnNames(columns) {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw argumentError(
      'columns must be a list of names, one at least, in the order of the values',
    );
  }
  return columns;
}

/**
 * Returns the text of an encoded value that is more than its text.
 * @param {string} wire
 */
function wireText(wire) {
  // After the mark comes 'x' with hex digits, or 't' with an oid and a text.
  return wire[1] === 'x'
    ? `\\x${wire.slice(2)}`
    : wire.slice(wire.indexOf(' ') + 1);
}

/**
 * Writes a value as a field.
 * @param {unknown} value
 * @returns {string}
 */
function fieldOf(value) {
  if (typeof value === 'number') {
    return String(value);
  }
  const encoded = encodeParam(value);
  if (encoded === null) {
    return '\\N';
  }
  const text = encoded instanceof Wire ? wireText(encoded.wire) : encoded;
  return SPECIAL.test(text)
    ? text.replace(ALL_SPECIAL, (char) => ESCAPES[char])
    : text;
}

class RowWriter {
  #columns;
  #row = 0;

  /** @param {string[]} columns */
  constructor(columns) {
    this.#columns = columns;
  }

  /**
   * Writes a row, an array in the order of the columns or an object by their
   * names.
   * @param {any} row
   * @returns {string}
   */
  write(row) {
    const columns = this.#columns;
    this.#row += 1;
    const inOrder = Array.isArray(row);
    if (!inOrder && (row === null || typeof row !== 'object')) {
      throw argumentError(
        `row ${this.#row} is neither an array of values nor an object`,
      );
    }
    if (inOrder && row.length !== columns.length) {
      throw argumentError(
        `row ${this.#row} has ${row.length} values for ${columns.length} columns`,
      );
    }
    let line = '';
    for (let i = 0; i < columns.length; i++) {
      const field = this.#field(inOrder ? row[i] : row[columns[i]], columns[i]);
      line += i === 0 ? field : `\t${field}`;
    }
    return `${line}\n`;
  }

  /**
   * @param {unknown} value
   * @param {string} column
   */
  #field(value, column) {
    try {
      return fieldOf(value);
    } catch (/** @type {any} */ error) {
      const place = `row ${this.#row}, column ${column}`;
      throw Object.assign(paramError(`${place}: ${error?.message}`), {
        cause: error,
      });
    }
  }
}

/**
 * Returns what a loop reads, and a function that leaves it, also while the next
 * row has not come.
 * @param {any} rows
 */
function openRows(rows) {
  if (typeof rows[Symbol.asyncIterator] !== 'function') {
    return { each: rows, isAsync: false, leave: async () => {} };
  }
  const iterator = rows[Symbol.asyncIterator]();
  let hasLeft = false;
  const leave = async () => {
    if (!hasLeft) {
      hasLeft = true;
      await iterator.return?.();
    }
    return { done: true, value: undefined };
  };
  const each = {
    next: () => iterator.next(),
    return: leave,
    [Symbol.asyncIterator]: () => each,
  };
  return { each, isAsync: true, leave };
}

/**
 * Returns the text of a row. A wrong one ends the copy, before the loop waits
 * until the rows have ended, too.
 * @param {CopyWritable} copy
 * @param {any} row
 * @param {RowWriter} writer
 */
function textOf(copy, row, writer) {
  try {
    return writer.write(row);
  } catch (/** @type {any} */ error) {
    copy.destroy(error);
    return '';
  }
}

/**
 * Writes all rows, no faster than the server takes them.
 * @param {CopyWritable} copy
 * @param {ReturnType<typeof openRows>} rows
 * @param {RowWriter} writer
 */
async function writeAll(copy, { each, isAsync }, writer) {
  let block = '';
  const flush = () => {
    const hasRoom = copy.write(block);
    block = '';
    return hasRoom || copy.destroyed ? undefined : once(copy, 'drain');
  };
  for await (const row of isAsync ? each : [each]) {
    for (const one of isAsync ? [row] : row) {
      block += textOf(copy, one, writer);
      if (block.length >= BLOCK) {
        await flush();
      }
      if (copy.destroyed) {
        return;
      }
    }
  }
  if (block !== '') {
    copy.write(block);
  }
  copy.end();
}

/**
 * Copies rows to a table. When anything fails nothing is stored.
 * @param {(given: any[]) => CopyWritable} open
 * @param {any[]} given the arguments of copyFrom()
 * @returns {Promise<number>} how many rows were stored
 */
async function copyRows(open, [table, columns, rows, options]) {
  const names = columnNames(columns);
  const into = `${tableName(table)} (${names.map(escapeIdentifier).join(', ')})`;
  const iterable =
    rows !== null &&
    typeof rows === 'object' &&
    (typeof rows[Symbol.asyncIterator] === 'function' ||
      typeof rows[Symbol.iterator] === 'function');
  if (!iterable) {
    throw argumentError(`rows must be iterable: ${USAGE}`);
  }
  const copy = open([`COPY ${into} FROM STDIN`, options]);
  const done = finished(copy);
  const fail = (/** @type {any} */ error) => copy.destroy(error);
  let leave = async () => {};
  try {
    const opened = openRows(rows);
    leave = async () => void (await opened.leave());
    // Rows that have come to their end are not left.
    const written = () => {
      leave = async () => {};
    };
    writeAll(copy, opened, new RowWriter(names)).then(written, fail);
  } catch (error) {
    fail(error);
  }
  try {
    await done;
  } finally {
    leave().catch(() => {}); // what comes next may never come
  }
  return copy.rowCount ?? 0;
}

module.exports = { copyRows };
