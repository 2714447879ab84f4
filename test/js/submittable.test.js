// SPDX-License-Identifier: MIT
'use strict';

// pg-cursor and pg-query-stream, unchanged, on clients of pg and of ours: the
// same cases in one run, with the same outcome.

const assert = require('node:assert');
const { test } = require('node:test');

const pg = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { Client, Pool } = require('../../lib/index.js');
const { eventually } = require('../support');
const { failureOf, useServer } = require('../support/suite.js');

const SERIES = 'select i from generate_series(1, $1::int) i';

const server = useServer();

/**
 * Runs a case with a client of pg's and with one of ours, and compares.
 * @param {(client: any) => Promise<any>} run
 */
async function same(run) {
  const outcomes = [];
  for (const Made of [pg.Pool, Pool]) {
    const pool = new /** @type {any} */ (Made)({
      connectionString: server.url,
      max: 1,
    });
    const client = await pool.connect();
    try {
      outcomes.push(await run(client));
      outcomes.push((await client.query('select 1 as a')).rows);
    } finally {
      client.release();
      await pool.end();
    }
  }
  assert.deepStrictEqual(outcomes.slice(2), outcomes.slice(0, 2));
  return outcomes[2];
}

/** @param {any} promise */
async function codeOf(promise) {
  return (await failureOf(promise)).code;
}

test('read() gives as many rows as it asks for, then none', async () => {
  const sizes = await same(async (client) => {
    const cursor = client.query(new Cursor(SERIES, [10]));
    const read = [];
    for (const size of [3, 1, 100, 5]) {
      read.push(
        (await cursor.read(size)).map((/** @type {any} */ row) => row.i),
      );
    }
    await cursor.close();
    return read;
  });
  assert.deepStrictEqual(sizes, [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10], []]);
});

test('a read that takes exactly the rest, and a large result in pieces', async () => {
  await same(async (client) => {
    const cursor = client.query(new Cursor(SERIES, [6]));
    const counts = [];
    for (let i = 0; i < 3; i++) {
      counts.push((await cursor.read(3)).length);
    }
    const large = client.query(new Cursor(SERIES, [5000]));
    for (let rows = [0]; rows.length > 0; ) {
      rows = await large.read(700);
      counts.push(rows.length);
    }
    return counts;
  });
});

test('the callback gets rows and the result, with its fields', async () => {
  await same(async (client) => {
    const cursor = client.query(
      new Cursor('select 1 as a, null::text as b, now() > $1 as c', [
        new Date(0),
      ]),
    );
    const [rows, result] = await new Promise((resolve, reject) => {
      cursor.read(
        10,
        (/** @type {any} */ error, /** @type {any} */ ...given) =>
          error ? reject(error) : resolve(given),
      );
    });
    await cursor.close();
    const { command, rowCount, fields } = result;
    const names = fields.map((/** @type {any} */ field) => [
      field.name,
      field.dataTypeID,
      field.format,
    ]);
    return [rows, command, rowCount, names, result.rows];
  });
});

test('rowMode and types of a cursor are its own', async () => {
  await same(async (client) => {
    const types = {
      getTypeParser: () => (/** @type {any} */ text) => `<${text}>`,
    };
    const text = 'select 1::int8, array[1,2], $1::jsonb';
    const read = [];
    for (const config of [{}, { rowMode: 'array' }, { types }]) {
      const cursor = client.query(new Cursor(text, ['{"a":1}'], config));
      read.push(await cursor.read(5));
      await cursor.close();
    }
    client.setTypeParser(20, Number);
    const cursor = client.query(new Cursor('select 7::int8 as n'));
    read.push(await cursor.read(1));
    await cursor.close();
    return read;
  });
});

test('close() while rows are left, twice, and before any read', async () => {
  await same(async (client) => {
    const cursor = client.query(new Cursor(SERIES, [100_000]));
    const first = await cursor.read(2);
    await cursor.close();
    await cursor.close();
    const after = await cursor.read(2);
    const unread = client.query(new Cursor(SERIES, [5]));
    await unread.close();
    return [first, after, await unread.read(1)];
  });
});

test('errors: in the statement, mid-way, and of every read after', async () => {
  await same(async (client) => {
    const codes = [];
    const wrong = client.query(new Cursor('select no_such_column'));
    codes.push(await codeOf(wrong.read(1)), await codeOf(wrong.read(1)));
    // Its first portion is full before it fails, so it has rows here, too.
    const text =
      'select 10 / (150000 - i) as n from generate_series(1, 150000) i';
    const midway = client.query(new Cursor(text));
    codes.push((await midway.read(3)).length);
    codes.push(await codeOf(midway.read(150_000)));
    codes.push(await codeOf(midway.read(5)));
    await midway.close();
    const two = client.query(new Cursor('select 1; select 2'));
    codes.push(await codeOf(two.read(1)));
    return codes;
  });
});

test('a cursor inside a transaction leaves it as it was', async () => {
  await same(async (client) => {
    await client.query('begin');
    await client.query('create temp table kept (n int)');
    const cursor = client.query(new Cursor(SERIES, [100_000]));
    const rows = await cursor.read(2);
    await cursor.close();
    await client.query('insert into kept values (1)');
    const inserting = client.query(
      new Cursor(
        'insert into kept select 2 from generate_series(1, 9) returning n',
      ),
    );
    rows.push(...(await inserting.read(2)));
    await inserting.close();
    const { rows: kept } = await client.query('select count(*) from kept');
    await client.query('rollback');
    return [rows, kept];
  });
});

test('a query behind a cursor, and a second cursor, wait for its end', async () => {
  await same(async (client) => {
    const first = client.query(new Cursor(SERIES, [4]));
    const second = client.query(new Cursor('select 5 as i'));
    const last = client.query('select 6 as i');
    const read = [await first.read(3), await first.read(3)];
    read.push(await second.read(2));
    await second.close();
    return [...read, (await last).rows];
  });
});

test('statements without rows, and events', async () => {
  await same(async (client) => {
    await client.query('create temp table if not exists counted (n int)');
    const cursor = client.query(new Cursor('update counted set n = 1'));
    const rows = await cursor.read(1);
    await cursor.close();
    const noted = client.query(new Cursor(SERIES, [3]));
    const events = [];
    noted.on('row', (/** @type {any} */ row) => events.push(row.i));
    noted.on('end', () => events.push('end'));
    await noted.read(5);
    await noted.close();
    return [rows, events];
  });
});

test('pg-query-stream: all rows, a break, an error, and a batch size', async () => {
  await same(async (client) => {
    const seen = [];
    for (const config of [{}, { batchSize: 7 }, { rowMode: 'array' }]) {
      let count = 0;
      const stream = client.query(new QueryStream(SERIES, [1234], config));
      for await (const row of stream) {
        count += row.i ?? row[0];
      }
      seen.push(count);
    }
    for await (const row of client.query(new QueryStream(SERIES, [100_000]))) {
      seen.push(row.i);
      break;
    }
    const text = 'select 1 / (400 - i) from generate_series(1, 900) i';
    const failing = client.query(new QueryStream(text));
    const error = await failureOf(
      (async () => {
        for await (const row of failing) {
          assert.ok(row);
        }
      })(),
    );
    return [...seen, error.code];
  });
});

test('on a Client of its own, also before it is connected', async () => {
  const client = new Client(server.url);
  const cursor = /** @type {any} */ (client.query(new Cursor(SERIES, [3])));
  const early = cursor.read(2);
  await client.connect();
  assert.deepStrictEqual(await early, [{ i: 1 }, { i: 2 }]);
  await cursor.close();
  await client.end();
  const late = /** @type {any} */ (client.query(new Cursor(SERIES, [3])));
  late.on('error', () => {});
  assert.match((await failureOf(late.read(1))).message, /not queryable/);
});

test('transaction() does not wait for a cursor that was left open', async () => {
  const pool = new Pool({ connectionString: server.url });
  await pool.transaction(async (client) => {
    const cursor = /** @type {any} */ (
      client.query(new Cursor(SERIES, [1_000_000]))
    );
    assert.strictEqual((await cursor.read(1)).length, 1);
  });
  await eventually(() => pool.idleCount === pool.totalCount);
  await pool.end();
});

test('what cannot run says so: on a released client, to the socket', async () => {
  const pool = new Pool({ connectionString: server.url });
  const client = await pool.connect();
  const failure = new Promise((resolve) => {
    const raw = {
      submit: (/** @type {any} */ { stream }) => {
        stream.write('Q....');
      },
      handleError: resolve,
    };
    client.query(/** @type {any} */ (raw));
  });
  assert.match((await failure).message, /writes to the socket itself/);
  client.release();
  const late = /** @type {any} */ (client.query(new Cursor('select 1')));
  assert.strictEqual((await failureOf(late.read(1))).code, 'HF_RELEASED');
  await pool.end();
});
