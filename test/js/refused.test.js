// SPDX-License-Identifier: MIT
'use strict';

// What cannot be reached: said with the system's code, host and cause in the
// sentence, and at once where waiting is of no use.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const { test } = require('node:test');
const pg = require('pg');

const { Pool, retryQuery } = require('../../lib/index.js');
const { eventually, freePort, startProxy } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** Nobody listens there. */
let port = 0;

before(async () => {
  port = await freePort();
  await server.psql('create table t (x text)');
});

/**
 * @param {object} config
 * @param {(pool: any) => Promise<void>} work
 */
async function withPool(config, work) {
  const hosted = 'host' in config ? { user: 'u', database: 'd' } : {};
  const pool = new Pool({ ...hosted, ...config });
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}

/**
 * What a call fails with, which does not wait: waiting would begin one connect
 * after the other, up to the deadline.
 * @param {any} pool
 * @param {() => PromiseLike<unknown>} work
 * @returns {Promise<any>}
 */
async function failureAtOnce(pool, work) {
  const { connectsStarted } = pool.stats();
  const error = await failureOf(Promise.resolve(work()));
  assert.ok(pool.stats().connectsStarted <= connectsStarted + 1);
  return error;
}

test('a closed port is ECONNREFUSED by the deadline, with host and port', () =>
  withPool({ host: '127.0.0.1', port, deadlineMillis: 700 }, async (pool) => {
    for (const work of [() => pool.query('select 1'), () => pool.connect()]) {
      const error = await failureOf(Promise.resolve(work()));
      assert.strictEqual(error.code, 'ECONNREFUSED');
      assert.strictEqual(error.syscall, 'connect');
      assert.strictEqual(error.address, '127.0.0.1');
      assert.strictEqual(error.port, port);
      assert.strictEqual(error.outcome, 'not_executed');
      assert.strictEqual(error.retryable, true);
      const text = `connect ECONNREFUSED 127.0.0.1:${port}`;
      assert.ok(error.message.includes(text), error.message);
    }
  }));

test('with connectionTimeoutMillis it does not say "raise max"', () =>
  withPool(
    { host: '127.0.0.1', port, connectionTimeoutMillis: 700 },
    async (pool) => {
      const error = await failureOf(pool.query('select 1'));
      assert.strictEqual(error.code, 'ECONNREFUSED');
      assert.doesNotMatch(error.message, /raise max/);
    },
  ));

test('with retry: false a refused connect is ECONNREFUSED at once', async () => {
  const closed = { host: '127.0.0.1', port, deadlineMillis: 60_000 };
  await withPool({ ...closed, retry: false }, async (pool) => {
    for (let i = 0; i < 8; i++) {
      for (const work of [
        () => pool.query('select 1'),
        () => pool.connect(),
        () => pool.transaction(() => {}),
      ]) {
        const error = await failureAtOnce(pool, work);
        assert.strictEqual(error.code, 'ECONNREFUSED');
      }
    }
  });
  await withPool(closed, async (pool) => {
    const text = 'select 1';
    for (const work of [
      () => pool.query({ text, retry: false }),
      () => pool.connect({ retry: false }),
      () => pool.transaction(() => {}, { retry: false }),
    ]) {
      const error = await failureAtOnce(pool, work);
      assert.strictEqual(error.code, 'ECONNREFUSED');
    }
  });
});

test('without retry a call still waits for a connection that is busy', () =>
  withPool(
    { connectionString: server.url, retry: false, max: 1 },
    async (pool) => {
      const [a, b] = await Promise.all([
        pool.query('select pg_sleep(0.2)'),
        pool.query('select 2 as n'),
      ]);
      assert.strictEqual(a.rowCount, 1);
      assert.strictEqual(b.rows[0].n, 2);
    },
  ));

test('a wrong password answers at once every time', () =>
  withPool(
    { connectionString: server.urlFor({ password: 'wrong' }) },
    async (pool) => {
      for (let i = 0; i < 10; i++) {
        const error = await failureAtOnce(pool, () => pool.query('select 1'));
        assert.strictEqual(error.code, '28P01');
        assert.strictEqual(error.outcome, 'permanent');
        assert.strictEqual(error.retryable, false);
      }
      assert.ok(pool.stats().connectsStarted <= 3);
    },
  ));

test('a database that does not exist answers at once every time', () =>
  withPool(
    { connectionString: server.urlFor({ database: 'nowhere' }) },
    async (pool) => {
      for (let i = 0; i < 5; i++) {
        const error = await failureAtOnce(pool, () => pool.connect());
        assert.strictEqual(error.code, '3D000');
        assert.match(error.message, /nowhere/);
      }
    },
  ));

test('a corrected password is noticed', async () => {
  await server.psql("create role mended login password 'old'");
  const connectionString = server.urlFor({ user: 'mended', password: 'new' });
  await withPool({ connectionString }, async (pool) => {
    const error = await failureOf(pool.query('select 1'));
    assert.strictEqual(error.code, '28P01');
    await server.psql("alter role mended password 'new'");
    await eventually(async () => {
      const result = await pool.query('select 7 as n').catch(() => {});
      return result?.rows[0].n === 7;
    });
  });
});

test('a host that does not exist is ENOTFOUND at once, with its name', () =>
  withPool({ host: 'no-such-host.invalid', ssl: false }, async (pool) => {
    for (let i = 0; i < 5; i++) {
      const error = await failureAtOnce(pool, () => pool.query('select 1'));
      if (error.code === 'EAI_AGAIN') {
        return; // no name server here
      }
      assert.strictEqual(error.code, 'ENOTFOUND');
      assert.strictEqual(error.syscall, 'getaddrinfo');
      assert.match(
        error.message,
        /getaddrinfo ENOTFOUND no-such-host\.invalid/,
      );
      assert.strictEqual(error.outcome, 'permanent');
    }
    let calls = 0;
    const work = () => {
      calls += 1;
      return pool.query('select 1');
    };
    const error = await failureOf(retryQuery(work, { maxRetries: 5 }));
    assert.strictEqual(error.code, 'ENOTFOUND');
    assert.strictEqual(calls, 1);
  }));

test("the same errors as pg's, in code and sentence", async () => {
  const config = { host: '127.0.0.1', port, user: 'u', database: 'd' };
  const theirs = new pg.Pool(config);
  const expected = await failureOf(theirs.query('select 1'));
  await theirs.end();
  await withPool({ ...config, retry: false }, async (pool) => {
    const error = await failureOf(pool.query('select 1'));
    for (const key of ['code', 'errno', 'syscall', 'address', 'port']) {
      assert.strictEqual(error[key], expected[key], key);
    }
    assert.ok(error.message.startsWith(expected.message), error.message);
  });
});

test("pg's sentences stand in the messages", async () => {
  const { url: connectionString } = server;
  await withPool({ connectionString, max: 1 }, async (pool) => {
    const client = await pool.connect();
    const waits = pool.connect({ deadlineMillis: 50 });
    await failureOf(waits);
    const slow = client.query({
      text: 'select pg_sleep(9)',
      timeoutMillis: 50,
    });
    const timeout = await failureOf(slow);
    assert.match(timeout.message, /Query read timeout/);
    assert.strictEqual(timeout.code, 'HF_QUERY_TIMEOUT');
    client.release();
  });
  const narrow = { connectionString, max: 1, connectionTimeoutMillis: 500 };
  await withPool(narrow, async (pool) => {
    const client = await pool.connect();
    const error = await failureOf(pool.connect());
    assert.strictEqual(error.code, 'HF_ACQUIRE_TIMEOUT');
    assert.match(error.message, /timeout exceeded when trying to connect/);
    assert.match(error.message, /raise max/);
    client.release();
  });
  await withPool({ connectionString, maxRetries: 0 }, async (pool) => {
    const client = await pool.connect();
    client.on('error', () => {});
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const lost = failureOf(client.query('select pg_sleep(30)'));
    await server.psql(`select pg_terminate_backend(${rows[0].pid})`);
    assert.strictEqual((await lost).code, '57P01');
    client.release();
  });
});

test('a connection that breaks is said in the words of pg', async () => {
  const proxy = await startProxy(server);
  const connectionString = proxy.urlFor(server.url);
  await withPool({ connectionString, maxRetries: 0 }, async (pool) => {
    await pool.query('select 1');
    const lost = failureOf(
      pool.query('insert into t select pg_sleep(9)::text'),
    );
    await server.psql('select 1');
    await eventually(() => pool.totalCount > pool.idleCount);
    proxy.killAll();
    const error = await lost;
    assert.match(error.message, /^Connection terminated unexpectedly/);
    assert.strictEqual(error.outcome, 'ambiguous');
  });
  await proxy.close();
});
