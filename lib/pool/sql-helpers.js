// SPDX-License-Identifier: MIT
'use strict';

// What makes fragments besides templates: names, lists, rows.

const { escapeIdentifier } = require('../values/quote.js');
const {
  Builder,
  SqlFragment,
  invalid,
  partsOf,
  readTemplate,
} = require('./sql-fragment.js');

/**
 * `` sql.fragment`…` ``: a part of a statement.
 * @param {any} strings
 * @param {...unknown} values
 * @returns {SqlFragment}
 */
function fragment(strings, ...values) {
  return new SqlFragment(readTemplate(strings, values, 'sql.fragment'));
}

/**
 * `sql.identifier('schema', 'table')`: a name in quotes.
 * @param {...string} names
 * @returns {SqlFragment}
 */
function identifier(...names) {
  if (names.length === 0) {
    throw invalid('sql.identifier() needs a name');
  }
  const quoted = names.map((name) => {
    if (typeof name !== 'string' || name === '' || name.includes('\0')) {
      throw invalid(
        'sql.identifier() needs names that are strings, not empty and without ' +
          "NUL characters: sql.identifier('schema', 'table')",
      );
    }
    return escapeIdentifier(name);
  });
  return new SqlFragment({ texts: [quoted.join('.')], values: [] });
}

/**
 * @param {Builder} builder
 * @param {readonly unknown[]} values
 * @param {(i: number) => string} name of a value, for messages
 */
function addList(builder, values, name) {
  builder.text('(');
  for (const [i, value] of values.entries()) {
    builder.text(i === 0 ? '' : ', ').either(value, name(i));
  }
  builder.text(')');
}

/**
 * `sql.list([1, 2])`: values in parentheses, as `in` takes them.
 * @param {readonly unknown[]} values
 * @returns {SqlFragment}
 */
function list(values) {
  if (!Array.isArray(values)) {
    throw invalid('sql.list() needs an array');
  }
  if (values.length === 0) {
    throw invalid(
      'sql.list() got an empty array, which SQL cannot write: compare with ' +
        `= any(\${array}) or <> all(\${array}), which take an empty one`,
    );
  }
  const builder = new Builder();
  addList(builder, values, (i) => `value ${i + 1} of sql.list()`);
  return new SqlFragment(builder.done());
}

/**
 * `sql.join(fragments, separator)`: fragments one behind the other, a comma in
 * between unless another fragment is given.
 * @param {readonly unknown[]} fragments
 * @param {unknown} [separator]
 * @returns {SqlFragment}
 */
function join(fragments, separator = COMMA) {
  if (!Array.isArray(fragments) || fragments.length === 0) {
    throw invalid(
      'sql.join() needs an array of at least one fragment: leave out what ' +
        'would be around it, with sql.fragment`` in its place',
    );
  }
  const between = partsOf(separator);
  if (between === undefined) {
    throw invalid(
      'the separator of sql.join() must be a fragment: sql.fragment` and `',
    );
  }
  const builder = new Builder();
  for (const [i, one] of fragments.entries()) {
    const parts = partsOf(one);
    if (parts === undefined) {
      throw invalid(
        `item ${i + 1} of sql.join() is no fragment: write sql.fragment\`…\`, ` +
          'or sql.list() for values',
      );
    }
    if (i > 0) {
      builder.fragment(between);
    }
    builder.fragment(parts);
  }
  return new SqlFragment(builder.done());
}

const COMMA = new SqlFragment({ texts: [', '], values: [] });

/**
 * @param {readonly unknown[]} row an array, or an object if there are columns
 * @param {readonly string[] | undefined} columns
 * @param {number} at
 * @returns {readonly unknown[]}
 */
function cellsOf(row, columns, at) {
  if (columns === undefined || Array.isArray(row)) {
    if (!Array.isArray(row) || row.length === 0) {
      throw invalid(
        `row ${at + 1} of sql.values() is no array with values: give arrays, or ` +
          'objects and the names of their columns',
      );
    }
    return row;
  }
  if (typeof row !== 'object' || row === null) {
    throw invalid(`row ${at + 1} of sql.values() is neither array nor object`);
  }
  const object = /** @type {any} */ (row);
  return columns.map((name) =>
    Object.hasOwn(object, name) ? object[name] : undefined,
  );
}

/**
 * `sql.values(rows, columns)`: the VALUES of an INSERT or a FROM, with the list
 * of columns in front if they are given.
 * @param {readonly any[]} rows
 * @param {readonly string[]} [columns]
 * @returns {SqlFragment}
 */
function values(rows, columns) {
  if (!Array.isArray(rows) || rows.length === 0) {
    throw invalid(
      'sql.values() needs an array of at least one row: SQL has no VALUES ' +
        'without one, so leave the statement out',
    );
  }
  const builder = new Builder();
  if (columns !== undefined) {
    if (!Array.isArray(columns) || columns.length === 0) {
      throw invalid('the columns of sql.values() must be an array of names');
    }
    addList(
      builder,
      columns.map((name) => identifier(name)),
      String,
    );
    builder.text(' ');
  }
  builder.text('values ');
  let width = columns?.length;
  for (const [i, row] of rows.entries()) {
    const cells = cellsOf(row, columns, i);
    width ??= cells.length;
    if (cells.length !== width) {
      throw invalid(
        `row ${i + 1} of sql.values() has ${cells.length} values instead of ` +
          `${width}`,
      );
    }
    builder.text(i === 0 ? '' : ', ');
    addList(
      builder,
      cells,
      (cell) =>
        `${JSON.stringify(columns?.[cell] ?? cell + 1)} in row ${i + 1} of ` +
        'sql.values()',
    );
  }
  return new SqlFragment(builder.done());
}

module.exports = { fragment, identifier, join, list, values };
