// SPDX-License-Identifier: MIT
'use strict';

// What acts on the pools that getPool() made, or on the one it makes without
// options when there is none yet.

const { rootOf } = require('../errors/errors.js');
const { logOf } = require('../observe/log.js');
const { distinctPools, getPool } = require('./registry.js');

/** @typedef {import('./pool.js').Pool} Pool */
/** @typedef {import('../health/health-report.js').Health} Health */

const WORSE = ['up', 'degraded', 'down'];

/** @returns {Pool[]} one at least */
function sharedPools() {
  const pools = distinctPools();
  return pools.length > 0 ? pools : [getPool()];
}

/** @param {Pool} pool */
function nameOf(pool) {
  const { host, port, database } = pool.options;
  return `${host}:${port}/${database}`;
}

/**
 * Opens connections before they are needed.
 * @param {import('../health/warmup.js').WarmupOptions} [options]
 * @returns {Promise<import('../health/warmup.js').WarmupResult>}
 */
async function warmup(options) {
  const all = await Promise.all(
    sharedPools().map((pool) => pool.warmup(options)),
  );
  const failed = all.find((result) => !result.ok);
  const durationMillis = Math.max(...all.map((one) => one.durationMillis));
  return { ...(failed ?? { ok: true }), durationMillis };
}

/**
 * Asks the database whether it is well; with several pools, the one that is
 * worst off answers, and `reasons` says which.
 * @param {{timeoutMillis?: number}} [options]
 * @returns {Promise<Health>}
 */
async function healthCheck(options) {
  const pools = sharedPools();
  const all = await Promise.all(pools.map((pool) => pool.health(options)));
  if (all.length === 1) {
    return all[0];
  }
  const grade = (/** @type {Health} */ one) => WORSE.indexOf(one.status);
  const worst = all.reduce((a, b) => (grade(b) > grade(a) ? b : a));
  const reasons = all.flatMap((one, i) =>
    one.reasons.map((reason) => `${nameOf(pools[i])}: ${reason}`),
  );
  return { ...worst, reasons };
}

/**
 * Replaces every connection by a new one, without failing a call, and waits
 * until the new ones are there. A database that is away does not reject: the
 * old connections are gone all the same, and calls wait as they always do.
 * @param {{timeoutMillis?: number}} [options]
 * @returns {Promise<import('../health/warmup.js').WarmupResult>}
 */
async function resetDatabaseConnections(options) {
  const pools = sharedPools();
  await Promise.all(pools.map((pool) => pool.reset()));
  const result = await warmup(options);
  const log = logOf(pools[0]);
  const { durationMillis } = result;
  if (result.ok) {
    log.info(
      { event: 'reset.done', durationMillis },
      'Database connections reset successfully',
    );
  } else {
    const { message } = rootOf(result.error);
    log.warn(
      { event: 'reset.failed', durationMillis },
      `Database connections were closed, new ones cannot be opened: ${message}`,
    );
  }
  return result;
}

/**
 * Has every connection forget its prepared statements.
 * @param {{force?: boolean}} [options]
 * @returns {Promise<{connections: number}>}
 */
async function clearPreparedStatements(options) {
  const all = await Promise.all(
    sharedPools().map((pool) => pool.clearPreparedStatements(options)),
  );
  return { connections: all.reduce((sum, one) => sum + one.connections, 0) };
}

module.exports = {
  clearPreparedStatements,
  healthCheck,
  resetDatabaseConnections,
  warmup,
};
