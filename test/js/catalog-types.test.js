// SPDX-License-Identifier: MIT
'use strict';

// The option catalogTypes: values of types that are looked up in the catalogue.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const pg = require('pg');
const { Client, Pool } = require('../../lib/index.js');
const { before, useServer } = require('../support/suite.js');

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
    create type textrange as range
      (subtype = text, multirange_type_name = textspans);
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

test('braces in the bounds of a range stay as they are', async () => {
  const { rows } = await poolOf().query(`select textrange('a{', 'b}') as one,
    textspans(textrange('a,', 'b{}'), textrange('c}', null)) as many,
    array[textrange('{', null)] as listed`);
  assert.deepStrictEqual(rows[0], {
    one: { lower: 'a{', upper: 'b}', bounds: '[)' },
    many: [
      { lower: 'a,', upper: 'b{}', bounds: '[)' },
      { lower: 'c}', upper: null, bounds: '[)' },
    ],
    listed: [{ lower: '{', upper: null, bounds: '[)' }],
  });
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

test("pg's own object of parsers does not keep types from being looked up", async () => {
  const { getTypeParser } = pg.types;
  for (const types of [pg.types, { getTypeParser }]) {
    const pool = poolOf({ types });
    assert.deepStrictEqual(await one(pool, `array['sad']::mood[]`), ['sad']);
    assert.deepStrictEqual(await one(pool, 'array[1]::positive[]'), [1]);
  }
});

test('a Client has the options, too', async () => {
  const client = new Client({
    connectionString: server.url,
    catalogTypes: true,
    int8: 'bigint',
  });
  await client.connect();
  assert.deepStrictEqual(await one(client, `array['sad']::mood[]`), ['sad']);
  assert.strictEqual(await one(client, '5::int8'), 5n);
  await client.end();
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

test('catalogTypes must be true or false', () => {
  assert.throws(() => new Pool(/** @type {any} */ ({ catalogTypes: 1 })), {
    message: 'catalogTypes must be true or false',
  });
});
