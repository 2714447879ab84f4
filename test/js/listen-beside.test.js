// SPDX-License-Identifier: MIT
'use strict';

// listen() takes no connection away from the pool.

const assert = require('node:assert');
const { test } = require('node:test');

const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { Pool } = require('../../lib/pool/pool.js');
const { useServer } = require('../support/suite.js');

const server = useServer();

/** @param {Pool} pool */
async function useWhileListening(pool) {
  /** @type {string[]} */
  const received = [];
  const stop = await pool.listen('news', ({ payload }) =>
    received.push(payload),
  );
  assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
  await pool.transaction((client) =>
    Promise.resolve(client.query("notify news, 'one'")),
  );
  const client = await pool.connect();
  await client.query("notify news, 'two'");
  client.release();
  await eventually(() => received.length === 2, { what: 'both were notified' });
  assert.deepStrictEqual(received, ['one', 'two']);
  return stop;
}

test('a pool of one connection listens and runs queries', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const stop = await useWhileListening(pool);
  assert.strictEqual(pool.totalCount, 1);
  await stop();
  await eventually(
    async () => {
      const { rows } = await pool.query(
        `select count(*)::int as n from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()
            and backend_type = 'client backend'`,
      );
      return rows[0].n === 0;
    },
    { what: 'the session is gone' },
  );
  // And again.
  await (await useWhileListening(pool))();
  await pool.end();
});

test('end() ends what listens as well', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  await useWhileListening(pool);
  await pool.end();
  const other = new Pool({ connectionString: server.url, max: 1 });
  await eventually(
    async () => {
      const { rows } = await other.query(
        `select count(*)::int as n from pg_stat_activity
          where query ilike 'listen%'`,
      );
      return rows[0].n === 0;
    },
    { what: 'nobody listens' },
  );
  await other.end();
});

test('behind a pooler a pool of one connection listens on a direct connection', {
  skip: findPgBouncer() ? false : 'no pgbouncer',
}, async () => {
  const bouncer = await startPgBouncer({ server, poolMode: 'transaction' });
  const pool = new Pool({
    connectionString: bouncer.url,
    directUrl: server.url,
    max: 1,
  });
  await (await useWhileListening(pool))();
  await pool.end();
  const without = new Pool({ connectionString: bouncer.url, max: 1 });
  await assert.rejects(() => without.listen('news', () => {}), {
    code: 'HF_SESSION_REQUIRED',
  });
  assert.strictEqual((await without.query('select 1 as n')).rows[0].n, 1);
  await without.end();
  await bouncer.stop();
});

test('a connect hook prepares the session that listens, too', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 });
  let opened = 0;
  pool.on('connect', (client) => {
    opened += 1;
    client.query("set application_name to 'prepared'");
  });
  await (await useWhileListening(pool))();
  assert.strictEqual(opened, 2);
  await pool.end();
});
