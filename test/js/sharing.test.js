// SPDX-License-Identifier: MIT
'use strict';

// Reads that share a connection wait for nothing but short statements.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../..');
const { useServer } = require('../support/suite.js');

const pg = useServer();

/** @param {object} [options] */
function open(options) {
  return new Pool({ connectionString: pg.url, ...options });
}

/** @param {Pool} pool @param {string} text */
function crowd(pool, text) {
  return Promise.all(Array.from({ length: 20 }, () => pool.query(text)));
}

/** Until the connections are proven. @param {Pool} pool @param {string} text */
async function share(pool, text) {
  for (let round = 0; round < 200 && pool.stats().shared < 50; round++) {
    await crowd(pool, text);
  }
  assert.ok(pool.stats().shared >= 50);
}

test('a read does not wait behind a long one while another connection becomes free', async () => {
  const pool = open({ max: 2, drainMillis: 1 });
  await share(pool, 'select 1');
  const short = pool.query('select pg_sleep(0.2)');
  const long = pool.query('select count(*) from generate_series(1, 30000000)');
  long.catch(() => {});
  const { rows } = await pool.query({
    text: 'select 1 as n',
    deadlineMillis: 2000,
  });
  assert.deepStrictEqual(rows, [{ n: 1 }]);
  await short;
  await pool.end();
});

test('a read queued behind a statement that turns out slow runs elsewhere', async () => {
  const pool = open({ max: 2 });
  const other = open({ max: 1 });
  await other.query('create table locked (n int)');
  await share(pool, 'select n from locked');
  await crowd(pool, 'select 1 as one');
  const holder = await other.connect();
  await holder.query('begin; lock table locked in access exclusive mode');
  const { shared } = pool.stats();
  const head = pool.query('select n from locked');
  const sleeper = pool.query('select pg_sleep(0.15)');
  const follower = pool.query('select 1 as one');
  // The lock is held until this has come.
  assert.deepStrictEqual((await follower).rows, [{ one: 1 }]);
  assert.strictEqual(pool.stats().shared, shared + 1);
  assert.strictEqual(pool.stats().retriesAmbiguous, 1);
  await holder.query('rollback');
  holder.release();
  assert.deepStrictEqual((await head).rows, []);
  await sleeper;
  await pool.query('select 1 as one');
  await Promise.all([pool.end(), other.end()]);
});
