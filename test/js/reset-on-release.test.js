// SPDX-License-Identifier: MIT
'use strict';

// resetOnRelease: what a client leaves in its session does not reach the next.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { startProxy } = require('../support');
const {
  before,
  noPgBouncer,
  usePgBouncer,
  useServer,
} = require('../support/suite.js');

/** What may be left, and how the next one sees it. */
const LEAVES = [
  ["set work_mem = '5MB'", 'work_mem'],
  ['set role pg_monitor', 'role'],
  ['set session authorization visitor', 'who'],
  ["select set_config('app.tenant', 'left', false)", 'tenant'],
  ['prepare left_over as select 1', 'prepared'],
  ['create temp table left_over (a int)', 'tables'],
  ['create table pg_temp.left_over (a int)', 'tables'],
  [
    "update pg_settings set setting = '5MB' where name = 'work_mem'",
    'work_mem',
  ],
  ['select pg_advisory_lock(77)', 'locks'],
  ['listen left_over', 'channels'],
  ['declare left_over cursor with hold for select 1', 'cursors'],
];

const LOOK = `select current_setting('work_mem') as work_mem,
  current_setting('role') as role, session_user as who,
  coalesce(current_setting('app.tenant', true), '') as tenant,
  (select count(*)::int from pg_prepared_statements
    where name = 'left_over') as prepared,
  (select count(*)::int from pg_class
    where relname = 'left_over' and relpersistence = 't') as tables,
  (select count(*)::int from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
  (select count(*)::int from pg_listening_channels()) as channels,
  (select count(*)::int from pg_cursors where name = 'left_over') as cursors,
  current_setting('datestyle') as datestyle,
  pg_backend_pid() as pid`;

const server = useServer();
const bouncer = usePgBouncer({ server, poolMode: 'transaction' });
/** @type {any[]} */
const pools = [];

before(() =>
  server.psql(`create role visitor; grant all on schema public to visitor;
    alter role visitor set work_mem = '6MB';
    create function quietly() returns void language plpgsql as
      $$ begin perform set_config('work_mem', '7MB', false); end $$`),
);

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.end())));

/** @param {object} [options] @returns {any} */
function open(options) {
  const pool = new Pool({
    connectionString: server.url,
    max: 1,
    logger: false,
    ...options,
  });
  pools.push(pool);
  return pool;
}

/** @param {any} on */
async function look(on) {
  return (await on.query(LOOK)).rows[0];
}

/** @param {any} pool @param {string} text */
async function leave(pool, text) {
  const client = await pool.connect();
  if (text.startsWith('declare')) {
    await client.query('begin');
    await client.query(text);
    await client.query('commit');
  } else {
    await client.query(text);
  }
  client.release();
}

for (const [text, column] of LEAVES) {
  test(`by default, as in pg, the next one has it: ${text}`, async () => {
    const pool = open();
    const first = await look(pool);
    await leave(pool, text);
    assert.notStrictEqual((await look(pool))[column], first[column]);
  });

  test(`resetOnRelease keeps it from the next one: ${text}`, async () => {
    const pool = open({ resetOnRelease: true });
    const first = await look(pool);
    await leave(pool, text);
    assert.deepStrictEqual(await look(pool), first);
    if (!text.startsWith('declare')) {
      await pool.query(text);
      assert.deepStrictEqual(await look(pool), first, 'by query()');
    }
  });
}

test('what a function does out of sight needs "always"', async () => {
  for (const [resetOnRelease, seen] of [
    ['detected', '7MB'],
    ['always', '4MB'],
  ]) {
    const pool = open({ resetOnRelease });
    await leave(pool, 'select quietly()');
    assert.strictEqual((await look(pool)).work_mem, seen);
  }
});

test("the pool's settings are there again, and prepared statements work", async () => {
  const pool = open({
    resetOnRelease: 'always',
    settings: { work_mem: '9MB', 'app.tenant': 'mine' },
  });
  const first = await look(pool);
  assert.strictEqual(first.work_mem, '9MB');
  for (let i = 0; i < 6; i++) {
    await leave(pool, 'discard all');
    assert.deepStrictEqual(await look(pool), first);
  }
});

test('a session that onConnect prepared is closed, and another prepared', async () => {
  const hook = (/** @type {any} */ client) =>
    client.query("set app.tenant = 'hook'");
  for (const onConnect of [hook, "set app.tenant = 'hook'"]) {
    const pool = open({ resetOnRelease: 'detected', onConnect });
    const first = await look(pool);
    assert.strictEqual(first.tenant, 'hook');
    assert.strictEqual((await look(pool)).pid, first.pid);
    await leave(pool, "set work_mem = '5MB'");
    const { pid, ...second } = await look(pool);
    assert.notStrictEqual(pid, first.pid);
    assert.deepStrictEqual({ ...second, pid: first.pid }, first);
  }
});

test('where nothing was left nothing is sent', async () => {
  const proxy = await startProxy(server);
  const pool = open({
    connectionString: proxy.urlFor(server.url),
    resetOnRelease: 'detected',
  });
  let resets = 0;
  proxy.onMessage(({ type, payload, direction }) => {
    resets +=
      direction === 'up' && type === 'Q' && payload.includes('discard') ? 1 : 0;
  });
  const client = await pool.connect();
  await client.query('begin');
  await client.query("set local work_mem = '5MB'");
  await client.query('select pg_advisory_xact_lock(1)');
  await client.query('commit');
  client.release();
  await look(pool);
  assert.strictEqual(resets, 0);
  await leave(pool, "set work_mem = '5MB'");
  await look(pool);
  assert.strictEqual(resets, 1);
  await Promise.all(pools.splice(0).map((one) => one.end()));
  await proxy.close();
});

test('behind a transaction pooler nothing is reset', {
  skip: noPgBouncer,
}, async () => {
  const pool = open({
    connectionString: bouncer.url,
    resetOnRelease: 'always',
  });
  await leave(pool, 'select 1');
  await leave(pool, "set local work_mem = '5MB'");
  assert.strictEqual((await look(pool)).work_mem, '4MB');
});

test('another word is refused', () => {
  assert.throws(() => open({ resetOnRelease: 'sometimes' }), /resetOnRelease/);
});
