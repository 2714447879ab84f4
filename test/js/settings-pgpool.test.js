// SPDX-License-Identifier: MIT
'use strict';

// pgpool-II tells the server's true process id, and in some modes breaks what
// leaves in one flight into several transactions.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { promisify } = require('node:util');

const { Pool } = require('../../lib/index.js');
const { startPostgres } = require('../support');
const { findPgpool, startPgpool } = require('../support/pgpool.js');

const skip = findPgpool() === null && 'pgpool-II is not installed';

const MODES = ['raw', 'native_replication', 'slony', 'streaming_replication'];

describe('settings and readOnly through pgpool-II', { skip }, () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres({ auth: 'trust' });
    await server.psql(`create schema tenant; create table tenant.t (a int);
      create table public.t (a int)`);
  });
  after(() => server?.stop());

  for (const mode of MODES) {
    for (const pooler of ['auto', 'transaction', 'session']) {
      test(`they hold in mode ${mode} with pooler ${pooler}`, async () => {
        const pgpool = await startPgpool({ server, mode });
        const pool = /** @type {any} */ (
          new Pool(
            /** @type {any} */ ({
              connectionString: pgpool.url,
              pooler,
              schema: 'tenant',
              statement_timeout: 2000,
              max: 2,
              logger: false,
            }),
          )
        );
        const show = `select current_setting('search_path') as path,
          current_setting('statement_timeout') as timeout`;
        const held = [{ path: '"tenant"', timeout: '2s' }];
        for (let i = 0; i < 5; i++) {
          assert.deepStrictEqual((await pool.query(show)).rows, held);
        }
        await assert.rejects(
          pool.query({ text: 'insert into t values (2)', readOnly: true }),
          { code: '25006' },
        );
        await pool.transaction(async (/** @type {any} */ tx) => {
          assert.deepStrictEqual((await tx.query(show)).rows, held);
        });
        const several = await pool.query(`select 1; ${show}`);
        assert.deepStrictEqual(several.at(-1).rows, held);
        await pool.end();
        await pgpool.stop();
        const left = await server.psql(`select (select count(*) from public.t),
          (select count(*) from tenant.t)`);
        assert.strictEqual(left, '0|0');
      });
    }
  }

  test('they hold on every node that pgpool balances reads over', async () => {
    const other = await startPostgres({ auth: 'trust' });
    await other.psql('create schema tenant');
    const pgpool = await startPgpool({
      server,
      servers: [server, other],
      mode: 'streaming_replication',
    });
    const pool = new Pool({
      connectionString: pgpool.url,
      schema: 'tenant',
      statement_timeout: 2000,
      max: 4,
      logger: false,
    });
    const ask = () =>
      pool.query(`select current_setting('search_path') as path,
        current_setting('statement_timeout') as timeout,
        inet_server_port() as port`);
    const answers = await Promise.all(Array.from({ length: 200 }, ask));
    const rows = answers.flatMap((answer) => answer.rows);
    const ports = new Set(rows.map(({ port }) => port));
    assert.deepStrictEqual(ports, new Set([server.port, other.port]));
    for (const { path: searched, timeout } of rows) {
      assert.deepStrictEqual([searched, timeout], ['"tenant"', '2s']);
    }
    await pool.end();
    await pgpool.stop();
    await other.stop();
  });

  test('doctor names pgpool-II', async () => {
    const pgpool = await startPgpool({ server });
    const { stdout } = await promisify(execFile)(process.execPath, [
      path.join(__dirname, '../../cli/main.js'),
      'doctor',
      pgpool.url,
      '--json',
      '--quiet',
    ]).catch((error) => error);
    await pgpool.stop();
    const { pooler } = JSON.parse(stdout);
    assert.strictEqual(pooler.product, 'pgpool-II');
    assert.match(pooler.version, /^\d/);
    assert.strictEqual(pooler.mode, 'session');
  });
});
