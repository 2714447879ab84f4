// SPDX-License-Identifier: MIT
// Statements that fail on a healthy server.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { eventually } = require('../../support/index.js');
const { fails, useServer, withPool } = require('./fixture.js');

const ROLLED_BACK = { outcome: 'rolled_back' };
const FOR_GOOD = { outcome: 'permanent', retryable: false };

describe('a statement', () => {
  const fixture = useServer();

  /** Calls `fn` with a pool that must keep its connections all the while. */
  /** @param {(pool: any) => Promise<unknown>} fn @param {object} [options] */
  const kept = (fn, options) =>
    withPool(
      { connectionString: fixture.server.url, ...options },
      async (pool) => {
        const connections = await Promise.all([pool.connect(), pool.connect()]);
        for (const client of connections) {
          client.release();
        }
        await fn(pool);
        const { connectsStarted, connectionsClosed } = pool.stats();
        assert.deepEqual([connectsStarted, connectionsClosed], [2, 0]);
      },
    );

  test('that runs into statement_timeout is rolled back and not repeated', () =>
    kept(
      async (pool) => {
        const text = 'insert into t select 1 from (select pg_sleep(10)) as s';
        await fails(pool.query(text), { ...ROLLED_BACK, code: '57014' });
        assert.equal(pool.stats().retries, 0);
        assert.equal(await fixture.rows(1), 0);
      },
      { statement_timeout: 100 },
    ));

  test('that is aborted is cancelled, rolled back and its connection kept', () =>
    kept(async (pool) => {
      const controller = new AbortController();
      const { signal } = controller;
      const text = 'insert into t select 2 from (select pg_sleep(10)) as s';
      const done = pool.query({ text, signal });
      done.catch(() => {});
      await fixture.backendRunning('select 2 from');
      controller.abort(new Error('enough'));
      const error = await fails(done, { ...ROLLED_BACK, code: 'HF_ABORTED' });
      assert.equal(error.retryable, false);
      assert.equal(await fixture.rows(2), 0);
    }));

  test('that finds a row locked is rolled back', () =>
    kept(async (pool) => {
      await pool.query('create table locked as select 1 as n');
      const holder = await pool.connect();
      await holder.query('begin');
      await holder.query('select * from locked for update');
      const waits = "set local lock_timeout = '50ms'";
      const done = pool.transaction(async (/** @type {any} */ client) => {
        await client.query(waits);
        await client.query('update locked set n = 2');
      });
      await fails(done, { ...ROLLED_BACK, code: '55P03', unit: 'transaction' });
      await fails(pool.query('select * from locked for update nowait'), {
        code: '55P03',
      });
      await holder.query('rollback');
      holder.release();
    }));

  test('that deadlocks rolls its transaction back, which may be repeated', () =>
    kept(async (pool) => {
      await pool.query(
        'create table d as select n from generate_series(1, 2) n',
      );
      let both = 0;
      /** @param {number} first */
      const lockBoth = (first) =>
        pool.transaction(
          async (/** @type {any} */ client) => {
            const text = 'update d set n = n where n = $1';
            await client.query(text, [first]);
            both += 1;
            await eventually(() => both >= 2, { interval: 2 });
            await client.query(text, [3 - first]);
          },
          { retry: false },
        );
      const ends = await Promise.allSettled([lockBoth(1), lockBoth(2)]);
      const [loser] = ends.filter(({ status }) => status === 'rejected');
      const { reason } = /** @type {PromiseRejectedResult} */ (loser);
      await fails(Promise.reject(reason), {
        ...ROLLED_BACK,
        code: '40P01',
        unit: 'transaction',
        retryable: true,
      });
    }));

  test('that cannot be serialized fails at COMMIT, and is rolled back', () =>
    kept(async (pool) => {
      await pool.query(
        'create table w as select n, 1 as v from generate_series(1, 2) n',
      );
      let both = 0;
      /** @param {number} n */
      const skew = (n) =>
        pool.transaction(
          async (/** @type {any} */ client) => {
            await client.query('select sum(v) from w');
            await client.query('update w set v = 0 where n = $1', [n]);
            both += 1;
            await eventually(() => both >= 2, { interval: 2 });
          },
          { isolationLevel: 'serializable', retry: false },
        );
      const ends = await Promise.allSettled([skew(1), skew(2)]);
      const [loser, second] = ends.filter((end) => end.status === 'rejected');
      assert.equal(second, undefined);
      const { reason } = /** @type {PromiseRejectedResult} */ (loser);
      await fails(Promise.reject(reason), {
        ...ROLLED_BACK,
        code: '40001',
        unit: 'transaction',
        retryable: true,
      });
      assert.equal(await fixture.server.psql('select sum(v) from w'), '1');
    }));

  /** @type {[string, string, string][]} */
  const permanent = [
    ['breaks a unique constraint', '23505', 'insert into u values (1)'],
    ['breaks a check', '23514', 'insert into u values (-1)'],
    ['leaves a column without a value', '23502', 'insert into u values (null)'],
    ['refers to nothing', '23503', 'insert into v values (9)'],
    ['is no SQL', '42601', 'selec 1'],
    ['names what is not there', '42P01', 'select * from not_there'],
    ['has too many columns', '54011', `select ${'1,'.repeat(2000)}1`],
  ];
  test('that fails by its own fault fails for good and keeps its connection', () =>
    kept(async (pool) => {
      await fixture.server.psql(
        `create role powerless;
         create table u (n int primary key check (n > 0));
         create table v (n int references u);
         insert into u values (1)`,
      );
      for (const [what, code, text] of permanent) {
        const done = pool.query(text);
        const error = await fails(done, { ...FOR_GOOD, code }).catch((e) => {
          throw new Error(`that ${what}: ${e.message}`);
        });
        assert.equal(error.attempts, 1);
        await pool.query('reset role');
      }
    }));

  test('among several says ambiguous: what came before may be durable', () =>
    kept(async (pool) => {
      const error = await fails(
        pool.query('set role powerless; select * from u'),
        { code: '42501', outcome: 'ambiguous', retryable: false },
      );
      assert.equal(error.attempts, 1);
      await pool.query('reset role');
    }));

  test('after a failed one in a transaction does not hide what failed first', () =>
    kept(async (pool) => {
      const done = pool.transaction(async (/** @type {any} */ client) => {
        await client.query('insert into t values (8)');
        const first = client.query('select 1 / 0');
        first.catch(() => {});
        const next = client.query('select 1');
        await fails(next, { code: '25P02', unit: 'transaction' });
        await first;
      });
      await fails(done, { code: '22012', unit: 'transaction' });
      assert.equal(await fixture.rows(8), 0);
    }));

  test('whose failure was swallowed makes its transaction fail all the same', () =>
    kept(async (pool) => {
      const done = pool.transaction(async (/** @type {any} */ client) => {
        await client.query('insert into t values (9)');
        await client.query('select 1 / 0').catch(() => {});
        return 'all is well';
      });
      await fails(done, { code: '22012' });
      assert.equal(await fixture.rows(9), 0);
    }));

  for (const failed of [false, true]) {
    const what = failed ? 'failed' : 'open';
    test(`of the next borrower never sees a transaction that was left ${what}`, () =>
      kept(async (pool) => {
        const client = await pool.connect();
        await client.query('begin; insert into t values (10)');
        if (failed) {
          await fails(client.query('select 1 / 0'), { unit: 'transaction' });
        }
        client.release();
        const next = await pool.connect();
        const text = 'select pg_current_xact_id_if_assigned() as xid';
        assert.deepEqual((await next.query(text)).rows, [{ xid: null }]);
        next.release();
        assert.equal(await fixture.rows(10), 0);
      }));
  }

  test('COMMIT of a failed transaction on a client is an error', () =>
    kept(async (pool) => {
      const client = await pool.connect();
      await client.query('begin');
      await fails(client.query('select 1 / 0'), {});
      await fails(client.query('commit'), {
        ...ROLLED_BACK,
        unit: 'transaction',
      });
      client.release();
    }));

  test('of a pool that leaves a transaction open is rejected and rolled back', () =>
    kept(async (pool) => {
      await fails(pool.query('begin'), {});
      assert.equal(
        (await fixture.server.backends("state <> 'idle'")).length,
        0,
      );
    }));

  test('that raises 57P01 by itself is no shutdown', () =>
    kept(async (pool) => {
      const raise = "raise exception 'x' using errcode = '57P01'";
      // A DO block can commit before it raises.
      await fails(pool.query(`do $$begin ${raise}; end$$`), {
        code: '57P01',
        outcome: 'ambiguous',
        retryable: false,
      });
      assert.equal(pool.stats().retries, 0);
    }));
});
