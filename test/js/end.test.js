// SPDX-License-Identifier: MIT
'use strict';

// end(): what was asked for before it is finished, what comes later is
// refused, and nothing keeps the process.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');

const server = useServer();

/** @param {object} [config] */
function newPool(config) {
  return new Pool({ connectionString: server.url, ...config });
}

/**
 * Runs a script in a process of its own; returns the lines it prints. A
 * process that does not end by itself is an error.
 * @param {string} script
 * @returns {string[]}
 */
function runScript(script) {
  const out = execFileSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: server.url },
    timeout: 30000,
  });
  return out.trim().split('\n');
}

test('end() finishes the calls made before it on a cold pool', async () => {
  const pool = newPool({ max: 2 });
  const calls = [1, 2, 3, 4, 5, 6, 7].map((n) =>
    pool.query('select $1::int as n', [n]),
  );
  const ended = pool.end();
  const late = assert.rejects(pool.query('select 1'), {
    code: 'HF_POOL_CLOSED',
    outcome: 'not_executed',
  });
  const results = await Promise.all(calls);
  assert.deepStrictEqual(
    results.map(({ rows }) => rows[0].n),
    [1, 2, 3, 4, 5, 6, 7],
  );
  await Promise.all([ended, late]);
});

test('end() finishes a transaction that was begun before it', async () => {
  const pool = newPool({ max: 1 });
  const first = pool.transaction(async (client) => {
    await client.query('select 1');
    return (await client.query("select 'first' as t")).rows[0].t;
  });
  const second = pool.transaction(async (client) => {
    return (await client.query("select 'second' as t")).rows[0].t;
  });
  const ended = pool.end();
  assert.deepStrictEqual(await Promise.all([first, second]), [
    'first',
    'second',
  ]);
  await ended;
});

test('end() grants the clients asked for before it and waits for them', async () => {
  const pool = newPool({ max: 1 });
  const held = await pool.connect();
  const asked = pool.connect();
  let over = false;
  const ended = pool.end().then(() => {
    over = true;
  });
  await held.query('select 1');
  held.release();
  const client = await asked;
  assert.strictEqual((await client.query('select 2 as n')).rows[0].n, 2);
  assert.strictEqual(over, false);
  client.release();
  await ended;
});

test('end() refuses what waits when drainMillis is over', async () => {
  const pool = newPool({ max: 1, drainMillis: 100 });
  const client = await pool.connect();
  const waiting = assert.rejects(pool.query('select 1'), {
    code: 'HF_POOL_CLOSED',
    outcome: 'not_executed',
  });
  await pool.end();
  await waiting;
  await assert.rejects(client.query('select 1'), { outcome: 'not_executed' });
  client.release();
});

test('a script that ends its pool in the same tick gets its answer', () => {
  const lines = runScript(`
    const { Pool } = require('./lib/index.js');
    const pool = new Pool();
    pool.query('select 7 as n').then(
      ({ rows }) => console.log(rows[0].n),
      (error) => console.log(error.code),
    );
    pool.end().then(() => console.log('ended'));`);
  assert.deepStrictEqual(lines, ['7', 'ended']);
});

test('a client held when its pool has ended does not keep the process alive', () => {
  const lines = runScript(`
    const { Pool } = require('./lib/index.js');
    const pool = new Pool({ drainMillis: 50 });
    (async () => {
      const client = await pool.connect();
      globalThis.held = client;
      await pool.end();
      console.log('ended');
    })();`);
  assert.deepStrictEqual(lines, ['ended']);
});

test('a release after end() is not counted twice', () => {
  const lines = runScript(`
    const { Pool } = require('./lib/index.js');
    (async () => {
      const pool = new Pool({ drainMillis: 50 });
      const client = await pool.connect();
      await pool.end();
      client.release();
      const other = new Pool();
      other.query('select pg_sleep(0.3)').then(() => console.log('answered'));
    })();`);
  assert.deepStrictEqual(lines, ['answered']);
});
