// SPDX-License-Identifier: MIT
'use strict';

// Settings of a call, a client, a transaction or a handle hold in their own
// statements, are gone with them, and are checked before anything is sent.

const assert = require('node:assert');
const { after, afterEach, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const {
  findPgBouncer,
  startPgBouncer,
  startPostgres,
  startProxy,
} = require('../support');
const { findPgpool, startPgpool } = require('../support/pgpool.js');
const { before, useServer } = require('../support/suite.js');

const SHOW = `select current_setting('app.tenant', true) as tenant`;

const server = useServer();
/** @type {any[]} */
const pools = [];

before(() =>
  server.psql(`
    create role reader;
    create schema other;
    create table public.place (name text);
    create table other.place (name int);
    insert into public.place values ('1');
    insert into other.place values (1);
    create table rows (tenant text not null, note text);
    alter table rows enable row level security;
    create policy own on rows using (tenant = current_setting('app.tenant'))
      with check (tenant = current_setting('app.tenant'));
    grant all on rows to reader;
    create procedure commits() language plpgsql as $$
      begin insert into place values ('9'); commit; end $$`),
);

function endAll() {
  return Promise.all(pools.splice(0).map((pool) => pool.end()));
}

afterEach(endAll);

/** @param {string} url @param {object} [options] @returns {any} */
function open(url, options) {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    logger: false,
    ...options,
  });
  pools.push(pool);
  return pool;
}

/** @param {any} on @param {any} [config] @returns {Promise<string | null>} */
async function tenantOf(on, config) {
  return (await on.query(config ?? SHOW)).rows[0].tenant || null;
}

/** @param {string | number | bigint} tenant @param {object} [more] */
function as(tenant, more) {
  return { text: SHOW, settings: { 'app.tenant': tenant }, ...more };
}

/** @param {() => string} url of what is between, or of the server */
function holdsEverywhere(url) {
  test('settings hold in their statement and are gone after it', async () => {
    const pool = open(url());
    for (const value of ['a', `'; drop table rows; --\\"`, '', 'é 日本']) {
      const given = (await pool.query(as(value))).rows[0].tenant;
      assert.strictEqual(given, value);
      assert.strictEqual(await tenantOf(pool), null);
    }
    assert.strictEqual(await tenantOf(pool, as(42)), '42');
    assert.strictEqual(await tenantOf(pool, as(2n ** 63n)), `${2n ** 63n}`);
    const reads = as('r', { readOnly: true });
    assert.strictEqual(await tenantOf(pool, reads), 'r');
    assert.strictEqual(await tenantOf(pool), null);
  });

  test('they are gone after a statement that failed', async () => {
    const pool = open(url());
    for (const text of ['select 1/0', 'select nonsense', 'syntax error']) {
      await assert.rejects(pool.query(as('x', { text })), /./);
      assert.strictEqual(await tenantOf(pool), null);
    }
  });

  test('a transaction, a client and a handle have them throughout', async () => {
    const pool = open(url());
    const settings = { 'app.tenant': 'held' };
    const seen = await pool.transaction(
      async (/** @type {any} */ tx) => {
        await tx.query('savepoint a');
        await tx.query('select 1/0').catch(() => {});
        await tx.query('rollback to a');
        return tenantOf(tx);
      },
      { settings },
    );
    assert.strictEqual(seen, 'held');
    assert.strictEqual(await tenantOf(pool), null);
    const handle = pool.withSettings(settings);
    for (const connect of [
      () => pool.connect({ settings }),
      () => handle.connect(),
    ]) {
      const client = await connect();
      assert.strictEqual(await tenantOf(client), 'held');
      for (const end of ['commit', 'rollback', 'commit and chain', 'commit']) {
        await client.query('begin');
        assert.strictEqual(await tenantOf(client), 'held');
        await client.query(end);
        assert.strictEqual(await tenantOf(client), 'held', end);
        await client.query('rollback');
      }
      client.release();
      assert.strictEqual(await tenantOf(pool), null);
    }
    assert.strictEqual(await tenantOf(handle), 'held');
    assert.strictEqual(await tenantOf(handle, as('mine')), 'mine');
    const inner = handle.withSettings({ 'app.tenant': 'inner' });
    assert.strictEqual(await tenantOf(inner), 'inner');
    const { rows } = await handle.sql`select current_setting('app.tenant') as t
      where ${1}::int = 1`;
    assert.deepStrictEqual(rows, [{ t: 'held' }]);
    assert.strictEqual(await tenantOf(pool), null);
  });

  test('a role and its policies see one tenant only', async () => {
    const pool = open(url());
    const tenants = ['a', 'b'].map((tenant) =>
      pool.withSettings({ role: 'reader', 'app.tenant': tenant }),
    );
    const [a, b] = tenants;
    await a.query('insert into rows values ($1, $2)', ['a', 'of a']);
    await b.query({
      text: 'insert into rows values ($1, $2)',
      values: ['b', 'of b'],
      exactlyOnce: true,
    });
    await assert.rejects(
      a.query('insert into rows values ($1, $2)', ['b', 'forged']),
      { code: '42501' },
    );
    for (const [handle, tenant] of [
      [a, 'a'],
      [b, 'b'],
      [a, 'a'],
    ]) {
      for (let i = 0; i < 4; i++) {
        const { rows } = await handle.query('select tenant from rows');
        assert.deepStrictEqual(rows, [{ tenant }]);
      }
    }
    await pool.query('delete from rows');
  });

  test('what runs in no transaction, and several statements, are refused', async () => {
    const pool = open(url());
    const settings = { 'app.tenant': 'x' };
    for (const text of [
      'vacuum',
      'create index concurrently on place (name)',
      'call commits()',
      'insert into place values (9); select 1',
      'begin; select 1; commit',
    ]) {
      await assert.rejects(
        pool.query({ text, settings }),
        (/** @type {any} */ error) => {
          assert.strictEqual(error.code, 'HF_PARAM_INVALID', text);
          assert.match(error.message, /settings (hold for a|are for one)/);
          assert.notStrictEqual(error.outcome, 'ambiguous');
          return true;
        },
      );
    }
    const client = await pool.connect();
    await client.query('begin');
    await assert.rejects(
      client.query(as('x')),
      /inside a transaction settings/,
    );
    await client.query('commit');
    client.release();
    const { rows } = await pool.query('select name from place');
    assert.deepStrictEqual(rows, [{ name: '1' }]);
  });

  test('the server refuses a setting before the statement runs', async () => {
    const pool = open(url());
    const text = `insert into place values ('9')`;
    for (const settings of [{ nosuch: 1 }, { role: 'nobody' }]) {
      await assert.rejects(
        pool.query({ text, settings }),
        (/** @type {any} */ error) => {
          assert.match(error.code, /^(42704|22023)$/);
          return error.outcome !== 'ambiguous';
        },
      );
    }
    const { rows } = await pool.query('select count(*)::int as n from place');
    assert.deepStrictEqual(rows, [{ n: 1 }]);
  });

  test('search_path decides what names mean, each time', async () => {
    const pool = open(url());
    for (let i = 0; i < 6; i++) {
      for (const [search_path, name] of [
        ['public', '1'],
        ['other, public', 1],
      ]) {
        const { rows } = await pool.query({
          text: 'select name from place where name = $1',
          values: ['1'],
          settings: { search_path },
        });
        assert.deepStrictEqual(rows, [{ name }]);
      }
    }
  });

  test('statement_timeout ends one statement', async () => {
    const pool = open(url());
    const settings = { statement_timeout: 50 };
    await assert.rejects(
      pool.query({ text: 'select pg_sleep(30)', settings, retry: false }),
      { code: '57014' },
    );
    await pool.query('select pg_sleep(0.1)');
  });
}

describe('directly', () => {
  holdsEverywhere(() => server.url);

  test('a value that is missing or wrong is refused before anything is sent', async () => {
    const pool = open(server.url);
    for (const [settings, message] of [
      [{ 'app.tenant': undefined }, /settings\.app\.tenant must be text/],
      [{ 'app.tenant': null }, /settings\.app\.tenant must be text/],
      [{ 'app.tenant': {} }, /must be text/],
      [{ 'app.tenant': 'a\0b' }, /control character/],
      [{ 'a b': 1 }, /is not the name of a setting/],
      [{ "a';drop": 1 }, /is not the name of a setting/],
      [{ transaction_read_only: 'off' }, /belongs to a transaction/],
      [{ client_encoding: 'latin1' }, /always UTF8/],
      [{ datestyle: 'German' }, /must be ISO/],
      ['app.tenant=1', /settings must be an object/],
      [[1], /settings must be an object/],
      [
        Object.fromEntries(
          Array.from({ length: 101 }, (_, i) => [`a.b${i}`, 1]),
        ),
        /more than 100/,
      ],
    ]) {
      const config = { text: SHOW, settings };
      await assert.rejects(pool.query(config), message);
      await assert.rejects(pool.connect({ settings }), message);
      await assert.rejects(
        pool.transaction(() => {}, { settings }),
        message,
      );
      assert.throws(() => pool.withSettings(settings), message);
      const handle = pool.withSettings({ 'app.tenant': 1 });
      await assert.rejects(handle.connect({ settings }), message);
      await assert.rejects(
        handle.transaction(() => {}, { settings }),
        message,
      );
    }
    assert.strictEqual(pool.totalCount, 0);
    assert.throws(() => pool.withSettings(), /withSettings\(\) needs/);
  });

  test('a cached result belongs to its settings', async () => {
    const pool = open(server.url);
    const cache = { ttlMillis: 60_000 };
    for (let i = 0; i < 2; i++) {
      assert.strictEqual(await tenantOf(pool, as('a', { cache })), 'a');
      assert.strictEqual(await tenantOf(pool, as('b', { cache })), 'b');
      assert.strictEqual(await tenantOf(pool, { text: SHOW, cache }), null);
    }
    const { cacheMisses, cacheHits } = pool.stats();
    assert.deepStrictEqual([cacheMisses, cacheHits], [3, 3]);
    const both = [as('c', { cache }), as('d', { cache })];
    const seen = await Promise.all(both.map((one) => tenantOf(pool, one)));
    assert.deepStrictEqual(seen, ['c', 'd']);
  });

  test('reads with settings are not sent behind each other', async () => {
    const pool = open(server.url, { max: 2 });
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const tenant = i % 3 === 0 ? null : `${i}`;
        const config = tenant === null ? SHOW : as(tenant);
        assert.strictEqual(await tenantOf(pool, config), tenant);
      }),
    );
  });

  test('the pool has settings of its own, and the call wins', async () => {
    const pool = open(server.url, { settings: { 'app.tenant': 'pool' } });
    assert.strictEqual(await tenantOf(pool, as('call')), 'call');
    assert.strictEqual(await tenantOf(pool), 'pool');
  });

  test('a connection that keeps units together needs no BEGIN', async () => {
    const proxy = await startProxy(server);
    const pool = open(proxy.urlFor(server.url));
    let begun = 0;
    proxy.onMessage(({ type, payload }) => {
      begun += type === 'P' && payload?.includes('begin') ? 1 : 0;
    });
    for (let i = 0; i < 5; i++) {
      assert.strictEqual(await tenantOf(pool, as(i)), `${i}`);
      assert.strictEqual(begun, 1, 'the first finds out');
    }
    await endAll();
    await proxy.close();
  });

  test('a handle works through a Proxy', async () => {
    const handle = open(server.url).withSettings({ 'app.tenant': 'p' });
    const proxy = new Proxy(handle, { get: Reflect.get });
    assert.strictEqual(await tenantOf(proxy), 'p');
    assert.strictEqual(await tenantOf(Object.create(handle)), 'p');
  });
});

const noBouncer = findPgBouncer() === null && 'PgBouncer is not installed';

describe('behind PgBouncer', { skip: noBouncer }, () => {
  /** @type {any} */
  let bouncer;
  before(async () => {
    bouncer = await startPgBouncer({ server, poolSize: 1 });
  });
  after(() => bouncer?.stop());

  holdsEverywhere(() => bouncer.url);

  test('the pool has settings of its own, and the call wins', async () => {
    const pool = open(bouncer.url, { settings: { 'app.tenant': 'pool' } });
    assert.strictEqual(await tenantOf(pool, as('call')), 'call');
    assert.strictEqual(await tenantOf(pool), 'pool');
  });

  test('in statement mode a statement has them', async () => {
    const strict = await startPgBouncer({
      server,
      poolMode: 'statement',
      poolSize: 1,
    });
    const pool = open(strict.url);
    for (let i = 0; i < 3; i++) {
      assert.strictEqual(await tenantOf(pool, as(i)), `${i}`);
      assert.strictEqual(await tenantOf(pool), null);
    }
    await endAll();
    await strict.stop();
  });
});

const noPgpool = findPgpool() === null && 'pgpool-II is not installed';

describe('behind pgpool-II', { skip: noPgpool }, () => {
  /** @type {any} */
  let trusting;
  before(async () => {
    trusting = await startPostgres({ auth: 'trust' });
  });
  after(() => trusting?.stop());

  for (const mode of ['raw', 'native_replication', 'slony']) {
    test(`in mode ${mode}, which takes a unit apart`, async () => {
      const pgpool = await startPgpool({ server: trusting, mode });
      const pool = open(pgpool.url, { max: 2 });
      for (let i = 0; i < 5; i++) {
        assert.strictEqual(await tenantOf(pool, as(i)), `${i}`);
        assert.strictEqual(await tenantOf(pool), null);
      }
      const handle = pool.withSettings({ 'app.tenant': 't' });
      assert.strictEqual(await handle.transaction(tenantOf), 't');
      await assert.rejects(handle.query('select 1/0'), { code: '22012' });
      assert.strictEqual(await tenantOf(pool), null);
      await endAll();
      await pgpool.stop();
    });
  }
});
