// SPDX-License-Identifier: MIT
// Callers that release twice, forget, throw, block and ask for too much.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { eventually } = require('../../support/index.js');
const { assertUsable, fails, useServer, withPool } = require('./fixture.js');

const CLOSED = { code: 'HF_POOL_CLOSED', outcome: 'not_executed' };

describe('a careless caller', () => {
  const fixture = useServer();
  /** @param {(pool: any) => Promise<unknown>} fn @param {object} [options] */
  const pooled = (fn, options) =>
    withPool({ connectionString: fixture.server.url, ...options }, fn);

  test('who releases twice, or uses a released client, gets an error that says so', () =>
    pooled(async (pool) => {
      const client = await pool.connect();
      client.release();
      assert.throws(() => client.release(), { code: 'HF_RELEASED' });
      await fails(client.query('select 1'), { code: 'HF_RELEASED' });
      await assertUsable(pool);
    }));

  test('who ends the pool while it waits gets what was asked for before', () =>
    pooled(
      async (pool) => {
        const running = pool.query('select 1 as n, pg_sleep(0.3)');
        const waiting = pool.query('select 2 as n');
        const lease = pool.connect();
        await eventually(() => pool.waitingCount === 2, { interval: 1 });
        const ended = pool.end();
        assert.equal((await running).rows[0].n, 1);
        assert.equal((await waiting).rows[0].n, 2);
        (await lease).release();
        await ended;
        await fails(pool.query('select 3'), CLOSED);
        await fails(pool.connect(), CLOSED);
        await fails(pool.end(), CLOSED);
      },
      { max: 1 },
    ));

  test('who ends the pool while it connects gets what was asked for before', () =>
    pooled(async (pool) => {
      const done = pool.query('select 1 as n');
      await pool.end();
      assert.equal((await done).rows[0].n, 1);
    }));

  test('who ends the pool during a long statement gets it cancelled', () =>
    pooled(
      async (pool) => {
        const text = 'insert into t select 1 from (select pg_sleep(30)) as s';
        const running = pool.query(text);
        running.catch(() => {});
        await fixture.backendRunning('select 1 from');
        await pool.end();
        await fails(running, {
          code: 'HF_POOL_CLOSED',
          outcome: 'rolled_back',
        });
        assert.equal(await fixture.rows(1), 0);
      },
      { drainMillis: 50 },
    ));

  test('whose transaction function fails gets its own error back', () =>
    pooled(async (pool) => {
      const mine = new Error('mine');
      const insert = 'insert into t values (3)';
      /** @type {[any, any][]} */
      const functions = [
        [
          () => {
            throw mine;
          },
          mine,
        ],
        [
          async (/** @type {any} */ c) => {
            await c.query(insert);
            throw mine;
          },
          mine,
        ],
        [
          async (/** @type {any} */ c) => {
            await c.query(insert);
            throw 'a string';
          },
          'a string',
        ],
        [() => Promise.reject(undefined), undefined],
      ];
      for (const [fn, wanted] of functions) {
        const caught = await pool.transaction(fn).then(
          () => assert.fail('it succeeded'),
          (/** @type {unknown} */ error) => error,
        );
        assert.equal(caught, wanted);
      }
      assert.equal(await pool.transaction(() => 'no promise'), 'no promise');
      assert.equal(await fixture.rows(3), 0);
    }));

  test('who waits within a transaction for a second connection gets none in time', () =>
    pooled(
      (pool) =>
        pool.transaction(async (/** @type {any} */ client) => {
          const error = await fails(pool.connect(), {
            code: 'HF_ACQUIRE_TIMEOUT',
            outcome: 'not_executed',
          });
          assert.match(error.message, /1/);
          await client.query('select 1');
        }),
      { max: 1, connectionTimeoutMillis: 100 },
    ));

  test('who asks for more than the queue holds is refused at once', () =>
    pooled(
      async (pool) => {
        const client = await pool.connect();
        const calls = Array.from({ length: 5000 }, () =>
          pool.query('select 1'),
        );
        const ends = Promise.allSettled(calls);
        for (let n = 0; n < 3; n += 1) {
          await fails(pool.query('select 1'), {
            code: 'HF_QUEUE_FULL',
            outcome: 'not_executed',
            retryable: true,
          });
        }
        client.release();
        const failed = (await ends).filter(
          ({ status }) => status !== 'fulfilled',
        );
        assert.equal(failed.length, 0);
      },
      { max: 1, queueMax: 5000 },
    ));

  test('whose listener throws gets its own error, and no connection half prepared', () =>
    pooled(async (pool) => {
      const mine = new Error('of the listener');
      pool.on('connect', () => {
        throw mine;
      });
      await assert.rejects(pool.query('select 8 as n'), (error) => {
        const { message, cause } = /** @type {Error} */ (error);
        return message.includes(mine.message) || cause === mine;
      });
      pool.removeAllListeners('connect');
      assert.equal((await pool.query('select 8 as n')).rows[0].n, 8);
    }));

  test('who blocks the event loop gets one answer, decided in time', () =>
    pooled(async (pool) => {
      await pool.query('select 1');
      const text = 'insert into t select 11 from (select pg_sleep(30)) as s';
      const done = pool.query({ text, timeoutMillis: 100, retry: false });
      let settled = 0;
      done.then(
        () => {
          settled += 1;
        },
        () => {
          settled += 1;
        },
      );
      await fixture.backendRunning('select 11 from');
      // This thread sees nothing until the server has long ended it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
      await fails(done, { code: 'HF_QUERY_TIMEOUT', outcome: 'rolled_back' });
      assert.equal(settled, 1);
      assert.equal(await fixture.rows(11), 0);
    }));

  /** @type {[string, (pool: any, signal: AbortSignal) => Promise<unknown>][]} */
  const waits = [
    ['a connection', (pool, signal) => pool.connect({ signal })],
    ['its turn', (pool, signal) => pool.query({ text: 'select 1', signal })],
    ['a transaction', (pool, signal) => pool.transaction(() => 1, { signal })],
  ];
  for (const [what, call] of waits) {
    test(`who aborts while waiting for ${what} did not execute anything`, () =>
      pooled(
        async (pool) => {
          const client = await pool.connect();
          const controller = new AbortController();
          const done = call(pool, controller.signal);
          done.catch(() => {});
          await eventually(() => pool.waitingCount === 1, { interval: 1 });
          controller.abort(new Error('enough'));
          const error = await fails(done, {
            code: 'HF_ABORTED',
            outcome: 'not_executed',
          });
          assert.equal(error.cause.message, 'enough');
          assert.equal(pool.waitingCount, 0);
          await fails(call(pool, controller.signal), { code: 'HF_ABORTED' });
          client.release();
        },
        { max: 1 },
      ));
  }
});
