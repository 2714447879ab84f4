// SPDX-License-Identifier: MIT
'use strict';

// What clients and pools emit, beside pg.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { onBoth } = require('../support/both.js');
const { eventually } = require('../support');
const { Pool } = require('../../lib/pool/pool.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let admin;
/** @type {{connectionString: string, max: number}} */
let config;

before(() => {
  admin = new Pool(server.url);
  config = { connectionString: server.url, max: 1 };
});

after(async () => {
  await admin?.end();
});

/** @param {any} pid */
const kill = (pid) => admin.query('select pg_terminate_backend($1)', [pid]);

/** Once its statement runs. @param {any} pid */
async function killAtWork(pid) {
  const text = 'select state from pg_stat_activity where pid = $1';
  await eventually(
    async () => (await admin.query(text, [pid])).rows[0]?.state === 'active',
    { what: 'it runs' },
  );
  await kill(pid);
}

test('a released client gets the notifications it listens to', async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    /** @type {any[]} */
    const received = [];
    const client = await pool.connect();
    client.on('notification', (/** @type {any} */ message) =>
      received.push([
        message.channel,
        message.payload,
        typeof message.processId,
      ]),
    );
    await client.query('listen news');
    client.release();
    await admin.query("notify news, 'idle'");
    await eventually(() => received.length === 1, { what: 'it was notified' });
    // While another uses the connection, too.
    const other = await pool.connect();
    await admin.query("notify news, 'lent'");
    await eventually(() => received.length === 2, { what: 'it was notified' });
    other.release();
    await pool.query("notify news, 'own'");
    await eventually(() => received.length === 3, { what: 'it was notified' });
    // What pg's connection hears before it is gone does not count.
    return received.slice();
  });
  assert.deepStrictEqual(ours, theirs);
});

test("a backend killed during the client's own query: its error, 'error', 'end'", async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    pool.on('error', () => {});
    /** @type {string[]} */
    const events = [];
    const client = await pool.connect();
    client.on('error', (/** @type {any} */ error) => {
      assert.ok(error instanceof Error);
      events.push('error');
    });
    client.on('end', () => events.push('end'));
    const running = client
      .query('select pg_sleep(30)')
      .catch((/** @type {any} */ error) => events.push(error.code));
    await killAtWork(client.processID);
    await running;
    await eventually(() => events.length === 3, { what: 'all events' });
    client.release(true);
    return events;
  });
  assert.deepStrictEqual(ours, theirs);
  assert.deepStrictEqual(ours, ['57P01', 'error', 'end']);
});

test("a backend killed while its client does nothing: 'error', then 'end'", async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    pool.on('error', () => {});
    /** @type {string[]} */
    const events = [];
    const client = await pool.connect();
    client.on('error', () => events.push('error'));
    client.on('end', () => events.push('end'));
    await kill(client.processID);
    await eventually(() => events.includes('end'), { what: 'the end' });
    client.release(true);
    return events.filter((name, at) => events.indexOf(name) === at);
  });
  assert.deepStrictEqual(ours, theirs);
  assert.deepStrictEqual(ours, ['error', 'end']);
});

test("a backend killed after release is an 'error' of the client and of the pool", async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    /** @type {string[]} */
    const events = [];
    const client = await pool.connect();
    client.on('error', () => events.push('client error'));
    client.on('end', () => events.push('end'));
    pool.on('error', (/** @type {any} */ error, /** @type {any} */ of) => {
      assert.strictEqual(of, client);
      assert.strictEqual(error.client, client);
      events.push('pool error');
    });
    client.release();
    await kill(client.processID);
    await eventually(
      () => events.includes('end') && events.includes('pool error'),
      { what: 'all events' },
    );
    return new Set(events);
  });
  assert.deepStrictEqual(ours, theirs);
});

test("a client of transaction() emits 'error' when its connection is lost", async () => {
  const pool = new Pool(config);
  /** @type {string[]} */
  const events = [];
  await assert.rejects(
    pool.transaction(async (client) => {
      client.on('error', () => events.push('error'));
      client.on('end', () => events.push('end'));
      await Promise.all([
        client.query('select pg_sleep(30)'),
        killAtWork(client.processID),
      ]);
    }),
  );
  await eventually(() => events.length === 2, { what: 'both events' });
  assert.deepStrictEqual(events, ['error', 'end']);
  await pool.end();
});

test('a failing pool.query() emits acquire and release for its connection', async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    const [{ pid }] = (await pool.query('select pg_backend_pid() as pid')).rows;
    /** @type {any[]} */
    const events = [];
    pool.on('acquire', (/** @type {any} */ client) =>
      events.push(['acquire', client.processID === pid]),
    );
    pool.on('release', (/** @type {any} */ error, /** @type {any} */ client) =>
      events.push(['release', error?.code, client.processID === pid]),
    );
    await assert.rejects(() => pool.query('select 1/0'));
    await eventually(() => events.length === 2, { what: 'both events' });
    return events;
  });
  assert.deepStrictEqual(ours, theirs);
});

test('a call that never had a connection emits neither acquire nor release', async () => {
  const pool = new Pool(config);
  const client = await pool.connect();
  /** @type {string[]} */
  const events = [];
  pool.on('acquire', () => events.push('acquire'));
  pool.on('release', () => events.push('release'));
  const late = pool.query({ text: 'select 1', deadlineMillis: 100 });
  await assert.rejects(late, { code: 'HF_DEADLINE' });
  assert.deepStrictEqual(events, []);
  client.release();
  await pool.end();
});
