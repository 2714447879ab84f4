// SPDX-License-Identifier: MIT
'use strict';

// Several who use one shared pool: Prisma's adapters, Nest's modules, worker
// threads. What one of them ends is nobody else's.

const assert = require('node:assert');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { getPool } = require('../../lib/index.js');
const { openHandle } = require('../../lib/process/registry.js');
const { PrismaHoldfast } = require('../../lib/prisma/index.js');
const { makeService } = require('../../lib/nest/service.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let config;

before(() => {
  config = { connectionString: server.url, max: 2, logger: false };
});

const one = { sql: 'select 1::int as n', args: [], argTypes: [] };

/** @param {any} adapter */
async function rowsOf(adapter) {
  return (await adapter.queryRaw(one)).rows;
}

test('an adapter that is disposed of ends no pool of others', async () => {
  const pool = getPool(config);
  await pool.query('select 1');
  const factory = new PrismaHoldfast(config, { disposeExternalPool: true });
  const [first, second] = [await factory.connect(), await factory.connect()];
  await rowsOf(first);
  await first.dispose();
  assert.deepStrictEqual(await rowsOf(second), [[1]]);
  assert.strictEqual((await pool.query('select 2 as n')).rows[0].n, 2);
  await second.dispose();
  assert.strictEqual((await pool.query('select 3 as n')).rows[0].n, 3);
  assert.strictEqual(pool.ending, false);
  await pool.end();
});

test('an adapter goes on when the pool of getPool() was ended', async () => {
  const adapter = await new PrismaHoldfast(config).connect();
  assert.deepStrictEqual(await rowsOf(adapter), [[1]]);
  await getPool(config).end();
  assert.deepStrictEqual(await rowsOf(adapter), [[1]]);
  await adapter.underlyingDriver().end();
  assert.deepStrictEqual(await rowsOf(adapter), [[1]]);
  const transaction = await adapter.startTransaction();
  assert.deepStrictEqual(await rowsOf(transaction), [[1]]);
  await transaction.rollback();
  await adapter.underlyingDriver().end();
});

test('adapters and getPool() share their connections', async () => {
  const shared = { ...config, max: 1 };
  const pool = getPool(shared);
  const adapter = await new PrismaHoldfast(shared).connect();
  const sql = 'select pg_backend_pid() as pid';
  const { rows } = await adapter.queryRaw({ ...one, sql });
  assert.strictEqual((await pool.query(sql)).rows[0].pid, rows[0][0]);
  await adapter.underlyingDriver().end();
  await pool.end();
});

test('a module of Nest that ends does not cut short other work', async () => {
  const HoldfastService = makeService(() => ({}));
  const pool = getPool(config);
  const running = pool.query('select pg_sleep(0.5)');
  const options = { ...config, drainMillis: 1, warmup: false };
  const [ended, other] = [
    new HoldfastService(options),
    new HoldfastService(options),
  ];
  await /** @type {any} */ (ended).query('select 1');
  await ended.onApplicationShutdown();
  await running;
  await /** @type {any} */ (other).query('select 1');
  await other.onApplicationShutdown();
  assert.strictEqual((await pool.query('select 4 as n')).rows[0].n, 4);
  await pool.end();
});

test('drain() of a thread leaves the time of the others as it is', async () => {
  const pool = getPool(config);
  await pool.query('select 1');
  const worker = new Worker(
    `const { getPool } = require(${JSON.stringify(require.resolve('../../lib/index.js'))});
     const { parentPort, workerData } = require('node:worker_threads');
     (async () => {
       const pool = getPool(workerData);
       const cut = pool.query('select pg_sleep(60)').catch((e) => e.code);
       await new Promise((resolve) => setTimeout(resolve, 100));
       await pool.drain(1);
       parentPort.postMessage(await cut);
     })();`,
    { eval: true, workerData: config },
  );
  const told = await new Promise((resolve) => worker.once('message', resolve));
  assert.strictEqual(told, 'HF_POOL_CLOSED');
  const running = pool.query("select 'whole' as t from pg_sleep(0.5)");
  await pool.end();
  assert.strictEqual((await running).rows[0].t, 'whole');
});

test('a drain() within a limit keeps it while another handle works', async () => {
  const long = openHandle(config);
  const short = openHandle(config);
  const slow = long.query('select pg_sleep(1.5)');
  const cut = assert.rejects(short.query('select pg_sleep(60)'), {
    code: 'HF_POOL_CLOSED',
  });
  let over = false;
  slow.then(() => {
    over = true;
  });
  await short.drain(100);
  assert.strictEqual(over, false, 'it waited for the other one');
  await Promise.all([slow, cut]);
  await long.end();
});
