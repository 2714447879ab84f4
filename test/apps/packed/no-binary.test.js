// SPDX-License-Identifier: MIT
// Runs inside the bare root without the platform package, as after
// `npm install --omit=optional`.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Pool, classify, presets, retryQuery } = require('pg-holdfast');

test('the pool says what is missing and what helps', async () => {
  const pool = new Pool({ connectionString: 'postgres://127.0.0.1/x' });
  await assert.rejects(pool.query('select 1'), (/** @type {any} */ error) => {
    assert.equal(error.code, 'HF_NO_BINARY');
    assert.match(error.message, /pg-holdfast-linux-x64/);
    assert.match(error.message, /npm install/);
    return true;
  });
});

test('the helpers work all the same', async () => {
  const lost = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  assert.equal(classify(lost).outcome, 'not_executed');
  assert.ok(presets.fast);
  let calls = 0;
  const answer = await retryQuery(() => {
    calls += 1;
    return calls === 1 ? Promise.reject(lost) : Promise.resolve('there');
  });
  assert.equal(answer, 'there');
});
