// SPDX-License-Identifier: MIT
'use strict';

// Runs the same code on pg's pool and on ours.

const pg = require('pg');

const { Pool } = require('../../lib/pool/pool.js');

/**
 * Runs `use` with a pool of pg and with one of ours, each ended afterwards.
 * Returns what both gave.
 * @template T
 * @param {object} config
 * @param {(pool: any, name: 'pg' | 'ours') => Promise<T>} use
 * @returns {Promise<{theirs: T, ours: T}>}
 */
async function onBoth(config, use) {
  const theirs = new pg.Pool(config);
  // Its connections may emit one more event after end().
  theirs.on('error', () => {});
  const pools = { theirs, ours: new Pool(config) };
  const given = /** @type {any} */ ({});
  for (const [key, pool] of Object.entries(pools)) {
    try {
      given[key] = await use(pool, key === 'theirs' ? 'pg' : 'ours');
    } finally {
      if (!(/** @type {any} */ (pool).ending)) {
        await pool.end();
      }
    }
  }
  return given;
}

module.exports = { onBoth };
