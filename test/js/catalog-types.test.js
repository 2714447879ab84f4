// SPDX-License-Identifier: MIT
'use strict';

// The option catalogTypes: values of types that are looked up in the catalogue.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const pg = require('pg');
const { Pool } = require('../../lib/index.js');
const { findPgBouncer } = require('../support');
const {
  before,
  failureOf,
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

before(async () => {
  await server.psql(`
    create type mood as enum ('sad', 'ok', 'very happy');
    create domain positive as int check (value > 0);
    create domain moods as mood[];
    create type address as (street text, zip int4, since date);
    create type person as (name text, home address, past address[], m mood);
    create type floatrange as range (subtype = float8);
    create type "Odd ""name""" as ("a,b" text, "__proto__" int4, "c{}" mood[]);
    create schema app;
    create type app.mood as enum ('x');
    create table people (id int4, who person, scores floatrange[])`);
});

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

test('by default values are what pg gives', async () => {
  const text = `select array['sad','very happy']::mood[] as a,
    row('x', 1, null)::address as b, int4range(1, 3) as c,
    array[1]::positive[] as d, 'sad'::mood as e, 3::positive as f`;
  const theirs = new pg.Pool({ connectionString: server.url });
  const [ours, expected] = await Promise.all([
    poolOf({ catalogTypes: false }).query(text),
    theirs.query(text),
  ]);
  await theirs.end();
  assert.deepStrictEqual(ours.rows, expected.rows);
  assert.strictEqual(ours.rows[0].b, '(x,1,)');
});

test('arrays of enums and of domains are arrays', async () => {
  const pool = poolOf();
  assert.deepStrictEqual(
    await one(pool, `array['sad', null, 'very happy']::mood[]`),
    ['sad', null, 'very happy'],
  );
  assert.deepStrictEqual(await one(pool, 'array[[1,2],[3,4]]::positive[]'), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepStrictEqual(await one(pool, "'[0:1]={1,2}'::positive[]"), [1, 2]);
  assert.deepStrictEqual(await one(pool, "'{}'::mood[]"), []);
  assert.strictEqual(await one(pool, 'null::mood[]'), null);
  assert.deepStrictEqual(await one(pool, "'{sad}'::moods"), ['sad']);
  assert.deepStrictEqual(await one(pool, "array['{sad,ok}'::moods]::moods[]"), [
    ['sad', 'ok'],
  ]);
});

test('composites are objects by attribute, also within each other', async () => {
  const pool = poolOf();
  const { rows } = await pool.query(`select
    row('a "b", \\c', 5, '2020-02-03')::address as plain,
    row('P', row('', null, null), array[row(null, 1, null)]::address[], 'ok')
      ::person as deep,
    row('x', 2, '{sad,ok}')::"Odd ""name""" as odd`);
  assert.deepStrictEqual(rows[0].plain, {
    street: 'a "b", \\c',
    zip: 5,
    since: new Date(2020, 1, 3),
  });
  assert.deepStrictEqual(rows[0].deep, {
    name: 'P',
    home: { street: '', zip: null, since: null },
    past: [{ street: null, zip: 1, since: null }],
    m: 'ok',
  });
  assert.deepStrictEqual(Object.entries(rows[0].odd), [
    ['a,b', 'x'],
    ['__proto__', 2],
    ['c{}', ['sad', 'ok']],
  ]);
});

test('a row of a table is an object', async () => {
  const pool = poolOf();
  await pool.query(`insert into people values
    (1, row('P', null, null, 'ok'), array[floatrange(1.5, null)])`);
  const { rows } = await pool.query('select p, p.who, p.scores from people p');
  const who = { name: 'P', home: null, past: null, m: 'ok' };
  const scores = [{ lower: 1.5, upper: null, bounds: '[)' }];
  assert.deepStrictEqual(rows, [{ p: { id: 1, who, scores }, who, scores }]);
});

test('ranges and multiranges have bounds', async () => {
  const pool = poolOf();
  const { rows } = await pool.query(`select int4range(1, 3) as a,
    'empty'::int8range as b, tsrange(null, '2020-01-02 03:04:05', '(]') as c,
    array[floatrange(1, 2, '[]'), null] as d,
    '{[1,3),[7,9)}'::int4multirange as e, '{}'::int4multirange as f`);
  assert.deepStrictEqual(rows[0], {
    a: { lower: 1, upper: 3, bounds: '[)' },
    b: { lower: null, upper: null, bounds: 'empty' },
    c: { lower: null, upper: new Date(2020, 0, 2, 3, 4, 5), bounds: '(]' },
    d: [{ lower: 1, upper: 2, bounds: '[]' }, null],
    e: [
      { lower: 1, upper: 3, bounds: '[)' },
      { lower: 7, upper: 9, bounds: '[)' },
    ],
    f: [],
  });
});

test('rows as arrays, and columns of one name', async () => {
  const pool = poolOf();
  const text = `select '{sad}'::mood[] as a, '{ok}'::mood[] as a`;
  const { rows } = await pool.query({ text, rowMode: 'array' });
  assert.deepStrictEqual(rows, [[['sad'], ['ok']]]);
  pool.query('alter type mood owner to current_user');
  assert.deepStrictEqual((await pool.query(text)).rows, [{ a: ['ok'] }]);
});

test('types are looked up once, and known ones cost nothing', async () => {
  const pool = poolOf({ max: 10, application_name: 'once' });
  let statements = 0;
  pool.on('acquire', () => {
    statements += 1;
  });
  await pool.query("select 1, 'x', now(), '{1}'::int4[], '{}'::jsonb");
  assert.strictEqual(statements, 1);
  const text = `select '{sad}'::mood[] as a`;
  const results = await Promise.all(
    Array.from({ length: 20 }, () => pool.query(text)),
  );
  for (const { rows } of results) {
    assert.deepStrictEqual(rows, [{ a: ['sad'] }]);
  }
  assert.strictEqual(statements, 1 + 20 + 1);
  await pool.query(text);
  assert.strictEqual(statements, 1 + 20 + 1 + 1);
});

test("a call's own parsers are asked alone", async () => {
  const types = { getTypeParser: () => String };
  const text = `select '{sad}'::mood[] as a`;
  const { rows } = await poolOf().query({ text, types });
  assert.deepStrictEqual(rows, [{ a: '{sad}' }]);
});

test('parsers that are set are used within other types', async () => {
  const pool = poolOf();
  const client = await pool.connect();
  client.setTypeParser(23, (text) => `int ${text}`);
  assert.deepStrictEqual(await one(client, "row('x', 7, null)::address"), {
    street: 'x',
    zip: 'int 7',
    since: null,
  });
  client.setTypeParser(23, (text) => -Number(text));
  assert.strictEqual((await one(client, "row('x', 7, null)::address")).zip, -7);
  client.release();
});

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

test('catalogTypes must be true or false', () => {
  assert.throws(() => new Pool(/** @type {any} */ ({ catalogTypes: 1 })), {
    message: 'catalogTypes must be true or false',
  });
});

const bouncer = findPgBouncer() === null ? null : usePgBouncer({ server });

test('behind a transaction pooler', { skip: bouncer === null }, async () => {
  const pool = poolOf({ connectionString: bouncer.url });
  assert.deepStrictEqual(await one(pool, `array['sad']::mood[]`), ['sad']);
  await pool.transaction(async (client) => {
    await client.query('create type pooled as (a int4)');
    assert.deepStrictEqual(await one(client, 'row(1)::pooled'), { a: 1 });
  });
  assert.deepStrictEqual(await one(pool, 'row(1)::pooled'), { a: 1 });
});
