// SPDX-License-Identifier: MIT
'use strict';

// Whose pool it is: what makes getPool() give the same one or another, in one
// thread and across threads.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const { Pool } = require('../../lib/index.js');
const { before, useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');
const run = promisify(execFile);

const server = useServer();

before(async () => {
  const pool = new Pool(server.url);
  await pool.query('create schema a');
  await pool.query('create schema b');
  await pool.query("create role guest login password 'right'");
  await pool.end();
});

const PRELUDE = `
  const { Worker } = require('node:worker_threads');
  const { getPool, Pool } = require('./lib/index.js');
  process.on('warning', (w) => {
    if (w.name === 'HoldfastWarning') console.log('warning', w.code, w.message);
  });
  const url = process.env.DATABASE_URL;
  const target = (more) => {
    const { hostname, port, pathname } = new URL(url);
    return { host: hostname, port: +port, database: pathname.slice(1), ...more };
  };
  const show = async (pool, sql = 'select pg_backend_pid() as x') =>
    pool.query(sql).then(({ rows }) => rows[0].x, (e) => e.code);
  const inWorker = (body) => new Promise((resolve, reject) => {
    const worker = new Worker(
      'const { getPool } = require("./lib/index.js");' +
      'const { parentPort, workerData } = require("node:worker_threads");' +
      '(async () => {' + body + '})().then((x) => parentPort.postMessage(x));',
      { eval: true });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
`;

/**
 * Runs a script in a process of its own; returns the lines it prints.
 * @param {string} script
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<string[]>}
 */
async function lines(script, env = {}) {
  const { stdout } = await run(
    process.execPath,
    ['-e', `${PRELUDE}(async () => {${script}})();`],
    {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: server.url, ...env },
      timeout: 60000,
    },
  );
  return stdout.trim() === '' ? [] : stdout.trim().split('\n');
}

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

test('functions count by reference, and a second pool causes a warning with both places', async () => {
  const got = await lines(`
    process.on('warning', (w) => {
      if (w.code === 'HF_POOL_PER_FUNCTION') {
        console.log(w.detail.match(/firstPlace|secondPlace/g).join());
      }
    });
    const { password } = getPool().options;
    const user = { ...target({ user: new URL(url).username }) };
    const one = async () => password;
    const two = async () => { return password; };
    function firstPlace() { return getPool({ ...user, password: one }); }
    function secondPlace() { return getPool({ ...user, password: two }); }
    const a = firstPlace();
    console.log(a === firstPlace());
    const b = secondPlace();
    console.log(a === b, await show(a) === await show(b));
    process.exit();`);
  const told = got.filter((line) => line.startsWith('warning'));
  assert.deepStrictEqual(
    got.filter((line) => !told.includes(line)),
    ['true', 'firstPlace,secondPlace', 'false false'],
  );
  assert.strictEqual(told.length, 1);
  assert.match(
    told[0],
    /^warning HF_POOL_PER_FUNCTION .*\(password\): hoist it.*`key`/,
  );
});

test('the fifth pool that differs by a function is refused', async () => {
  const got = await lines(`
    const types = () => ({ getTypeParser: () => String });
    const pools = [];
    for (let i = 0; i < 6; i++) {
      try {
        const pool = getPool({ types: types() });
        pools.push(pool);
        console.log(typeof (await show(pool, 'select 1 as x')));
      } catch (error) {
        console.log(error.code, error.outcome, error.message);
      }
    }
    await Promise.all(pools.map((pool) => pool.end()));
    console.log(await show(getPool({ types: types() }), 'select 2 as x'));
    process.exit();`);
  const plain = got.filter((line) => !line.startsWith('warning'));
  assert.deepStrictEqual(plain.slice(0, 4), Array(4).fill('string'));
  for (const line of plain.slice(4, 6)) {
    assert.match(line, /^HF_TOO_MANY_POOLS not_executed .*hoist it.*`key`/);
  }
  assert.strictEqual(plain[6], '2');
});

test('`key` names a pool whatever its functions are, and the first ones stay', async () => {
  const got = await lines(`
    const { password } = getPool().options;
    const config = target({ user: new URL(url).username, key: 'app', max: 1 });
    const ask = (name) => async () => { console.log('asked', name); return password; };
    const one = getPool({ ...config, password: ask('one') });
    const two = getPool({ ...config, password: ask('two') });
    console.log(one === two);
    const pid = await show(two);
    console.log(await inWorker(
      'const config = ' + JSON.stringify(config) + ';' +
      'const p = getPool({ ...config, password: () => "never" });' +
      'return p.query("select pg_backend_pid() as x").then((r) => r.rows[0].x)'
    ) === pid);
    const other = getPool({ ...config, key: 'other', password: ask('other') });
    console.log(await show(other) === pid);
    process.exit();`);
  assert.deepStrictEqual(got, [
    'true',
    'asked one',
    'true',
    'asked other',
    'false',
  ]);
});

test('without a key the functions of different threads are distinguished', async () => {
  const got = await lines(`
    const { password } = getPool().options;
    const config = target({ user: new URL(url).username });
    const pool = getPool({ ...config, password: async () => password });
    await show(pool);
    console.log(await inWorker(
      'const config = ' + JSON.stringify(config) + ';' +
      'const p = getPool({ ...config, password: () => "wrong" });' +
      'return p.query("select 1").then(() => "in", (e) => e.code)'));
    process.exit();`);
  // Where the server trusts, nobody's password is looked at.
  assert.ok(['28P01', 'in'].includes(got[0]), got[0]);
});

test('in development a reloaded module takes its pool over', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-reload-'));
  const file = path.join(folder, 'database.js');
  fs.writeFileSync(
    file,
    `const { getPool } = require(${JSON.stringify(`${ROOT}/lib/index.js`)});
     let asked = 0;
     const types = { getTypeParser: () => String };
     module.exports = {
       pool: () => getPool({ onConnect: 'select 1', password, max: 1 }),
       asked: () => asked,
     };
     function password() { asked += 1; return process.env.SECRET; }`,
  );
  try {
    const script = `
      const file = ${JSON.stringify(file)};
      process.env.SECRET = new URL(url).password;
      const address = new URL(url);
      address.password = '';
      process.env.DATABASE_URL = address.href;
      const first = require(file);
      const pid = await show(first.pool());
      delete require.cache[require.resolve(file)];
      const second = require(file);
      console.log(second !== first, second.pool() === first.pool());
      console.log(await show(second.pool()) === pid);
      const again = first.asked();
      await second.pool().reset();
      await show(second.pool());
      console.log(first.asked() === again, second.asked());
      process.exit();`;
    const got = await lines(script, { NODE_ENV: 'development' });
    assert.deepStrictEqual(got, ['true true', 'true', 'true 1']);
    const live = await lines(
      `const file = ${JSON.stringify(file)};
       const first = require(file);
       first.pool();
       delete require.cache[require.resolve(file)];
       console.log(require(file).pool() === first.pool());`,
      { NODE_ENV: 'production' },
    );
    assert.strictEqual(live[0], 'false');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('closures with the same text are distinguished, also in development', async () => {
  const got = await lines(
    `const { password } = getPool().options;
     const config = target({ user: new URL(url).username });
     const as = (more) => getPool({ ...config, password: async () => more });
     console.log(as(password) === as(password + 'x'));
     process.exit();`,
    { NODE_ENV: 'development' },
  );
  assert.strictEqual(got[0], 'false');
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
