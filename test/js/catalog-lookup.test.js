// SPDX-License-Identifier: MIT
'use strict';

// When and where types are looked up in the catalogue.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const {
  before,
  failureOf,
  noPgBouncer,
  usePgBouncer,
  useServer,
} = require('../support/suite.js');

const server = useServer();
/** @type {any[]} */
const pools = [];

/** @param {object} [options] */
function poolOf(options) {
  const pool = new Pool({
    connectionString: server.url,
    max: 2,
    catalogTypes: true,
    ...options,
  });
  pools.push(pool);
  return pool;
}

before(() => server.psql("create type mood as enum ('sad', 'ok')"));

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.ending || pool.end()));
});

/**
 * The first row's first value.
 * @param {any} on
 * @param {string} text
 */
async function one(on, text) {
  const { rows } = await on.query(`select ${text} as v`);
  return rows[0].v;
}

test('a transaction sees the types that it makes and alters', async () => {
  const pool = poolOf({ max: 1 });
  const client = await pool.connect();
  await client.query('begin');
  await client.query('create type fresh as (a int4, b text)');
  const text = `row(1, 'x')::fresh`;
  assert.deepStrictEqual(await one(client, text), { a: 1, b: 'x' });
  await client.query('alter type fresh rename attribute b to c');
  assert.deepStrictEqual(await one(client, text), { a: 1, c: 'x' });
  await client.query('commit');
  assert.deepStrictEqual(await one(client, text), { a: 1, c: 'x' });
  await client.query('begin');
  await client.query('alter type fresh rename attribute c to d');
  assert.deepStrictEqual(await one(client, text), { a: 1, d: 'x' });
  await client.query('rollback');
  client.release();
  assert.deepStrictEqual(await one(pool, text), { a: 1, c: 'x' });
  await pool.query('alter type fresh rename attribute c to e');
  assert.deepStrictEqual(await one(pool, text), { a: 1, e: 'x' });
  await pool.query('drop type fresh');
});

test('a transaction() with the only connection looks types up', async () => {
  const pool = poolOf({ max: 1 });
  const value = await pool.transaction((client) =>
    one(client, `array['sad']::mood[]`),
  );
  assert.deepStrictEqual(value, ['sad']);
});

test('a type that another session alters is looked up again', async () => {
  const pool = poolOf();
  await server.psql('create type changing as (a int4)');
  assert.deepStrictEqual(await one(pool, 'row(1)::changing'), { a: 1 });
  await server.psql('alter type changing add attribute b text');
  const text = `row(1, 'x')::changing`;
  assert.deepStrictEqual(await one(pool, text), { a: 1, b: 'x' });
  const many = `array[null, row(1, 'x')]::changing[]`;
  await server.psql('alter type changing add attribute c text');
  assert.deepStrictEqual(
    await one(pool, `array[null, row(1, 'x', 'y')]::changing[]`),
    [null, { a: 1, b: 'x', c: 'y' }],
  );
  assert.strictEqual((await failureOf(one(pool, many))).code, '42846');
  await server.psql('drop type changing');
});

test('an attribute whose type another session alters is looked up again', async () => {
  const pool = poolOf();
  await server.psql(`create type retyped as (a int4, b float8, c bool)`);
  const before = `row(1, 0.5, true)::retyped`;
  assert.deepStrictEqual(await one(pool, before), { a: 1, b: 0.5, c: true });
  const odd = `row('-0', '1e+300', 'NaN')::retyped`;
  for (const [attribute, type, text, value] of [
    ['a', 'text', `row('abc', 'Infinity', false)`, 'abc'],
    ['c', 'int4', `row('abc', '-Infinity', 7)`, 7],
    ['b', 'text', `row('abc', '', 7)`, ''],
  ]) {
    await server.psql(
      `alter type retyped alter attribute ${attribute} type ${type}`,
    );
    const read = await one(pool, `${text}::retyped`);
    assert.strictEqual(read[String(attribute)], value);
  }
  await server.psql(`alter type retyped alter attribute a type int8,
    alter attribute b type float8, alter attribute c type float4`);
  assert.deepStrictEqual(await one(pool, odd), { a: '0', b: 1e300, c: NaN });
  await server.psql('drop type retyped');
});

test('answers of a client come in order', async () => {
  const pool = poolOf();
  const client = await pool.connect();
  /** @type {string[]} */
  const order = [];
  const note = (/** @type {string} */ name) => () => order.push(name);
  await server.psql("create type late as enum ('a')");
  await Promise.all([
    client.query(`select '{a}'::late[]`).then(note('late')),
    client.query('select 1').then(note('number')),
    client.query('select 1/0').catch(note('error')),
  ]);
  assert.deepStrictEqual(order, ['late', 'number', 'error']);
  client.release();
});

test('in a failed transaction another connection is asked', async () => {
  const pool = poolOf();
  await server.psql("create type asked as enum ('a')");
  const client = await pool.connect();
  await client.query('begin');
  const [value, failed] = await Promise.all([
    one(client, `'{a}'::asked[]`),
    failureOf(client.query('select 1/0')),
  ]);
  assert.deepStrictEqual(value, ['a']);
  assert.strictEqual(failed.code, '22012');
  assert.strictEqual(client.getTransactionStatus(), 'E');
  await client.query('rollback');
  client.release();
});

test('in a failed transaction without another connection text is given', async () => {
  const pool = poolOf({ max: 1 });
  await server.psql("create type unasked as enum ('a')");
  const client = await pool.connect();
  await client.query('begin');
  const [value, failed] = await Promise.all([
    one(client, `'{a}'::unasked[]`),
    failureOf(client.query('select 1/0')),
  ]);
  assert.strictEqual(value, '{a}');
  assert.strictEqual(failed.code, '22012');
  await client.query('rollback');
  assert.deepStrictEqual(await one(client, `'{a}'::unasked[]`), ['a']);
  client.release();
});

test('a type that was dropped before it was looked up is an error', async () => {
  const pool = poolOf({ max: 1 });
  await server.psql("create type gone as enum ('a')");
  const client = await pool.connect();
  const [error] = await Promise.all([
    failureOf(client.query(`select '{a}'::gone[] as v`)),
    client.query('drop type gone'),
  ]);
  assert.strictEqual(error.code, 'HF_RESULT_UNREADABLE');
  assert.strictEqual(error.outcome, 'ambiguous');
  assert.match(
    error.message,
    /^the statement was done, but the type of column "v" \(OID \d+\) does not/,
  );
  client.release();
  assert.strictEqual(await one(pool, '1'), 1);
});

test('a type that was dropped later is read as it was', async () => {
  const pool = poolOf();
  await server.psql("create type leaving as enum ('a')");
  const query = {
    text: `select '{a}'::leaving[] as v`,
    readOnly: true,
    cache: { ttlMillis: 60000 },
  };
  assert.deepStrictEqual((await pool.query(query)).rows, [{ v: ['a'] }]);
  await pool.query('drop type leaving');
  await pool.query('alter type mood owner to current_user');
  const again = await pool.query(query);
  assert.strictEqual(again.cached, true);
  assert.deepStrictEqual(again.rows, [{ v: ['a'] }]);
});

test('a statement works when its type is dropped and made again', async () => {
  const pool = poolOf({ max: 1 });
  const text = 'select $1::remade as v, array[$1]::remade[] as w';
  for (let round = 0; round < 3; round++) {
    await server.psql(
      "drop type if exists remade; create type remade as enum ('a')",
    );
    for (let i = 0; i < 6; i++) {
      const { rows } = await pool.query(text, ['a']);
      assert.deepStrictEqual(rows, [{ v: 'a', w: ['a'] }]);
    }
  }
  await server.psql('drop type remade');
  const error = await failureOf(pool.query(text, ['a']));
  assert.strictEqual(error.code, '42704');
  assert.match(error.message, /type "remade" does not exist/);
});

test('calls made before end() have their types', async () => {
  await server.psql("create type ending as enum ('a')");
  const pool = poolOf({ max: 1 });
  const values = [1, 2, 3].map(() => one(pool, `'{a}'::ending[]`));
  const ended = pool.end();
  assert.deepStrictEqual(await Promise.all(values), [['a'], ['a'], ['a']]);
  await ended;
});

test('a look-up that fails says that the statement was done', async () => {
  await server.psql(`create type slow as enum ('a');
    create table written (a int4); create role no_catalogue
      login password 'x';
    grant all on written to no_catalogue`);
  await server.psql('revoke select on pg_catalog.pg_type from public');
  try {
    const pool = poolOf({ user: 'no_catalogue', password: 'x' });
    const error = await failureOf(
      pool.query(`insert into written values (1) returning '{a}'::slow[]`),
    );
    assert.strictEqual(error.code, 'HF_RESULT_UNREADABLE');
    assert.strictEqual(error.cause.code, '42501');
    assert.strictEqual(error.retryable, false);
    const { rows } = await pool.query('select * from written');
    assert.deepStrictEqual(rows, [{ a: 1 }]);
  } finally {
    await server.psql('grant select on pg_catalog.pg_type to public');
  }
});

test('a result of several statements has its types', async () => {
  const pool = poolOf();
  await server.psql("create type several as enum ('a')");
  const [first, second] = await pool.query(
    `select '{a}'::several[] as v; select 2 as w`,
  );
  assert.deepStrictEqual(first.rows, [{ v: ['a'] }]);
  assert.deepStrictEqual(second.rows, [{ w: 2 }]);
});

test('query_timeout bounds the look-up of a client', async () => {
  const pool = poolOf({ query_timeout: 5000 });
  await server.psql("create type timed as enum ('a')");
  await pool.transaction(async (client) => {
    assert.deepStrictEqual(await one(client, `'{a}'::timed[]`), ['a']);
  });
});

const bouncer = usePgBouncer({ server });

test('behind a transaction pooler', { skip: noPgBouncer }, async () => {
  const pool = poolOf({ connectionString: bouncer.url });
  assert.deepStrictEqual(await one(pool, `array['sad']::mood[]`), ['sad']);
  await pool.transaction(async (client) => {
    await client.query('create type pooled as (a int4)');
    assert.deepStrictEqual(await one(client, 'row(1)::pooled'), { a: 1 });
  });
  assert.deepStrictEqual(await one(pool, 'row(1)::pooled'), { a: 1 });
});
