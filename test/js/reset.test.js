// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { describe, test } = require('node:test');

const {
  Pool,
  clearPreparedStatements,
  getPool,
  resetDatabaseConnections,
} = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');
const { useServer } = require('../support/suite.js');

const server = useServer();
const PREPARED = 'select count(*)::int as n from pg_prepared_statements';

/**
 * Has a connection prepare a statement.
 * @param {any} pool
 */
function prepare(pool) {
  return pool.query({ name: 'mine', text: 'select 7 as n' });
}

/**
 * @param {any} pool
 * @returns {Promise<number>} statements that its connection has prepared
 */
async function prepared(pool) {
  const { rows } = await pool.query({ text: PREPARED, queryMode: 'extended' });
  return rows[0].n;
}

describe('reset', () => {
  test('every connection is replaced, and no call fails', async () => {
    /** @type {string[]} */
    const lines = [];
    const keep = (/** @type {object} */ _, /** @type {string} */ text) =>
      lines.push(text);
    const logger = { debug() {}, info: keep, warn: keep, error: keep };
    const pool = getPool({ connectionString: server.url, max: 4, logger });
    await Promise.all([1, 2, 3, 4].map(() => pool.query('select 1')));
    const old = (await server.backends()).map(
      (/** @type {any} */ backend) => backend.pid,
    );
    assert.ok(old.length > 0);
    let done = false;
    let calls = 0;
    const load = [1, 2, 3, 4, 5, 6].map(async () => {
      while (!done) {
        await pool.query({ text: 'select pg_sleep(0.002)', retry: false });
        calls += 1;
      }
    });
    await eventually(() => calls > 20);
    const result = await resetDatabaseConnections();
    assert.strictEqual(result.ok, true);
    const before = calls;
    await eventually(() => calls > before + 20);
    done = true;
    await Promise.all(load);
    await eventually(async () => {
      const now = await server.backends();
      return now.every((/** @type {any} */ { pid }) => !old.includes(pid));
    });
    assert.ok(lines.includes('Database connections reset successfully'));
    await pool.end();
  });

  test('while the database is away it resolves, and calls wait', async () => {
    const own = await startPostgres();
    const pool = getPool({ connectionString: own.url, logger: false });
    await pool.query('select 1');
    await own.stop('fast');
    const result = await resetDatabaseConnections({ timeoutMillis: 100 });
    assert.strictEqual(result.ok, false);
    const waiting = pool.query({ text: 'select 1', deadlineMillis: 60_000 });
    await own.start();
    await waiting;
    await pool.end();
    await own.stop();
  });
});

describe('prepared statements', () => {
  test('idle connections forget at once', async () => {
    const pool = getPool({
      connectionString: server.url,
      max: 1,
      logger: false,
      names: 'given',
    });
    await prepare(pool);
    assert.strictEqual(await prepared(pool), 1);
    assert.deepStrictEqual(await clearPreparedStatements(), { connections: 1 });
    assert.strictEqual(await prepared(pool), 0);
    assert.strictEqual((await prepare(pool)).rows[0].n, 7);
    await pool.end();
  });

  test('a busy connection forgets when it is free', async () => {
    const options = { max: 1, names: 'given', logger: false };
    const pool = new Pool({ connectionString: server.url, ...options });
    await prepare(pool);
    const client = await pool.connect();
    const cleared = await pool.clearPreparedStatements();
    assert.deepStrictEqual(cleared, { connections: 1 });
    assert.strictEqual(await prepared(client), 1);
    client.release();
    assert.strictEqual(await prepared(pool), 0);
    await pool.end();
  });

  test('wrong options reject', async () => {
    const pool = new Pool({ connectionString: server.url, logger: false });
    for (const options of [{ forced: true }, { force: 1 }, 7]) {
      await assert.rejects(
        pool.clearPreparedStatements(/** @type {any} */ (options)),
        TypeError,
      );
    }
    await pool.end();
  });

  const without = findPgBouncer() === null && 'pgbouncer is not installed';
  test('behind a pooler it is refused with advice, unless forced', {
    skip: without,
  }, async () => {
    const bouncer = await startPgBouncer({ server });
    const pool = new Pool({ connectionString: bouncer.url, logger: false });
    await pool.query('select 1');
    await assert.rejects(pool.clearPreparedStatements(), {
      code: 'HF_SESSION_REQUIRED',
      message: /nothing to clear.*force: true/s,
    });
    const forced = await pool.clearPreparedStatements({ force: true });
    assert.deepStrictEqual(forced, { connections: 1 });
    await pool.query('select 1');
    await pool.end();
    await bouncer.stop();
  });
});

describe('deallocateBeforeUse', () => {
  test('connections come without prepared statements', async () => {
    const options = { max: 1, names: 'given', logger: false };
    const pool = new Pool({
      connectionString: server.url,
      ...options,
      deallocateBeforeUse: true,
    });
    for (let i = 0; i < 3; i++) {
      assert.strictEqual((await prepare(pool)).rows[0].n, 7);
      assert.strictEqual(await prepared(pool), 0);
    }
    assert.strictEqual(pool.options.deallocateBeforeUse, 'on');
    await pool.end();
  });

  test('it is off by default', () => {
    const pool = new Pool({ connectionString: server.url, logger: false });
    assert.strictEqual(pool.options.deallocateBeforeUse, 'off');
  });

  test('with a transaction pooler it is refused, unless forced', async () => {
    const url = `${server.url}?pgbouncer=true`;
    const options = { connectionString: url, logger: false };
    assert.throws(() => new Pool({ ...options, deallocateBeforeUse: true }), {
      name: 'TypeError',
      message: /^deallocateBeforeUse cannot be combined.*'force'/,
    });
    const forced = new Pool({ ...options, deallocateBeforeUse: 'force' });
    await forced.query('select 1');
    await forced.query('select 1');
    await forced.end();
  });

  test('other values are refused by name', () => {
    for (const value of ['always', 1, {}]) {
      const deallocateBeforeUse = /** @type {any} */ (value);
      assert.throws(
        () => new Pool({ connectionString: server.url, deallocateBeforeUse }),
        /deallocateBeforeUse/,
      );
    }
  });
});
