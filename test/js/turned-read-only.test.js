// SPDX-License-Identifier: MIT
'use strict';

// A server that stops taking writes: a full disk, a demotion.

const assert = require('node:assert/strict');
const { afterEach, beforeEach, test } = require('node:test');
const { Pool } = require('../..');
const {
  eventually,
  startPostgres,
  startProxy,
} = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  await server.psql('create table kept (n int)');
});

beforeEach(() => {
  pool = new Pool({ connectionString: server.url, max: 4, logger: false });
});

afterEach(async () => {
  await pool.end();
  await setReadOnly(false);
});

/** @param {boolean} on */
async function setReadOnly(on) {
  const setting = 'default_transaction_read_only';
  const reset = `set ${setting} = off; alter system reset ${setting}`;
  for (const text of on
    ? [`alter system set ${setting} = on`]
    : reset.split(';')) {
    await server.psql(text).catch(() => {});
  }
  await server.reload();
  await eventually(
    async () => (await server.psql(`show ${setting}`)) === (on ? 'on' : 'off'),
  );
}

const write = () => pool.query('insert into kept values (1)');

/** Fails with 25006, and not to be repeated. */
const REFUSED = { code: '25006', outcome: 'rolled_back', retryable: false };

test('writes fail with 25006, reads go on, and few connections are opened', async () => {
  await Promise.all(Array.from({ length: 4 }, () => pool.query('select 1')));
  await setReadOnly(true);
  await eventually(async () => {
    const { rows } = await pool.query('show transaction_read_only');
    return rows[0].transaction_read_only === 'on';
  });
  const before = pool.stats().connectsStarted;
  await assert.rejects(write(), REFUSED);
  for (let i = 0; i < 100; i += 1) {
    const [refused, read] = await Promise.allSettled([
      write(),
      pool.query('select 1'),
    ]);
    assert.equal(refused.status, 'rejected');
    assert.equal(/** @type {any} */ (refused).reason.code, '25006');
    assert.equal(read.status, 'fulfilled');
  }
  const opened = pool.stats().connectsStarted - before;
  assert.ok(opened <= 12, `${opened} connections were opened`);
  await setReadOnly(false);
  await eventually(() => write());
});

test('health says that the server takes no writes', async () => {
  assert.equal((await pool.health()).status, 'up');
  await setReadOnly(true);
  const health = await eventually(async () => {
    const found = await pool.health();
    return found.status === 'degraded' && found;
  });
  assert.match(health.reasons.join(), /takes no writes/);
  await setReadOnly(false);
  await eventually(async () => (await pool.health()).status === 'up');
});

test('a pool that asks for reading itself is healthy', async () => {
  const own = new Pool({
    connectionString: server.url,
    settings: { default_transaction_read_only: 'on' },
    logger: false,
  });
  assert.equal((await own.health()).status, 'up');
  await assert.rejects(own.query('insert into kept values (1)'), {
    code: '25006',
  });
  await own.end();
});

test('a write is taken by the server that came in its place', async () => {
  const other = await startPostgres();
  await other.psql('create table kept (n int)');
  const proxy = await startProxy(server);
  const own = new Pool({
    connectionString: proxy.urlFor(server.url),
    max: 3,
    logger: false,
  });
  await Promise.all(Array.from({ length: 3 }, () => own.query('select 1')));
  await setReadOnly(true);
  proxy.retarget(other);
  const url = new URL(other.url);
  assert.equal(url.password, new URL(server.url).password);
  await eventually(() => own.query('insert into kept values (9)'));
  const rows = await other.psql('select count(*) from kept where n = 9');
  assert.equal(rows, '1');
  await own.end();
  await proxy.close();
  await other.stop();
});

test('the code stays 25006 where only a writing server is wanted', async () => {
  const url = new URL(server.url);
  url.searchParams.set('target_session_attrs', 'read-write');
  const own = new Pool({
    connectionString: url.href,
    max: 2,
    logger: false,
    deadlineMillis: 4000,
  });
  await Promise.all([own.query('select 1'), own.query('select 1')]);
  await setReadOnly(true);
  const error = await eventually(async () => {
    try {
      await own.query('insert into kept values (1)');
      return false;
    } catch (caught) {
      return caught;
    }
  });
  assert.equal(error.code, '25006');
  await own.end();
});
