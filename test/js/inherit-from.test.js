// SPDX-License-Identifier: MIT
'use strict';

// instanceof with the classes of the pg that is installed beside. In a file of
// its own, for it changes this package's classes in the whole process.

const assert = require('node:assert');
const { test } = require('node:test');

const { Client, Pool, inheritFrom } = /** @type {any} */ (
  require('../../lib/index.js')
);
const { failureOf, useServer } = require('../support/suite.js');

const pg = /** @type {any} */ (require('pg'));

const server = useServer();

/** @param {object} object @returns {string[]} own names, and inherited ones */
function namesOf(object) {
  const names = [];
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return names;
}

test('without it pools are no pools of pg', () => {
  assert.ok(!(new Pool(server.url) instanceof pg.Pool));
});

test('a leased client can be told from a pool without instanceof', async () => {
  for (const Own of [pg.Pool, Pool]) {
    const pool = new Own({ connectionString: server.url });
    const client = await pool.connect();
    assert.strictEqual(pool._connected, undefined);
    assert.strictEqual(client._connected, true);
    client.release();
    await pool.end();
  }
});

test('what is not pg is refused, and changes nothing', () => {
  for (const wrong of [undefined, {}, { Pool: class {}, Client: class {} }]) {
    assert.throws(() => inheritFrom(wrong), /what require\('pg'\) gives/);
  }
  assert.ok(!(new Pool(server.url) instanceof pg.Pool));
});

test('pools and clients become instances of the classes of pg', async () => {
  const before = new Pool(server.url);
  const theirNames = namesOf(pg.Pool.prototype);
  inheritFrom(pg);
  inheritFrom(pg);
  const client = await before.connect();
  const own = new Client(server.url);
  try {
    assert.ok(before instanceof pg.Pool && before instanceof Pool);
    assert.ok(client instanceof pg.Client && client instanceof Client);
    assert.ok(own instanceof pg.Client && own instanceof Client);
    assert.ok(!(new pg.Pool() instanceof Pool));
    assert.ok(!(new pg.Client() instanceof Client));
    assert.deepStrictEqual(namesOf(pg.Pool.prototype), theirNames);
    // Methods that only pg has do not run on ours.
    for (const name of ['newClient', '_pulseQueue']) {
      assert.strictEqual(typeof pg.Pool.prototype[name], 'function');
      assert.strictEqual(/** @type {any} */ (before)[name], undefined);
    }
    assert.strictEqual(client.connect, undefined);
    assert.strictEqual(client._connect, undefined);
    assert.strictEqual(own._attachListeners, undefined);
  } finally {
    client.release();
  }
  await own.end();
  await before.end();
});

test('everything works as before', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  /** @type {string[]} */
  const heard = [];
  for (const name of ['connect', 'acquire', 'release', 'remove']) {
    pool.on(name, () => heard.push(name));
  }
  const { rows } = await pool.query('select $1::int as n', [3]);
  assert.deepStrictEqual(rows, [{ n: 3 }]);
  const client = await pool.connect();
  client.once('notice', () => heard.push('notice'));
  await client.query("do $$ begin raise notice 'x'; end $$");
  assert.strictEqual(
    (await failureOf(client.query('select 1/0'))).code,
    '22012',
  );
  client.release();
  await pool.end();
  assert.ok(heard.includes('connect') && heard.includes('notice'));
});
