// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');
const { inspect } = require('node:util');

const { Pool } = require('../../lib/pool/pool.js');
const { eventually } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 4 });
});

after(async () => {
  await pool?.end();
});

/**
 * @param {any} [options]
 * @returns {Pool}
 */
function newPool(options) {
  return new Pool({ connectionString: server.url, ...options });
}

test('nothing connects before the first call', async () => {
  const idle = newPool();
  assert.strictEqual(idle.totalCount, 0);
  await idle.end();
  assert.strictEqual(idle.ended, true);
});

test('the counters follow what happens', async () => {
  const one = newPool({ max: 1 });
  const client = await one.connect();
  assert.deepStrictEqual(
    [one.totalCount, one.idleCount, one.waitingCount],
    [1, 0, 0],
  );
  const waiting = one.query('select 1');
  await eventually(() => one.waitingCount === 1);
  client.release();
  await waiting;
  assert.strictEqual(one.waitingCount, 0);
  assert.strictEqual(one.expiredCount, 0);
  await one.end();
});

test('a call after end() is refused, and so is another end()', async () => {
  const ended = newPool();
  await ended.query('select 1');
  await ended.end();
  const query = await failureOf(ended.query('select 1'));
  assert.strictEqual(query.code, 'HF_POOL_CLOSED');
  assert.match(query.message, /Cannot use a pool after calling end/);
  assert.strictEqual((await failureOf(ended.connect())).code, 'HF_POOL_CLOSED');
  const again = await failureOf(ended.end());
  assert.match(again.message, /Called end on pool more than once/);
  assert.deepStrictEqual([ended.ending, ended.ended], [true, true]);
});

test('end() takes a callback', async () => {
  const one = newPool();
  await one.query('select 1');
  await new Promise((resolve) => {
    one.end(resolve);
  });
  assert.strictEqual(one.ended, true);
});

test('await using ends the pool once', async () => {
  const one = newPool();
  const dispose = /** @type {any} */ (one)[Symbol.asyncDispose];
  await dispose.call(one);
  await dispose.call(one);
  assert.strictEqual(one.ended, true);
});

test('warmup() opens connections and stats() counts them', async () => {
  const warm = newPool({ min: 2 });
  const [first, second] = await Promise.all([warm.warmup(), warm.warmup()]);
  assert.ok(first.durationMillis >= 0 && second.durationMillis >= 0);
  assert.ok(warm.totalCount >= 2);
  await warm.query('select 1');
  const stats = warm.stats();
  assert.ok(stats.connectsSucceeded >= 2);
  assert.strictEqual(stats.succeeded >= 1, true);
  await warm.end();
});

test('reset() replaces the connections', async () => {
  const one = newPool({ max: 1 });
  const pid = async () =>
    (await one.query('select pg_backend_pid() as pid')).rows[0].pid;
  const before = await pid();
  await one.reset();
  assert.notStrictEqual(await pid(), before);
  await one.end();
});

test('neither inspection nor JSON shows a secret', () => {
  const secret = 'very-secret-word';
  const shy = new Pool({
    connectionString: `postgres://u:${secret}@127.0.0.1:1/db`,
  });
  for (const shown of [
    inspect(shy, { depth: 9, showHidden: true }),
    inspect({ shy }, { depth: 9 }),
    inspect(shy.options, { depth: 9 }),
    JSON.stringify(shy),
    JSON.stringify(shy.options),
    JSON.stringify({ ...shy }),
  ]) {
    assert.ok(!shown.includes(secret), shown);
  }
});

test('tools that look at the pool find what they look for', () => {
  // Drizzle looks at the constructor's name, @vercel/functions at the options,
  // Prisma for the counters.
  assert.match(pool.constructor.name, /Pool/);
  assert.ok('on' in pool && 'idleTimeoutMillis' in pool.options);
  assert.ok(
    'totalCount' in pool && 'idleCount' in pool && 'waitingCount' in pool,
  );
  assert.strictEqual(pool.options.max, 4);
});

test('a password function is called, and its failure is the error', async () => {
  const { user, password, host, port, database } = server;
  const parts = { user, host, port, database };
  const asking = new Pool({ ...parts, password: async () => password });
  assert.strictEqual((await asking.query('select 1 as n')).rows[0].n, 1);
  await asking.end();
  const failing = new Pool({
    ...parts,
    deadlineMillis: 1000,
    password: () => {
      throw new Error('the vault is shut');
    },
  });
  const error = await failureOf(failing.query('select 1'));
  assert.match(inspect(error), /the vault is shut/);
  await failing.end();
});

test('a process with an idle pool ends by itself', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    pool.query('select 1 as n').then(({ rows }) => console.log(rows[0].n));`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 20000,
  });
  assert.strictEqual(out.trim(), '1');
});
