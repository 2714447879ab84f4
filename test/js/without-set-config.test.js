// SPDX-License-Identifier: MIT
'use strict';

// Servers that have no set_config() and do not tell their process id, as
// Aurora DSQL: they are no proxies, and settings and readOnly hold there, too.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any[]} */
const pools = [];

before(async () => {
  await server.psql(`
    create schema tenant; create table tenant.t (a int);
    create role plain login password 'x';
    grant usage on schema tenant to plain;
    grant all on tenant.t to plain;
    revoke execute on function pg_catalog.set_config(text, text, bool) from public;
    revoke execute on function pg_catalog.pg_backend_pid() from public`);
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

/** @param {object} [options] @returns {any} */
function open(options) {
  const { host, port, database } = server;
  const pool = new Pool({
    ...{ host, port, database, user: 'plain', password: 'x' },
    max: 1,
    logger: false,
    ...options,
  });
  pools.push(pool);
  return pool;
}

test('a server that does not tell its process id is no proxy', async () => {
  const pool = open();
  await pool.query('select 1');
  assert.strictEqual(pool.stats().proxied, 0);
  const client = await pool.connect({ session: true });
  client.release();
});

test('settings hold without set_config()', async () => {
  const pool = open({ schema: 'tenant', statement_timeout: 1234 });
  const held = async () => {
    const { rows } = await pool.query(
      `select current_setting('search_path') as path,
        current_setting('statement_timeout') as timeout`,
    );
    rows[0].path = rows[0].path.replaceAll('"', '');
    assert.deepStrictEqual(rows, [{ path: 'tenant', timeout: '1234ms' }]);
  };
  await held();
  await pool.query('insert into t values (1)');
  await pool.query('discard all');
  await held();
});

test('readOnly is enforced without set_config()', async () => {
  const pool = open({ schema: 'tenant' });
  const text = 'insert into t values (2)';
  await assert.rejects(pool.query({ text, readOnly: true }), { code: '25006' });
  const read = {
    text: 'select count(*)::int as n from t where a = 2',
    readOnly: true,
  };
  assert.deepStrictEqual((await pool.query(read)).rows, [{ n: 0 }]);
  await pool.query('insert into t values (3)');
});
