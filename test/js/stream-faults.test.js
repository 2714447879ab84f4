// SPDX-License-Identifier: MIT
'use strict';

// Streams under faults: servers that go away, poolers, and memory.

const assert = require('node:assert');
const { once } = require('node:events');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, findPgBouncer } = require('../support');
const {
  before,
  failureOf,
  usePgBouncer,
  useProxy,
  useServer,
} = require('../support/suite.js');

/** About 60 MB, far more than sockets and portions hold. */
const ENDLESS =
  "select i, repeat('x', 1000) as t from generate_series(1, 60000) i";
const ROWS = 60_000;

const server = useServer();
const proxy = useProxy(server);
const without = { skip: findPgBouncer() === null && 'no PgBouncer' };
const bouncer = without.skip
  ? undefined
  : usePgBouncer({ server, poolMode: 'transaction', poolSize: 2 });

/** @type {Pool} */
let pool;
/** @type {Pool} */
let admin;

before(() => {
  const settings = { max: 2, logger: false };
  pool = new Pool({ ...settings, connectionString: proxy.urlFor(server.url) });
  admin = new Pool({ ...settings, connectionString: server.url });
});

after(async () => {
  await pool?.end();
  await admin?.end();
});

/** @param {any} stream */
async function count(stream) {
  let rows = 0;
  for await (const row of stream) {
    assert.ok(row);
    rows += 1;
  }
  return rows;
}

/** Is the pool as before: no connection held, and one that works? */
async function isClean() {
  await eventually(() => pool.idleCount === pool.totalCount);
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
}

test('a connection that is cut at any moment: an error, and a clean pool', async () => {
  // Bytes that came down: before the first row, among rows, near the end.
  for (const bytes of [60, 200, 5000, 100_000, 3_000_000, 62_000_000]) {
    await pool.reset();
    proxy.cutAfter({ direction: 'down', bytes: bytes + 500, once: true });
    const stream = pool.stream(ENDLESS, [], { retry: false });
    const error = await count(stream).then(
      () => undefined,
      (failure) => failure,
    );
    if (error !== undefined) {
      assert.match(error.message, /connection/i);
      assert.ok(
        ['rolled_back', 'ambiguous', 'not_executed'].includes(error.outcome),
      );
    }
    await proxy.reset();
    await isClean();
  }
});

test('a backend that is terminated is told after the rows before it', async () => {
  const stream = pool.stream(ENDLESS);
  const [row] = await once(
    stream.on('data', () => stream.pause()),
    'data',
  );
  assert.strictEqual(row.i, 1);
  await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where query = $1',
    [ENDLESS],
  );
  const error = await failureOf(count(stream));
  assert.match(error.code, /57P01|ECONNRESET/);
  await isClean();
});

test('it is repeated before its first row, and not after', async () => {
  const slow = `select pg_sleep(0.3), i from generate_series(1, 1) i`;
  const early = count(pool.stream(slow));
  await eventually(async () => {
    const { rows } = await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where query = $1',
      [slow],
    );
    return rows.length > 0;
  });
  assert.strictEqual(await early, 1);
  assert.strictEqual(pool.stats().retriesSucceeded >= 1, true);
  const repeated = pool.stats().retries;
  const stream = pool.stream(ENDLESS);
  await once(stream, 'readable');
  proxy.killAll('rst');
  assert.match((await failureOf(count(stream))).message, /connection/i);
  assert.strictEqual(pool.stats().retries, repeated);
  await isClean();
});

test('a server that is stopped and started', async () => {
  const stream = pool.stream(ENDLESS);
  await once(stream, 'readable');
  await server.stop('immediate');
  assert.ok((await failureOf(count(stream))).code);
  await server.start();
  await isClean();
});

test('a reader that stalls is served on when it reads again', async () => {
  const stream = pool.stream(ENDLESS, [], { timeoutMillis: 5000 });
  await once(stream, 'readable');
  await eventually(async () => {
    const { rows } = await admin.query(
      'select wait_event from pg_stat_activity where query = $1',
      [ENDLESS],
    );
    return rows[0]?.wait_event === 'ClientWrite';
  });
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
  assert.strictEqual(await count(stream), ROWS);
});

test('memory stays bounded, whatever the result', async () => {
  const text = "select repeat('x', 10000) as t from generate_series(1, 60000)";
  global.gc?.();
  const first = process.memoryUsage().rss;
  let most = 0;
  let rows = 0;
  for await (const row of pool.stream(text)) {
    rows += row.t.length === 10_000 ? 1 : 0;
    most = Math.max(most, process.memoryUsage.rss());
  }
  assert.strictEqual(rows, ROWS);
  assert.ok(most - first < 150e6, `${(most - first) / 1e6} MB of 600`);
});

test(
  'behind PgBouncer: whole, left, and in a transaction',
  without,
  async () => {
    const pooled = new Pool({
      connectionString: bouncer.url,
      max: 2,
      logger: false,
      settings: { application_name: 'streamed' },
    });
    assert.strictEqual(await count(pooled.stream(ENDLESS)), ROWS);
    for (let i = 0; i < 3; i++) {
      for await (const row of pooled.stream(ENDLESS)) {
        assert.ok(row);
        break;
      }
    }
    await eventually(() => pooled.idleCount === pooled.totalCount);
    await pooled.transaction(async (client) => {
      for await (const row of client.stream(ENDLESS)) {
        assert.strictEqual(row.i, 1);
        break;
      }
      const { rows } = await client.query('show application_name');
      assert.strictEqual(rows[0].application_name, 'streamed');
    });
    await pooled.end();
  },
);
