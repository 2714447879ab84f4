// SPDX-License-Identifier: MIT
'use strict';

// What nobody holds any more is ended when it is idle, and keeps nothing.
// These tests run with --expose-gc.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { useServer } = require('../support/suite.js');

const INDEX = path.join(__dirname, '../../lib/index.js');
const run = promisify(execFile);

const server = useServer();

const PRELUDE = `
  const { getPool, Pool } = require(process.env.HOLDFAST);
  const url = process.env.DATABASE_URL;
  const admin = new Pool(url + '?application_name=admin');
  const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
  const count = async (name) => (await admin.query(
    'select count(*)::int as n from pg_stat_activity where application_name = $1',
    [name])).rows[0].n;
  const gone = async (name) => {
    for (let i = 0; i < 500; i++) {
      gc();
      await turn();
      if (await count(name) === 0) return 'gone';
    }
    return 'still there';
  };
`;

/**
 * @param {string} script
 * @returns {Promise<string[]>}
 */
async function lines(script) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-collected-'));
  const file = path.join(folder, 'script.js');
  fs.writeFileSync(file, `${PRELUDE}(async () => {${script}})();`);
  try {
    const { stdout } = await run(process.execPath, ['--expose-gc', file], {
      env: { ...process.env, DATABASE_URL: server.url, HOLDFAST: INDEX },
      timeout: 60000,
    });
    return stdout.trim().split('\n');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('a pool that was garbage-collected is ended', async () => {
  const got = await lines(`
    const options = { application_name: 'dropped', idleTimeoutMillis: 0, max: 2 };
    await (async () => {
      const pool = new Pool({ connectionString: url, ...options });
      await pool.query('select 1');
      console.log(await count('dropped'));
    })();
    console.log(await gone('dropped'));
    await admin.end();`);
  assert.deepStrictEqual(got, ['1', 'gone']);
});

test('a shared pool ends with the function it was requested with', async () => {
  const got = await lines(`
    const options = { application_name: 'inline', idleTimeoutMillis: 0 };
    for (let i = 0; i < 12; i++) {
      await (async () => {
        const types = { getTypeParser: () => String };
        await getPool({ ...options, types }).query('select 1');
      })();
      for (let k = 0; k < 5; k++) { gc(); await turn(); }
    }
    console.log(await gone('inline'));
    await admin.end();`);
  assert.deepStrictEqual(got, ['gone']);
});

test('a shared pool stays while its function is reachable', async () => {
  const got = await lines(`
    const types = { getTypeParser: () => String };
    const options = { application_name: 'hoisted', idleTimeoutMillis: 0, types };
    const pid = async () => (await getPool(options).query(
      'select pg_backend_pid() as n')).rows[0].n;
    const before = await pid();
    for (let k = 0; k < 20; k++) { gc(); await turn(); }
    console.log(before === await pid());
    await getPool(options).end();
    await admin.end();`);
  assert.deepStrictEqual(got, ['true']);
});

test('work under way and clients that are out keep a pool', async () => {
  const got = await lines(`
    const call = (() => new Pool(url).query("select 'done' as t from pg_sleep(0.5)"))();
    let heard;
    await (async () => {
      await new Pool(url).listen('news', (m) => { heard = m.payload; });
    })();
    const client = await (() => new Pool(url).connect())();
    for (let k = 0; k < 20; k++) { gc(); await turn(); }
    console.log((await call).rows[0].t);
    console.log((await client.query("select 'held' as t")).rows[0].t);
    await admin.query("notify news, 'heard'");
    for (let k = 0; k < 200 && heard === undefined; k++) await turn();
    console.log(heard);
    process.exit();`);
  assert.deepStrictEqual(got, ['done', 'held', 'heard']);
});

test('loading the modules again and again leaks little', async () => {
  const got = await lines(`
    const load = async () => {
      for (const file of Object.keys(require.cache)) {
        if (!file.endsWith('.node')) delete require.cache[file];
      }
      module.children.length = 0;
      const { Pool } = require(process.env.HOLDFAST);
      const pool = new Pool(url);
      await pool.query('select 1');
      await pool.end();
    };
    const used = async () => {
      for (let k = 0; k < 5; k++) { gc(); await turn(); }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    for (let i = 0; i < 5; i++) await load();
    const before = await used();
    for (let i = 0; i < 20; i++) await load();
    const kept = Math.round((await used() - before) / 20 / 1024);
    console.log(kept < 200 ? 'little' : kept);
    await admin.end();`);
  assert.deepStrictEqual(got, ['little']);
});

test('warmup() in a loop leaks nothing', async () => {
  const got = await lines(`
    const pool = new Pool(url);
    const many = async (n) => {
      for (let i = 0; i < n; i++) await pool.warmup();
      gc();
      return process.memoryUsage().heapUsed;
    };
    const before = await many(500);
    console.log(await many(5000) - before < 700 * 1024);
    await pool.end();
    await admin.end();`);
  assert.deepStrictEqual(got, ['true']);
});
