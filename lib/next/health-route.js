// SPDX-License-Identifier: MIT
'use strict';

// healthRoute(): the pool's health as a route handler.

const { checkOptions } = require('../validate/keys.js');
const { isBuilding, json, readPool, readTime } = require('./options.js');

/** @typedef {import('../pool/health-report.js').Health} Health */

const KNOWN = new Set(['pool', 'timeoutMillis', 'details']);
const TIMEOUT_MILLIS = 2000;

/**
 * The answer where the pool could not be asked: no binary fits, or the
 * configuration is invalid.
 * @param {any} error
 * @returns {Health}
 */
function unable(error) {
  const message = String(error?.message ?? error);
  return {
    status: 'down',
    warmed: false,
    latencyMillis: 0,
    pool: { total: 0, busy: 0, idle: 0, waiting: 0 },
    pooler: 'unknown',
    role: 'unknown',
    breaker: 'closed',
    lastError: { code: error?.code, message },
    reasons: [message],
  };
}

/** @param {Health} health */
function withoutDetails({ lastError: _error, reasons: _reasons, ...rest }) {
  return rest;
}

/**
 * Throws in a build, whose answer would be served for ever. Reading the request
 * tells Next.js that the answer depends on it; where the route is prerendered
 * all the same, this throws.
 * @param {Request} request
 */
function refuseBuild(request) {
  request.headers.get('accept');
  if (isBuilding()) {
    throw new Error(
      'a health route cannot be made by the build: its answer would stay ' +
        "for ever. Take `dynamic = 'force-static'` and `revalidate` out of it",
    );
  }
}

/**
 * Returns a handler for GET.
 * @param {any} [options]
 * @returns {(request: Request) => Promise<Response>}
 */
function healthRoute(options = {}) {
  checkOptions(options, KNOWN, 'healthRoute()');
  const { details = true } = options;
  if (typeof details !== 'boolean') {
    throw new TypeError('details must be true or false');
  }
  const pool = readPool(options.pool);
  const timeoutMillis = readTime(
    options.timeoutMillis,
    'timeoutMillis',
    TIMEOUT_MILLIS,
  );
  return async function GET(request) {
    refuseBuild(request);
    const health = await Promise.resolve({ timeoutMillis })
      .then(pool.health)
      .catch(unable);
    const status = health.status === 'down' ? 503 : 200;
    return json(status, details ? health : withoutDetails(health));
  };
}

module.exports = { healthRoute };
