// SPDX-License-Identifier: MIT
'use strict';

// getPool({fallback: 'pg'}) where no binary fits: pg's own pool, with the
// methods that the shared functions (healthCheck(), warmup(), the shutdown
// hooks) need.

const { abortedError, refuseAborted } = require('../pool/arguments.js');
const { readDrainMillis } = require('../validate/values.js');
const { nowMillis } = require('../platform/clock.js');
const { HoldfastError, usageError } = require('../errors/error-classes.js');
const { readTimeout } = require('../pool/health.js');
const { readOptions } = require('../pool/warmup.js');
const { warnOnce } = require('../platform/warn.js');
const { pgConfig } = require('./config.js');
const { until } = require('../platform/until.js');

/** @typedef {import('../pool/health-report.js').Health} Health */

/** As long as a timer can wait. */
const NO_LIMIT = 2 ** 31 - 1000;

/** How much longer than pg's own time-out, whose error is better. In ms. */
const PG_FIRST_MILLIS = 25;

const ROLE = 'SELECT pg_is_in_recovery() AS standby';

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

/**
 * @param {string} what
 * @returns {Error}
 */
function nativeOnly(what) {
  return new HoldfastError(
    'HF_NO_BINARY',
    `pg-holdfast: ${what}() needs the native pool; this one is pg's`,
    { outcome: 'permanent', reason: 'the pool is of pg' },
  );
}

/**
 * @param {string} what
 * @returns {Promise<never>}
 */
function refuse(what) {
  return Promise.reject(nativeOnly(what));
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
 * Queries the server, within a limit.
 * @param {any} pool
 * @param {string} text
 * @param {number} millis
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
function ask(pool, text, millis, signal) {
  const asked = pool.query({ text, query_timeout: millis });
  const limits = {
    endsAt: nowMillis() + millis + PG_FIRST_MILLIS,
    signals: signal === undefined ? [] : [signal],
  };
  return until(asked, limits, (aborted) =>
    aborted === undefined
      ? usageError('HF_DEADLINE', `nothing was answered within ${millis} ms`, {
          outcome: 'not_executed',
          retryable: true,
        })
      : abortedError(aborted),
  );
}

/**
 * @param {any} pool
 * @param {any} options
 * @returns {Promise<Health>}
 */
async function healthOf(pool, options) {
  const timeout = readTimeout(options);
  const began = nowMillis();
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
    const { rows } = await ask(pool, ROLE, timeout);
    health.role = rows[0].standby ? 'standby' : 'primary';
    health.warmed = true;
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    health.status = 'down';
    health.lastError = { code, message };
    health.reasons = [String(message)];
  }
  health.latencyMillis = nowMillis() - began;
  health.pool = countsOf(pool);
  return health;
}

/**
 * @param {any} pool
 * @param {any} options
 * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
 */
async function warm(pool, options) {
  const { timeout, failFast, signal } = readOptions(options);
  refuseAborted(signal);
  const began = nowMillis();
  const since = () => nowMillis() - began;
  try {
    await ask(pool, 'SELECT 1', timeout || NO_LIMIT, signal);
    return { ok: true, durationMillis: since() };
  } catch (error) {
    if (failFast || signal?.aborted) {
      throw error;
    }
    return { ok: false, durationMillis: since(), error };
  }
}

function ignore() {}

/**
 * Ends the pool. After the limit the connections of work in flight are closed,
 * and clients that were not released are not waited for.
 * @param {any} pool
 * @param {Set<any>} clients that are open
 * @param {number} millis
 */
async function drain(pool, clients, millis) {
  if (pool.ending) {
    return;
  }
  const late = new Error('drained no longer');
  const endsAt = nowMillis() + millis;
  try {
    await until(pool.end(), { endsAt }, () => late);
  } catch (error) {
    if (error !== late) {
      throw error;
    }
    for (const client of clients) {
      client.end().catch(ignore);
    }
  }
}

/**
 * Makes pg's pool. There a lost connection is an 'error' event, which ends the
 * process when it has no listener.
 * @param {import('../options/options.js').Resolved} resolved
 * @param {unknown} reason why there is no pool of ours
 * @returns {any}
 */
function fallbackPool(resolved, reason) {
  const pg = loadPg();
  const config = pgConfig(resolved);
  const { onConnect } = resolved;
  if (typeof onConnect === 'function') {
    config.onConnect = onConnect;
  } else if (onConnect !== undefined) {
    config.verify = (/** @type {any} */ client, /** @type {any} */ done) => {
      client.query(onConnect, done);
    };
  }
  const pool = new pg.Pool(config);
  pool.on('error', ignore);
  /** @type {Set<any>} */
  const clients = new Set();
  pool.on('connect', (/** @type {any} */ client) => {
    client.on('error', ignore);
    clients.add(client);
  });
  pool.on('remove', (/** @type {any} */ client) => clients.delete(client));
  const { drainMillis } = /** @type {any} */ (resolved.public);
  const methods = {
    warmup: (/** @type {any} */ options) => warm(pool, options),
    health: (/** @type {any} */ options) => healthOf(pool, options),
    type: () => refuse('type'),
    stream: () => {
      throw nativeOnly('stream');
    },
    reset: () => refuse('reset'),
    clearPreparedStatements: () => refuse('clearPreparedStatements'),
    drain: (/** @type {any} */ millis = drainMillis) =>
      drain(pool, clients, readDrainMillis(millis, 'drainMillis')),
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
