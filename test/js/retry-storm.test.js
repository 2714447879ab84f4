// SPDX-License-Identifier: MIT
'use strict';

// The storm of 42P05 with nothing left to chance: pg's named statements through
// PgBouncer in transaction mode, which has one server connection, so that a name
// is taken, or gone, exactly when a test says so. What is checked is what was
// asked for: how many attempts, after which delays. `bench/storm.js` has the
// storm itself.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const { after, before, beforeEach, describe, test } = require('node:test');
const pg = require('pg');

const { retryQuery } = require('../../lib/index.js');
const {
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');

const LINEAR = [100, 200, 300];
const NAMES = ['s0', 's1', 's2'];
const CLIENTS = 4;

/** @type {Record<string, any>} */
const SIDES = { 'without options': {}, linear: { preset: 'linear' } };

/** @param {string} name */
function named(name) {
  return { name, text: `select '${name}' as name` };
}

describe('the storm of 42P05', {
  skip: findPgBouncer() === null && 'pgbouncer is not installed',
}, () => {
  /** @type {any} */
  let server;
  /** @type {any} */
  let bouncer;
  /** @type {pg.Pool[]} */
  let pools = [];

  before(async () => {
    server = await startPostgres();
    bouncer = await startPgBouncer({ server, poolSize: 1 });
  });

  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await bouncer.stop();
    await server.stop();
  });

  /** Frees each name, as somebody's reset does. */
  async function deallocate() {
    const cleaner = new pg.Client({ connectionString: bouncer.url });
    await cleaner.connect();
    await cleaner.query('DEALLOCATE ALL');
    await cleaner.end();
  }

  beforeEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    pools = [1, 2].map(
      () => new pg.Pool({ connectionString: bouncer.url, max: CLIENTS }),
    );
    await deallocate();
    for (const name of NAMES) {
      await pools[0].query(named(name)); // one client, free again each time
    }
  });

  /**
   * One call through a helper, and what it did.
   * @param {pg.Pool} pool
   * @param {string} name
   * @param {any} options
   * @param {(attempt: number) => Promise<void>} [before] each attempt
   */
  async function call(pool, name, options, before) {
    /** @type {number[]} */
    const delays = [];
    let attempts = 0;
    const settled = await retryQuery(
      async () => {
        attempts += 1;
        await before?.(attempts);
        return pool.query(named(name));
      },
      {
        ...options,
        onRetry: (/** @type {any} */ { delayMillis }) =>
          delays.push(delayMillis),
      },
    ).then(
      ({ rows }) => ({ rows, error: undefined }),
      (/** @type {any} */ error) => ({ rows: undefined, error }),
    );
    return { ...settled, attempts, delays };
  }

  /**
   * pg's pool, but it keeps clients that failed. Closed before ReadyForQuery,
   * one costs the pooler its server connection, and frees the names there.
   * @param {pg.Pool} pool
   * @returns {any}
   */
  const keeping = (pool) => ({
    query: async (/** @type {any} */ config) => {
      const client = await pool.connect();
      try {
        return await client.query(config);
      } finally {
        client.release();
      }
    },
  });

  for (const [side, options] of Object.entries(SIDES)) {
    test(`${side}: a name that stays taken costs each call four attempts, after 100, 200 and 300 ms`, async () => {
      const calls = await Promise.all(
        Array.from({ length: CLIENTS }, () => NAMES)
          .flat()
          .map((name) => call(keeping(pools[1]), name, options)),
      );
      for (const { error, attempts, delays } of calls) {
        assert.strictEqual(error?.code, '42P05');
        assert.match(error.message, /pgbouncer=true/);
        assert.strictEqual(attempts, 4);
        assert.deepStrictEqual(delays, LINEAR);
      }
    });

    for (const freed of [2, 3, 4]) {
      test(`${side}: a name that is freed before attempt ${freed} is had at that attempt`, async () => {
        const { rows, attempts, delays } = await call(
          keeping(pools[1]),
          's0',
          options,
          async (attempt) => {
            if (attempt === freed) {
              await deallocate();
            }
          },
        );
        assert.deepStrictEqual(rows, [{ name: 's0' }]);
        assert.strictEqual(attempts, freed);
        assert.deepStrictEqual(delays, LINEAR.slice(0, freed - 1));
      });
    }

    test(`${side}: a name that is gone (26000) costs one more attempt, after 100 ms`, async () => {
      await deallocate();
      // pg's pool lets go of a client that failed: the next one knows no name.
      const { rows, attempts, delays } = await call(pools[0], 's0', options);
      assert.deepStrictEqual(rows, [{ name: 's0' }]);
      assert.strictEqual(attempts, 2);
      assert.deepStrictEqual(delays, [100]);
    });

    test(`${side}: a name that stays gone on a client costs four`, async () => {
      const client = await pools[0].connect();
      await deallocate();
      const held = /** @type {any} */ (client);
      const { error, attempts, delays } = await call(held, 's0', options);
      client.release();
      assert.strictEqual(error?.code, '26000');
      assert.strictEqual(attempts, 4);
      assert.deepStrictEqual(delays, LINEAR);
    });
  }
});
