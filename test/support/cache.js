// SPDX-License-Identifier: MIT
// A pool whose queries are cached, and a table that can be locked meanwhile.

const { after, beforeEach } = require('node:test');
const { Pool } = require('../../lib/pool/pool.js');
const { eventually } = require('./eventually.js');
const { before } = require('./suite.js');

const MINUTE = 60_000;

/**
 * A pool with a cache, and the tables `kept` and `gate`. The cache and `kept` are
 * emptied before each test.
 * @param {any} server
 */
function useCache(server) {
  /** @type {Pool} */
  let pool;

  before(async () => {
    pool = new Pool({ connectionString: server.url, max: 4 });
    await pool.query('create table kept (n int); create table gate (n int)');
  });

  after(async () => {
    await pool?.end();
  });

  beforeEach(async () => {
    await pool.query('truncate kept');
    await pool.invalidate();
  });

  /**
   * Sends a query that may be cached.
   * @param {string} text
   * @param {any} [options]
   * @param {any[]} [values]
   * @param {Pool} [of]
   * @returns {Promise<any>}
   */
  function ask(text, options, values, of = pool) {
    const { config, ...cache } = options ?? {};
    return /** @type {Promise<any>} */ (
      of.query({
        text,
        values,
        cache: { ttlMillis: MINUTE, ...cache },
        ...config,
      })
    );
  }

  /**
   * Locks the table `gate`, so that whoever reads it waits. Returns what unlocks
   * it.
   */
  async function closeGate() {
    const client = /** @type {any} */ (await pool.connect());
    await client.query('begin; lock table gate');
    return async () => {
      await client.query('commit');
      client.release();
    };
  }

  /** Waits until so many statements wait for the gate. */
  function atGate(waiting = 1) {
    return eventually(async () => {
      const found = await server.backends("wait_event_type = 'Lock'");
      return found.length >= waiting;
    });
  }

  /**
   * How many rows `kept` has, by a result that may be cached.
   * @param {any} [options]
   */
  async function count(options) {
    const { rows } = await ask('select count(*)::int as n from kept', options);
    return rows[0].n;
  }

  /**
   * How many statements the engine sends while `fn` runs.
   * @param {() => Promise<unknown>} fn
   * @param {Pool} [of]
   */
  async function sentBy(fn, of = pool) {
    const { queries } = of.stats();
    await fn();
    return of.stats().queries - queries;
  }

  return {
    ask,
    atGate,
    closeGate,
    count,
    sentBy,
    /** From the first test on. */
    get pool() {
      return pool;
    },
  };
}

module.exports = { MINUTE, useCache };
