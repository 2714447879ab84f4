// SPDX-License-Identifier: MIT
'use strict';

// getPool({fallback: 'pg'}) where no binary fits.

// Before anything is loaded: it is looked at once.
process.env.HOLDFAST_CORE = 'wasm';

const assert = require('node:assert');
const { after, before, test } = require('node:test');

const pg = require('pg');
const holdfast = /** @type {any} */ (require('../../lib/index.js'));
const { pgConfig } = require('../../lib/fallback/config.js');
const { resolveOptions } = require('../../lib/options/options.js');
const { startPostgres, startProxy } = require('../support/index.js');

/** @type {any} */
let server;
before(async () => {
  server = await startPostgres({ tls: true });
});
after(() => server.stop());

/** @param {object} [options] */
function fallback(options) {
  return holdfast.getPool({
    connectionString: server.url,
    fallback: 'pg',
    ...options,
  });
}

test("the pool is pg's own, the same every time, until it is ended", async () => {
  const pool = fallback();
  assert.ok(pool instanceof pg.Pool);
  assert.strictEqual(fallback(), pool);
  const { rows } = await pool.query('select $1::int as n', [7]);
  assert.deepStrictEqual(rows, [{ n: 7 }]);
  await pool.end();
  const next = fallback();
  assert.notStrictEqual(next, pool);
  await next.end();
});

test('without the option, the pool of the same target rejects', async () => {
  const pool = holdfast.getPool({ connectionString: server.url });
  await assert.rejects(pool.query('select 1'), { code: 'HF_NO_BINARY' });
  const other = fallback();
  assert.ok(other instanceof pg.Pool);
  await other.end();
  await pool.end();
});

test('the helpers repeat what was rolled back there', async () => {
  const pool = fallback();
  let calls = 0;
  const value = await holdfast.withTransactionRetry(
    async () => {
      calls += 1;
      const client = await pool.connect();
      try {
        const code = calls === 1 ? '40001' : '00000';
        await client.query(
          `do $$ begin if '${code}' <> '00000' then
             raise exception using errcode = '${code}';
           end if; end $$`,
        );
        return calls;
      } finally {
        client.release();
      }
    },
    { baseMillis: 0 },
  );
  assert.strictEqual(value, 2);
  await pool.end();
});

test('a lost connection does not end the process, held or idle', async () => {
  const pool = fallback();
  const client = await pool.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const lost = new Promise((resolve) => client.once('end', resolve));
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await lost;
  client.release(true);
  await pool.end();
});

test('options become those of pg', async () => {
  const pool = fallback({
    schema: 'my schema',
    onConnect: "set work_mem = '5MB'",
    statementTimeoutMillis: 4000,
    application_name: 'fallback test',
    ssl: { ca: server.ca, servername: undefined },
    host: 'localhost',
    max: 3,
  });
  const { rows } = await pool.query(
    `select current_setting('search_path') as path,
       current_setting('work_mem') as memory,
       current_setting('statement_timeout') as timeout,
       current_setting('application_name') as name,
       (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls`,
  );
  assert.deepStrictEqual(rows, [
    {
      path: '"my schema"',
      memory: '5MB',
      timeout: '4s',
      name: 'fallback test',
      tls: true,
    },
  ]);
  assert.strictEqual(pool.options.max, 3);
  await pool.end();
});

test('TLS is never weaker than what the options say', () => {
  const tls = (/** @type {object} */ given) =>
    /** @type {any} */ (
      pgConfig(
        resolveOptions({ user: 'u', database: 'd', ...given }, { env: {} }),
      ).ssl
    );
  const away = { host: 'db.example.com' };
  assert.strictEqual(tls({ host: 'localhost' }), false);
  assert.strictEqual(tls({ ...away, ssl: false }), false);
  assert.strictEqual(tls(away).rejectUnauthorized, false);
  assert.strictEqual(tls({ ...away, ssl: true }).rejectUnauthorized, true);
  const named = tls({ ...away, ssl: 'verify-ca' });
  assert.strictEqual(named.rejectUnauthorized, true);
  assert.strictEqual(named.checkServerIdentity(), undefined);
  const url = 'postgresql://u@db.example.com/d?sslmode=require';
  assert.strictEqual(tls({ connectionString: url }).rejectUnauthorized, false);
  const given = { connectionString: `${url}&sslrootcert=${server.caFile}` };
  assert.strictEqual(tls(given).rejectUnauthorized, true);
  assert.strictEqual(tls(given).ca, server.ca);
  const own = { host: '10.0.0.1', ssl: { servername: 'db.example.com' } };
  assert.strictEqual(tls(own).servername, 'db.example.com');
  const tunnel = { host: 'localhost', ssl: { servername: 'db.example.com' } };
  assert.strictEqual(tls(tunnel).servername, 'db.example.com');
  const checkServerIdentity = () => new Error('no');
  const asking = tls({ ...away, ssl: { checkServerIdentity } });
  assert.strictEqual(asking.checkServerIdentity, checkServerIdentity);
});

test('what pg cannot do is refused by name', () => {
  assert.throws(
    () => fallback({ host: 'a,b', connectionString: undefined, user: 'u' }),
    /one host/,
  );
  assert.throws(() => fallback({ fallback: 'mysql' }), /'pg' or false/);
  for (const asked of ['channel_binding=require', 'require_auth=md5']) {
    const connectionString = `${server.url}?${asked}`;
    assert.throws(() => fallback({ connectionString }), {
      name: 'TypeError',
      message: new RegExp(`cannot keep ${asked.split('=')[0]}`),
    });
  }
});

test('health and warm-up ask it; what it cannot do rejects', async () => {
  const pool = fallback();
  const health = await holdfast.healthCheck();
  assert.strictEqual(health.status, 'up');
  assert.strictEqual(health.role, 'primary');
  assert.strictEqual((await holdfast.warmup()).ok, true);
  const refused = { code: 'HF_NO_BINARY', message: /native pool/ };
  await assert.rejects(holdfast.resetDatabaseConnections(), refused);
  await assert.rejects(holdfast.clearPreparedStatements(), refused);
  await pool.drain();
  assert.strictEqual(pool.ended, true);
});

test('health says what a dead database says', async () => {
  const pool = fallback({ host: '127.0.0.1', port: 1, user: 'x' });
  const health = await pool.health();
  assert.strictEqual(health.status, 'down');
  assert.strictEqual(health.lastError.code, 'ECONNREFUSED');
  const warmed = await pool.warmup();
  assert.strictEqual(warmed.ok, false);
  await assert.rejects(pool.warmup({ failFast: true }));
  await pool.end();
});

test('a server that falls silent holds nobody for longer than they said', async () => {
  const proxy = await startProxy(server);
  const pool = fallback({ connectionString: proxy.urlFor(server.url) });
  const limit = { timeoutMillis: 50 };
  assert.strictEqual((await pool.health()).status, 'up');
  proxy.pause();
  const health = await pool.health(limit);
  assert.strictEqual(health.status, 'down');
  assert.match(health.lastError.message, /timeout|within 50 ms/);
  assert.strictEqual((await pool.warmup(limit)).ok, false);
  const signal = AbortSignal.abort();
  await assert.rejects(pool.warmup({ signal }), { code: 'HF_ABORTED' });
  await assert.rejects(pool.health({ timeoutMilis: 1 }), /unknown option/);
  proxy.resume();
  // What was given up does not take the place of others.
  const all = Array.from({ length: 10 }, () => pool.query('select 1'));
  await Promise.all(all);
  await pool.drain();
  await proxy.close();
});

test('draining takes no longer than it may', async () => {
  const pool = fallback();
  const held = await pool.connect();
  const stuck = held.query('select pg_sleep(60)');
  const cut = assert.rejects(stuck, /Connection terminated/);
  await pool.drain(20);
  await cut;
  held.release();
});
