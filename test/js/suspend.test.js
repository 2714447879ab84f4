// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { Pool } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const PROGRAM = path.join(__dirname, 'suspend.child.js');

/** A stop is noticed from two seconds on. HF_STRESS=full stops for a minute. */
const STOPPED_MILLIS = process.env.HF_STRESS === 'full' ? 60_000 : 3_000;

const server = useServer();
before(async () => {
  await server.psql('create table t (n int)');
});
/**
 * Stops a process with open connections, has `meanwhile` happen, lets it go on
 * and returns how its first hundred calls went.
 * @param {string} url
 * @param {() => unknown} meanwhile
 */
async function stopAndGoOn(url, meanwhile) {
  const child = fork(PROGRAM, [url]);
  try {
    await once(child, 'message');
    child.kill('SIGSTOP');
    await meanwhile();
    await delay(STOPPED_MILLIS);
    child.send('go');
    child.kill('SIGCONT');
    const [result] = await once(child, 'message');
    await once(child, 'exit');
    return /** @type {any} */ (result);
  } finally {
    child.kill('SIGKILL');
  }
}

test('a stopped process whose server was restarted loses no call', async () => {
  const { failures, opened } = await stopAndGoOn(server.url, () =>
    server.restart('fast'),
  );
  assert.deepStrictEqual(failures, []);
  assert.ok(opened > 10);
});

test('a stopped process whose connections were reset loses no call', async () => {
  const proxy = await startProxy(server);
  const { failures } = await stopAndGoOn(proxy.urlFor(server.url), async () =>
    proxy.killAll('rst'),
  );
  assert.deepStrictEqual(failures, []);
  await proxy.close();
});

test('a stopped process whose connections lead nowhere loses no call', async () => {
  const proxy = await startProxy(server);
  // A firewall that forgot them: nothing arrives, and nobody says so.
  const { failures } = await stopAndGoOn(proxy.urlFor(server.url), () => {
    for (const link of proxy.connections) {
      link.stall();
    }
  });
  assert.deepStrictEqual(failures, []);
  await proxy.close();
});

const without = findPgBouncer() === null && 'pgbouncer is not installed';
test('a stopped process whose pooler was restarted loses no call', {
  skip: without,
}, async () => {
  const bouncer = await startPgBouncer({ server });
  const { failures } = await stopAndGoOn(bouncer.url, () => bouncer.restart());
  assert.deepStrictEqual(failures, []);
  await bouncer.stop();
});

test('calls wait while the pool is suspended, and then are served', async () => {
  const pool = new Pool({
    connectionString: server.url,
    max: 2,
    logger: false,
  });
  await pool.query('select 1');
  await pool.suspend();
  await eventually(async () => (await server.backends()).length === 0);
  const { connectsStarted } = pool.stats();
  const calls = [1, 2, 3].map((n) => pool.query('select $1::int as n', [n]));
  await server.restart('fast');
  assert.strictEqual(pool.stats().connectsStarted, connectsStarted);
  assert.strictEqual(pool.stats().suspended, 1);
  await pool.resume();
  const results = await Promise.all(calls);
  assert.deepStrictEqual(
    results.map(({ rows }) => rows[0].n),
    [1, 2, 3],
  );
  await pool.end();
});

test('a call that waits longer than it may fails, and nothing ran', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  await pool.suspend();
  const call = pool.query({
    text: 'insert into t values (2)',
    deadlineMillis: 50,
  });
  await assert.rejects(call, { code: 'HF_DEADLINE', outcome: 'not_executed' });
  await pool.resume();
  const { rows } = await pool.query('select 1 from t where n = 2');
  assert.deepStrictEqual(rows, []);
  await pool.end();
});

test('work in flight finishes while a pool is suspended', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  const running = pool.query('select pg_sleep(0.2)');
  await eventually(() => pool.stats().busy === 1);
  await pool.suspend();
  await running;
  await pool.resume();
  await pool.end();
});

test('a suspended pool can be ended, and an ended one not suspended', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  await pool.suspend();
  const waiting = pool.query('select 1 as n');
  await pool.end();
  assert.strictEqual((await waiting).rows[0].n, 1);
  await assert.rejects(pool.suspend(), { code: 'HF_POOL_CLOSED' });
  await assert.rejects(pool.resume(), { code: 'HF_POOL_CLOSED' });
});
