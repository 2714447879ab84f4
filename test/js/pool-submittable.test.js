// SPDX-License-Identifier: MIT
'use strict';

// pg-cursor, pg-query-stream and their like given to query() of a pool: each
// has a client of its own, which is free again at its end.

const assert = require('node:assert');
const { once } = require('node:events');
const { afterEach, beforeEach, test } = require('node:test');

const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { Pool } = require('../../lib/index.js');
const { failureOf, useServer } = require('../support/suite.js');

const SERIES = 'select i from generate_series(1, $1::int) i';

const server = useServer();

/** @type {any} */
let pool;

beforeEach(() => {
  pool = new Pool({ connectionString: server.url, max: 1 });
});
afterEach(async () => {
  // With one connection, this waits for ever if it was not given back.
  assert.deepStrictEqual((await pool.query('select 1 as a')).rows, [{ a: 1 }]);
  await pool.end();
});

/** @param {AsyncIterable<any>} stream */
async function countOf(stream) {
  let count = 0;
  for await (const _ of stream) {
    count += 1;
  }
  return count;
}

test('a cursor is returned at once, reads its rows, and is closed', async () => {
  const cursor = new Cursor(SERIES, [5]);
  assert.strictEqual(pool.query(cursor), cursor);
  assert.deepStrictEqual(
    (await cursor.read(2)).map((/** @type {any} */ row) => row.i),
    [1, 2],
  );
  await cursor.close();
});

test('a cursor read to its end gives its connection back', async () => {
  const cursor = pool.query(new Cursor(SERIES, [3]));
  assert.strictEqual((await cursor.read(10)).length, 3);
  assert.deepStrictEqual(await cursor.read(10), []);
});

test('streams: all rows, a break, and two that share one connection', async () => {
  assert.strictEqual(
    await countOf(pool.query(new QueryStream(SERIES, [500]))),
    500,
  );
  for await (const { i } of pool.query(new QueryStream(SERIES, [500]))) {
    assert.strictEqual(i, 1);
    break;
  }
  const both = [1, 2].map(() => pool.query(new QueryStream(SERIES, [200])));
  assert.deepStrictEqual(await Promise.all(both.map(countOf)), [200, 200]);
});

test("an error of the statement is the object's own", async () => {
  const cursor = pool.query(new Cursor('select nothing'));
  assert.strictEqual((await failureOf(cursor.read(1))).code, '42703');
  const stream = pool.query(new QueryStream('select nothing'));
  assert.strictEqual((await failureOf(countOf(stream))).code, '42703');
});

test('a stream that is left before it has a connection takes none', async () => {
  const holder = await pool.connect();
  const stream = pool.query(new QueryStream(SERIES, [5]));
  stream.destroy();
  await once(stream, 'close');
  const waiting = pool.query('select 2 as b');
  holder.release();
  assert.deepStrictEqual((await waiting).rows, [{ b: 2 }]);
});

test('without a connection the object gets the error', async () => {
  const ended = new Pool({ connectionString: server.url });
  await ended.end();
  const cursor = ended.query(new Cursor('select 1'));
  assert.match((await failureOf(cursor.read(1))).message, /end on the pool/);
});

test('what submit() returns or throws goes to handleError()', async () => {
  for (const submit of [
    () => new Error('no text'),
    () => {
      throw new Error('no text');
    },
  ]) {
    const error = await new Promise((resolve) => {
      pool.query({ submit, handleError: resolve });
    });
    assert.strictEqual(error.message, 'no text');
  }
});

test('withSettings() gives its settings to a cursor', async () => {
  const tenants = pool.withSettings({ 'app.tenant': 'seven' });
  const text = "select current_setting('app.tenant', true) as tenant";
  const cursor = tenants.query(new Cursor(text));
  assert.deepStrictEqual(await cursor.read(1), [{ tenant: 'seven' }]);
  await cursor.close();
  assert.ok(!(await pool.query(text)).rows[0].tenant);
});
