// SPDX-License-Identifier: MIT
'use strict';

// What an operation of Prisma's does, by its name and text.

const { native } = require('#core');
const { TEXT } = require('../protocol/policy.js');
const { isObject, read } = require('../retry/evidence-parts.js');

/**
 * 'read': may run twice. 'write': may run again only where nothing of it is
 * left. 'unknown': not even an error proves that.
 * @typedef {'read' | 'write' | 'unknown'} Kind
 */

const READS = new Set([
  'aggregate',
  'count',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'findUnique',
  'findUniqueOrThrow',
  'groupBy',
]);

/**
 * Returns the text of a raw operation: of a template's, a typed query's, or
 * the string itself.
 * @param {unknown} args
 * @returns {string | undefined}
 */
function textOf(args) {
  const query = Array.isArray(args) ? args[0] : args;
  if (typeof query === 'string') {
    return query;
  }
  if (!isObject(query)) {
    return undefined;
  }
  const strings = read(query, 'strings');
  const text = Array.isArray(strings)
    ? strings.reduce((joined, part, i) => `${joined}$${i}${part}`)
    : (read(query, 'text') ?? read(query, 'sql'));
  return typeof text === 'string' ? text : undefined;
}

/**
 * @param {unknown} args
 * @returns {number}
 */
function traitsOf(args) {
  const text = textOf(args);
  return text === undefined ? TEXT.COMMITS_MIDWAY : native().textTraits(text);
}

/**
 * Returns what an operation does. Prisma runs a model's writes of several
 * statements in a transaction of their own, so each is one unit.
 * @param {string | undefined} model
 * @param {string} operation
 * @param {unknown} args
 * @returns {Kind}
 */
function kindOf(model, operation, args) {
  if (model !== undefined) {
    return READS.has(operation) ? 'read' : 'write';
  }
  const asks = operation.startsWith('$queryRaw');
  if (!asks && !operation.startsWith('$executeRaw')) {
    return 'unknown';
  }
  const traits = traitsOf(args);
  if (asks && (traits & TEXT.READS) !== 0) {
    return 'read';
  }
  return (traits & TEXT.COMMITS_MIDWAY) === 0 ? 'write' : 'unknown';
}

/**
 * Returns what an operation is called in code: account.findMany.
 * @param {string | undefined} model
 * @param {string} operation
 * @returns {string}
 */
function nameOf(model, operation) {
  return model === undefined
    ? operation
    : `${model.charAt(0).toLowerCase()}${model.slice(1)}.${operation}`;
}

module.exports = { kindOf, nameOf };
