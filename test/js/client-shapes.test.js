// SPDX-License-Identifier: MIT
'use strict';

// Pools and clients in other people's hands: behind proxies, inherited from,
// given what they cannot run.

const assert = require('node:assert');
const { test } = require('node:test');

const { onBoth } = require('../support/both.js');
const { Pool } = require('../../lib/pool/pool.js');
const { PrismaHoldfast } = require('../../lib/prisma/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {{connectionString: string, max: number}} */
let config;

before(() => {
  config = { connectionString: server.url, max: 2 };
});

/** @param {any} pool */
async function useAll(pool) {
  assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
  const client = await pool.connect();
  await client.query('select 1');
  assert.ok(pool.totalCount >= 1);
  assert.strictEqual(typeof pool.idleCount, 'number');
  assert.strictEqual(typeof pool.waitingCount, 'number');
  client.release();
  await new Promise((resolve, reject) => {
    pool.query('select 1', (/** @type {any} */ error) =>
      error ? reject(error) : resolve(undefined),
    );
  });
  let received = 0;
  const listener = () => {
    received += 1;
  };
  pool.on('acquire', listener);
  (await pool.connect()).release();
  pool.removeListener('acquire', listener);
  assert.strictEqual(received, 1);
}

/** @param {any} pool */
async function useOurs(pool) {
  await pool.transaction(async (/** @type {any} */ client) =>
    client.query('select 1'),
  );
  await pool.health();
  await pool.warmup();
  assert.strictEqual(typeof pool.stats().queries, 'number');
  assert.match(pool.prometheus(), /holdfast/);
  assert.strictEqual(JSON.stringify(pool).includes('totalCount'), true);
  const adapter = await new PrismaHoldfast(pool).connect();
  await adapter.queryRaw({ sql: 'select 1', args: [], argTypes: [] });
}

const shapes = {
  'a Proxy with Reflect.get': (/** @type {any} */ object) =>
    new Proxy(object, { get: Reflect.get }),
  'a Proxy without traps': (/** @type {any} */ object) => new Proxy(object, {}),
  'Object.create()': (/** @type {any} */ object) => Object.create(object),
};

for (const [name, wrap] of Object.entries(shapes)) {
  test(`a pool works through ${name}`, async () => {
    await onBoth(config, async (pool, whose) => {
      const wrapped = wrap(pool);
      await useAll(wrapped);
      if (whose === 'ours') {
        await useOurs(wrapped);
      }
      // What inherits from pg's pool cannot be ended.
      if (whose === 'ours') {
        await wrapped.end();
        assert.ok(wrapped.ending);
        assert.ok(pool.ending);
      }
    });
  });

  test(`a client works through ${name}`, async () => {
    await onBoth(config, async (pool, whose) => {
      if (whose === 'pg' && name === 'Object.create()') {
        return; // where pg's client waits for ever
      }
      const client = await pool.connect();
      const wrapped = wrap(client);
      wrapped.setTypeParser(23, (/** @type {string} */ text) => `<${text}>`);
      const { rows } = await wrapped.query('select 1 as n');
      assert.strictEqual(rows[0].n, '<1>');
      assert.strictEqual(wrapped.escapeLiteral("it's"), "'it''s'");
      assert.strictEqual(typeof wrapped.processID, 'number');
      assert.strictEqual(wrapped.getTransactionStatus(), 'I');
      /** @type {any[]} */
      const notices = [];
      wrapped.on('notice', (/** @type {any} */ notice) => notices.push(notice));
      await wrapped.query("do $$ begin raise notice 'hello'; end $$");
      assert.strictEqual(notices[0].message, 'hello');
      wrapped.release();
      assert.throws(() => wrapped.release(), /already been released/);
    });
  });
}

test('a client says where it is connected to, as whom', async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    const { user, host, port, database, release } = await pool.connect();
    release();
    return { user, host, port, database };
  });
  assert.deepStrictEqual(ours, theirs);
});

test('pool.options has its connection string as a hidden property', async () => {
  const { theirs, ours } = await onBoth(config, (pool) =>
    Promise.resolve(pool.options.connectionString),
  );
  assert.strictEqual(ours, theirs);
  const pool = new Pool(config);
  assert.ok(!JSON.stringify(pool.options).includes(server.password));
  assert.ok(!Object.keys(pool.options).includes('connectionString'));
  await pool.end();
});
