// SPDX-License-Identifier: MIT
'use strict';

// Functions in a pool's configuration, and whether getPool() gives the same pool
// for them.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { linesOf } = require('../support/get-pool-script.js');
const { useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');

const server = useServer();

/** @param {string} script @param {Record<string, string | undefined>} [env] */
const lines = (script, env) => linesOf(server, script, env);

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
