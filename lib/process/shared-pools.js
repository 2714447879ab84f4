// SPDX-License-Identifier: MIT
'use strict';

// Functions for all pools that getPool() made, or for the one it makes without
// options when there is none yet.

const { rootOf, refusal } = require('../errors/errors.js');
const { logOf } = require('../observe/log.js');
const { nowMillis } = require('../platform/clock.js');
const {
  checkPrisma,
  clearPgPool,
  clearPrisma,
  resetPgPool,
  resetPrisma,
  tryPool,
} = require('../retry/foreign-reset.js');
const { distinctPools, getPool } = require('./registry.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */
/** @typedef {import('../pool/health-report.js').Health} Health */

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
 * @param {import('../pool/warmup.js').WarmupOptions} [options]
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
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
 * Queries the health of the database; of several pools the worst counts, and
 * `reasons` says which.
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

const NOTHING =
  'nothing was reset: no pool of getPool() is open here. Hand over what is to ' +
  'be reset: {pool} of pg, or {prisma}';

/** @param {any} options */
function checkOptions(options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object');
  }
}

/** @returns {Error} */
function nothingThere() {
  return refusal('HF_SESSION_REQUIRED', NOTHING);
}

/**
 * Resets one pool, ours or pg's, and checks that it can connect.
 * @param {any} pool
 * @param {any} options
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 */
async function resetPool(pool, options) {
  if (typeof pool?.reset === 'function' && typeof pool.warmup === 'function') {
    await pool.reset();
    return pool.warmup(options);
  }
  const began = nowMillis();
  await resetPgPool(pool);
  return attempt(began, () => tryPool(pool, options.timeoutMillis ?? 5000));
}

/**
 * @param {number} began
 * @param {() => Promise<void>} work
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 */
async function attempt(began, work) {
  try {
    await work();
    return { ok: true, durationMillis: nowMillis() - began };
  } catch (error) {
    return { ok: false, durationMillis: nowMillis() - began, error };
  }
}

/**
 * @param {any} options
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 */
async function resetGiven({ pool, prisma, ...options }) {
  /** @type {import('../pool/warmup.js').WarmupResult[]} */
  const results = [];
  if (pool !== undefined) {
    results.push(await resetPool(pool, options));
  }
  if (prisma !== undefined) {
    checkPrisma(prisma);
    results.push(await attempt(nowMillis(), () => resetPrisma(prisma)));
  }
  const failed = results.find((result) => !result.ok);
  const durationMillis = results.reduce((sum, r) => sum + r.durationMillis, 0);
  return { ...(failed ?? { ok: true }), durationMillis };
}

/**
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 * @param {any} options
 */
async function resetOurs(options) {
  const pools = distinctPools();
  if (pools.length === 0) {
    return { ok: false, durationMillis: 0, error: nothingThere() };
  }
  await Promise.all(pools.map((pool) => pool.reset()));
  return warmup(options);
}

/**
 * Replaces every connection by a new one, without failing a call, and waits for
 * the new ones: of the pools of getPool(), or of what was given. When the
 * database is away it does not reject: the old connections are closed all the
 * same, and calls wait as usual.
 * @param {any} [options]
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 */
async function resetDatabaseConnections(options = {}) {
  checkOptions(options);
  const given = options.pool !== undefined || options.prisma !== undefined;
  const result = await (given ? resetGiven(options) : resetOurs(options));
  const log = logOf(distinctPools()[0]);
  const { durationMillis } = result;
  if (result.ok) {
    log.info(
      { event: 'reset.done', durationMillis },
      'Database connections reset successfully',
    );
  } else if (!given && distinctPools().length === 0) {
    log.warn({ event: 'reset.failed', durationMillis }, NOTHING);
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
 * Makes every connection drop its prepared statements: of the pools of
 * getPool(), or of what was given.
 * @param {any} [options]
 * @returns {Promise<{connections: number, error?: Error}>}
 */
async function clearPreparedStatements(options = {}) {
  checkOptions(options);
  const { pool, prisma, ...own } = options;
  const force = own.force === true;
  if (pool !== undefined || prisma !== undefined) {
    let connections = 0;
    if (pool !== undefined) {
      connections +=
        typeof pool?.clearPreparedStatements === 'function'
          ? (await pool.clearPreparedStatements(own)).connections
          : await clearPgPool(pool, force);
    }
    if (prisma !== undefined) {
      connections += await clearPrisma(prisma, force);
    }
    return { connections };
  }
  const pools = distinctPools();
  if (pools.length === 0) {
    logOf(undefined).warn({ event: 'reset.failed' }, NOTHING);
    return { connections: 0, error: nothingThere() };
  }
  const all = await Promise.all(
    pools.map((one) => one.clearPreparedStatements(own)),
  );
  return { connections: all.reduce((sum, one) => sum + one.connections, 0) };
}

module.exports = {
  clearPreparedStatements,
  healthCheck,
  resetDatabaseConnections,
  warmup,
};
