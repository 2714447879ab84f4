// SPDX-License-Identifier: MIT
'use strict';

// What calls take as options, and what they refuse. No server is needed:
// what is wrong is told before anything is sent.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');

/** @returns {any} */
function open() {
  return new Pool({ host: '127.0.0.1', port: 1, user: 'u', logger: false });
}

/**
 * @param {Promise<unknown>} call
 * @param {RegExp} message
 */
function refused(call, message) {
  return assert.rejects(call, { name: 'TypeError', message });
}

test('flags of a call are booleans, and nothing else', async () => {
  const pool = open();
  for (const value of ['false', 'true', 0, 1, {}]) {
    for (const key of ['idempotent', 'readOnly', 'exactlyOnce']) {
      const call = pool.query({ text: 'select 1', [key]: value });
      await refused(call, new RegExp(`^${key} must be true or false`));
    }
    for (const key of ['readOnly', 'deferrable', 'exactlyOnce']) {
      const call = pool.transaction(() => {}, { [key]: value });
      await refused(call, new RegExp(`^${key} must be true or false`));
    }
    await refused(pool.connect({ session: value }), /^session must be true or/);
  }
  await pool.end();
});

test('maxRetries of a call is a whole number', async () => {
  const pool = open();
  for (const maxRetries of [-1, 1.5, '2', Number.NaN, Infinity, true]) {
    const call = pool.query({ text: 'select 1', retry: { maxRetries } });
    await refused(call, /^retry\.maxRetries must be a whole number/);
  }
  for (const retry of ['no', 3, []]) {
    const call = pool.query({ text: 'select 1', retry });
    await refused(call, /^retry must be true, false or/);
  }
  await pool.end();
});

test('unknown options are refused by name', async () => {
  const pool = open();
  await refused(
    pool.query({ text: 'select 1', retry: { maxRetrys: 1 } }),
    /unknown option of retry: maxRetrys.*maxRetries/,
  );
  await refused(pool.connect({ sesion: true }), /of connect\(\): sesion/);
  await refused(
    pool.transaction(() => {}, { readonly: true }),
    /of transaction\(\): readonly/,
  );
  await refused(
    pool.listen('x', () => {}, { onReconect: () => {} }),
    /of listen\(\): onReconect/,
  );
  await pool.end();
});
