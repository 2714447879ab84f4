// SPDX-License-Identifier: MIT
'use strict';

// getPool({fallback: 'pg'}) where no binary fits: pg's own pool, under the
// same helpers, with what the shared functions (healthCheck(), warmup(), the
// shutdown hooks) ask of a pool.

const { HoldfastError } = require('../error-classes.js');
const { warnOnce } = require('../warn.js');
const { pgConfig } = require('./config.js');

/** @typedef {import('../health-report.js').Health} Health */

/** @returns {any} */
function loadPg() {
  try {
    return require('pg');
  } catch (cause) {
    throw new HoldfastError(
      'HF_NO_BINARY',
      "pg-holdfast: fallback: 'pg' needs the package pg, which is not " +
        'installed here: run "npm install pg"',
      { outcome: 'permanent', reason: 'pg is not installed', cause },
    );
  }
}

/** @param {string} what @returns {Promise<never>} */
function refuse(what) {
  return Promise.reject(
    new HoldfastError(
      'HF_NO_BINARY',
      `pg-holdfast: ${what}() needs the native pool; this one is pg's`,
      { outcome: 'permanent', reason: 'the pool is of pg' },
    ),
  );
}

/**
 * @param {any} pool
 * @returns {Health['pool']}
 */
function countsOf({ totalCount, idleCount, waitingCount }) {
  const busy = totalCount - idleCount;
  return { total: totalCount, busy, idle: idleCount, waiting: waitingCount };
}

/**
 * @param {any} pool
 * @returns {Promise<Health>}
 */
async function healthOf(pool) {
  const began = performance.now();
  /** @type {Health} */
  const health = {
    status: 'up',
    warmed: pool.totalCount > 0,
    latencyMillis: 0,
    pool: countsOf(pool),
    pooler: 'unknown',
    role: 'unknown',
    breaker: 'closed',
    lastError: null,
    reasons: [],
  };
  try {
    const { rows } = await pool.query('SELECT pg_is_in_recovery() AS standby');
    health.role = rows[0].standby ? 'standby' : 'primary';
    health.warmed = true;
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    health.status = 'down';
    health.lastError = { code, message };
    health.reasons = [String(message)];
  }
  health.latencyMillis = performance.now() - began;
  health.pool = countsOf(pool);
  return health;
}

/**
 * @param {any} pool
 * @param {{failFast?: boolean}} [options]
 * @returns {Promise<import('../warmup.js').WarmupResult>}
 */
async function warm(pool, options) {
  const began = performance.now();
  const since = () => performance.now() - began;
  try {
    await pool.query('SELECT 1');
    return { ok: true, durationMillis: since() };
  } catch (error) {
    if (options?.failFast) {
      throw error;
    }
    return { ok: false, durationMillis: since(), error };
  }
}

function ignore() {}

/**
 * Makes pg's pool. A lost connection is an event there, which ends the process
 * when nobody listens.
 * @param {import('../options.js').Resolved} resolved
 * @param {unknown} reason why there is no pool of ours
 * @returns {any}
 */
function fallbackPool(resolved, reason) {
  if (typeof resolved.onConnect === 'function') {
    throw new TypeError('onConnect must be SQL text');
  }
  const pg = loadPg();
  const config = pgConfig(resolved);
  const { onConnect } = resolved;
  if (onConnect !== undefined) {
    config.verify = (/** @type {any} */ client, /** @type {any} */ done) => {
      client.query(onConnect, done);
    };
  }
  const pool = new pg.Pool(config);
  pool.on('error', ignore);
  pool.on('connect', (/** @type {any} */ client) => {
    client.on('error', ignore);
  });
  const methods = {
    warmup: (/** @type {any} */ options) => warm(pool, options),
    health: () => healthOf(pool),
    reset: () => refuse('reset'),
    clearPreparedStatements: () => refuse('clearPreparedStatements'),
    drain: () => (pool.ending ? Promise.resolve() : pool.end()),
    noticeOptions: ignore,
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(pool, name, { value });
  }
  warnOnce(
    `the pool is pg's, by fallback: ${/** @type {Error} */ (reason).message}`,
    'HF_FALLBACK',
  );
  return pool;
}

module.exports = { fallbackPool };
