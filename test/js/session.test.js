// SPDX-License-Identifier: MIT
'use strict';

// Sessions past a pooler, and passwords that change while a pool lives.

const assert = require('node:assert');
const { afterEach, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, findPgBouncer } = require('../support');
const { usePgBouncer, useServer } = require('../support/suite.js');

const VARIABLES = [
  'DATABASE_URL',
  'SUPABASE_DATABASE_URL',
  'DIRECT_URL',
  'DIRECT_DATABASE_URL',
];

const server = useServer();
const environment = VARIABLES.map((name) => [name, process.env[name]]);

afterEach(() => {
  for (const [name, value] of environment) {
    if (value === undefined) {
      delete process.env[String(name)];
    } else {
      process.env[String(name)] = value;
    }
  }
});

/** @param {object} options @returns {any} */
function open(options) {
  return new Pool(/** @type {any} */ (options));
}

test('a pool without a pooler gives a session on its own connection', async () => {
  const pool = open({ connectionString: server.url, max: 1 });
  const client = await pool.connect({ session: true });
  await client.query('select pg_advisory_lock(1)');
  client.release();
  assert.strictEqual(pool.totalCount, 1);
  await pool.end();
});

test('SUPABASE_DATABASE_URL is read where DATABASE_URL is not set', async () => {
  delete process.env.DATABASE_URL;
  process.env.SUPABASE_DATABASE_URL = server.url;
  const pool = open({});
  assert.strictEqual(pool.options.port, server.port);
  await pool.query('select 1');
  await pool.end();
  process.env.DATABASE_URL = server.urlFor({ database: 'other' });
  const first = open({});
  assert.strictEqual(first.options.database, 'other');
  await first.end();
});

test('a password function is asked for each new connection', async () => {
  await server.psql("create role rotating login password 'one'");
  let password = 'one';
  let asked = 0;
  const { host, port, database } = server;
  const pool = open({
    ...{ host, port, database, user: 'rotating', max: 2 },
    password: async () => {
      asked += 1;
      await null;
      return password;
    },
  });
  const pidOf = async (/** @type {any} */ client) =>
    (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
  const old = await pool.connect();
  const oldPid = await pidOf(old);
  await server.psql("alter role rotating password 'two'");
  password = 'two';
  assert.strictEqual(await pidOf(old), oldPid);
  const other = await pool.connect();
  assert.notStrictEqual(await pidOf(other), oldPid);
  assert.strictEqual(asked, 2);
  other.release();
  old.release();
  assert.doesNotMatch(JSON.stringify(pool.options), /two/);
  await pool.end();
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('behind PgBouncer', { skip }, () => {
  const bouncer = skip ? undefined : usePgBouncer({ server });

  test('a session without a direct URL is refused, naming the variable', async () => {
    delete process.env.DIRECT_URL;
    delete process.env.DIRECT_DATABASE_URL;
    const pool = open({ connectionString: bouncer.url });
    await assert.rejects(pool.connect({ session: true }), {
      code: 'HF_SESSION_REQUIRED',
      message: /DIRECT_URL/,
      outcome: 'not_executed',
    });
    await pool.end();
  });

  for (const name of ['DIRECT_URL', 'DIRECT_DATABASE_URL', 'directUrl']) {
    test(`${name} gives a session on a direct connection`, async () => {
      delete process.env.DIRECT_URL;
      delete process.env.DIRECT_DATABASE_URL;
      const given = name === 'directUrl' ? { directUrl: server.url } : {};
      if (name !== 'directUrl') {
        process.env[name] = server.url;
      }
      const pool = open({ connectionString: bouncer.url, ...given });
      await pool.query('select 1');
      const client = await pool.connect({ session: true });
      /** @type {string[]} */
      const notified = [];
      client.on('notification', (/** @type {any} */ { payload }) => {
        notified.push(payload);
      });
      await client.query('listen seeds');
      await pool.query("select pg_notify('seeds', 'hello')");
      await eventually(() => notified.length === 1);
      assert.deepStrictEqual(notified, ['hello']);
      client.release();
      await pool.end();
      const where = "query ilike '%listen seeds%'";
      await eventually(async () => (await server.backends(where)).length === 0);
    });
  }

  test('a session on a direct connection has the settings of the pool', async () => {
    const pool = open({
      connectionString: bouncer.url,
      directUrl: server.url,
      schema: 'mine',
      statement_timeout: 4321,
    });
    await pool.query('select 1');
    const client = await pool.connect({ session: true });
    const { rows } = await client.query(
      "select current_setting('search_path') as path, " +
        "current_setting('statement_timeout') as timeout",
    );
    assert.deepStrictEqual(rows, [{ path: '"mine"', timeout: '4321ms' }]);
    client.release();
    await pool.end();
  });

  test('a direct URL that leads to the pooler, or elsewhere, is refused', async () => {
    process.env.DIRECT_URL = bouncer.url;
    const again = open({ connectionString: bouncer.url });
    await assert.rejects(again.connect({ session: true }), {
      code: 'HF_SESSION_REQUIRED',
      message: /leads to a pooler, too/,
    });
    await again.end();
    process.env.DIRECT_URL = server.urlFor({ database: 'other' });
    const elsewhere = open({ connectionString: bouncer.url });
    await assert.rejects(elsewhere.connect({ session: true }), {
      code: 'HF_SESSION_REQUIRED',
      message: /leads to database other/,
    });
    await elsewhere.end();
  });
});
