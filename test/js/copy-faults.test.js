// SPDX-License-Identifier: MIT
'use strict';

// COPY under faults: connections cut at every moment, poolers, memory.

const assert = require('node:assert');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, findPgBouncer, startPostgres } = require('../support');
const {
  before,
  failureOf,
  usePgBouncer,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);
const without = { skip: findPgBouncer() === null && 'no PgBouncer' };
const bouncer = without.skip
  ? undefined
  : usePgBouncer({ server, poolMode: 'transaction', poolSize: 2 });

/** Far more than sockets and portions hold. */
const LONG =
  "copy (select i, repeat('x', 1000) from generate_series(1, 40000) i) to stdout";

/** @type {Pool} */
let pool;
/** @type {Pool} */
let admin;

before(async () => {
  const settings = { max: 2, logger: false };
  pool = new Pool({ ...settings, connectionString: proxy.urlFor(server.url) });
  admin = new Pool({ ...settings, connectionString: server.url });
  await admin.query('create table t (a int, b text)');
});

after(async () => {
  await pool?.end();
  await admin?.end();
});

/** @param {any} [from] */
async function count(from = admin) {
  return Number((await from.query('select count(*) as n from t')).rows[0].n);
}

/** @param {any} readable */
async function drain(readable) {
  let bytes = 0;
  for await (const part of readable) {
    bytes += part.length;
  }
  return bytes;
}

/** Is the pool as before: no connection held, and one that works? */
async function isClean() {
  await eventually(() => pool.idleCount === pool.totalCount);
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
}

/**
 * Copies a row while the connection is cut at a message.
 * @param {'up' | 'down'} direction
 * @param {string} type
 * @param {boolean} ends whether nothing follows the row
 */
async function cutAt(direction, type, ends) {
  await pool.reset();
  await pool.query('select 1');
  await admin.query('truncate t');
  let isCut = false;
  proxy.onMessage((/** @type {any} */ message) => {
    if (message.direction === direction && message.type === type && !isCut) {
      isCut = true;
      return 'rst';
    }
    return undefined;
  });
  const copy = pool.copyFrom('copy t from stdin', { retry: false });
  const failure = failureOf(finished(copy));
  copy.write('1\tx\n');
  if (ends) {
    copy.end();
  }
  const error = await failure;
  proxy.onMessage(null);
  await isClean();
  return error;
}

test('what was cut before the end of the data was sent is rolled back', async () => {
  /** @type {['up' | 'down', string][]} */
  const moments = [
    ['up', 'Q'],
    ['down', 'G'],
    ['up', 'd'],
  ];
  for (const [direction, type] of moments) {
    const error = await cutAt(direction, type, false);
    assert.match(error.message, /connection/i, type);
    assert.strictEqual(error.outcome, 'rolled_back', type);
    assert.strictEqual(await count(), 0);
  }
});

test('what was cut after it is ambiguous: stored, or not', async () => {
  assert.strictEqual((await cutAt('up', 'c', true)).outcome, 'ambiguous');
  assert.strictEqual(await count(), 0);
  for (const type of ['C', 'Z']) {
    const { outcome } = await cutAt('down', type, true);
    assert.strictEqual(outcome, 'ambiguous', type);
    assert.strictEqual(await count(), 1);
  }
});

test('inside a transaction all of that is rolled back', async () => {
  await pool.reset();
  await admin.query('truncate t');
  proxy.onMessage((/** @type {any} */ { direction, type }) =>
    direction === 'up' && type === 'c' ? 'rst' : undefined,
  );
  const error = await failureOf(
    pool.transaction((client) =>
      pipeline(Readable.from(['1\tx\n']), client.copyFrom('copy t from stdin')),
    ),
  );
  proxy.onMessage(null);
  assert.strictEqual(error.outcome, 'rolled_back');
  assert.strictEqual(await count(), 0);
  await isClean();
});

test('with exactlyOnce a COMMIT whose answer is lost is found out', async () => {
  await pool.reset();
  await admin.query('truncate t');
  let commits = false;
  let isCut = false;
  proxy.onMessage((/** @type {any} */ { direction, type, payload }) => {
    commits ||= direction === 'up' && payload.includes('COMMIT');
    if (commits && !isCut && direction === 'down' && type === 'C') {
      isCut = true;
      return 'rst';
    }
    return undefined;
  });
  await pool.transaction(
    (client) =>
      pipeline(Readable.from(['1\tx\n']), client.copyFrom('copy t from stdin')),
    { exactlyOnce: true },
  );
  proxy.onMessage(null);
  assert.ok(isCut);
  assert.strictEqual(await count(), 1);
});

test('it is repeated before its first byte, and not after', async () => {
  await pool.reset();
  await admin.query('truncate t');
  let cuts = 0;
  proxy.onMessage((/** @type {any} */ { direction, type }) => {
    if (direction === 'up' && type === 'Q' && cuts === 0) {
      cuts += 1;
      return 'rst';
    }
    return undefined;
  });
  const copy = pool.copyFrom('copy t from stdin');
  await pipeline(Readable.from(['1\tx\n']), copy);
  assert.strictEqual(copy.rowCount, 1);
  assert.strictEqual(cuts, 1);
  proxy.onMessage(null);
  const repeated = pool.stats().retries;
  const other = pool.copyFrom('copy t from stdin');
  other.write('2\ty\n');
  await eventually(async () => {
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where query = 'copy t from stdin' " +
        "and wait_event = 'ClientRead' and state = 'active'",
    );
    return rows.length > 0;
  });
  const failure = failureOf(finished(other));
  proxy.killAll('rst');
  assert.strictEqual((await failure).outcome, 'rolled_back');
  assert.strictEqual(pool.stats().retries, repeated);
  assert.strictEqual(await count(), 1);
  await isClean();
});

test('a reader whose connection is cut gets an error, at any moment', async () => {
  for (const bytes of [60, 300, 5000, 100_000, 3_000_000, 41_000_000]) {
    await pool.reset();
    proxy.cutAfter({ direction: 'down', bytes: bytes + 500, once: true });
    const error = await drain(pool.copyTo(LONG, { retry: false })).then(
      () => undefined,
      (failure) => failure,
    );
    if (error !== undefined) {
      assert.match(error.message, /connection/i);
    }
    await proxy.reset();
    await isClean();
  }
});

test('a backend that is terminated under either', async () => {
  const end = () =>
    admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity ' +
        "where query like 'copy%' and state = 'active'",
    );
  const out = pool.copyTo(LONG);
  await once(out, 'readable');
  await end();
  assert.match((await failureOf(drain(out))).code, /57P01|ECONNRESET/);
  await admin.query('truncate t');
  const copy = pool.copyFrom('copy t from stdin', { retry: false });
  const failure = failureOf(finished(copy));
  copy.write('1\tx\n');
  await eventually(async () => (await end()).rows.length > 0);
  assert.strictEqual((await failure).outcome, 'rolled_back');
  await isClean();
});

test('a server that takes nothing stops the writer', async () => {
  await admin.query('create table slow (a int, b text, check (a > 0))');
  const lock = await admin.connect();
  await lock.query('begin; lock table slow');
  const copy = pool.copyFrom('copy slow from stdin');
  let given = 0;
  const piece = Buffer.from('1\tx\n'.repeat(25_000));
  const source = new Readable({
    read() {
      given += 1;
      this.push(given <= 500 ? piece : null);
    },
  });
  const done = pipeline(source, copy);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(given * piece.length < 4e6, `${given} pieces of 100 kB`);
  await lock.query('commit');
  lock.release();
  await done;
  assert.strictEqual(copy.rowCount, 12_500_000);
  await isClean();
});

test('over TLS: whole records, and a wrong line at the end of the data', async () => {
  const secret = await startPostgres({ tls: true });
  const tls = new Pool({
    connectionString: secret.url,
    ssl: { rejectUnauthorized: false },
    max: 2,
    logger: false,
  });
  await tls.query('create table t (a int, b text)');
  const bytes = await drain(tls.copyTo(LONG));
  assert.strictEqual(bytes > 40e6, true);
  const copy = tls.copyFrom('copy t from stdin');
  await pipeline(tls.copyTo(LONG), copy);
  assert.strictEqual(copy.rowCount, 40_000);
  const wrong = tls.copyFrom('copy t from stdin');
  const error = await failureOf(pipeline(Readable.from(['1\tx\nx\n']), wrong));
  assert.strictEqual(error.where, 'COPY t, line 2, column a: "x"');
  for await (const part of tls.copyTo(LONG)) {
    assert.ok(part.length > 0);
    break;
  }
  await eventually(() => tls.idleCount === tls.totalCount);
  assert.strictEqual(tls.stats().connectionsLost, 0);
  await tls.end();
  await secret.stop();
});

test('memory stays bounded, whatever the size', async () => {
  const text =
    "copy (select repeat('x', 10000) from generate_series(1, 40000)) to stdout";
  global.gc?.();
  const first = process.memoryUsage().rss;
  let most = 0;
  let bytes = 0;
  for await (const part of pool.copyTo(text)) {
    bytes += part.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  assert.strictEqual(bytes, 40_000 * 10_001);
  assert.ok(most - first < 150e6, `${(most - first) / 1e6} MB of 400`);
});

test(
  'behind PgBouncer: in, out, given up, with settings, in a transaction',
  without,
  async () => {
    const pooled = new Pool({
      connectionString: bouncer.url,
      max: 2,
      logger: false,
      settings: { application_name: 'copied' },
    });
    await admin.query('truncate t');
    const copy = pooled.copyFrom('copy t from stdin');
    await pipeline(Readable.from(['1\tx\n', '2\ty\n']), copy);
    assert.strictEqual(copy.rowCount, 2);
    const name = "copy (select current_setting('application_name')) to stdout";
    for (let i = 0; i < 3; i++) {
      const parts = await pooled.copyTo(name).toArray();
      assert.strictEqual(Buffer.concat(parts).toString(), 'copied\n');
      const given = pooled.copyFrom('copy t from stdin');
      given.write('3\tz\n');
      given.destroy();
      for await (const part of pooled.copyTo(LONG)) {
        assert.ok(part.length > 0);
        break;
      }
      const wrong = pooled.copyFrom('copy t from stdin');
      const error = await failureOf(pipeline(Readable.from(['x\n']), wrong));
      assert.strictEqual(error.where, 'COPY t, line 1, column a: "x"');
    }
    await pooled.transaction(async (client) => {
      await client.copyFrom('t', ['a'], [[4]]);
      for await (const part of client.copyTo(LONG)) {
        assert.ok(part.length > 0);
        break;
      }
      const parts = await client.copyTo(name).toArray();
      assert.strictEqual(Buffer.concat(parts).toString(), 'copied\n');
    });
    assert.strictEqual(await count(pooled), 3);
    await eventually(() => pooled.idleCount === pooled.totalCount);
    assert.strictEqual(pooled.stats().connectionsLost, 0);
    await pooled.end();
  },
);

test('what is written to a COPY that is destroyed is called back', async () => {
  const stored = await count();
  for (const reason of [undefined, new Error('mine')]) {
    const copy = /** @type {any} */ (pool.copyFrom('copy t from stdin'));
    copy.on('error', () => {});
    const told = Promise.all(
      [Buffer.alloc(3 << 20, '1'), '2\n'].map(
        (data) => new Promise((resolve) => copy.write(data, resolve)),
      ),
    );
    copy.destroy(reason);
    for (const error of await told) {
      assert.match(
        error.message,
        reason ? /^mine$/ : /nothing of it is stored/,
      );
    }
  }
  assert.strictEqual(await count(), stored);
});
