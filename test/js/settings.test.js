// SPDX-License-Identifier: MIT
'use strict';

// A pool's settings hold in every statement, direct and behind a pooler: or
// the statement goes past it, or is refused. They never reach another client.

const assert = require('node:assert');
const { after, afterEach, beforeEach, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { findPgBouncer, startPgBouncer } = require('../support');
const { before, useServer } = require('../support/suite.js');

const SHOW = `select current_setting('search_path') as path,
  current_setting('statement_timeout') as timeout`;
const HELD = { path: '"tenant"', timeout: '2s' };
const SETTINGS = { schema: 'tenant', statement_timeout: 2000 };

const server = useServer();
/** @type {any[]} */
const pools = [];
/** @type {string | undefined} */
let kept;

before(async () => {
  await server.psql(`
    create schema tenant;
    create table tenant.t (a int);
    create table public.t (a int);
    create procedure tenant.commits(x int) language plpgsql as $$
      begin insert into t values (x); commit; insert into t values (x); end $$;
    create procedure tenant.plain(x int) language plpgsql as $$
      begin insert into t values (x); end $$;
    create procedure tenant.breaks() language plpgsql as $$
      begin insert into t values (99); perform 1/0; end $$`);
  kept = process.env.DIRECT_URL;
});

beforeEach(() => {
  delete process.env.DIRECT_URL;
});

afterEach(async () => {
  if (kept !== undefined) {
    process.env.DIRECT_URL = kept;
  }
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

/** @param {string} url @param {object} [options] @returns {any} */
function open(url, options = SETTINGS) {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    logger: false,
    ...options,
  });
  pools.push(pool);
  return pool;
}

/** @param {any} on @param {string} message */
async function assertHeld(on, message) {
  assert.deepStrictEqual((await on.query(SHOW)).rows, [HELD], message);
}

/** The last of the results of a text. @param {any} answer */
function last(answer) {
  return answer.at(-1).rows[0];
}

test('what holds no settings of its own is refused, not taken for none', async () => {
  const pool = open(server.url);
  const error = { name: 'TypeError', message: /must be an object of names/ };
  for (const settings of [
    new Map([['app.tenant', '42']]),
    Promise.resolve({ 'app.tenant': '42' }),
    Object.create({ 'app.tenant': '42' }),
    [['app.tenant', '42']],
    'app.tenant=42',
  ]) {
    assert.throws(() => new Pool({ settings }), error);
    assert.throws(() => pool.withSettings(settings), error);
    await assert.rejects(pool.query({ text: SHOW, settings }), error);
    await assert.rejects(pool.connect({ settings }), error);
    await assert.rejects(
      pool.transaction(() => {}, { settings }),
      error,
    );
  }
  const { rows } = await pool.query({
    text: "select current_setting('app.tenant') as tenant",
    settings: Object.assign(Object.create(null), { 'app.tenant': '42' }),
  });
  assert.deepStrictEqual(rows, [{ tenant: '42' }]);
});

test('RESET and DISCARD come back to the settings of a direct connection', async () => {
  const pool = open(server.url);
  for (const text of [
    'reset all',
    'discard all',
    'reset search_path',
    'set search_path to default',
    'select 1',
  ]) {
    await pool.query(text);
    await assertHeld(pool, text);
  }
  const client = await pool.connect();
  await client.query('begin');
  await client.query('reset all');
  await client.query('commit');
  client.release();
  await assertHeld(pool, 'in a transaction');
});

test('start-up options and the option settings say the same', async () => {
  const value = 'with space, quote \' " and back\\slash';
  const { settings } = { settings: { 'app.tenant': value, TimeZone: 'UTC' } };
  const ask = `select current_setting('app.tenant') as tenant,
    current_setting('timezone') as zone`;
  const expected = [{ tenant: value, zone: 'UTC' }];
  const one = open(server.url, { settings });
  assert.deepStrictEqual((await one.query(ask)).rows, expected);
  await one.query('discard all');
  assert.deepStrictEqual((await one.query(ask)).rows, expected);
  const text = value.replace(/[\s\\]/g, '\\$&');
  const options = `-c app.tenant=${text} --TimeZone=UTC`;
  const two = open(server.url, { options });
  assert.deepStrictEqual((await two.query(ask)).rows, expected);
  for (const [bad, message] of [
    [{ settings: { 'a b': 1 } }, /settings\.a b is not the name/],
    [{ settings: { datestyle: 'German' } }, /datestyle must be ISO/],
    [{ options: '-c client_encoding=latin1' }, /always UTF8/],
    [{ settings: 'x' }, /settings must be an object/],
    [{ settings: { x: {} } }, /settings\.x must be text/],
  ]) {
    assert.throws(() => open(server.url, /** @type {any} */ (bad)), message);
  }
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('behind PgBouncer', { skip }, () => {
  /** @type {any} */
  let bouncer;
  /** @type {any} */
  let ignoring;
  before(async () => {
    bouncer = await startPgBouncer({ server, poolSize: 1 });
    ignoring = await startPgBouncer({
      server,
      poolSize: 1,
      settings: { ignore_startup_parameters: 'options,extra_float_digits' },
    });
  });
  after(() => Promise.all([bouncer?.stop(), ignoring?.stop()]));

  /** Nothing of it is left for others on the only server connection. */
  async function assertNoLeak() {
    const other = open(bouncer.url, { pooler: 'transaction' });
    const { rows } = await other.query(SHOW);
    assert.deepStrictEqual(rows, [{ path: '"$user", public', timeout: '0' }]);
  }

  test('settings hold in texts of several statements', async () => {
    const pool = open(bouncer.url);
    for (const text of [
      `select 1; ${SHOW}`,
      `begin; select 1; commit; ${SHOW}`,
      `begin; ${SHOW}; commit`,
      `select ';' as "a;b", $$;$$ as c; /* ; */ ${SHOW} -- end`,
      `begin; select 1; rollback; ${SHOW}`,
      `begin; savepoint a; rollback to a; ${SHOW}; commit`,
      `begin; commit and chain; ${SHOW}; commit`,
      `select 1; commit; ${SHOW}`,
    ]) {
      const results = await pool.query(text);
      const found = results
        .map((/** @type {any} */ r) => r.rows[0])
        .find((/** @type {any} */ row) => row?.path !== undefined);
      assert.deepStrictEqual(found, HELD, text);
      assert.ok(
        results.every((/** @type {any} */ r) =>
          r.fields.every((/** @type {any} */ f) => !/holdfast/.test(f.name)),
        ),
      );
      await assertNoLeak();
    }
    const answer = await pool.query('select 1 as a; select 2 as b; select 3');
    assert.strictEqual(answer.length, 3);
    await assert.rejects(pool.query(`begin; ${SHOW}`), {
      code: 'HF_TRANSACTION_OPEN',
    });
    await assertNoLeak();
  });

  test('settings hold on a client, in each way to begin a transaction', async () => {
    const pool = open(bouncer.url);
    const client = await pool.connect();
    await assertHeld(client, 'outside');
    for (const begin of [
      'begin',
      'start transaction',
      'commit and chain',
      'rollback and chain',
    ]) {
      await client.query(begin);
      await assertHeld(client, begin);
    }
    assert.deepStrictEqual(
      last(await client.query(`commit and chain; ${SHOW}`)),
      HELD,
    );
    await client.query('select 1; commit and chain');
    await assertHeld(client, 'chained at the end of a text');
    await client.query('rollback');
    assert.deepStrictEqual(last(await client.query(`begin; ${SHOW}`)), HELD);
    await client.query('commit');
    client.release();
    await assertNoLeak();
    await pool.transaction(async (/** @type {any} */ tx) => {
      await assertHeld(tx, 'transaction()');
    });
    await assertNoLeak();
  });

  test('a statement that cannot run in a transaction is refused, naming the remedy', async () => {
    const pool = open(bouncer.url);
    for (const text of [
      'vacuum t',
      'create index concurrently on t (a)',
      'create database nothing',
    ]) {
      for (let i = 0; i < 2; i++) {
        await assert.rejects(pool.query(text), {
          code: 'HF_SESSION_REQUIRED',
          outcome: 'not_executed',
          retryable: false,
          message: /DIRECT_URL/,
        });
      }
      const client = await pool.connect();
      await assert.rejects(client.query(text), { code: 'HF_SESSION_REQUIRED' });
      await assertHeld(client, text);
      client.release();
    }
    await pool.query('set transaction isolation level serializable');
    await pool.query('discard all');
    const plain = open(bouncer.url, {});
    await plain.query('vacuum public.t');
  });

  test('CALL and DO have their settings, or are refused where they commit', async () => {
    const pool = open(bouncer.url);
    await server.psql('truncate tenant.t, public.t');
    await pool.query('call plain(1)');
    await pool.query('call plain($1)', [2]);
    await pool.query('do $$ begin insert into t values (3); end $$');
    for (const text of [
      'call commits(4)',
      'do $$ begin insert into t values (5); commit; end $$',
    ]) {
      await assert.rejects(pool.query(text), (/** @type {any} */ error) => {
        assert.strictEqual(error.code, 'HF_SESSION_REQUIRED', text);
        assert.strictEqual(error.outcome, 'rolled_back');
        assert.strictEqual(error.cause.code, '2D000');
        return true;
      });
    }
    const client = await pool.connect();
    await client.query('call plain($1)', [6]);
    await assert.rejects(client.query('call commits($1)', [7]), {
      code: 'HF_SESSION_REQUIRED',
    });
    await assert.rejects(client.query('call breaks()'), { code: '22012' });
    await assertHeld(client, 'after a failure');
    client.release();
    await assertNoLeak();
    const { rows } = await pool.query('select a from t order by a');
    assert.deepStrictEqual(
      rows.map((/** @type {any} */ row) => row.a),
      [1, 2, 3, 6],
    );
    assert.strictEqual(await server.psql('select count(*) from public.t'), '0');
  });

  test('what the pooler cannot run goes over a direct connection where there is one', async () => {
    await server.psql('truncate tenant.t, public.t');
    for (const options of [{ directUrl: server.url }, {}]) {
      if (!('directUrl' in options)) {
        process.env.DIRECT_URL = server.url;
      }
      const pool = open(bouncer.url, { ...SETTINGS, ...options });
      await pool.query('vacuum t');
      await pool.query('call commits(1)');
      await pool.query('do $$ begin insert into t values (1); commit; end $$');
      assert.strictEqual(pool.stats().total, 1);
    }
    assert.strictEqual(
      await server.psql(
        'select (select count(*) from tenant.t), (select count(*) from public.t)',
      ),
      '6|0',
    );
  });

  test('options in a connection string hold, or are refused with a sentence', async () => {
    for (const { url } of [bouncer, ignoring]) {
      const text = encodeURIComponent(
        '-c search_path="tenant" -c statement_timeout=2s',
      );
      await assertHeld(open(`${url}?options=${text}`, {}), url);
      const other = open(url, { pooler: 'transaction' });
      const { rows } = await other.query(SHOW);
      assert.deepStrictEqual(rows, [{ path: '"$user", public', timeout: '0' }]);
    }
    const odd = open(`${bouncer.url}?options=-d%202`, {});
    await assert.rejects(odd.query('select 1'), {
      code: '08P01',
      outcome: 'permanent',
      message: /options/,
    });
  });

  test('a setting that the server refuses is an error', async () => {
    const pool = open(bouncer.url, { settings: { work_mem: 'a lot' } });
    await assert.rejects(pool.query('select 1'), {
      code: '22023',
      outcome: 'permanent',
    });
  });

  test('an error points into the text as it was given', async () => {
    const pool = open(bouncer.url);
    const text = 'select 1; select nope from t';
    await assert.rejects(pool.query(text), (/** @type {any} */ error) => {
      assert.strictEqual(Number(error.position), text.indexOf('nope') + 1);
      return true;
    });
  });
});
