// SPDX-License-Identifier: MIT
'use strict';

// The arguments of new PrismaHoldfast(): where connections come from, and other
// options.

const { checkKeys } = require('../validate/keys.js');
const { readBoolean, readMillis } = require('../validate/values.js');
const { Pool } = require('../pool/pool.js');
const { openHandle } = require('../process/registry.js');

/**
 * Reads a value of a type that is not built in.
 * @typedef {(oid: number, value: any, adapter: any) => unknown} UserTypeParser
 */

/**
 * @typedef {object} Options
 * @property {string} [schema] where Prisma looks for tables; the pool's own
 *   `schema` by default
 * @property {boolean} [disposeExternalPool] whether $disconnect() ends the pool
 * @property {number} [maxWait] what Prisma's `maxWait` is, in ms
 * @property {UserTypeParser} [userDefinedTypeParser]
 */

/** @typedef {() => import('../pool/pool.js').Pool} PoolOf */

const KNOWN = new Set([
  'schema',
  'disposeExternalPool',
  'maxWait',
  'userDefinedTypeParser',
]);

/** Options of @prisma/adapter-pg, and their replacements. */
/** @type {Record<string, string>} */
const ELSEWHERE = {
  onPoolError: "listen to the pool: pool.on('error', …)",
  onConnectionError: "listen to the pool: pool.on('error', …)",
  statementNameGenerator: 'the pool names statements where that is safe',
};

/** A method that only our pools have. */
const METHODS = Object.freeze([
  'query',
  'connect',
  'transaction',
  'clearPreparedStatements',
  'drain',
]);

/**
 * Returns whether this is a pool of ours, which an earlier load of these
 * modules may have made.
 * @param {any} value
 * @returns {boolean}
 */
function isPool(value) {
  return (
    value instanceof Pool ||
    METHODS.every((name) => typeof value[name] === 'function')
  );
}

/**
 * @param {any} value
 * @returns {boolean}
 */
function looksLikePool(value) {
  return ['query', 'connect'].some((name) => typeof value[name] === 'function');
}

/**
 * Returns a function that makes, for each adapter, the function that returns
 * its pool: for a connection string or options that of getPool(), which the
 * whole process shares, by a handle of the adapter's own. An ended one is
 * replaced.
 * @param {any} source
 * @returns {() => PoolOf}
 */
function readPool(source) {
  if (source === undefined || source === null) {
    // Builds load modules without the environment of the application.
    return () => reopening(undefined);
  }
  if (typeof source === 'string') {
    return shared(source);
  }
  if (typeof source !== 'object') {
    throw new TypeError(
      'PrismaHoldfast takes a Pool of pg-holdfast, a connection string or ' +
        `the options of a pool, not a ${typeof source}`,
    );
  }
  if (isPool(source)) {
    return () => () => source;
  }
  if (looksLikePool(source)) {
    throw new TypeError(
      "PrismaHoldfast's first argument, pool, is no Pool of pg-holdfast " +
        `(its class is ${source.constructor?.name}): give the options of ` +
        'that pool, or use getPool()',
    );
  }
  return shared(source);
}

/**
 * @param {any} config
 * @returns {() => PoolOf}
 */
function shared(config) {
  /** @type {PoolOf | undefined} */
  let first = reopening(config);
  first(); // what is wrong with it is said at once
  return () => {
    const poolOf = first ?? reopening(config);
    first = undefined;
    return poolOf;
  };
}

/**
 * @param {any} config
 * @returns {PoolOf}
 */
function reopening(config) {
  /** @type {import('../pool/pool.js').Pool | undefined} */
  let pool;
  return () => {
    if (pool === undefined || pool.ending) {
      pool = openHandle(config);
    }
    return pool;
  };
}

/**
 * @param {any} options
 * @returns {Options}
 */
function readOptions(options) {
  if (options === undefined || options === null) {
    return {};
  }
  if (typeof options !== 'object') {
    throw new TypeError('the options of PrismaHoldfast must be an object');
  }
  for (const [key, advice] of Object.entries(ELSEWHERE)) {
    if (options[key] !== undefined) {
      throw new TypeError(
        `unknown option of PrismaHoldfast: ${key}; ${advice}`,
      );
    }
  }
  checkKeys(options, KNOWN, 'PrismaHoldfast');
  const { schema, userDefinedTypeParser } = options;
  if (schema !== undefined && (typeof schema !== 'string' || schema === '')) {
    throw new TypeError('schema must be the name of a schema');
  }
  if (
    userDefinedTypeParser !== undefined &&
    typeof userDefinedTypeParser !== 'function'
  ) {
    throw new TypeError('userDefinedTypeParser must be a function');
  }
  readBoolean(options.disposeExternalPool, 'disposeExternalPool');
  readMillis(options.maxWait, 'maxWait');
  return { ...options };
}

module.exports = { readOptions, readPool };
