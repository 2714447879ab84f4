// SPDX-License-Identifier: MIT
'use strict';

// The package where no binary fits: what works, and what the rest says.

process.env.HOLDFAST_CORE = 'wasm';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const holdfast = /** @type {any} */ (require('../../lib/index.js'));

const ROOT = path.join(__dirname, '..', '..');
const TARGET = { host: '127.0.0.1', user: 'u', database: 'd' };
const REFUSED = {
  code: 'HF_NO_BINARY',
  outcome: 'permanent',
  message: /^pg-holdfast: HOLDFAST_CORE=wasm is set, .*: unset it/,
};

test('a pool can be made, and what is asked of it rejects', async () => {
  const pool = new holdfast.Pool(TARGET);
  await assert.rejects(pool.query('select 1'), REFUSED);
  await assert.rejects(pool.connect(), REFUSED);
  await assert.rejects(
    pool.transaction(() => {}),
    REFUSED,
  );
  await assert.rejects(pool.warmup({ failFast: true }), REFUSED);
  await assert.rejects(pool.reset(), REFUSED);
  assert.strictEqual(pool.totalCount, 0);
  assert.strictEqual(pool.stats().queries, 0);
  await pool.end();
  assert.strictEqual(pool.ended, true);
});

test('callbacks get the reason, too', async () => {
  const pool = new holdfast.Pool(TARGET);
  const told = await Promise.all([
    new Promise((resolve) => pool.query('select 1', resolve)),
    new Promise((resolve) => pool.connect(resolve)),
  ]);
  assert.deepStrictEqual(
    told.map((error) => /** @type {any} */ (error).code),
    ['HF_NO_BINARY', 'HF_NO_BINARY'],
  );
  await pool.end();
});

test('its options are checked all the same', () => {
  assert.throws(
    () => new holdfast.Pool({ ...TARGET, maks: 1 }),
    /did you mean max/,
  );
});

test('its health is down, and says why', async () => {
  const pool = new holdfast.Pool(TARGET);
  const health = await pool.health();
  assert.strictEqual(health.status, 'down');
  assert.strictEqual(health.lastError.code, 'HF_NO_BINARY');
  await pool.end();
});

test('a helper around it does not repeat', async () => {
  const pool = new holdfast.Pool(TARGET);
  let calls = 0;
  await assert.rejects(
    holdfast.retryQuery(() => {
      calls += 1;
      return pool.query('select 1');
    }),
    REFUSED,
  );
  assert.strictEqual(calls, 1);
  assert.strictEqual(
    holdfast.classify(await pool.query('x').catch((e) => e)).outcome,
    'permanent',
  );
  await pool.end();
});

test('where WebAssembly is off, too, the reason is still the binary', () => {
  const script = `
    delete globalThis.WebAssembly;
    const { retryQuery } = require(${JSON.stringify(ROOT)});
    retryQuery(() => 1).catch((error) => process.stdout.write(error.code));`;
  const told = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, HOLDFAST_CORE: 'wasm' },
  });
  assert.strictEqual(told, 'HF_NO_BINARY');
});
