// SPDX-License-Identifier: MIT
'use strict';

// A call that waits for a connection which its own code holds is told so.

const assert = require('node:assert');
const { test } = require('node:test');

const { eventually } = require('../support');
const { Pool } = require('../../lib/pool/pool.js');
const { useServer } = require('../support/suite.js');

const server = useServer();

test('a query inside the transaction that holds the only connection gets an error that says why', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const options = { deadlineMillis: 300 };
  const sentence =
    /the only connection is lent, and its client did nothing meanwhile.*use that client/;
  await pool.transaction(async (client) => {
    await client.query('select 1');
    await assert.rejects(
      () => pool.query({ text: 'select 1', ...options }),
      sentence,
    );
    await assert.rejects(() => pool.connect(options), sentence);
    await assert.rejects(
      () => pool.transaction(() => Promise.resolve(), options),
      sentence,
    );
  });
  const client = await pool.connect();
  await assert.rejects(
    () => pool.query({ text: 'select 1', ...options }),
    sentence,
  );
  client.release();
  await pool.end();
});

test('all connections held by those who wait for one more are named', async () => {
  const pool = new Pool({ connectionString: server.url, max: 2 });
  let begun = 0;
  const nested = () =>
    pool.transaction(async (client) => {
      await client.query('select 1');
      begun += 1;
      await eventually(() => begun === 2);
      await pool.query({ text: 'select 1', deadlineMillis: 400 });
    });
  const results = await Promise.allSettled([nested(), nested()]);
  assert.ok(
    results.some(
      (result) =>
        result.status === 'rejected' &&
        /all 2 connections are lent/.test(result.reason.message),
    ),
  );
  await pool.end();
});

test('a call that waits for a busy client is not taken for a self-lock', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const client = await pool.connect();
  const working = client.query('select pg_sleep(1.5)');
  await assert.rejects(
    () => pool.query({ text: 'select 1', deadlineMillis: 300 }),
    (/** @type {any} */ error) => {
      assert.strictEqual(error.code, 'HF_DEADLINE');
      assert.doesNotMatch(error.message, /did nothing/);
      assert.match(
        error.message,
        /total 1, busy 1, idle 0, waiting \d+, lent 1/,
      );
      return true;
    },
  );
  await working;
  client.release();
  await pool.end();
});

test('without a deadline a call that waits for itself causes a warning', async () => {
  const pool = new Pool({
    connectionString: server.url,
    max: 1,
    deadlineMillis: 0,
  });
  const client = await pool.connect();
  const warned = new Promise((resolve) => {
    process.on('warning', (/** @type {any} */ warning) => {
      if (warning.code === 'HF_SELF_LOCK') {
        resolve(warning);
      }
    });
  });
  const waiting = pool.query('select 1');
  const warning = await warned;
  assert.match(warning.message, /the only connection is lent.*use that client/);
  client.release();
  await waiting;
  await pool.end();
});
