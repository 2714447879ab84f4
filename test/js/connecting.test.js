// SPDX-License-Identifier: MIT
'use strict';

// Opening connections while something goes wrong: cancels that hang, password
// functions that fail, breakers that opened, servers that changed their role.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, startPostgres } = require('../support');
const { useProxy, useServer } = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);
/** @param {object} config @returns {any} */
function open(config) {
  return new Pool({ logger: false, max: 4, ...config });
}

/** Where the server is, but for the password. */
function place() {
  const { host, port, user, database } = server;
  return { host, port, user, database };
}

test('hanging cancel requests do not prevent connecting', async () => {
  const pool = open({ connectionString: proxy.urlFor(server.url), max: 8 });
  proxy.onMessage((/** @type {any} */ { type }) =>
    type === 'cancel' ? 'stall' : 'pass',
  );
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 8 }, () =>
      pool.query({ text: 'select pg_sleep(30)', timeoutMillis: 200 }),
    );
    for (const { status } of await Promise.allSettled(calls)) {
      assert.strictEqual(status, 'rejected');
    }
  }
  const { rows } = await pool.query('select 1 as one');
  assert.deepStrictEqual(rows, [{ one: 1 }]);
  const other = open({ connectionString: server.url });
  await other.query('select 1');
  await other.end();
  await proxy.reset();
  proxy.killAll();
  await pool.end();
});

test('a time-out sends one cancel request when it is answered', async () => {
  const pool = open({ connectionString: server.url });
  const calls = Array.from({ length: 12 }, () =>
    pool.query({ text: 'select pg_sleep(30)', timeoutMillis: 200 }),
  );
  const settled = await Promise.allSettled(calls);
  const timeouts = settled.filter(({ status }) => status === 'rejected');
  assert.strictEqual(timeouts.length, 12);
  assert.ok(pool.stats().cancels <= 24);
  await pool.end();
});

test('a password function that fails once is asked again', async () => {
  let asked = 0;
  const pool = open({
    ...place(),
    password: () => {
      asked++;
      if (asked === 1) {
        throw Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });
      }
      return server.password;
    },
  });
  const calls = [1, 2, 3].map(() => pool.query('select 1'));
  await Promise.all(calls);
  assert.ok(asked > 1);
  await pool.end();
});

test('a failure of the password function that says so is permanent', async () => {
  const pool = open({
    ...place(),
    password: () => {
      throw Object.assign(new Error('no such secret'), { retryable: false });
    },
  });
  await assert.rejects(pool.query('select 1'), {
    code: 'HF_AUTH',
    outcome: 'permanent',
    message: /no such secret/,
  });
  await pool.end();
});

test('the error of a password function that keeps failing is the cause', async () => {
  const pool = open({
    ...place(),
    deadlineMillis: 400,
    password: () => Promise.reject(new Error('the vault is shut')),
  });
  const error = await pool.query('select 1').then(
    () => assert.fail('it cannot connect'),
    (/** @type {any} */ reason) => reason,
  );
  assert.strictEqual(error.outcome, 'not_executed');
  assert.match(`${error.message} ${error.cause?.message}`, /the vault is shut/);
  await pool.end();
});

test('after a stale password the next call uses the new one at once', async () => {
  let password = 'stale';
  const pool = open({
    ...place(),
    deadlineMillis: 4000,
    password: () => password,
  });
  await assert.rejects(pool.query('select 1'), { code: '28P01' });
  password = server.password;
  await pool.query('select 1');
  await pool.end();
});

test('a password that expired on the way is requested again automatically', async () => {
  const passwords = ['expired', server.password];
  const pool = open({
    ...place(),
    max: 1,
    password: () => passwords.shift() ?? server.password,
  });
  await pool.query('select 1');
  await pool.end();
});

test('a breaker that opened closes by itself', async () => {
  const pool = open({
    connectionString: proxy.urlFor(server.url),
    deadlineMillis: 1500,
  });
  const client = await pool.connect();
  await proxy.refuse(true);
  await assert.rejects(pool.query('select 1'));
  assert.strictEqual(pool.stats().breaker, 1);
  client.release();
  await pool.query('select 1');
  await proxy.refuse(false);
  await eventually(() => pool.stats().breaker === 0, { timeout: 20_000 });
  const { status } = await pool.health();
  assert.strictEqual(status, 'up');
  await pool.end();
});

test("the server's role is queried again after the connections were lost", async () => {
  const demoted = await startPostgres();
  const pool = open({ connectionString: demoted.url });
  pool.on('error', () => {});
  assert.strictEqual((await pool.health()).role, 'primary');
  await pool.query('select 1');
  await demoted.stop('fast');
  fs.writeFileSync(path.join(demoted.dataDir, 'standby.signal'), '');
  await demoted.start();
  await eventually(() => pool.query('select 1'));
  await pool.query('select 1');
  assert.strictEqual((await pool.health()).role, 'standby');
  await pool.end();
  await demoted.stop('immediate');
});
