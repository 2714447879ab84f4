// SPDX-License-Identifier: MIT
// What the fault tests have in common.

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { Pool } = require('../../../lib/index.js');
const { eventually, startPostgres } = require('../../support/index.js');

/**
 * @typedef {object} Seen
 * @property {string | RegExp} [code]
 * @property {string} [outcome]
 * @property {'statement' | 'transaction'} [unit]
 * @property {boolean} [retryable]
 * @property {string} [phase]
 * @property {string | RegExp} [cause] the code of the cause
 */

/**
 * Checks that a promise rejects with an error that says this much.
 *
 * @param {Promise<unknown>} promise
 * @param {Seen} seen
 * @returns {Promise<any>} the error
 */
async function fails(promise, seen) {
  /** @type {any} */
  let error;
  try {
    const value = await promise;
    assert.fail(`it succeeded: ${JSON.stringify(value)?.slice(0, 200)}`);
  } catch (caught) {
    error = caught;
  }
  for (const [name, wanted] of Object.entries(seen)) {
    const got = name === 'cause' ? error.cause?.code : error[name];
    const right = wanted instanceof RegExp ? wanted.test(got) : got === wanted;
    if (!right) {
      const { code, outcome, unit, retryable, phase, message } = error;
      const all = { code, outcome, unit, retryable, phase, message };
      const text = JSON.stringify({ ...all, cause: error.cause?.code });
      assert.fail(`${name} is ${got}, not ${wanted}, in ${text}`);
    }
  }
  return error;
}

/** A server for the tests of a describe(), with tables to write to. */
/** @param {import('../../support/postgres.js').PostgresOptions} [options] */
function useServer(options) {
  /** @type {any} */
  const fixture = {};
  before(async () => {
    fixture.server = await startPostgres(options);
    await fixture.server.psql('create table t (n int)');
  });
  after(() => fixture.server.stop('immediate'));

  return {
    get server() {
      return fixture.server;
    },

    /** How many rows there are with that number. */
    /** @param {number} n */
    async rows(n) {
      const text = `select count(*) from t where n = ${n}`;
      const answer = await eventually(() => fixture.server.psql(text), {
        what: 'answer of the server',
      });
      return Number(answer);
    },

    /** The process id of the one backend that runs something like it. */
    /** @param {string} like */
    async backendRunning(like) {
      const where = `state = 'active' and query like '%${like}%'`;
      const found = await eventually(
        async () => {
          const backends = await fixture.server.backends(where);
          return backends.length === 1 && backends[0];
        },
        { interval: 5, what: `statement ${like}` },
      );
      return found.pid;
    },
  };
}

/**
 * Calls `fn` with a pool, checks that the pool serves and holds nothing after
 * it, and ends it.
 *
 * @param {any} config
 * @param {(pool: any) => Promise<unknown>} fn
 */
async function withPool(config, fn) {
  const options =
    typeof config === 'string' ? { connectionString: config } : config;
  const pool = new Pool({ max: 2, ...options });
  try {
    await fn(pool);
    if (!pool.ending) {
      await assertUsable(pool);
    }
  } finally {
    if (!pool.ending) {
      await pool.end();
    }
  }
}

/** @param {any} pool */
async function assertUsable(pool) {
  // The pool's own deadline may be short, for the fault.
  const text = 'select 41 + 1 as answer';
  const { rows } = await pool.query({ text, deadlineMillis: 20_000 });
  assert.deepEqual(rows, [{ answer: 42 }]);
  // What a connection still does for itself, such as a ROLLBACK, ends soon.
  await eventually(
    () => {
      const { busy, waiting, leased } = pool.stats();
      return busy === 0 && waiting === 0 && leased === 0;
    },
    { interval: 2, what: 'rest of the pool' },
  );
}

/** Calls `fn` with a pool that is expected to be of no use at all. */
/** @param {any} config @param {(pool: any) => Promise<unknown>} fn */
async function withBrokenPool(config, fn) {
  const pool = new Pool({ max: 2, ...config });
  try {
    await fn(pool);
  } finally {
    await pool.end();
  }
}

module.exports = { assertUsable, fails, useServer, withBrokenPool, withPool };
