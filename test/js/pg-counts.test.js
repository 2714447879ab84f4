// SPDX-License-Identifier: MIT
'use strict';

// totalCount, idleCount and waitingCount right after a call, as pg counts; and
// what tools that look for open handles see of a pool.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const pg = require('pg');

const { Pool } = require('../../lib/index.js');
const { useServer } = require('../support/suite.js');

const LIB = path.join(__dirname, '..', '..', 'lib', 'index.js');

const server = useServer();

/** @param {any} pool */
function countsOf({ totalCount, idleCount, waitingCount }) {
  return { totalCount, idleCount, waitingCount };
}

/** @param {any} pool with at most two connections */
async function countAll(pool) {
  pool.on('error', () => {});
  const seen = [countsOf(pool)];
  const first = pool.connect();
  seen.push(countsOf(pool));
  const one = await first;
  seen.push(countsOf(pool));
  const second = pool.connect();
  seen.push(countsOf(pool));
  const two = await second;
  const third = pool.connect();
  const query = pool.query('select 1');
  seen.push(countsOf(pool));
  one.release();
  const three = await third;
  seen.push(countsOf(pool));
  three.release();
  await query;
  seen.push(countsOf(pool));
  two.release();
  seen.push(countsOf(pool));
  const four = await pool.connect();
  four.release(true);
  seen.push(countsOf(pool));
  await pool.end();
  return seen;
}

test('connections and waiting calls are counted with the call, as in pg', async () => {
  const options = { connectionString: server.url, max: 2 };
  const theirs = await countAll(new pg.Pool(options));
  const ours = await countAll(new Pool({ ...options, logger: false }));
  assert.deepStrictEqual(ours, theirs);
});

const HANDLES = `
  const { createHook } = require('node:async_hooks');
  const resources = [];
  createHook({
    init(id, type, trigger, resource) {
      if (type === 'HOLDFAST') {
        resources.push(resource);
      }
    },
  }).enable();
  const { Pool } = require(${JSON.stringify(LIB)});
  const pool = new Pool({ connectionString: process.env.TEST_URL });
  const refs = () => resources.map((one) => one.hasRef());
  (async () => {
    const client = await pool.connect();
    const during = refs();
    client.release();
    await pool.end();
    console.log(JSON.stringify({ during, after: refs() }));
  })();`;

test('after end() nothing of a pool is an open handle', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', HANDLES], {
    encoding: 'utf8',
    env: { ...process.env, TEST_URL: server.url, NODE_ENV: 'test' },
    timeout: 120_000,
  });
  assert.deepStrictEqual(
    JSON.parse(stdout || '{}'),
    { during: [true], after: [false] },
    stderr,
  );
});
