// SPDX-License-Identifier: MIT
// Networks that refuse, reset, cut and fall silent.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { eventually, startProxy } = require('../../support/index.js');
const { fails, useServer, withBrokenPool, withPool } = require('./fixture.js');

describe('a network', () => {
  const fixture = useServer();
  /** @type {any} */
  let proxy;
  /** @type {any} */
  let config;
  before(async () => {
    proxy = await startProxy(fixture.server);
    const connectionString = proxy.urlFor(fixture.server.url);
    config = { connectionString, connectTimeoutMillis: 1000, max: 2 };
  });
  after(() => proxy.close());

  /** Calls `fn` with a pool that is connected, and mends the network. */
  /** @param {(pool: any) => Promise<unknown>} fn */
  const connected = (fn) =>
    withPool(config, async (pool) => {
      await pool.query('select 1');
      await fn(pool);
      await proxy.reset();
    });

  test('a refused connection is waited for, within the deadline', async () => {
    await proxy.refuse(true);
    await withPool({ ...config, deadlineMillis: 300 }, async (pool) => {
      const error = await fails(pool.query('insert into t values (1)'), {
        outcome: 'not_executed',
        cause: 'ECONNREFUSED',
      });
      const { syscall, address, port } = error.cause;
      assert.equal(syscall, 'connect');
      assert.equal(address, proxy.host);
      assert.equal(port, proxy.port);
      const text = 'insert into t values (1)';
      const done = pool.query({ text, deadlineMillis: 20_000, retry: false });
      await proxy.refuse(false);
      await done;
    });
    assert.equal(await fixture.rows(1), 1);
  });

  for (const how of ['rst', 'fin']) {
    test(`a connection cut by ${how} in a write leaves it ambiguous`, () =>
      connected(async (pool) => {
        const text = 'insert into t select 2 from (select pg_sleep(60)) as s';
        const done = pool.query({ text, retry: false });
        done.catch(() => {});
        await fixture.backendRunning('select 2 from');
        proxy.killAll(how);
        await fails(done, { code: 'ECONNRESET', outcome: 'ambiguous' });
        // Nobody is there to hear its answer: it would run to its end.
        await fixture.server.psql(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where query like 'insert into t select 2 from%'`,
        );
      }));
  }

  test('rows cut off in the middle are never a result', () =>
    connected(async (pool) => {
      let rows = 0;
      proxy.onMessage((/** @type {any} */ { direction, type }) => {
        rows += direction === 'down' && type === 'D' ? 1 : 0;
        return rows === 500 ? 'fin' : 'pass';
      });
      const text = 'select g, nextval($1) from generate_series(1, 1000) g';
      await fixture.server.psql('create sequence s');
      await fails(pool.query({ text, values: ['s'], retry: false }), {
        code: 'ECONNRESET',
        outcome: 'ambiguous',
      });
    }));

  test('a read that is cut off is repeated on another connection', () =>
    connected(async (pool) => {
      let left = 500;
      proxy.onMessage((/** @type {any} */ { direction, type }) => {
        if (direction === 'down' && type === 'D' && left > 0) {
          left -= 1;
          return left === 0 ? 'rst' : 'pass';
        }
      });
      const text = 'select g from generate_series(1, 1000) g';
      assert.equal((await pool.query(text)).rowCount, 1000);
      assert.ok(pool.stats().retries >= 1);
    }));

  test('a silent network at connecting fails a call in its time', async () => {
    proxy.pause();
    const times = { connectTimeoutMillis: 150, deadlineMillis: 400 };
    await withPool({ ...config, ...times }, async (pool) => {
      await fails(pool.query('select 1'), {
        outcome: 'not_executed',
        cause: 'HF_CONNECT_TIMEOUT',
      });
      await proxy.reset();
      await eventually(() => pool.query('select 1'));
    });
  });

  test('a network that falls silent in a write leaves it ambiguous in time', () =>
    connected(async (pool) => {
      proxy.onMessage((/** @type {any} */ { direction, type }) =>
        direction === 'down' && type === 'C' ? 'stall' : 'pass',
      );
      const text = 'insert into t values (9)';
      await fails(pool.query({ text, timeoutMillis: 150, retry: false }), {
        code: 'HF_QUERY_TIMEOUT',
        outcome: 'ambiguous',
      });
      proxy.onMessage(null);
      assert.equal(await fixture.rows(9), 1);
    }));

  test('a deadline of the caller bounds a silent network too', () =>
    connected(async (pool) => {
      proxy.onMessage((/** @type {any} */ { direction, type }) =>
        direction === 'down' && type === 'C' ? 'stall' : 'pass',
      );
      const text = 'insert into t values (10)';
      await fails(pool.query({ text, deadlineMillis: 150 }), {
        code: 'HF_DEADLINE',
        outcome: 'ambiguous',
      });
      proxy.onMessage(null);
    }));

  test('bytes that come one by one are put together', () =>
    connected(async (pool) => {
      proxy.dribble(1);
      const text = "select repeat('x', 3000) as x, 7 as n";
      const { rows } = await pool.query(text);
      assert.deepEqual(rows, [{ x: 'x'.repeat(3000), n: 7 }]);
    }));

  test('a host that does not exist fails calls by its name', () => {
    const host = 'no-such-host.invalid';
    const options = { user: 'u', database: 'd', deadlineMillis: 2000 };
    return withBrokenPool({ host, ssl: false, ...options }, async (pool) => {
      const error = await fails(pool.query('select 1'), {});
      const last = error.code.startsWith('HF_') ? error.cause : error;
      assert.match(last.code, /^(ENOTFOUND|EAI_AGAIN)$/);
      assert.match(error.outcome, /^(not_executed|permanent)$/);
    });
  });
});
