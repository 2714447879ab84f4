// SPDX-License-Identifier: MIT
'use strict';

// register(): the warm-up for Next.js' instrumentation.ts.

const { checkOptions } = require('../validate/keys.js');
const { isBuilding, readPool, readTime } = require('./options.js');

const KNOWN = new Set(['pool', 'timeoutMillis']);
const TIMEOUT_MILLIS = 8000;

/**
 * Opens connections before the first request. When the database is away it does
 * not reject: the application starts, and the pool keeps trying.
 * @param {any} [options]
 * @returns {Promise<import('../pool/warmup.js').WarmupResult | undefined>}
 */
async function register(options = {}) {
  checkOptions(options, KNOWN, 'register()');
  const pool = readPool(options.pool);
  const { timeoutMillis } = options;
  const timeout = readTime(timeoutMillis, 'timeoutMillis', TIMEOUT_MILLIS);
  const { NEXT_RUNTIME = 'nodejs' } = process.env;
  if (isBuilding() || NEXT_RUNTIME !== 'nodejs') {
    return undefined;
  }
  return await pool.warmup({ timeoutMillis: timeout });
}

module.exports = { register };
