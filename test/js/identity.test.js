// SPDX-License-Identifier: MIT
'use strict';

// Whose pool it is: what makes getPool() give the same one or another, in one
// thread and across threads.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { linesOf } = require('../support/get-pool-script.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();

before(async () => {
  const pool = new Pool(server.url);
  await pool.query('create schema a');
  await pool.query('create schema b');
  await pool.query("create role guest login password 'right'");
  await pool.end();
});

/** @param {string} script @param {Record<string, string | undefined>} [env] */
const lines = (script, env) => linesOf(server, script, env);

test('another password is another pool, whichever came first', async () => {
  const got = await lines(`
    const as = (password) => getPool(target({ user: 'guest', password }));
    console.log(await show(as('wrong')), await show(as('wrong')));
    console.log(await show(as('right'), 'select current_user as x'));
    console.log(await show(as('wrong')));
    console.log(await show(as('right'), 'select current_user as x'));
    console.log(as('right') === as('right'), as('right') === as('wrong'));
    process.exit();`);
  assert.deepStrictEqual(got, [
    '28P01 28P01',
    'guest',
    '28P01',
    'guest',
    'true false',
  ]);
});

test('another password is another pool for a worker, too', async () => {
  const got = await lines(`
    const pool = getPool(target({ user: 'guest', password: 'right' }));
    console.log(await show(pool, 'select current_user as x'));
    const options = JSON.stringify(target({ user: 'guest' }));
    console.log(await inWorker(
      'return getPool({...' + options + ', password: "wrong"})' +
      '.query("select 1").then(() => "in", (e) => e.code)'));
    const right = await inWorker(
      'return getPool({...' + options + ', password: "right"})' +
      '.query("select pg_backend_pid() as x").then((r) => r.rows[0].x)');
    console.log(right === await show(pool));
    process.exit();`);
  assert.deepStrictEqual(got, ['guest', '28P01', 'true']);
});

test('a schema is the one that was asked for', async () => {
  const got = await lines(`
    const sql = "select current_schema() as x";
    console.log(await show(getPool(url + '?schema=a'), sql));
    console.log(await show(getPool(url + '?schema=b'), sql));
    console.log(await show(getPool({ schema: 'a' }), sql));
    console.log(await show(getPool(), sql));
    process.exit();`);
  assert.deepStrictEqual(got, ['a', 'b', 'a', 'public']);
});

test('settings, time-outs and names are those that were asked for', async () => {
  const got = await lines(`
    const of = (name) => "select current_setting('" + name + "') as x";
    const each = async (name, list) => {
      const out = [];
      for (const config of list) out.push(await show(getPool(config), of(name)));
      console.log(out.join(' '));
    };
    await each('statement_timeout',
      [{ statement_timeout: 100 }, { statement_timeout: 60000 }, {}]);
    await each('application_name',
      [{ application_name: 'one' }, { application_name: 'two' }]);
    await each('work_mem',
      [{ options: '-c work_mem=1MB' }, { options: '-c work_mem=2MB' }]);
    await each('timezone',
      [{ settings: { timezone: 'UTC' } }, { settings: { timezone: 'Asia/Tokyo' } }]);
    await each('lock_timeout',
      [{ onConnect: 'set lock_timeout = 7' }, { onConnect: 'set lock_timeout = 8' }]);
    process.exit();`);
  assert.deepStrictEqual(got, [
    '100ms 1min 0',
    'one two',
    '1MB 2MB',
    'UTC Asia/Tokyo',
    '7ms 8ms',
  ]);
});

test('options of calls belong to the handle, and the connections are shared', async () => {
  const got = await lines(`
    const patient = getPool({ max: 1 });
    const hasty = getPool({ query_timeout: 100, retry: false, logger: false });
    console.log(patient === hasty, await show(patient) === await show(hasty));
    console.log(await show(hasty, 'select pg_sleep(5) as x'));
    console.log(await show(patient, "select 'slept' as x from pg_sleep(0.4)"));
    await hasty.end();
    console.log(await show(patient, "select 'on' as x"));
    process.exit();`);
  assert.deepStrictEqual(got, [
    'false true',
    'HF_QUERY_TIMEOUT',
    'slept',
    'on',
  ]);
});

test('retries and the size of results belong to the handle', async () => {
  const got = await lines(`
    const small = getPool({ maxResultBytes: 2000 });
    const sql = "select repeat('x', 100000) as x";
    console.log(await show(small, sql));
    console.log((await show(getPool(), sql)).length);
    console.log(await show(small, sql));
    process.exit();`);
  assert.deepStrictEqual(got, [
    'HF_RESULT_TOO_LARGE',
    '100000',
    'HF_RESULT_TOO_LARGE',
  ]);
});

test('an explicit size wins over a default, in whatever order', async () => {
  const got = await lines(`
    const early = getPool();
    await early.warmup();
    const later = getPool({ max: 20 });
    console.log(early === later, early.options.max, later.options.max);
    await Promise.all(Array.from({ length: 20 }, () =>
      later.query('insert into pg_temp.none select 1').catch(() => {})));
    const held = await Promise.all(
      Array.from({ length: 20 }, () => early.connect()));
    console.log(new Set(held.map((c) => c.processID)).size, early.totalCount);
    for (const client of held) client.release();
    getPool({ max: 5 });
    console.log(early.options.max, JSON.parse(JSON.stringify(early.options)).max);
    setImmediate(() => process.exit());`);
  assert.strictEqual(got[0], 'true 20 20');
  assert.strictEqual(got[1], '20 20');
  assert.strictEqual(got[2], '20 20');
  const told = got.filter((line) => line.startsWith('warning'));
  assert.strictEqual(told.length, 1);
  assert.match(told[0], /HF_OPTIONS_DIFFER .*\(max\); the first ones stay/);
});

test('an explicit smaller size wins over a default, too', async () => {
  const got = await lines(`
    const early = getPool();
    await Promise.all(Array.from({ length: 8 }, () =>
      early.query('select pg_sleep(0.2)')));
    const later = getPool({ max: 2 });
    const calls = Array.from({ length: 6 }, () =>
      later.query({ text: 'select pg_backend_pid() as x, pg_sleep(0.05)' }));
    const pids = (await Promise.all(calls)).map(({ rows }) => rows[0].x);
    console.log(new Set(pids).size <= 8, later.totalCount <= 2);
    process.exit();`);
  assert.deepStrictEqual(got, ['true true']);
});

test("a worker's size wins over the default of the main thread", async () => {
  const got = await lines(`
    const pool = getPool();
    await pool.query('select 1');
    await inWorker('const p = getPool({ max: 13 });' +
      'await p.query("select 1"); return 1;');
    const held = await Promise.all(
      Array.from({ length: 13 }, () => pool.connect()));
    console.log(new Set(held.map((c) => c.processID)).size);
    process.exit();`);
  assert.deepStrictEqual(got, ['13']);
});

test('numbers that JSON does not know are distinguished', async () => {
  const got = await lines(`
    const told = (value) => {
      try { return getPool({ maxUses: value }) && 'pool'; }
      catch (error) { return error.name; }
    };
    console.log(told(null), told(Infinity), told(NaN), told(-Infinity));
    process.exit();`);
  assert.deepStrictEqual(got, ['pool pool RangeError RangeError']);
});

test('nothing shows a password or what stands for it', async () => {
  const got = await lines(`
    const { inspect } = require('node:util');
    const pool = getPool(target({ user: 'guest', password: 'right' }));
    await pool.query('select 1');
    const shown = inspect(pool, { depth: 9, showHidden: false }) +
      JSON.stringify(pool) + JSON.stringify(pool.stats()) + pool.prometheus() +
      JSON.stringify(pool.options) + inspect(pool.options);
    console.log(shown.includes('right'), /#[0-9a-f]{16}/.test(shown));
    process.exit();`);
  assert.deepStrictEqual(got, ['false false']);
});

test('handles on one pool count once in statistics, health and shutdown', async () => {
  const got = await lines(`
    const { prometheusText, healthCheck } = require('./lib/index.js');
    const one = getPool({ logger: false });
    const two = getPool({ query_timeout: 5000 });
    await show(one);
    await show(two);
    console.log(prometheusText().match(/^holdfast_queries_total/gm).length);
    console.log((await healthCheck()).reasons.length);
    await one.end();
    console.log(prometheusText().match(/^holdfast_queries_total/gm).length);
    await two.end();
    console.log(prometheusText().includes('holdfast_queries_total{'));`);
  assert.deepStrictEqual(got, ['1', '0', '1', 'false']);
});

test('a pool without configuration rejects at its first use', async () => {
  const got = await lines(
    `const pool = getPool();
     console.log(pool === getPool({}), pool.totalCount);
     const said = await pool.query('select 1').catch((error) => error);
     console.log(said.name, said.code, said.outcome, said.message);
     console.log((await pool.connect().catch((error) => error)).name);
     console.log((await pool.transaction(() => 1).catch((e) => e)).name);
     await pool.end();
     process.env.DATABASE_URL = ${JSON.stringify(server.url)};
     console.log(await show(getPool(), 'select 1 as x'));
     process.exit();`,
    { DATABASE_URL: '', SUPABASE_DATABASE_URL: '', PGHOST: '', PGUSER: '' },
  );
  assert.strictEqual(got[0], 'true 0');
  assert.match(
    got[1],
    /^TypeError HF_PARAM_INVALID not_executed DATABASE_URL is not set: /,
  );
  assert.deepStrictEqual(got.slice(2), ['TypeError', 'TypeError', '1']);
});

test('new Pool() in an empty environment connects to localhost, as pg', async () => {
  const got = await lines(
    `const { userInfo } = require('node:os');
     const { options } = new Pool();
     const user = userInfo().username;
     console.log(options.host, options.port, options.user === user,
       options.database === user);
     console.log(new Pool({ max: 3 }).options.max);`,
    { DATABASE_URL: '', SUPABASE_DATABASE_URL: '', PGHOST: '', PGUSER: '' },
  );
  assert.deepStrictEqual(got, ['localhost 5432 true true', '3']);
});
