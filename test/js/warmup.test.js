// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { Pool, getPool, warmup } = require('../../lib/index.js');
const { eventually, startProxy } = require('../support/index.js');
const { useServer } = require('../support/suite.js');

const server = useServer();
/** A logger that keeps what it hears. */
function recorder() {
  /** @type {{level: string, event: string, message: string}[]} */
  const lines = [];
  const keep =
    (/** @type {string} */ level) =>
    (/** @type {any} */ fields, /** @type {string} */ message) => {
      lines.push({ level, event: fields.event, message });
    };
  const logger = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
  const of = (/** @type {string} */ word) =>
    lines.filter(({ event }) => event.startsWith(word));
  return { logger, of };
}

test('nothing connects before a warm-up or a call', async () => {
  const proxy = await startProxy(server);
  const url = proxy.urlFor(server.url);
  const pool = new Pool({ connectionString: url, min: 3, logger: false });
  assert.strictEqual(pool.totalCount, 0);
  assert.strictEqual(proxy.connectionCount, 0);
  await pool.warmup();
  assert.strictEqual(proxy.connectionCount, 3);
  await pool.end();
  await proxy.close();
});

test('min connections are opened side by side, and it is logged', async () => {
  const { logger, of } = recorder();
  const options = { connectionString: server.url, min: 4, logger };
  const pool = new Pool(options);
  const all = await Promise.all([pool.warmup(), pool.warmup(), pool.warmup()]);
  assert.ok(all.every(({ ok, durationMillis }) => ok && durationMillis > 0));
  assert.strictEqual(pool.idleCount, 4);
  assert.deepStrictEqual(
    of('warmup').map(({ level, event }) => [level, event]),
    [
      ['info', 'warmup.start'],
      ['info', 'warmup.done'],
    ],
  );
  const [start, done] = of('warmup').map(({ message }) => message);
  assert.strictEqual(start, 'Starting connection warmup...');
  assert.match(done, /^Warmup complete in \d+\.\ds$/);
  assert.strictEqual(pool.stats().connectsStarted, 4);
  await pool.end();
});

test('a warm-up of more than five seconds causes a warning', async () => {
  const { logger, of } = recorder();
  const proxy = await startProxy(server);
  const pool = new Pool({
    connectionString: proxy.urlFor(server.url),
    connectTimeoutMillis: 60_000,
    logger,
  });
  proxy.pause();
  const warm = pool.warmup({ timeoutMillis: 60_000 });
  await delay(5_100);
  proxy.resume();
  const { ok, durationMillis } = await warm;
  assert.ok(ok && durationMillis > 5_000);
  const [line, ...more] = of('warmup.slow');
  assert.strictEqual(line.level, 'warn');
  assert.match(
    line.message,
    /^Warmup took \d+\.\ds, more than 5\.0s: .*pooler/,
  );
  assert.deepStrictEqual(more, []);
  assert.ok(pool.stats().warmupTimeMax > 5_000_000);
  await pool.end();
  await proxy.close();
});

test('without min one connection is opened', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  assert.strictEqual((await pool.warmup()).ok, true);
  assert.strictEqual(pool.totalCount, 1);
  await pool.end();
});

test('a database that is away does not reject, and is found later', async () => {
  const proxy = await startProxy(server);
  await proxy.refuse(true);
  const { logger, of } = recorder();
  const pool = new Pool({
    connectionString: proxy.urlFor(server.url),
    min: 2,
    logger,
  });
  const result = await pool.warmup({ timeoutMillis: 200 });
  assert.strictEqual(result.ok, false);
  assert.strictEqual(result.error.code, 'HF_DEADLINE');
  assert.strictEqual(result.error.cause.code, 'ECONNREFUSED');
  assert.ok(result.durationMillis >= 199);
  assert.match(of('warmup.failed')[0].message, /^Warmup failed after 0\.\ds: /);
  await proxy.refuse(false);
  // Nobody asks, and they are opened all the same.
  await eventually(() => pool.idleCount === 2);
  assert.strictEqual((await pool.health()).warmed, true);
  await pool.end();
  await proxy.close();
});

test('failFast rejects as soon as connecting has failed', async () => {
  const options = { host: '127.0.0.1', port: 1, user: 'x', logger: false };
  const pool = new Pool(options);
  await assert.rejects(pool.warmup({ failFast: true, timeoutMillis: 60_000 }), {
    code: 'ECONNREFUSED',
  });
  await pool.end();
});

test('a refused login ends it at once', async () => {
  const { logger } = recorder();
  const connectionString = server.urlFor({ password: 'wrong' });
  const pool = new Pool({ connectionString, logger });
  const { ok, error } = await pool.warmup({ timeoutMillis: 60_000 });
  assert.strictEqual(ok, false);
  assert.strictEqual(error?.code, '28P01');
  await pool.end();
});

test('each call waits for its own time-out', async () => {
  const proxy = await startProxy(server);
  proxy.pause();
  const connectionString = proxy.urlFor(server.url);
  const pool = new Pool({ connectionString, logger: false });
  const long = pool.warmup({ timeoutMillis: 60_000 });
  const short = await pool.warmup({ timeoutMillis: 20 });
  assert.strictEqual(short.ok, false);
  assert.strictEqual(short.error?.code, 'HF_DEADLINE');
  proxy.resume();
  assert.strictEqual((await long).ok, true);
  await pool.end();
  await proxy.close();
});

test('a longer wait outlives a shorter one that came first', async () => {
  const proxy = await startProxy(server);
  proxy.pause();
  const connectionString = proxy.urlFor(server.url);
  const pool = new Pool({ connectionString, logger: false });
  const short = pool.warmup({ timeoutMillis: 20 });
  const long = pool.warmup({ timeoutMillis: 60_000 });
  assert.strictEqual((await short).ok, false);
  proxy.resume();
  assert.strictEqual((await long).ok, true);
  await pool.end();
  await proxy.close();
});

test('queries take the first connection and wait for no other', async () => {
  const proxy = await startProxy(server);
  // Only the first connection gets through.
  proxy.on('connection', (link) => {
    if (proxy.connectionCount > 1) {
      link.stall();
    }
  });
  const connectionString = proxy.urlFor(server.url);
  const pool = new Pool({ connectionString, min: 3, logger: false });
  const warming = pool.warmup({ timeoutMillis: 60_000 }).catch(() => {});
  const { rows } = await pool.query('select 1 as one');
  assert.deepStrictEqual(rows, [{ one: 1 }]);
  await pool.end();
  await warming;
  await proxy.close();
});

test('a health check waits for a warm-up, but not for ever', async () => {
  const proxy = await startProxy(server);
  proxy.pause();
  const { logger, of } = recorder();
  const connectionString = proxy.urlFor(server.url);
  const pool = new Pool({ connectionString, logger });
  const warming = pool.warmup({ timeoutMillis: 60_000 });
  const health = await pool.health({ timeoutMillis: 100 });
  assert.strictEqual(health.status, 'down');
  assert.strictEqual(health.warmed, false);
  assert.strictEqual(
    of('health.wait')[0].message,
    '[HEALTH CHECK] Waiting for warmup...',
  );
  const patient = pool.health({ timeoutMillis: 60_000 });
  proxy.resume();
  assert.strictEqual((await patient).status, 'up');
  await warming;
  await pool.end();
  await proxy.close();
});

test('an aborted signal ends the waiting', async () => {
  const pool = new Pool({ host: '127.0.0.1', port: 1, logger: false });
  const stop = new AbortController();
  const warming = pool.warmup({ signal: stop.signal });
  stop.abort();
  await assert.rejects(warming, { code: 'HF_ABORTED' });
  await assert.rejects(pool.warmup({ signal: stop.signal }), {
    code: 'HF_ABORTED',
  });
  await pool.end();
});

test('options that are wrong reject, and an ended pool does', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  const wrong = [{ timeout: 1 }, { failFast: 'yes' }, { timeoutMillis: -1 }, 7];
  for (const options of wrong) {
    await assert.rejects(pool.warmup(/** @type {any} */ (options)), TypeError);
  }
  await pool.end();
  await assert.rejects(pool.warmup(), { code: 'HF_POOL_CLOSED' });
});

test('warmup() warms the shared pools', async () => {
  const pool = getPool({ connectionString: server.url, min: 2, logger: false });
  assert.strictEqual((await warmup()).ok, true);
  assert.strictEqual(pool.idleCount, 2);
  await pool.end();
});
