// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { attachDatabasePool } = require('@vercel/functions');
const { onBoth } = require('./common.js');

/** Where the platform keeps the context of the current request. */
const CONTEXT = Symbol.for('@vercel/request-context');

const IDLE_MILLIS = 200;

/** @param {any} pool */
async function isKeptAwake(pool) {
  /** @type {Promise<unknown>[]} */
  const waits = [];
  process.env.VERCEL_URL = 'app.example';
  process.env.VERCEL_REGION = 'here';
  Object.assign(globalThis, {
    [CONTEXT]: {
      get: () => ({
        waitUntil: (/** @type {Promise<unknown>} */ wait) => waits.push(wait),
      }),
    },
  });
  attachDatabasePool(pool);
  assert.equal(pool.options.idleTimeoutMillis, IDLE_MILLIS);
  await pool.query('select 1');
  assert.equal(waits.length, 1);
  const client = await pool.connect();
  await client.query('select 1');
  assert.equal(waits.length, 1, 'a connection held is no idle one');
  client.release();
  assert.equal(waits.length, 2);
  assert.equal(await waits[0], undefined, 'the later release took its place');
  assert.equal(await waits[1], undefined, 'idle connections are gone by now');
}

onBoth('attachDatabasePool keeps the function awake', isKeptAwake, {
  idleTimeoutMillis: IDLE_MILLIS,
});
