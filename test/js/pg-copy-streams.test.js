// SPDX-License-Identifier: MIT
'use strict';

// pg-copy-streams, unchanged, on clients of pg and of ours: the same cases in
// one run, with the same outcome.

const assert = require('node:assert');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const { test } = require('node:test');

const pg = require('pg');
const copy = require('pg-copy-streams');
const { Pool } = require('../../lib/index.js');
const { eventually } = require('../support');
const { failureOf, useServer } = require('../support/suite.js');

const server = useServer();

const SERIES =
  "copy (select i, repeat('x', i % 100) from generate_series(1, 50000) i) " +
  'to stdout';

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
      await client.query('drop table if exists t; create table t (a int)');
      outcomes.push(await run(client));
      outcomes.push((await client.query('select * from t order by a')).rows);
    } finally {
      client.release();
      await pool.end();
    }
  }
  assert.deepStrictEqual(outcomes.slice(2), outcomes.slice(0, 2));
  return outcomes[2];
}

/** @param {any} readable */
async function textOf(readable) {
  const parts = [];
  for await (const part of readable) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

test('data go in, in pieces small and large', async () => {
  const counts = await same(async (client) => {
    const stored = [];
    for (const size of [1, 10, 1000, 100_000]) {
      const lines = '7\n'.repeat(size);
      const into = client.query(copy.from('copy t from stdin'));
      await pipeline(Readable.from(Array(10).fill(lines)), into);
      stored.push(into.rowCount);
    }
    const into = client.query(copy.from('/* x */ COPY t\nFROM STDIN csv'));
    into.write('1\n');
    into.write(Buffer.from('2'));
    into.end();
    await finished(into);
    await client.query('delete from t where a = 7');
    return [...stored, into.rowCount];
  });
  assert.deepStrictEqual(counts, [10, 100, 10_000, 1_000_000, 2]);
});

test('data come out, whole, and none', async () => {
  const text = await same(async (client) => {
    const none = client.query(copy.to('copy t to stdout'));
    assert.strictEqual(await textOf(none), '');
    const out = client.query(copy.to(SERIES));
    const whole = await textOf(out);
    await eventually(() => out.rowCount > 0);
    return [whole, out.rowCount];
  });
  assert.strictEqual(text[1], 50_000);
});

test('from one client to another, with back-pressure', async () => {
  const pool = new Pool({ connectionString: server.url, max: 2 });
  await pool.query('drop table if exists u; create table u (i int, x text)');
  const [first, second] = await Promise.all([pool.connect(), pool.connect()]);
  const into = second.query(copy.from('copy u from stdin'));
  await pipeline(first.query(copy.to(SERIES)), into);
  assert.strictEqual(into.rowCount, 50_000);
  first.release();
  second.release();
  await pool.end();
});

test('what the server refuses', async () => {
  await same(async (client) => {
    const codes = [];
    const into = client.query(copy.from('copy t from stdin'));
    const source = Readable.from(['1\n', 'x\n']);
    const wrong = await failureOf(pipeline(source, into));
    codes.push(wrong.code, wrong.where);
    const missing = client.query(copy.to('copy missing to stdout'));
    codes.push((await failureOf(textOf(missing))).code);
    const late = client.query(
      copy.to(
        'copy (select 1 / (3 - i) from generate_series(1, 5) i) to stdout',
      ),
    );
    codes.push((await failureOf(textOf(late))).code);
    return codes;
  });
});

test('one that is destroyed stores nothing', async () => {
  await same(async (client) => {
    const into = client.query(copy.from('copy t from stdin'));
    into.write('1\n');
    const failure = once(into, 'error');
    into.destroy(new Error('mine'));
    const [error] = await failure;
    return error instanceof Error;
  });
});

test('inside a transaction, and on a pool', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  await pool.query('drop table if exists t; create table t (a int)');
  await pool.transaction(async (client) => {
    const into = client.query(copy.from('copy t from stdin'));
    await pipeline(Readable.from(['1\n']), into);
  });
  const out = pool.query(copy.to('copy t to stdout'));
  assert.strictEqual(await textOf(out), '1\n');
  await eventually(() => pool.idleCount === 1);
  await pool.end();
});

test('one that is destroyed on a pool gives its connection back', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  await pool.query('drop table if exists t; create table t (a int)');
  const closed = (/** @type {any} */ stream) =>
    new Promise((resolve) => stream.once('close', resolve));
  for (const moment of ['before', 'while it runs']) {
    const into = pool.query(copy.from('copy t from stdin'));
    into.write('1\n');
    const failure = failureOf(finished(into));
    if (moment !== 'before') {
      await eventually(() => into.connection && pool.idleCount === 0);
    }
    const isClosed = closed(into);
    into.destroy();
    assert.strictEqual((await failure).code, 'HF_ABORTED');
    await isClosed;
    const out = pool.query(copy.to(SERIES));
    const isOver = closed(out);
    if (moment === 'before') {
      out.destroy();
    } else {
      out.once('data', () => out.destroy());
    }
    await isOver;
    await eventually(() => pool.idleCount === pool.totalCount);
  }
  assert.strictEqual((await pool.query('select from t')).rowCount, 0);
  await pool.end();
});

test('a reader that is destroyed leaves its client usable', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const client = await pool.connect();
  const out = client.query(copy.to(SERIES));
  out.once('data', () => out.destroy());
  const { rows } = await client.query('select 1 as a');
  assert.deepStrictEqual(rows, [{ a: 1 }]);
  client.release();
  await pool.end();
});
