// SPDX-License-Identifier: MIT
'use strict';

// release() as in pg: after what was given before it, bound, and once.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, beforeEach, test } = require('node:test');

const { onBoth } = require('../support/both.js');
const { Pool } = require('../../lib/pool/pool.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let admin;
/** @type {{connectionString: string, max: number}} */
let config;

before(async () => {
  admin = new Pool(server.url);
  config = { connectionString: server.url, max: 1 };
  await admin.query('create table t (a int)');
});

beforeEach(() => admin.query('truncate t'));

after(async () => {
  await admin?.end();
});

const count = async () =>
  (await admin.query('select count(*)::int as n from t')).rows[0].n;

test('a statement given before release() runs to its end and resolves', async () => {
  await onBoth(config, async (pool) => {
    const client = await pool.connect();
    const slow = client.query('insert into t select 1 from pg_sleep(0.2)');
    const next = client.query('insert into t values (2)');
    client.release();
    const after = pool.query('select count(*)::int as n from t');
    assert.strictEqual((await slow).rowCount, 1);
    assert.strictEqual((await next).rowCount, 1);
    // The next user of the connection comes after both.
    assert.strictEqual((await after).rows[0].n % 2, 0);
  });
  assert.strictEqual(await count(), 4);
});

test('the connection is kept when statements were given before release()', () =>
  onBoth(config, async (pool) => {
    const client = await pool.connect();
    const { processID } = client;
    const running = client.query('select pg_sleep(0.05)');
    client.release();
    await running;
    const again = await pool.connect();
    assert.strictEqual(again.processID, processID);
    again.release();
  }));

test('ROLLBACK in catch and release() in finally do not end the process', () => {
  for (const from of ['pg', path.join(__dirname, '../../lib')]) {
    const script = `
      const { Pool } = require(${JSON.stringify(from)});
      const pool = new Pool({
        connectionString: process.env.URL_FOR_TEST, max: 1,
      });
      async function failing() {
        const c = await pool.connect();
        try {
          await c.query('begin');
          await c.query('insert into t values (1)');
          await c.query('select 1/0');
        } catch {
          c.query('ROLLBACK');
        } finally {
          c.release();
        }
      }
      (async () => {
        await failing();
        const { rows } = await pool.query('select count(*)::int as n from t');
        console.log(rows[0].n);
        await pool.end();
      })();`;
    const out = execFileSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      env: { ...process.env, URL_FOR_TEST: server.url },
      timeout: 30000,
    });
    assert.strictEqual(out, '0\n', from);
  }
});

test('release is bound to its client', async () => {
  await onBoth(config, async (pool) => {
    const first = await pool.connect();
    await first.query('select 1').finally(first.release);
    const second = await pool.connect();
    setTimeout(second.release, 5);
    const third = await pool.connect();
    const { release } = third;
    release();
    const fourth = await pool.connect();
    await fourth.query('select 1').then(() => fourth.release());
    await pool.query('select 1');
  });
});

test('release() of an earlier check-out does not release a later one', () =>
  onBoth(config, async (pool) => {
    const client = await pool.connect();
    const { release } = client;
    release();
    const again = await pool.connect();
    assert.strictEqual(again, client);
    const sentence =
      'Release called on client which has already been released to the pool.';
    assert.throws(release, { message: sentence });
    await again.query('select 1');
    again.release();
    assert.throws(() => again.release(), { message: sentence });
    assert.throws(again.release, { message: sentence });
  }));

test('connect() with a callback hands out the release of its client', () =>
  onBoth(config, async (pool) => {
    await new Promise((resolve, reject) => {
      pool.connect(
        (
          /** @type {any} */ error,
          /** @type {any} */ client,
          /** @type {any} */ done,
        ) => {
          assert.ifError(error);
          assert.strictEqual(done, client.release);
          client.query('insert into t values (1)').then(resolve, reject);
          done();
        },
      );
    });
    await pool.query('select 1');
  }));

test('a lost connection fails what was given before release()', async () => {
  const pool = new Pool(config);
  const client = await pool.connect();
  const refused = assert.rejects(() => client.query('select pg_sleep(30)'));
  client.release();
  await admin.query('select pg_terminate_backend($1)', [client.processID]);
  await refused;
  await pool.query('select 1');
  await pool.end();
});

test('end() with a client out lets the process end', () => {
  const lib = path.join(__dirname, '../../lib');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({
      connectionString: process.env.URL_FOR_TEST, drainMillis: 10,
    });
    pool.connect().then(async (client) => {
      await pool.end();
      globalThis.kept = client;
      console.log('ended');
      client.release();
    });`;
  for (const text of [script, script.replace('client.release();', '')]) {
    const out = execFileSync(process.execPath, ['-e', text], {
      encoding: 'utf8',
      env: { ...process.env, URL_FOR_TEST: server.url },
      timeout: 30000,
    });
    assert.strictEqual(out, 'ended\n');
  }
});
