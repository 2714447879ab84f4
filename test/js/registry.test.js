// SPDX-License-Identifier: MIT
'use strict';

// getPool(): one pool per process.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { getPool } = require('../../lib/process/registry.js');
const { useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');

const server = useServer();

/**
 * Runs a script in a process of its own; returns the lines it prints.
 * @param {string} script
 * @param {string[]} [flags]
 * @returns {string[]}
 */
function runScript(script, flags = []) {
  const out = execFileSync(process.execPath, [...flags, '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: server.url },
    timeout: 20000,
  });
  return out.trim().split('\n');
}

test('the same target gives the same handle, until it is ended', async () => {
  const first = getPool({ connectionString: server.url });
  assert.strictEqual(getPool({ connectionString: server.url }), first);
  assert.strictEqual((await first.query('select 1 as n')).rows[0].n, 1);
  await first.end();
  const second = getPool({ connectionString: server.url });
  assert.notStrictEqual(second, first);
  assert.strictEqual((await second.query('select 2 as n')).rows[0].n, 2);
  await second.end();
});

test('two URL objects of two databases give two handles', async () => {
  const url = new URL(server.url);
  const first = getPool(url);
  url.pathname = '/other';
  const second = getPool(new URL(url));
  assert.notStrictEqual(first, second);
  assert.strictEqual(second.options.database, 'other');
  await Promise.all([first.end(), second.end()]);
});

test('another database gives another handle', async () => {
  const first = getPool({ connectionString: server.url });
  const second = getPool({ connectionString: server.url, database: 'other' });
  assert.notStrictEqual(first, second);
  await Promise.all([first.end(), second.end()]);
});

test('a helper from before a reload is joined by a pool from after it', () => {
  const lines = runScript(`
    const one = require('./lib/index.js');
    for (const file of Object.keys(require.cache)) {
      if (!file.endsWith('.node')) delete require.cache[file];
    }
    const two = require('./lib/index.js');
    const pool = new two.Pool();
    const conflict = () =>
      Object.assign(new Error('conflict'), { code: '40001', severity: 'ERROR' });
    (async () => {
      await pool.query('create table if not exists reloaded (n int)');
      let calls = 0;
      await one.retryQuery(() => {
        calls += 1;
        return pool.query('insert into reloaded values (1)').then(() => {
          throw conflict();
        });
      }).catch(() => {});
      console.log(calls);
      let inner;
      await one.retryQuery(() => {
        inner = pool.query('select pg_sleep(8)');
        return inner;
      }, { deadlineMillis: 300 }).catch(() => {});
      console.log(await inner.then(() => 'slept', (error) => error.code));
      await pool.end();
    })();`);
  assert.strictEqual(lines[0], '1');
  // By the deadline it shares or, on a machine that is late, by the signal.
  assert.match(lines[1], /^HF_(DEADLINE|ABORTED)$/);
});

test('the handle outlives the module cache', () => {
  const lines = runScript(`
    const first = require('./lib/index.js').getPool();
    for (const file of Object.keys(require.cache)) {
      if (!file.endsWith('.node')) delete require.cache[file];
    }
    const again = require('./lib/index.js');
    console.log(again.getPool() === first);`);
  assert.deepStrictEqual(lines, ['true']);
});

test('exporters that are loaded anew show older pools', () => {
  const lines = runScript(`
    const { getPool } = require('./lib/index.js');
    const pool = getPool();
    (async () => {
      await pool.query('select 1');
      for (const file of Object.keys(require.cache)) {
        if (!file.endsWith('.node')) delete require.cache[file];
      }
      const again = require('./lib/index.js');
      console.log(again.getPool() === pool);
      for (const text of [
        again.prometheusText(),
        again.prometheusText([pool]),
      ]) {
        console.log(/^holdfast_queries_total\\{.*\\} 1$/m.test(text));
      }
      await again.getPool().end();
      console.log(/^holdfast_queries_total\\{/m.test(again.prometheusText()));
    })();`);
  assert.deepStrictEqual(lines, ['true', 'true', 'true', 'false']);
});

test('a pool that a thread suspended goes on when that thread has gone', () => {
  const lines = runScript(`
    const { Worker } = require('node:worker_threads');
    const { getPool } = require('./lib/index.js');
    const pool = getPool();
    const run = async (how) => {
      const worker = new Worker(\`
        const { parentPort } = require('node:worker_threads');
        const { getPool } = require('./lib/index.js');
        const pool = getPool();
        parentPort.once('message', async () => {
          await pool.end();
        });
        (async () => {
          await pool.query('select 1');
          await pool.suspend();
          parentPort.postMessage('suspended');
        })();\`, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      console.log(pool.stats().suspended);
      const call = pool.query('select 1');
      if (how === 'end') worker.postMessage('end');
      else await worker.terminate();
      await call;
      console.log(pool.stats().suspended);
    };
    (async () => {
      await pool.query('select 1');
      await run('end');
      await run('terminate');
      await pool.end();
    })();`);
  assert.deepStrictEqual(lines, ['1', '0', '1', '0']);
});

test('the environment is looked at anew at every call', () => {
  const lines = runScript(`
    const { getPool } = require('./lib/index.js');
    const first = getPool();
    console.log(getPool() === first);
    const url = new URL(process.env.DATABASE_URL);
    url.pathname = '/another';
    process.env.DATABASE_URL = url.href;
    console.log(getPool() === first, getPool().options.database);`);
  assert.deepStrictEqual(lines, ['true', 'false another']);
});

test('import and require give the same handle', () => {
  const lines = runScript(`
    import('./lib/index.mjs').then((esm) => {
      console.log(esm.getPool() === require('./lib/index.js').getPool());
    });`);
  assert.deepStrictEqual(lines, ['true']);
});

test('other options for the same target warn once, naming them', () => {
  const lines = runScript(`
    process.on('warning', (w) => console.log(w.code, w.message));
    const { getPool } = require('./lib/index.js');
    getPool({ max: 3 });
    getPool({ max: 4, idleTimeoutMillis: 5 });
    getPool({ max: 4, idleTimeoutMillis: 5 });`);
  assert.strictEqual(lines.length, 1);
  assert.match(lines[0], /^HF_OPTIONS_DIFFER .*\(max\)/);
});

test('worker threads share one pool, and are warned of differing options', () => {
  const lines = runScript(`
    const { Worker } = require('node:worker_threads');
    const { getPool } = require('./lib/index.js');
    const pool = getPool({ max: 1 });
    process.on('warning', (w) => console.log(w.code));
    const pid = async (from) =>
      (await from.query('select pg_backend_pid() as pid')).rows[0].pid;
    (async () => {
      const mine = await pid(pool);
      const worker = new Worker(\`
        const { parentPort } = require('node:worker_threads');
        process.on('warning', (w) => parentPort.postMessage(w.message));
        const { getPool } = require('./lib/index.js');
        const pool = getPool({ max: 2 });
        (async () => {
          const { rows } = await pool.query('select pg_backend_pid() as pid');
          parentPort.postMessage(rows[0].pid);
          await pool.end();
        })();\`, { eval: true });
      worker.on('message', (m) =>
        console.log(typeof m === 'string' ? m : m === mine));
      await new Promise((resolve) => worker.on('exit', resolve));
      console.log(await pid(pool) === mine);
      await pool.end();
    })();`);
  assert.strictEqual(lines.filter((line) => line === 'true').length, 2);
  const told = lines.filter((line) => line.includes('other options'));
  assert.strictEqual(told.length, 1, lines.join('\n'));
  assert.match(told[0], /\(max\)/);
});

test('a second installed copy causes one warning, with both paths', () => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-copy-'));
  try {
    fs.cpSync(path.join(ROOT, 'lib'), path.join(copy, 'lib'), {
      recursive: true,
    });
    fs.copyFileSync(
      path.join(ROOT, 'package.json'),
      path.join(copy, 'package.json'),
    );
    fs.mkdirSync(path.join(copy, 'build/Release'), { recursive: true });
    fs.symlinkSync(
      path.join(ROOT, 'build/Release/holdfast.node'),
      path.join(copy, 'build/Release/holdfast.node'),
    );
    const lines = runScript(`
      process.on('warning', (w) => console.log(w.code, w.message));
      require('./lib/index.js').getPool();
      require(${JSON.stringify(path.join(copy, 'lib/index.js'))}).getPool();`);
    assert.strictEqual(lines.length, 1);
    assert.match(lines[0], /^HF_TWO_COPIES /);
    assert.ok(lines[0].includes(copy) && lines[0].includes(ROOT));
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
});

test('requiring the package defines nothing enumerable on globalThis', () => {
  const lines = runScript(`
    const before = Object.keys(globalThis).length;
    require('./lib/index.js').getPool();
    console.log(Object.keys(globalThis).length - before);`);
  assert.deepStrictEqual(lines, ['0']);
});
