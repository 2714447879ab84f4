// SPDX-License-Identifier: MIT
'use strict';

// Answers reach the right caller, whole: what is wrong with one value, one row
// or one tick is the affair of its own call.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../..');
const { useServer } = require('../support/suite.js');

const MEGABYTE = 1024 * 1024;
/** Two generations of the engine's table of column lists, and some. */
const LISTS = 2300;

const pg = useServer();

/** @param {object} [options] */
function open(options) {
  return new Pool({ connectionString: pg.url, ...options });
}

test('rows keep their columns however many other lists come before the call ends', async () => {
  const pool = open({ max: 2 });
  const holder = await pool.connect();
  await holder.query('select pg_advisory_lock(7)');
  const texts =
    'select n, n::text as word from generate_series(1, 1000) n; ' +
    // The notice has the server send what it has so far.
    "do $$ begin raise notice 'rows'; perform pg_advisory_xact_lock(7); end $$";
  const waiting = pool.query(texts);
  const other = open({ max: 1 });
  await other.query('select 1');
  /** @type {Promise<any>[]} */
  const lists = [];
  for (let i = 0; i < LISTS; i++) {
    lists.push(other.query(`select ${i} as "c${i}"`));
  }
  for (const [i, { rows }] of (await Promise.all(lists)).entries()) {
    assert.deepStrictEqual(rows, [{ [`c${i}`]: i }]);
  }
  await holder.query('select pg_advisory_unlock(7)');
  const [first] = /** @type {any} */ (await waiting);
  assert.strictEqual(first.rowCount, 1000);
  assert.deepStrictEqual(first.rows[999], { n: 1000, word: '1000' });
  assert.deepStrictEqual(
    first.fields.map((/** @type {any} */ field) => field.name),
    ['n', 'word'],
  );
  holder.release();
  await Promise.all([pool.end(), other.end()]);
});

test('faking process.nextTick for a while does not stop a pool', async () => {
  const pool = open();
  const real = process.nextTick;
  process.nextTick = /** @type {any} */ (() => {});
  const during = pool.query('select 1 as n');
  process.nextTick = real;
  assert.deepStrictEqual((await during).rows, [{ n: 1 }]);
  assert.deepStrictEqual((await pool.query('select 2 as n')).rows, [{ n: 2 }]);
  await pool.end();
});

test('values too large for a message fail only their own call', async () => {
  const pool = open({ max: 2, maxResultBytes: 2 ** 31 });
  const client = await pool.connect();
  const half = 'x'.repeat(300 * MEGABYTE);
  const neighbour = pool.query('select 1 as n');
  client.release();
  const huge = pool.query('select length($1), length($2)', [half, half]);
  const after_ = pool.query('select 2 as n');
  await assert.rejects(huge, {
    code: 'HF_PARAM_INVALID',
    outcome: 'permanent',
    message: /send it in parts/,
  });
  assert.deepStrictEqual((await neighbour).rows, [{ n: 1 }]);
  assert.deepStrictEqual((await after_).rows, [{ n: 2 }]);
  assert.strictEqual((await pool.query('select 3 as n')).rows[0].n, 3);
  assert.strictEqual(pool.stats().leased, 0);
  await pool.end();
});

test('a value longer than any string is refused, and other calls get their rows', async () => {
  const pool = open({ max: 2, maxResultBytes: 2 ** 31, retry: false });
  const neighbours = Promise.all([
    pool.query('select 1 as n'),
    pool.query('select 2 as n'),
  ]);
  await assert.rejects(pool.query("select repeat('x', 540000000) as t"), {
    code: 'HF_RESULT_TOO_LARGE',
    message: /substring/,
  });
  const results = await neighbours;
  assert.deepStrictEqual(
    results.map(({ rows }) => rows[0].n),
    [1, 2],
  );
  assert.strictEqual((await pool.query('select 3 as n')).rows[0].n, 3);
  await pool.end();
});
