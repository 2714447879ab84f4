// SPDX-License-Identifier: MIT
// Named statements that the server knows already, or no longer.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { fails, useServer, withPool } = require('./fixture.js');

describe('a named statement', () => {
  const fixture = useServer();

  /** Calls `fn` with a pool of one connection, so that names meet. */
  /** @param {(pool: any) => Promise<unknown>} fn */
  const single = (fn) =>
    withPool({ connectionString: fixture.server.url, max: 1 }, fn);

  /** @param {any} runner @param {string} name @param {string} text */
  const named = async (runner, name, text) =>
    (await runner.query({ name, text })).rows;

  test('whose name is taken runs all the same', () =>
    single(async (pool) => {
      await pool.query('prepare taken as select 1 as other');
      for (let n = 0; n < 3; n += 1) {
        const rows = await named(pool, 'taken', 'select 2 as n');
        assert.deepEqual(rows, [{ n: 2 }]);
      }
    }));

  test('that somebody deallocated runs all the same', () =>
    single(async (pool) => {
      for (let n = 0; n < 3; n += 1) {
        const rows = await named(pool, 'lost', 'select 3 as n');
        assert.deepEqual(rows, [{ n: 3 }]);
        await pool.query(n === 1 ? 'discard all' : 'deallocate all');
      }
      assert.equal(pool.stats().connectsStarted, 1);
    }));

  test('whose table changed under it runs all the same', () =>
    single(async (pool) => {
      await pool.query('create table plan as select 4 as n');
      for (let n = 0; n < 4; n += 1) {
        const rows = await named(pool, 'plan', 'select * from plan');
        assert.equal(Object.keys(rows[0]).length, 1 + n);
        await pool.query(`alter table plan add column c${n} int`);
      }
    }));

  test('that a pool named itself survives all of this too', () =>
    single(async (pool) => {
      await pool.query('create table own as select 5 as n');
      for (let n = 0; n < 8; n += 1) {
        const { rows } = await pool.query(
          'select * from own where n > $1',
          [0],
        );
        assert.equal(rows[0].n, 5);
        if (n === 4) {
          await pool.query('deallocate all');
        } else if (n === 5) {
          await pool.query('alter table own add column c int');
        }
      }
    }));

  /** @type {[string, string, string][]} */
  const spoilers = [
    ['was lost', '26000', 'deallocate all'],
    ['has another result', '0A000', 'alter table inside add column c int'],
  ];
  for (const [what, code, spoiler] of spoilers) {
    test(`that ${what} inside a transaction fails the transaction, once`, () =>
      single(async (pool) => {
        await pool.query('drop table if exists inside');
        await pool.query('create table inside as select 6 as n');
        const text = 'select * from inside';
        await named(pool, 'inside', text);
        const run = () =>
          pool.transaction(async (/** @type {any} */ client) => {
            const before = await named(client, 'inside', text);
            await client.query('insert into t values (6)');
            return before;
          });
        await run();
        await pool.query(spoiler);
        const ends = [await run().catch((e) => e), await run().catch((e) => e)];
        if (ends[0] instanceof Error) {
          await fails(Promise.reject(ends[0]), {
            code,
            outcome: 'rolled_back',
            unit: 'transaction',
            retryable: true,
          });
        }
        assert.equal(ends[1][0].n, 6);
      }));
  }

  test('whose name is taken inside a transaction fails the transaction', () =>
    single(async (pool) => {
      const client = await pool.connect();
      await client.query('prepare mine as select 1');
      await client.query('begin');
      const done = client.query({ name: 'mine', text: 'select 7 as n' });
      const end = await done.catch((/** @type {any} */ error) => error);
      if (end instanceof Error) {
        await fails(Promise.reject(end), {
          code: '42P05',
          outcome: 'rolled_back',
          unit: 'transaction',
          retryable: true,
        });
      }
      await client.query('rollback');
      const { rows } = await client.query({
        name: 'mine',
        text: 'select 7 as n',
      });
      assert.deepEqual(rows, [{ n: 7 }]);
      client.release();
    }));
});
