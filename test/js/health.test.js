// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { describe, test } = require('node:test');

const { Pool, getPool, healthCheck } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startFakeServer,
  startPgBouncer,
} = require('../support/index.js');
const { useServer } = require('../support/suite.js');

/** Longer than anything here takes: it only ends what hangs. */
const HANGS_MILLIS = 15_000;

const server = useServer();
/**
 * Calls `fn` with a pool and ends it.
 * @param {any} options
 * @param {(pool: any) => Promise<unknown>} fn
 */
async function withPool(options, fn) {
  const pool = new Pool({ logger: false, ...options });
  try {
    await fn(pool);
  } finally {
    await pool.end();
  }
}

/**
 * Asks until the answer is this, and returns how long that took.
 * @param {any} pool
 * @param {(health: any) => boolean} wanted
 */
async function millisUntil(pool, wanted) {
  const started = performance.now();
  const health = await eventually(
    async () => {
      const found = await pool.health({ timeoutMillis: 1000 });
      return wanted(found) && found;
    },
    { interval: 5, timeout: HANGS_MILLIS },
  );
  return { millis: performance.now() - started, health };
}

describe('health of a server that is well', () => {
  test('it is up, in exactly this shape', () =>
    withPool({ connectionString: server.url, max: 3 }, async (pool) => {
      const health = await pool.health();
      assert.ok(health.latencyMillis >= 0);
      assert.deepStrictEqual(health, {
        status: 'up',
        warmed: true,
        latencyMillis: health.latencyMillis,
        pool: { total: 1, busy: 0, idle: 1, waiting: 0 },
        pooler: 'none',
        role: 'primary',
        breaker: 'closed',
        lastError: null,
        reasons: [],
      });
    }));

  test('calls at the same time share one probe', () =>
    withPool({ connectionString: server.url }, async (pool) => {
      const all = await Promise.all(
        Array.from({ length: 20 }, () => pool.health()),
      );
      assert.ok(all.every(({ status }) => status === 'up'));
      assert.strictEqual(pool.stats().healthChecks, 1);
    }));

  test('a query that has just succeeded is proof', () =>
    withPool({ connectionString: server.url }, async (pool) => {
      await pool.health();
      // Slow machines may miss the moment: one of many tries must hit it.
      await eventually(async () => {
        const { healthChecks } = pool.stats();
        await pool.query('select 1');
        const { status } = await pool.health();
        assert.strictEqual(status, 'up');
        return pool.stats().healthChecks === healthChecks;
      });
    }));

  test('users with parsers of their own do not confuse it', () => {
    const types = { getTypeParser: () => () => 'mine' };
    return withPool({ connectionString: server.url, types }, async (pool) => {
      assert.strictEqual((await pool.health()).role, 'primary');
    });
  });

  test('healthCheck() asks the shared pools', async () => {
    const pool = getPool({ connectionString: server.url, logger: false });
    const health = await healthCheck();
    assert.strictEqual(health.status, 'up');
    assert.strictEqual(pool.stats().healthChecks, 1);
    const other = getPool({
      connectionString: server.urlFor({ database: 'nosuch' }),
      logger: false,
    });
    const worst = await healthCheck();
    assert.strictEqual(worst.status, 'down');
    assert.strictEqual(worst.lastError?.code, '3D000');
    assert.match(worst.reasons[0], /\/nosuch: /);
    await Promise.all([pool.end(), other.end()]);
  });

  test('options that are wrong reject, and name the key', () =>
    withPool({ connectionString: server.url }, async (pool) => {
      const wrong = [{ timeout: 5 }, { timeoutMillis: 'soon' }, null, 7];
      for (const options of wrong) {
        await assert.rejects(pool.health(options), TypeError);
      }
      await assert.rejects(pool.health({ timeout: 5 }), /health\(\): timeout/);
    }));
});

describe('health of a pool that cannot serve', () => {
  test('a full queue is reported at once', () =>
    withPool(
      { connectionString: server.url, max: 1, queueMax: 1 },
      async (pool) => {
        const client = await pool.connect();
        const waiting = pool.query('select 1');
        await assert.rejects(pool.query('select 2'), { code: 'HF_QUEUE_FULL' });
        const health = await pool.health({ timeoutMillis: 300 });
        assert.strictEqual(health.status, 'degraded');
        assert.match(health.reasons[0], /1 connections are in use, 1 of them/);
        assert.match(health.reasons[1], /queue is full: 1 calls wait/);
        client.release();
        await waiting;
        assert.strictEqual((await pool.health()).status, 'up');
      },
    ));

  test('the probe of a busy pool with a full queue goes first', () =>
    withPool(
      { connectionString: server.url, max: 1, queueMax: 2, inferReads: false },
      async (pool) => {
        const calls = [1, 2].map(() => pool.query('select pg_sleep(0.05)'));
        const health = await pool.health({ timeoutMillis: HANGS_MILLIS });
        assert.notStrictEqual(health.status, 'down');
        assert.ok(pool.stats().succeeded < 3, 'it waited for the queue');
        await Promise.all(calls);
      },
    ));

  test('a pool that is suspended or ended says so', async () => {
    const pool = new Pool({ connectionString: server.url, logger: false });
    await pool.suspend();
    const suspended = await pool.health();
    assert.strictEqual(suspended.status, 'degraded');
    assert.match(suspended.reasons[0], /suspended/);
    await pool.resume();
    assert.strictEqual((await pool.health()).status, 'up');
    await pool.end();
    const ended = await pool.health();
    assert.strictEqual(ended.status, 'down');
    assert.deepStrictEqual(ended.reasons, ['the pool was ended']);
  });

  test('a server nobody listens for is down, and why', () =>
    withPool({ host: '127.0.0.1', port: 1, user: 'nobody' }, async (pool) => {
      const health = await pool.health({ timeoutMillis: HANGS_MILLIS });
      assert.strictEqual(health.status, 'down');
      assert.strictEqual(health.lastError.code, 'ECONNREFUSED');
      assert.strictEqual(health.breaker, 'open');
      assert.strictEqual(health.warmed, false);
      assert.strictEqual(health.pooler, 'unknown');
      assert.strictEqual(health.role, 'unknown');
      assert.strictEqual(pool.stats().healthFailures, 1);
    }));

  test('a refused password is down, and is not shown', () =>
    withPool(
      { connectionString: server.urlFor({ password: 'canary' }) },
      async (pool) => {
        const health = await pool.health({ timeoutMillis: HANGS_MILLIS });
        assert.strictEqual(health.status, 'down');
        assert.strictEqual(health.lastError.code, '28P01');
        assert.doesNotMatch(JSON.stringify(health), /canary/);
      },
    ));

  test('a server that says nothing is down when the time is over', () =>
    withPool({ connectionString: server.url, max: 1 }, async (pool) => {
      await pool.query('select 1');
      const pid = (await server.backends())[0].pid;
      process.kill(pid, 'SIGSTOP');
      try {
        const health = await eventually(async () => {
          const found = await pool.health({ timeoutMillis: 300 });
          return found.status !== 'up' && found;
        });
        assert.strictEqual(health.status, 'down');
        assert.match(health.reasons[0], /does not answer/);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await millisUntil(pool, ({ status }) => status === 'up');
    }));

  test('a primary that comes back as a standby is degraded', async () => {
    let standby = 'f';
    const fake = await startFakeServer({
      auto: ({ sql }, connection) => {
        if (sql.includes('pg_is_in_recovery')) {
          const columns = [{ name: 'r', type: 16 }];
          return { columns, rows: [[standby]], tag: 'SELECT 1' };
        }
        if (sql.includes('pg_backend_pid')) {
          const columns = [{ name: 'pid', type: 23 }];
          return { columns, rows: [[String(connection.pid)]], tag: 'SELECT 1' };
        }
      },
    });
    await withPool({ connectionString: fake.url }, async (pool) => {
      assert.strictEqual((await pool.health()).role, 'primary');
      standby = 't';
      // What has just been proved need not be asked again.
      const { health } = await millisUntil(pool, (h) => h.role === 'standby');
      assert.strictEqual(health.status, 'degraded');
      assert.match(health.reasons[0], /standby now/);
    });
    await fake.close();
  });
});

describe('health while servers come and go', () => {
  test('it is down during an outage and up after it', (t) =>
    withPool({ connectionString: server.url, max: 3 }, async (pool) => {
      await Promise.all([1, 2, 3].map(() => pool.query('select 1')));
      await server.stop('fast');
      const red = await millisUntil(pool, ({ status }) => status === 'down');
      // For as long as it lasts.
      for (let i = 0; i < 5; i++) {
        assert.strictEqual((await pool.health()).status, 'down');
      }
      await server.start();
      const green = await millisUntil(pool, ({ status }) => status === 'up');
      await pool.query({ text: 'select 1', retry: false });
      t.diagnostic(`red after ${red.millis.toFixed()} ms`);
      t.diagnostic(`green after ${green.millis.toFixed()} ms`);
    }));

  const without = findPgBouncer() === null && 'pgbouncer is not installed';
  test('behind a pooler it follows the pooler', { skip: without }, async () => {
    const bouncer = await startPgBouncer({ server });
    await withPool({ connectionString: bouncer.url }, async (pool) => {
      assert.strictEqual((await pool.health()).pooler, 'proxy');
      await bouncer.stop();
      await millisUntil(pool, ({ status }) => status === 'down');
      await bouncer.start();
      await millisUntil(pool, ({ status }) => status === 'up');
      await pool.query({ text: 'select 1', retry: false });
    });
    const declared = { connectionString: bouncer.url, pooler: 'transaction' };
    await withPool(declared, async (pool) => {
      assert.strictEqual((await pool.health()).pooler, 'transaction');
    });
    await bouncer.stop();
  });
});
