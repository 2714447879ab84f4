// SPDX-License-Identifier: MIT
'use strict';

// The options of the routes, and code that they share.

const { readMillis } = require('../validate/values.js');
const sharedPools = require('../process/shared-pools.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */
/** @typedef {Pool | (() => Pool) | undefined} PoolChoice */

const BUILD = 'phase-production-build';

/** Whether this process builds the application, and does not serve it. */
function isBuilding() {
  return process.env.NEXT_PHASE === BUILD;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} initial
 * @returns {number}
 */
function readTime(value, name, initial) {
  return value === undefined ? initial : readMillis(value, name);
}

/** @param {any} pool */
function isPool(pool) {
  return typeof pool?.health === 'function' && typeof pool.reset === 'function';
}

/**
 * Functions for the given pool, or for all that getPool() made.
 * @param {PoolChoice} choice
 */
function readPool(choice) {
  if (choice === undefined) {
    return {
      health: sharedPools.healthCheck,
      warmup: sharedPools.warmup,
      reset: sharedPools.resetDatabaseConnections,
    };
  }
  if (typeof choice !== 'function' && !isPool(choice)) {
    throw new TypeError('pool must be a Pool, or a function that returns one');
  }
  const find = () => {
    const pool = typeof choice === 'function' ? choice() : choice;
    if (!isPool(pool)) {
      throw new TypeError('what the function of `pool` returns is no Pool');
    }
    return pool;
  };
  return {
    health: async (/** @type {any} */ options) => await find().health(options),
    warmup: async (/** @type {any} */ options) => await find().warmup(options),
    reset: async (/** @type {any} */ options) => {
      const pool = find();
      await pool.reset();
      return await pool.warmup(options);
    },
  };
}

/**
 * @param {number} status
 * @param {object} body
 * @param {Record<string, string>} [headers]
 * @returns {Response}
 */
function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
  });
}

module.exports = { isBuilding, json, readPool, readTime };
