// SPDX-License-Identifier: MIT
'use strict';

// What pools and clients emit.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { eventually } = require('../support');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let other;

before(() => {
  other = new Pool({ connectionString: server.url, max: 1 });
});

after(async () => {
  await other?.end();
});

/**
 * @param {any} [options]
 * @returns {Pool}
 */
function newPool(options) {
  return new Pool({ connectionString: server.url, max: 1, ...options });
}

/**
 * Waits for an event. An idle pool does not keep the process alive; this does.
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} name
 * @returns {Promise<any[]>}
 */
async function once(emitter, name) {
  /** @type {any[] | undefined} */
  let received;
  emitter.once(name, (...args) => {
    received = args;
  });
  await eventually(() => received !== undefined);
  return /** @type {any[]} */ (/** @type {unknown} */ (received));
}

test('a lease emits connect, acquire, release and remove', async () => {
  const pool = newPool();
  /** @type {any[][]} */
  const received = [];
  for (const name of ['connect', 'acquire', 'release', 'remove']) {
    pool.on(name, (...args) => received.push([name, ...args]));
  }
  const client = await pool.connect();
  client.release();
  await pool.end();
  assert.deepStrictEqual(
    received.map(([name]) => name),
    ['connect', 'acquire', 'release', 'remove'],
  );
  const [[, connected], [, acquired], [, error, released], [, removed]] =
    received;
  assert.strictEqual(error, undefined);
  for (const each of [connected, acquired, released, removed]) {
    assert.strictEqual(each, client);
  }
});

test("'release' has the error that the client was released with", async () => {
  const pool = newPool();
  const released = once(pool, 'release');
  const failure = new Error('mine');
  (await pool.connect()).release(failure);
  assert.strictEqual((await released)[0], failure);
  await pool.end();
});

test('a query emits acquire and release where there are listeners', async () => {
  const pool = newPool();
  await pool.query('select 1');
  /** @type {string[]} */
  const received = [];
  pool.on('acquire', () => received.push('acquire'));
  pool.on('release', (error) => received.push(`release ${error?.code}`));
  await pool.query('select 1');
  await pool.query('select 1/0').catch(() => {});
  await pool.query('select 1; select 2');
  assert.deepStrictEqual(received, [
    'acquire',
    'release undefined',
    'acquire',
    'release 22012',
    'acquire',
    'release undefined',
  ]);
  await pool.end();
});

test('an idle connection that dies emits error and remove', async () => {
  const pool = newPool();
  const { rows } = await pool.query('select pg_backend_pid() as pid');
  const failed = once(pool, 'error');
  const removed = once(pool, 'remove');
  await other.query('select pg_terminate_backend($1)', [rows[0].pid]);
  const [error, client] = await failed;
  assert.ok(error instanceof Error);
  assert.strictEqual(error.client, client);
  await removed;
  assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
  await pool.end();
});

test('without listeners dying connections do not end the process', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const config = { connectionString: process.env.URL_FOR_TEST, max: 1 };
    const pool = new Pool(config);
    const other = new Pool(config);
    (async () => {
      const { rows } = await pool.query('select pg_backend_pid() as pid');
      const kill = 'select pg_terminate_backend($1)';
      await other.query(kill, [rows[0].pid]);
      const client = await pool.connect();
      await other.query(kill, [client.processID]);
      await client.query('select 1').catch(() => {});
      client.release();
      console.log((await pool.query('select 2 as n')).rows[0].n);
      await pool.end();
      await other.end();
    })();`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 20000,
  });
  assert.strictEqual(out.trim(), '2');
});

test("a leased connection that dies is an 'error' of its client", async () => {
  const pool = newPool();
  const client = await pool.connect();
  const failed = once(client, 'error');
  await other.query('select pg_terminate_backend($1)', [client.processID]);
  const [error] = await failed;
  assert.ok(error instanceof Error);
  client.release();
  await pool.end();
});

test("a client emits 'end'", async () => {
  const pool = newPool();
  const client = await pool.connect();
  const ended = once(client, 'end');
  client.release(true);
  await ended;
  await pool.end();
});

test("a notice has pg's fields", async () => {
  const pool = newPool();
  const client = await pool.connect();
  const noticed = once(client, 'notice');
  await client.query(
    `do $$ begin
       raise notice 'mind %', 'the gap' using hint = 'step';
     end $$`,
  );
  const [notice] = await noticed;
  assert.strictEqual(notice.message, 'mind the gap');
  assert.strictEqual(notice.severity, 'NOTICE');
  assert.strictEqual(notice.hint, 'step');
  assert.strictEqual(notice.name, 'notice');
  client.release();
  await pool.end();
});

test('a notification has channel and payload', async () => {
  const pool = newPool();
  const client = await pool.connect();
  const notified = once(client, 'notification');
  await client.query('listen news');
  await client.query(`select pg_notify('news', 'good ones')`);
  const [message] = await notified;
  assert.deepStrictEqual(
    [message.channel, message.payload, message.processId],
    ['news', 'good ones', client.processID],
  );
  client.release(true);
  await pool.end();
});

test('a listener that throws ends the process and no call', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    process.on('uncaughtException', (e) => console.log('uncaught', e.message));
    pool.on('acquire', () => { throw new Error('mine'); });
    pool.connect().then(async (client) => {
      console.log((await client.query('select 1 as n')).rows[0].n);
      client.release();
      await pool.end();
    });`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 20000,
  });
  assert.deepStrictEqual(out.trim().split('\n').sort(), ['1', 'uncaught mine']);
});

test('listeners set in connect stay with the client', async () => {
  const pool = newPool();
  /** @type {string[]} */
  const received = [];
  pool.on('connect', (client) => {
    client.on('notice', (/** @type {any} */ n) => received.push(n.message));
  });
  for (const word of ['one', 'two']) {
    const client = await pool.connect();
    await client.query(`do $$ begin raise notice '${word}'; end $$`);
    client.release();
  }
  await eventually(() => received.length === 2);
  assert.deepStrictEqual(received, ['one', 'two']);
  await pool.end();
});
