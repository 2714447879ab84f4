// SPDX-License-Identifier: MIT
'use strict';

// Names out of the server's errors: of constraints, columns and tables.

/** @typedef {Record<string, any>} Source an error of ours */

/**
 * Returns the first group of a pattern, its quotes undone.
 * @param {string} message
 * @param {RegExp} pattern
 * @returns {string | undefined}
 */
function nameIn(message, pattern) {
  const found = pattern.exec(message)?.[1];
  return found?.replace(/"((?:""|[^"])*)"/g, (_, name) =>
    name.replaceAll('""', '"'),
  );
}

/**
 * Returns the columns of a key as the server describes it: `Key (a, b)=(…)`.
 * A key of expressions has no columns.
 * @param {string | undefined} detail
 * @returns {string[] | undefined}
 */
function keyColumns(detail) {
  const list = /^Key \((.*?)\)=\(/.exec(detail ?? '')?.[1];
  if (list === undefined) {
    return undefined;
  }
  const name = '(?:"(?:""|[^"])+"|[^\\s"(),]+)';
  if (!new RegExp(`^${name}(?:, ${name})*$`).test(list)) {
    return undefined;
  }
  const names = list.match(new RegExp(name, 'g')) ?? [];
  return names.map((column) =>
    column.startsWith('"') ? column.slice(1, -1).replaceAll('""', '"') : column,
  );
}

/**
 * @param {Source} error
 * @returns {object | undefined}
 */
function constraintOf(error) {
  if (error.column) {
    return { fields: [error.column] };
  }
  return error.constraint ? { index: error.constraint } : undefined;
}

/**
 * Returns which key a row would have doubled. Both names of it are given:
 * Prisma's message says the columns, code of its users may read either.
 * @param {Source} error
 * @returns {{constraint: object | undefined, table: string | undefined}}
 */
function uniqueOf(error) {
  const fields = keyColumns(error.detail);
  const index = error.constraint;
  const constraint = {
    ...(fields === undefined ? undefined : { fields }),
    ...(index === undefined ? undefined : { index }),
  };
  const named = fields !== undefined || index !== undefined;
  return {
    constraint: named ? constraint : undefined,
    table: error.table,
  };
}

module.exports = { constraintOf, nameIn, uniqueOf };
