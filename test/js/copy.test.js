// SPDX-License-Identifier: MIT
'use strict';

// COPY as streams: what goes in and comes out, and how it ends.

const assert = require('node:assert');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const { after, test } = require('node:test');

const { Client, Pool } = require('../../lib/index.js');
const { eventually } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();

/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2, logger: false });
  await pool.query('create table t (a int, b text)');
});

after(() => pool?.end());

test.beforeEach(() => pool.query('truncate t'));

/** @param {any} readable @returns {Promise<Buffer>} */
async function bytesOf(readable) {
  const parts = [];
  for await (const part of readable) {
    assert.ok(Buffer.isBuffer(part));
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @param {any} [from] */
async function rowsOf(from = pool) {
  const { rows } = await from.query({
    text: 'select a, b from t order by a',
    rowMode: 'array',
  });
  return rows;
}

/** Is the pool as before: no connection held, and none lost? */
async function isClean() {
  await eventually(() => pool.idleCount === pool.totalCount);
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
  assert.strictEqual(pool.stats().connectionsLost, 0);
}

/** @param {any} stream */
async function closed(stream) {
  if (!stream.closed) {
    // Not once(), which fails with the error that comes before.
    await new Promise((resolve) => stream.once('close', resolve));
  }
}

test('text, CSV and binary go in and come out as they are', async () => {
  /** @type {[string, string | Buffer][]} */
  const formats = [
    ['text', '1\tx\\ty\n2\t\\N\n'],
    ['csv', '1,x\ty\n2,\n'],
  ];
  for (const [format, data] of formats) {
    await pool.query('truncate t');
    const copy = pool.copyFrom(`copy t from stdin (format ${format})`);
    assert.strictEqual(copy.rowCount, null);
    await pipeline(Readable.from([data]), copy);
    assert.strictEqual(copy.rowCount, 2);
    assert.deepStrictEqual(await rowsOf(), [
      [1, 'x\ty'],
      [2, null],
    ]);
    const out = pool.copyTo(`copy t to stdout (format ${format})`);
    assert.strictEqual((await bytesOf(out)).toString(), data);
    assert.strictEqual(out.rowCount, 2);
  }
  const binary = await bytesOf(pool.copyTo('copy t to stdout (format binary)'));
  await pool.query('truncate t');
  await pipeline(
    Readable.from([binary]),
    pool.copyFrom('copy t from stdin (format binary)'),
  );
  assert.strictEqual((await rowsOf()).length, 2);
});

test('an empty COPY, in either direction', async () => {
  const copy = pool.copyFrom('copy t from stdin');
  copy.end();
  await finished(copy);
  assert.strictEqual(copy.rowCount, 0);
  const out = pool.copyTo('copy t to stdout');
  assert.strictEqual((await bytesOf(out)).length, 0);
  assert.strictEqual(out.rowCount, 0);
});

test('bytes are cut anywhere, and pieces are small and large', async () => {
  const data = Buffer.from(
    Array.from({ length: 30_000 }, (_, i) => `${i}\tuser ${i}\n`).join(''),
  );
  for (const size of [7, 4096, 100_000, 10_000_000]) {
    await pool.query('truncate t');
    const pieces = [];
    for (let at = 0; at < data.length && pieces.length < 5000; at += size) {
      pieces.push(data.subarray(at, at + size));
    }
    const rest = data.subarray(size * pieces.length);
    const copy = pool.copyFrom('copy t from stdin');
    await pipeline(Readable.from([...pieces, rest]), copy);
    assert.strictEqual(copy.rowCount, 30_000);
    const out = await bytesOf(
      pool.copyTo('copy (select * from t order by a) to stdout'),
    );
    assert.ok(out.equals(data));
  }
});

test('a large COPY goes through, from one to the other', async () => {
  const from = pool.copyTo(
    "copy (select i, repeat('x', 100) from generate_series(1, 300000) i) " +
      'to stdout',
  );
  const to = pool.copyFrom('copy t from stdin');
  await pipeline(from, to);
  assert.strictEqual(to.rowCount, 300_000);
  assert.strictEqual(from.rowCount, 300_000);
  await isClean();
});

test('what is not such a COPY is refused before anything is sent', async () => {
  const sent = pool.stats().queriesTotal;
  /** @type {[string, string][]} */
  const wrong = [
    ['copyFrom', 'select 1'],
    ['copyFrom', 'copy t to stdout'],
    ['copyFrom', "copy t from '/tmp/x'"],
    ['copyFrom', 'copy t from stdin; select 1'],
    ['copyFrom', ''],
    ['copyTo', 'copy t from stdin'],
    ['copyTo', "copy t to program 'cat'"],
    ['copyTo', 'table t'],
  ];
  for (const [method, text] of wrong) {
    const stream = /** @type {any} */ (pool)[method](text);
    stream.resume?.();
    const error = await failureOf(finished(stream));
    assert.strictEqual(error.code, 'HF_PARAM_INVALID', text);
    assert.match(
      error.message,
      method === 'copyTo' ? /TO STDOUT/ : /FROM STDIN/,
    );
    assert.strictEqual(error.outcome, 'permanent');
  }
  assert.strictEqual(pool.stats().queriesTotal, sent);
  for (const options of [5, { values: [1] }, { cache: {} }, { name: 'n' }]) {
    const stream = pool.copyTo(
      'copy t to stdout',
      /** @type {any} */ (options),
    );
    stream.resume();
    assert.ok((await failureOf(finished(stream))) instanceof TypeError);
  }
  const readOnly = pool.copyFrom('copy t from stdin', { readOnly: true });
  assert.match((await failureOf(finished(readOnly))).message, /readOnly/);
});

test('query() says what runs a COPY', async () => {
  const error = await failureOf(pool.query('copy t from stdin'));
  assert.strictEqual(error.code, 'HF_COPY_UNSUPPORTED');
  assert.match(error.message, /copyFrom\(\) or copyTo\(\)/);
});

test('a wrong line is told while the data still come', async () => {
  const copy = pool.copyFrom('copy t from stdin');
  let given = 0;
  function* endless() {
    for (;;) {
      given += 1;
      yield given === 3 ? 'x\twrong\n' : `${given}\ty\n`;
    }
  }
  const error = await failureOf(pipeline(Readable.from(endless()), copy));
  assert.strictEqual(error.code, '22P02');
  assert.strictEqual(error.where, 'COPY t, line 3, column a: "x"');
  assert.strictEqual(error.outcome, 'permanent');
  assert.strictEqual(copy.rowCount, null);
  assert.deepStrictEqual(await rowsOf(), []);
  await isClean();
});

test('a missing table, and positions in the text', async () => {
  const copy = pool.copyFrom('copy missing from stdin');
  const error = await failureOf(pipeline(Readable.from(['1\n']), copy));
  assert.strictEqual(error.code, '42P01');
  const handle = pool.withSettings({ application_name: 'é' });
  const out = handle.copyTo('copy (select missing from t) to stdout');
  const other = await failureOf(bytesOf(out));
  assert.strictEqual(other.position, '14');
  await isClean();
});

test('a writer that is destroyed, or whose source fails, stores nothing', async () => {
  const copy = pool.copyFrom('copy t from stdin');
  copy.write('1\tx\n');
  await eventually(async () => {
    const { rows } = await pool.query(
      "select 1 from pg_stat_activity where query = 'copy t from stdin'",
    );
    return rows.length > 0;
  });
  const mine = new Error('mine');
  copy.destroy(mine);
  assert.strictEqual(await failureOf(finished(copy)), mine);
  await closed(copy);
  function* failing() {
    yield '1\tx\n'.repeat(100_000);
    throw mine;
  }
  const other = pool.copyFrom('copy t from stdin');
  const failed = await failureOf(pipeline(Readable.from(failing()), other));
  assert.strictEqual(failed, mine);
  await closed(other);
  assert.deepStrictEqual(await rowsOf(), []);
  await isClean();
});

test('an abort before, while and after data go', async () => {
  const aborted = AbortSignal.abort();
  const before = pool.copyFrom('copy t from stdin', { signal: aborted });
  assert.strictEqual((await failureOf(finished(before))).code, 'HF_ABORTED');
  const controller = new AbortController();
  const { signal } = controller;
  const copy = pool.copyFrom('copy t from stdin', { signal });
  copy.write('1\tx\n');
  const failure = failureOf(finished(copy));
  await eventually(() => pool.idleCount < pool.totalCount);
  controller.abort();
  const error = await failure;
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.match(error.outcome, /rolled_back|not_executed/);
  await closed(copy);
  const out = pool.copyTo(
    'copy (select * from generate_series(1, 10000000)) to stdout',
    { signal: AbortSignal.timeout(50) },
  );
  assert.strictEqual((await failureOf(bytesOf(out))).code, 'HF_ABORTED');
  assert.deepStrictEqual(await rowsOf(), []);
  await isClean();
});

test('a time-out counts neither a slow writer nor a slow reader', async () => {
  const copy = pool.copyFrom('copy t from stdin', { timeoutMillis: 400 });
  copy.write('1\tx\n');
  await new Promise((resolve) => setTimeout(resolve, 900));
  copy.end('2\ty\n');
  await finished(copy);
  assert.strictEqual(copy.rowCount, 2);
  await pool.query(
    'begin; drop table if exists slow; create table slow (a int, check (pg_sleep(a) is not null)); commit',
  );
  const slow = pool.copyFrom('copy slow from stdin', { timeoutMillis: 300 });
  const error = await failureOf(pipeline(Readable.from(['20\n']), slow));
  assert.strictEqual(error.code, 'HF_QUERY_TIMEOUT');
  await closed(slow);
  await isClean();
});

test('a reader that stops stops the server, and may leave', async () => {
  const endless = 'copy (select generate_series(1, 100000000)) to stdout';
  const out = pool.copyTo(endless);
  await once(out, 'readable');
  await eventually(async () => {
    const { rows } = await pool.query(
      'select wait_event from pg_stat_activity where query = $1',
      [endless],
    );
    return rows[0]?.wait_event === 'ClientWrite';
  });
  out.destroy();
  await closed(out);
  for await (const part of pool.copyTo(endless)) {
    assert.ok(part.length > 0);
    break;
  }
  await isClean();
});

test('inside a transaction: committed with it, rolled back with it', async () => {
  await pool.transaction(async (client) => {
    await client.query("insert into t values (1, 'x')");
    await pipeline(
      Readable.from(['2\ty\n']),
      client.copyFrom('copy t from stdin'),
    );
    assert.strictEqual((await rowsOf(client)).length, 2);
  });
  assert.strictEqual((await rowsOf()).length, 2);
  const mine = new Error('mine');
  const undone = pool.transaction(async (client) => {
    await pipeline(
      Readable.from(['3\tz\n']),
      client.copyFrom('copy t from stdin'),
    );
    throw mine;
  });
  assert.strictEqual(await failureOf(undone), mine);
  assert.strictEqual((await rowsOf()).length, 2);
  /** @type {any} */
  let told;
  const forgotten = pool.transaction((client) => {
    const copy = client.copyFrom('copy t from stdin');
    copy.on('error', (error) => {
      told = error;
    });
    return copy.write('4\t4\n');
  });
  assert.strictEqual(
    (await failureOf(forgotten)).code,
    'HF_COMMIT_ROLLED_BACK',
  );
  assert.match(told.message, /COPY had not finished/);
  assert.strictEqual(told.code, 'HF_RELEASED');
  assert.strictEqual(told.outcome, 'rolled_back');
  assert.strictEqual((await rowsOf()).length, 2);
  await isClean();
});

test('inside a transaction a reader leaves, and the rest goes on', async () => {
  await pool.transaction(async (client) => {
    await client.query("insert into t values (1, 'x')");
    const text = 'copy (select * from generate_series(1, 10000000)) to stdout';
    for (const readOnly of [false, true]) {
      for await (const part of client.copyTo(text, { readOnly })) {
        assert.ok(part.length > 0);
        break;
      }
      assert.strictEqual(client.getTransactionStatus(), 'T');
    }
    const whole = client.copyTo('copy t to stdout -- all');
    assert.strictEqual((await bytesOf(whole)).toString(), '1\tx\n');
    await client.query("insert into t values (2, 'y')");
  });
  assert.strictEqual((await rowsOf()).length, 2);
  await isClean();
});

test('with exactlyOnce', async () => {
  const result = await pool.transaction(
    async (client) => {
      const copy = client.copyFrom('copy t from stdin');
      await pipeline(Readable.from(['1\tx\n']), copy);
      return copy.rowCount;
    },
    { exactlyOnce: true },
  );
  assert.strictEqual(result, 1);
  assert.strictEqual((await rowsOf()).length, 1);
});

test('readOnly is enforced for what comes out', async () => {
  const writes = "copy (insert into t values (1, 'x') returning a) to stdout";
  const error = await failureOf(
    bytesOf(pool.copyTo(writes, { readOnly: true })),
  );
  assert.strictEqual(error.code, '25006');
  assert.strictEqual((await bytesOf(pool.copyTo(writes))).toString(), '1\n');
  await pool.transaction(async (client) => {
    const refused = client.copyTo(writes, { readOnly: true });
    assert.strictEqual((await failureOf(bytesOf(refused))).code, '25006');
    await client.query("insert into t values (2, 'y')");
  });
  assert.strictEqual((await rowsOf()).length, 2);
});

test('settings of the call reach it, and are gone with it', async () => {
  const text = "copy (select current_setting('app.who', true)) to stdout";
  const name = "o'neil \\ é";
  const settings = { 'app.who': name };
  const given = await bytesOf(pool.copyTo(text, { settings }));
  assert.strictEqual(given.toString(), `o'neil \\\\ é\n`);
  const around = await bytesOf(pool.withSettings(settings).copyTo(text));
  assert.ok(around.equals(given));
  assert.ok(!(await bytesOf(pool.copyTo(text))).equals(given));
});

test('on a client statements keep their order', async () => {
  const client = await pool.connect();
  const copy = client.copyFrom('copy t from stdin');
  const later = rowsOf(client);
  copy.end('1\tx\n');
  assert.deepStrictEqual(await later, [[1, 'x']]);
  client.release();
  const own = new Client({ connectionString: server.url });
  await own.connect();
  await pipeline(Readable.from(['2\ty\n']), own.copyFrom('copy t from stdin'));
  assert.strictEqual((await bytesOf(own.copyTo('copy t to stdout'))).length, 8);
  await own.end();
});

test('events, statistics and a log of slow statements see it', async () => {
  /** @type {any[]} */
  const lines = [];
  const logger = {
    debug() {},
    info() {},
    error() {},
    warn: (/** @type {any} */ ...given) => lines.push(given),
  };
  const logged = new Pool({
    connectionString: server.url,
    logger,
    slowQueryMillis: 1,
  });
  const copy = logged.copyFrom('copy t from stdin');
  await pipeline(Readable.from(['1\tx\n'.repeat(200_000)]), copy);
  await logged.end();
  assert.match(JSON.stringify(lines), /copy t from stdin/);
});
