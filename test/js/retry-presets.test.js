// SPDX-License-Identifier: MIT
'use strict';

// The presets around real conflicts: a transaction that read what another one
// has changed since.

const assert = require('node:assert');
const { after, test } = require('node:test');
const pg = require('pg');

const { Pool, retryQuery } = require('../../lib/index.js');
const { eventually } = require('../support');
const { before, useServer } = require('../support/suite.js');

/** What each waits before its repetitions, in ms. */
const DELAYS = {
  fast: [20],
  linear: [100, 200, 300],
  serverless: [500, 1000],
};

const server = useServer();

before(async () => {
  await server.psql('create table stock (n int); insert into stock values (0)');
});

after(async () => {
  // pg's end() does not wait for its sockets, and their errors have no listener.
  await eventually(async () => (await server.backends()).length === 0);
});

/**
 * A transaction that meets a conflict as often as it is told to.
 * @param {any} pool
 * @param {number} conflicts
 */
function makeUpdate(pool, conflicts) {
  let attempts = 0;
  return async () => {
    attempts += 1;
    const client = await pool.connect();
    try {
      await client.query('begin isolation level repeatable read');
      await client.query('select n from stock');
      if (attempts <= conflicts) {
        await server.psql('update stock set n = n + 1');
      }
      await client.query('update stock set n = n + 1');
      await client.query('commit');
      return attempts;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
}

for (const [preset, delays] of Object.entries(DELAYS)) {
  for (const Driver of [Pool, pg.Pool]) {
    const name = Driver === Pool ? 'our pool' : 'pg';
    test(`${preset} waits its delays exactly, around ${name}`, async () => {
      const pool = new Driver({ connectionString: server.url });
      /** @type {any[]} */
      const events = [];
      const options = {
        preset: /** @type {any} */ (preset),
        onRetry: (/** @type {any} */ event) => events.push(event),
      };
      try {
        const work = makeUpdate(pool, delays.length);
        const began = performance.now();
        assert.strictEqual(await retryQuery(work, options), delays.length + 1);
        const waited = delays.reduce((sum, delay) => sum + delay, 0);
        assert.ok(performance.now() - began >= waited - delays.length);
        const seen = events.map(({ delayMillis }) => delayMillis);
        assert.deepStrictEqual(seen, delays);
        for (const { error, outcome } of events) {
          assert.strictEqual(error.code, '40001');
          assert.strictEqual(outcome, 'rolled_back');
        }
        // One conflict more is told.
        await assert.rejects(
          retryQuery(makeUpdate(pool, delays.length + 1), { preset: 'fast' }),
          { code: '40001' },
        );
      } finally {
        await pool.end();
      }
    });
  }
}
