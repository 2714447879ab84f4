// SPDX-License-Identifier: MIT
// Servers that end sessions, refuse writes or connections, or fall silent.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { eventually } = require('../../support/index.js');
const { Pool } = require('../../../lib/index.js');
const { fails, useServer, withBrokenPool, withPool } = require('./fixture.js');

describe('a server that has its rules', () => {
  const fixture = useServer({ maxConnections: 12 });

  const nobodyThere = () =>
    eventually(async () => (await fixture.server.backends()).length === 0);

  test('a session that idled for too long is invisible', async () => {
    const options = '-c idle_session_timeout=50';
    const url = fixture.server.url;
    await withPool({ connectionString: url, options }, async (pool) => {
      await pool.query('select 1');
      await nobodyThere();
      await pool.query({ text: 'insert into t values (15)', retry: false });
      assert.equal(await fixture.rows(15), 1);
      assert.equal(pool.stats().retries, 0);
    });
  });

  test('a transaction that idled for too long is rolled back', async () => {
    const idle_in_transaction_session_timeout = 50;
    const config = { connectionString: fixture.server.url };
    const all = { ...config, idle_in_transaction_session_timeout };
    await withPool(all, async (pool) => {
      const done = pool.transaction(async (/** @type {any} */ client) => {
        await client.query('insert into t values (16)');
        await nobodyThere();
        await client.query('insert into t values (16)');
      });
      await fails(done, {
        code: '25P03',
        outcome: 'rolled_back',
        unit: 'transaction',
        retryable: true,
      });
      assert.equal(await fixture.rows(16), 0);
    });
  });

  test('a server turned read-only refuses a write, which another may take', () =>
    withPool(fixture.server.url, async (pool) => {
      await Promise.all([pool.query('select 1'), pool.query('select 1')]);
      const setting = 'default_transaction_read_only';
      await fixture.server.psql(`alter system set ${setting} = on`);
      await fixture.server.reload();
      const text = 'insert into t values (18)';
      await eventually(async () => {
        const { rows } = await pool.query(`show ${setting}`);
        return rows[0][setting] === 'on';
      });
      const before = pool.stats().connectionsClosed;
      await fails(pool.query({ text, retry: false }), {
        code: '25006',
        outcome: 'rolled_back',
        retryable: true,
      });
      await eventually(() => pool.stats().connectionsClosed > before, {
        what: 'end of the connection to the demoted server',
      });
      await fixture.server.psql(`alter system reset ${setting}`);
      await fixture.server.reload();
      await eventually(() => pool.query({ text, retry: false }));
      assert.equal(await fixture.rows(18), 1);
    }));

  test('without a free connection on the server a call waits for one', async () => {
    const connectionString = fixture.server.url;
    const hog = new Pool({ connectionString, max: 12 });
    const clients = await Promise.all(
      Array.from({ length: 12 }, () => hog.connect()),
    );
    const config = { connectionString, deadlineMillis: 500 };
    await withPool(config, async (pool) => {
      await fails(pool.query('insert into t values (22)'), {
        outcome: 'not_executed',
        cause: '53300',
      });
      assert.ok(pool.stats().connectsStarted <= 6);
      const patient = { text: 'insert into t values (22)', retry: false };
      const done = pool.query({ ...patient, deadlineMillis: 20_000 });
      await eventually(() => pool.waitingCount === 1);
      for (const client of clients) {
        client.release(true);
      }
      await done;
      await hog.end();
    });
    assert.equal(await fixture.rows(22), 1);
  });

  test('a frozen backend is left behind after the time-out of a statement', () =>
    withPool(fixture.server.url, async (pool) => {
      const text = 'insert into t select 23 from (select pg_sleep(0.5)) as s';
      const done = pool.query({ text, timeoutMillis: 150, retry: false });
      done.catch(() => {});
      const pid = await fixture.backendRunning('select 23 from');
      process.kill(pid, 'SIGSTOP');
      try {
        await fails(done, {
          code: 'HF_QUERY_TIMEOUT',
          outcome: 'ambiguous',
          unit: 'statement',
        });
        const { rows } = await pool.query('select pg_backend_pid() as pid');
        assert.notEqual(rows[0].pid, pid);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }));

  test('a frozen postmaster fails a call in its time, and no longer', () =>
    withPool(
      {
        connectionString: fixture.server.url,
        connectTimeoutMillis: 200,
        deadlineMillis: 600,
      },
      async (pool) => {
        fixture.server.freeze();
        try {
          const error = await fails(pool.query('select 1'), {
            code: /^HF_(DEADLINE|ACQUIRE_TIMEOUT|BREAKER_OPEN)$/,
            outcome: 'not_executed',
            cause: 'HF_CONNECT_TIMEOUT',
          });
          assert.ok(error.elapsedMillis < 5000);
        } finally {
          fixture.server.thaw();
        }
      },
    ));

  test('a dropped database fails calls for good', async () => {
    await fixture.server.psql('create database gone');
    const connectionString = fixture.server.urlFor({ database: 'gone' });
    await withBrokenPool({ connectionString }, async (pool) => {
      await pool.query('select 1');
      await fixture.server.psql('drop database gone with (force)');
      await fails(pool.query('select 1'), {
        code: '3D000',
        outcome: 'permanent',
        retryable: false,
      });
    });
  });
});
