// SPDX-License-Identifier: MIT
'use strict';

// pool.stream() and client.stream(): rows, order, and what becomes of the
// connection when a reader stops.

const assert = require('node:assert');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { after, test } = require('node:test');
const { inspect } = require('node:util');

const { Pool } = require('../../lib/index.js');
const { eventually } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');
const { LITERALS } = require('./types.literals.js');

const SERIES = 'select i from generate_series(1, $1::int) i';
/** More than sockets and portions hold. */
const ENDLESS =
  "select i, repeat('x', 1000) as t from generate_series(1, 300000) i";

const server = useServer();
/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 3, logger: false });
  await pool.query('create table written (n int)');
});

after(async () => {
  await pool?.end();
});

/**
 * @param {any} stream
 * @returns {Promise<any[]>}
 */
async function collect(stream) {
  const rows = [];
  for await (const row of stream) {
    rows.push(row);
  }
  return rows;
}

/** @param {any} stream @param {number} count */
async function take(stream, count) {
  const rows = [];
  for await (const row of stream) {
    rows.push(row);
    if (rows.length === count) {
      break;
    }
  }
  return rows;
}

test('all rows come, in order, whatever the size of a portion', async () => {
  for (const batchSize of [1, 7, 1000, 100_000]) {
    const rows = await collect(pool.stream(SERIES, [2500], { batchSize }));
    assert.deepStrictEqual(
      rows,
      Array.from({ length: 2500 }, (_, i) => ({ i: i + 1 })),
    );
  }
});

test('a result without rows, and a statement without a result, end', async () => {
  assert.deepStrictEqual(await collect(pool.stream(SERIES, [0])), []);
  assert.deepStrictEqual(
    await collect(pool.stream('update written set n = 0')),
    [],
  );
  assert.deepStrictEqual(
    await collect(pool.stream('select from generate_series(1, 3)')),
    [{}, {}, {}],
  );
});

test('values, names, types and row mode are those of query()', async () => {
  const config = {
    text: 'select :n::int + 1 as n, now() > :past::timestamptz as late',
    values: { n: 1, past: new Date(0) },
  };
  const { rows, fields } = await pool.query(config);
  const stream = pool.stream(config);
  assert.deepStrictEqual(await collect(stream), rows);
  assert.deepStrictEqual(stream.fields, fields);
  const arrays = { rowMode: 'array', types: { getTypeParser: () => String } };
  assert.deepStrictEqual(
    await collect(pool.stream('select $1::int, 2', [1], arrays)),
    [['1', '2']],
  );
  assert.deepStrictEqual(
    await collect(pool.stream({ name: 'named', text: 'select 1 as a' })),
    [{ a: 1 }],
  );
});

test('every type is decoded as query() decodes it', async () => {
  const cells = Object.entries(LITERALS).flatMap(([type, literals]) =>
    literals.map((text) => `'${text.replaceAll("'", "''")}'::${type}`),
  );
  const columns = cells.slice(0, 1500).map((cell, i) => `${cell} as c${i}`);
  assert.ok(columns.length > 100);
  const text = `select ${columns.join(', ')} from generate_series(1, 20)`;
  const { rows } = await pool.query(text);
  const streamed = await collect(pool.stream(text, [], { batchSize: 9 }));
  // As text: an invalid Date is not equal to itself.
  const all = { depth: 9, maxArrayLength: null, maxStringLength: null };
  assert.strictEqual(inspect(streamed, all), inspect(rows, all));
});

test('it is a Readable: pipeline(), on(data), destroy() and its events', async () => {
  const through = new PassThrough({ objectMode: true });
  /** @type {any[]} */
  const rows = [];
  through.on('data', (row) => rows.push(row.i));
  await pipeline(pool.stream(SERIES, [3000]), through);
  assert.strictEqual(rows.length, 3000);
  const stream = pool.stream(ENDLESS);
  await once(stream, 'data');
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
  await eventually(() => pool.idleCount === pool.totalCount);
  const failing = pool.stream(ENDLESS);
  await once(failing, 'data');
  failing.destroy(new Error('enough'));
  assert.match(String(await once(failing, 'error')), /enough/);
});

test('next() that is called ahead gives all rows in order, and then the end', async () => {
  const rows = pool.stream(SERIES, [25], { batchSize: 10 });
  const iterator = rows[Symbol.asyncIterator]();
  const all = await Promise.all(
    Array.from({ length: 27 }, () => iterator.next()),
  );
  assert.deepStrictEqual(
    all.map(({ value }) => value?.i),
    [...Array.from({ length: 25 }, (_, i) => i + 1), undefined, undefined],
  );
  assert.deepStrictEqual(
    all.map(({ done }) => done),
    [...Array(25).fill(false), true, true],
  );
  await eventually(() => rows.closed);
});

test('destroy() inside a loop ends it there, with its error', async () => {
  for (const error of [new Error('enough'), undefined]) {
    const rows = pool.stream(ENDLESS);
    let count = 0;
    const reading = (async () => {
      for await (const _ of rows) {
        count += 1;
        if (count === 5) {
          rows.destroy(error);
        }
      }
    })();
    await assert.rejects(
      reading,
      error ?? { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    );
    assert.strictEqual(count, 5);
  }
  await eventually(() => pool.idleCount === pool.totalCount);
});

test('a loop goes on where other readers of the stream have stopped', async () => {
  const rows = pool.stream(SERIES, [3000], { batchSize: 100 });
  const [first] = await once(rows, 'data');
  rows.pause();
  const rest = await collect(rows);
  assert.strictEqual(first.i, 1);
  const [next] = rest;
  assert.deepStrictEqual(
    rest.map(({ i }) => i),
    Array.from({ length: 3001 - next.i }, (_, i) => next.i + i),
  );
});

test('a break leaves the connection clean, and is no failure', async () => {
  const single = new Pool({ connectionString: server.url, max: 1 });
  const { rows } = await single.query('select pg_backend_pid() as pid');
  for (let i = 0; i < 5; i++) {
    assert.strictEqual((await take(single.stream(ENDLESS), 10)).length, 10);
    const after = await single.query('select pg_backend_pid() as pid');
    assert.deepStrictEqual(after.rows, rows);
  }
  assert.strictEqual(single.stats().aborts, 0);
  assert.strictEqual(single.stats().failedRolledBack, 0);
  await single.end();
});

test('a stalled reader stops the server, and no other call', async () => {
  const before = pool.stats().rows;
  const stream = pool.stream(ENDLESS);
  await once(stream, 'readable');
  const waits = `select wait_event from pg_stat_activity where query = $1`;
  await eventually(async () => {
    const { rows } = await pool.query(waits, [ENDLESS]);
    return rows[0]?.wait_event === 'ClientWrite';
  });
  assert.ok(stream.readableLength <= 1000);
  assert.ok(pool.stats().rows - before < 5000);
  stream.destroy();
  await once(stream, 'close');
});

test('an error before the first row, and one after many', async () => {
  const early = await failureOf(collect(pool.stream('select 1/0 as a')));
  assert.strictEqual(early.code, '22012');
  const text = 'select 1 / (1500 - i) from generate_series(1, 5000) i';
  /** @type {any[]} */
  const rows = [];
  const late = await failureOf(
    (async () => {
      for await (const row of pool.stream(text, [], { batchSize: 100 })) {
        rows.push(row);
      }
    })(),
  );
  assert.strictEqual(late.code, '22012');
  assert.strictEqual(late.outcome, 'permanent');
  assert.strictEqual(rows.length, 1499);
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
});

test('what is wrong with the arguments destroys it, and nothing is sent', async () => {
  const sent = pool.stats().queries;
  for (const [given, sentence] of /** @type {[any[], RegExp][]} */ ([
    [[undefined], /SQL text or an object/],
    [['select 1', 5], /must be an array/],
    [['select 1', [], { batchSize: 0 }], /batchSize must be a whole number/],
    [['select 1', [], { batchSize: '5' }], /batchSize/],
    [['select 1', [], 5], /options, the third argument/],
    [['select 1', [], { exactlyOnce: true }], /exactlyOnce is for query/],
    [['select 1', [], { cache: 1000 }], /not cached/],
    [[{ submit() {} }], /Submittable/],
    [['select 1', [], { signal: AbortSignal.abort() }], /abort/i],
  ])) {
    const stream = pool.stream(.../** @type {[any]} */ (given));
    assert.match((await failureOf(collect(stream))).message, sentence);
  }
  assert.strictEqual(pool.stats().queries, sent);
});

test('a signal ends it', async () => {
  const control = new AbortController();
  const stream = pool.stream(ENDLESS, [], { signal: control.signal });
  await once(stream, 'readable');
  control.abort();
  const error = await failureOf(collect(stream));
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.cause.code, '57014');
  assert.strictEqual((await pool.query('select 1 as a')).rows[0].a, 1);
});

test('timeoutMillis counts only while rows are read', async () => {
  const text = 'select pg_sleep(60)';
  const error = await failureOf(
    collect(pool.stream(text, [], { timeoutMillis: 50 })),
  );
  assert.strictEqual(error.code, 'HF_QUERY_TIMEOUT');
  const stream = pool.stream(ENDLESS, [], { timeoutMillis: 60_000 });
  await once(stream, 'readable');
  stream.destroy();
  await once(stream, 'close');
});

test('maxResultBytes is not for streams', async () => {
  const small = new Pool({
    connectionString: server.url,
    maxResultBytes: 2000,
  });
  const text = "select repeat('x', 3000) as t from generate_series(1, 3000)";
  const error = await failureOf(small.query(text));
  assert.strictEqual(error.code, 'HF_RESULT_TOO_LARGE');
  assert.strictEqual((await collect(small.stream(text))).length, 3000);
  await small.end();
});

test('on a client it runs in the order of the calls', async () => {
  const client = await pool.connect();
  const first = client.query('select 1 as a');
  const stream = client.stream(SERIES, [2000]);
  const last = client.query('select 2 as a');
  assert.strictEqual((await first)?.rows[0].a, 1);
  assert.strictEqual((await collect(stream)).length, 2000);
  assert.strictEqual((await last)?.rows[0].a, 2);
  client.release();
  const late = await failureOf(collect(client.stream('select 1')));
  assert.strictEqual(late.code, 'HF_RELEASED');
});

test('leaving one inside a transaction keeps the transaction', async () => {
  await pool.transaction(async (client) => {
    await client.query('insert into written values (1)');
    await client.query('savepoint mine');
    assert.strictEqual((await take(client.stream(ENDLESS), 3)).length, 3);
    assert.strictEqual(client.getTransactionStatus(), 'T');
    await client.query('insert into written values (2)');
    const text =
      'insert into written select 3 from generate_series(1, 5000) returning n';
    await take(client.stream(text, [], { batchSize: 1 }), 3);
    await client.query('release savepoint mine');
  });
  const { rows } = await pool.query(
    'select n, count(*)::int from written group by n order by n',
  );
  assert.deepStrictEqual(rows, [
    { n: 1, count: 1 },
    { n: 2, count: 1 },
    { n: 3, count: 5000 },
  ]);
});

test('one that fails inside a transaction fails the transaction', async () => {
  const client = await pool.connect();
  await client.query('begin');
  await failureOf(
    collect(client.stream('select 1 / (5 - i) from generate_series(1, 9) i')),
  );
  assert.strictEqual(client.getTransactionStatus(), 'E');
  await client.query('rollback');
  client.release();
});

test('a ROLLBACK ends the stream before it', async () => {
  const client = await pool.connect();
  await client.query('begin');
  const stream = client.stream(ENDLESS);
  await once(stream, 'readable');
  const failure = failureOf(collect(stream));
  await client.query('rollback');
  assert.strictEqual((await failure).code, 'HF_ROLLED_BACK');
  client.release();
});

test('transaction() does not wait for a stream that nobody reads', async () => {
  /** @type {any} */
  let stream;
  await pool.transaction((client) => {
    stream = client.stream(ENDLESS);
    stream.on('error', () => {});
  });
  assert.match(String(stream.errored), /was not read to its end/);
  assert.strictEqual(stream.errored.code, 'HF_RELEASED');
});

test('release(true) ends it, and end() gives up one that stalls', async () => {
  const client = await pool.connect();
  const stream = client.stream(ENDLESS);
  await once(stream, 'readable');
  client.release(true);
  assert.strictEqual((await failureOf(collect(stream))).code, 'HF_RELEASED');
  const other = new Pool({ connectionString: server.url, drainMillis: 50 });
  const stalled = other.stream(ENDLESS);
  await once(stalled, 'readable');
  await other.end();
  assert.strictEqual(
    (await failureOf(collect(stalled))).code,
    'HF_POOL_CLOSED',
  );
});
