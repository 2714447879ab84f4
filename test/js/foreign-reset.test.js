// SPDX-License-Identifier: MIT
'use strict';

// Reset of what is not ours: pg's pool and Prisma's client.

process.env.NODE_ENV = 'test'; // no lines of the log
delete process.env.DATABASE_URL;

const assert = require('node:assert');
const { after, test } = require('node:test');
const pg = require('pg');

const {
  clearPreparedStatements,
  resetDatabaseConnections,
  retryQuery,
} = require('../../lib/index.js');
const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(() => {
  pool = new pg.Pool({ connectionString: server.url, max: 4 });
});

after(async () => {
  await pool.end();
  await eventually(async () => (await server.backends()).length === 0);
});

async function fill(n = 3) {
  const clients = await Promise.all(
    Array.from({ length: n }, () => pool.connect()),
  );
  const pids = clients.map((client) => client.processID);
  return { clients, pids };
}

test("pg's pool goes on with new connections, also for those in use", async () => {
  const { clients, pids } = await fill();
  const [held, ...others] = clients;
  for (const client of others) {
    client.release();
  }
  const result = await resetDatabaseConnections({ pool });
  assert.strictEqual(result.ok, true);
  assert.strictEqual(pool.ended, false);
  assert.deepStrictEqual((await held.query('select 1 as n')).rows, [{ n: 1 }]);
  held.release();
  await eventually(async () => {
    const { rows } = await server
      .backends()
      .then((/** @type {any[]} */ list) => ({ rows: list }));
    return !rows.some((row) => pids.includes(Number(row.pid ?? row)));
  });
  const again = await pool.query('select pg_backend_pid() as pid');
  assert.ok(!pids.includes(again.rows[0].pid));
});

test('a server that is away is reported, and the pool goes on', async () => {
  const gone = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'u' });
  const { ok, error } = await resetDatabaseConnections({ pool: gone });
  assert.strictEqual(ok, false);
  assert.strictEqual(/** @type {any} */ (error).code, 'ECONNREFUSED');
  assert.strictEqual(gone.ended, false);
  await gone.end();
});

test("Prisma's client is reconnected, one reset after the other, calls wait", async () => {
  /** @type {string[]} */
  const log = [];
  const step = (/** @type {string} */ name) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.push(`${name} ends`);
  };
  const prisma = { $disconnect: step('off'), $connect: step('on') };
  const both = Promise.all([
    resetDatabaseConnections({ prisma }),
    resetDatabaseConnections({ prisma }),
  ]);
  const call = retryQuery(() => {
    log.push('call');
    return 1;
  });
  await both;
  assert.strictEqual(await call, 1);
  const once = ['off begins', 'off ends', 'on begins', 'on ends'];
  assert.deepStrictEqual(log, [...once, ...once, 'call']);
  log.length = 0;
  const bad = { ...prisma, $connect: () => Promise.reject(new Error('no')) };
  const { ok, error } = await resetDatabaseConnections({ prisma: bad });
  assert.strictEqual(ok, false);
  assert.match(String(error), /no/);
  await retryQuery(() => 1);
});

test('each connection of a direct pool of pg forgets its statements', async () => {
  const named = { name: 'n', text: 'select $1::int as n', values: [7] };
  const { clients } = await fill();
  for (const client of clients) {
    await client.query(named);
  }
  const [held, ...others] = clients;
  for (const client of others) {
    client.release();
  }
  const { connections } = await clearPreparedStatements({ pool });
  assert.ok(connections >= 2);
  held.release();
  await eventually(async () => {
    const all = await fill(pool.totalCount);
    const counts = await Promise.all(
      all.clients.map((client) =>
        client.query('select 1 from pg_prepared_statements'),
      ),
    );
    for (const client of all.clients) {
      client.release();
    }
    return counts.every(({ rowCount }) => rowCount === 0);
  });
  assert.strictEqual((await pool.query(named)).rows[0].n, 7);
});

test("behind a pooler pg's pool keeps its statements, unless forced", {
  skip: findPgBouncer() === null && 'pgbouncer is not installed',
}, async () => {
  const bouncer = await startPgBouncer({ server, poolSize: 1 });
  const pooled = new pg.Pool({ connectionString: bouncer.url, max: 2 });
  const named = { name: 'n', text: 'select 7 as n' };
  const prepared = 'select name from pg_prepared_statements';
  await pooled.query(named);
  await assert.rejects(clearPreparedStatements({ pool: pooled }), {
    code: 'HF_SESSION_REQUIRED',
    outcome: 'not_executed',
    retryable: false,
    message: /take away what others are about to use.*\{force: true\}/s,
  });
  assert.deepStrictEqual((await pooled.query(prepared)).rows, [{ name: 'n' }]);
  assert.deepStrictEqual(
    await clearPreparedStatements({ pool: pooled, force: true }),
    { connections: 1 },
  );
  assert.deepStrictEqual((await pooled.query(prepared)).rows, []);
  assert.deepStrictEqual((await pooled.query(named)).rows, [{ n: 7 }]);
  await pooled.end();
  await bouncer.stop();
});

test('without a pool of ours and without an argument nothing is reset, and the result says so', async () => {
  const { ok, error } = await resetDatabaseConnections();
  assert.strictEqual(ok, false);
  assert.match(String(error), /nothing was reset/);
  const cleared = await clearPreparedStatements();
  assert.strictEqual(cleared.connections, 0);
  assert.match(String(/** @type {any} */ (cleared).error), /nothing was reset/);
});

test('a value that is neither pool nor client is refused, Prisma without force too', async () => {
  const wrong = /** @type {any} */ ({});
  await assert.rejects(resetDatabaseConnections({ pool: wrong }), TypeError);
  await assert.rejects(resetDatabaseConnections({ prisma: wrong }), TypeError);
  /** @type {string[]} */
  const sent = [];
  const prisma = /** @type {any} */ ({
    $connect: async () => {},
    $disconnect: async () => {},
    $executeRawUnsafe: async (/** @type {string} */ text) => sent.push(text),
  });
  await assert.rejects(clearPreparedStatements({ prisma }), {
    code: 'HF_SESSION_REQUIRED',
    message: /resetDatabaseConnections\(\{prisma\}\)/,
  });
  await clearPreparedStatements({ prisma, force: true });
  assert.deepStrictEqual(sent, ['DEALLOCATE ALL']);
});
