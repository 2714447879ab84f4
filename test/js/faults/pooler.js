// SPDX-License-Identifier: MIT
// PgBouncers that go, wait, refuse or lose their server.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../../support/index.js');
const { fails, useServer, withBrokenPool, withPool } = require('./fixture.js');

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('a PgBouncer in transaction mode', { skip }, () => {
  const fixture = useServer();
  /** @type {any} */
  let bouncer;
  before(async () => {
    bouncer = await startPgBouncer({ server: fixture.server, poolSize: 2 });
  });
  after(() => bouncer.stop('SIGKILL'));

  /**
   * Starts a write, has `fn` disturb it, and says what came of it.
   *
   * @param {any} pool
   * @param {number} n
   * @param {(pid: number) => unknown} fn gets the backend that runs it
   */
  async function disturbed(pool, n, fn) {
    const text = `insert into t select ${n} from (select pg_sleep(0.5)) as s`;
    const done = pool.query({ text, retry: false });
    done.catch(() => {});
    await fn(await fixture.backendRunning(`select ${n} from`));
    return done;
  }

  test('a PgBouncer killed in a write leaves it ambiguous', () =>
    withPool(bouncer.url, async (pool) => {
      const killed = disturbed(pool, 1, () => bouncer.stop('SIGKILL'));
      await fails(killed, { code: 'ECONNRESET', outcome: 'ambiguous' });
      await bouncer.start();
    }));

  test('a PgBouncer that closes while a connection is made costs no call', async () => {
    const proxy = await startProxy(bouncer);
    await withPool(proxy.urlFor(bouncer.url), async (pool) => {
      let left = 2;
      proxy.onMessage(({ type }) => {
        if (type === 'startup' && left > 0) {
          left -= 1;
          return 'fin';
        }
      });
      await pool.query({ text: 'insert into t values (2)', retry: false });
      assert.equal(left, 0);
      assert.equal(await fixture.rows(2), 1);
    });
    await proxy.close();
  });

  test('a PgBouncer shut down safely finishes what runs, and is waited for', () =>
    withPool(bouncer.url, async (pool) => {
      /** @type {Promise<unknown> | undefined} */
      let stopped;
      const done = await disturbed(pool, 4, () => {
        stopped = bouncer.stop('SIGINT');
      });
      assert.equal(done.rowCount, 1);
      await stopped;
      const waiting = pool.query({
        text: 'insert into t values (4)',
        retry: false,
      });
      await bouncer.start();
      await waiting;
      assert.equal(await fixture.rows(4), 2);
    }));

  test('a paused PgBouncer makes a call wait', () =>
    withPool(bouncer.url, async (pool) => {
      await pool.query('select 1');
      await bouncer.pause();
      const text = 'insert into t values (5)';
      const done = pool.query({ text, retry: false });
      await fails(pool.query({ text: 'select 5', timeoutMillis: 100 }), {
        code: 'HF_QUERY_TIMEOUT',
      });
      await bouncer.resume();
      await done;
      assert.equal(await fixture.rows(5), 1);
    }));

  test('a PgBouncer without a free server in time did not execute the call', async () => {
    const small = await startPgBouncer({
      server: fixture.server,
      poolSize: 1,
      settings: { query_wait_timeout: 1 },
    });
    await withPool(small.url, async (pool) => {
      await pool.query('select 1'); // so that logging in does not wait
      await pool.transaction(async (/** @type {any} */ client) => {
        await client.query('select 1');
        const text = 'insert into t values (6)';
        await fails(pool.query({ text, retry: false, deadlineMillis: 4000 }), {
          outcome: 'not_executed',
        });
      });
    });
    assert.equal(await fixture.rows(6), 0);
    await small.stop();
  });

  test('a PgBouncer without room for a client makes a call wait', async () => {
    const small = await startPgBouncer({
      server: fixture.server,
      settings: { max_client_conn: 1 },
    });
    await withPool({ connectionString: small.url, max: 1 }, async (first) => {
      await first.query('select 1');
      const config = { connectionString: small.url, deadlineMillis: 300 };
      await withPool(config, async (second) => {
        await fails(second.query('select 1'), {
          outcome: 'not_executed',
          cause: '08P01',
        });
        const text = 'select 7 as n';
        const done = second.query({ text, deadlineMillis: 20_000 });
        await first.end();
        assert.equal((await done).rows[0].n, 7);
      });
    });
    await small.stop();
  });

  test('a backend terminated behind PgBouncer rolls a write back', () =>
    withPool(bouncer.url, async (pool) => {
      const killed = disturbed(pool, 10, (pid) =>
        fixture.server.terminate(pid),
      );
      await fails(killed, { code: '57P01', outcome: 'rolled_back' });
      assert.equal(await fixture.rows(10), 0);
    }));

  test('a backend killed behind PgBouncer leaves a write ambiguous', () =>
    withPool(bouncer.url, async (pool) => {
      const killed = disturbed(pool, 11, (pid) => process.kill(pid, 'SIGKILL'));
      await fails(killed, { outcome: 'ambiguous' });
      assert.equal(await fixture.rows(11), 0);
    }));

  test('an idle backend killed behind PgBouncer is invisible', () =>
    withPool(bouncer.url, async (pool) => {
      await pool.query('select 1');
      await fixture.server.terminate('true');
      await eventually(
        async () => (await fixture.server.backends()).length === 0,
      );
      await pool.query({ text: 'insert into t values (9)', retry: false });
      assert.equal(await fixture.rows(9), 1);
    }));

  test('a database killed and resumed at PgBouncer costs no call', () =>
    withPool(bouncer.url, async (pool) => {
      await pool.query('select 1');
      await bouncer.admin('KILL postgres');
      const text = 'insert into t values (12)';
      const done = pool.query({ text, retry: false });
      await bouncer.admin('RESUME postgres');
      await done;
      assert.equal(await fixture.rows(12), 1);
    }));

  test('a database disabled at PgBouncer did not execute the call', () =>
    withPool({ connectionString: bouncer.url, max: 1 }, async (pool) => {
      await pool.query('select 1');
      await bouncer.admin('DISABLE postgres');
      await bouncer.admin('KILL postgres');
      const text = 'insert into t values (13)';
      await fails(pool.query({ text, deadlineMillis: 300 }), {
        outcome: 'not_executed',
      });
      await bouncer.admin('ENABLE postgres');
      await bouncer.admin('RESUME postgres');
      assert.equal(await fixture.rows(13), 0);
    }));

  test('a database that PgBouncer does not know fails calls for good', () =>
    withBrokenPool(
      { connectionString: bouncer.urlFor({ database: 'nowhere' }) },
      async (pool) => {
        await fails(pool.query('select 1'), { outcome: 'permanent' });
      },
    ));
});
