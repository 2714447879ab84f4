// SPDX-License-Identifier: MIT
'use strict';

// Composites, ranges and arrays of them as parameters: sent as they were read,
// or made with pool.type().

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Client, Pool } = require('../../lib/index.js');
const { before, failureOf, useServer } = require('../support/suite.js');
const { TreeMaker } = require('./type-trees.js');

const TREES = 40;
const VALUES = 6;

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  await server.psql(`create type mood as enum ('sad', 'ok');
    create type address as (street text, zip int4, doc jsonb, raw bytea);
    create type person as (name text, home address, past address[], age int4range);
    create schema app; create type app.pair as (a int4, b int4);
    create table people (who person, moods mood[], spans int4multirange)`);
  pool = new Pool({
    connectionString: server.url,
    max: 2,
    catalogTypes: true,
  });
});

after(() => pool?.end());

test('arrays of enums need nothing', async () => {
  const text =
    'select $1::mood[] as v, $2::text = any($1::mood[]::text[]) as w';
  const { rows } = await pool.query(text, [['sad', null, 'ok'], 'ok']);
  assert.deepStrictEqual(rows, [{ v: ['sad', null, 'ok'], w: true }]);
});

test('what was read can be sent, changed or not', async () => {
  await pool.query(`insert into people values (
    row('P', row('S, "x"', 1, '[1,{"a":"b"}]', '\\x00ff'),
      array[row(null, null, null, null)::address, null], '[1,5)'),
    '{ok}', '{[1,3),[7,9)}')`);
  const { rows } = await pool.query('select * from people');
  const [row] = rows;
  row.who.home.zip = 2;
  row.who.past.push({ street: 'new', zip: null, doc: 'text', raw: null });
  const sent = [row.who, row.moods, row.spans, [row.spans]];
  const back = await pool.query(
    `select $1::person as who, $2::mood[] as moods, $3::int4multirange as spans,
      $4::int4multirange[] as many`,
    sent,
  );
  assert.deepStrictEqual(back.rows[0], { ...row, many: [row.spans] });
  assert.deepStrictEqual(back.rows[0].who.home, {
    street: 'S, "x"',
    zip: 2,
    doc: [1, { a: 'b' }],
    raw: Buffer.from([0, 255]),
  });
  assert.deepStrictEqual(Object.keys(row.who.age), [
    'lower',
    'upper',
    'bounds',
  ]);
});

test('pool.type() makes parameters of plain objects', async () => {
  const [person, addresses, range, moods] = await Promise.all(
    ['person', 'address[]', 'int4range', 'mood[]'].map((name) =>
      pool.type(name),
    ),
  );
  const home = { street: 'S', zip: 7, doc: { a: [1] }, raw: Buffer.from([9]) };
  const age = { lower: 1, upper: null, bounds: '[)' };
  const who = { name: 'Q', home, past: [home, null], age };
  const { rows } = await pool.query(
    `select $1::person as a, $2::address[] as b, $3::int4range as c,
      $4::mood[] as d, $5::person as e`,
    [
      person.value(who),
      addresses.value([home]),
      range.value({ lower: 3, upper: 5 }),
      moods.value(['ok']),
      person.value(null),
    ],
  );
  assert.deepStrictEqual(rows[0], {
    a: who,
    b: [home],
    c: { lower: 3, upper: 5, bounds: '[)' },
    d: ['ok'],
    e: null,
  });
  assert.strictEqual(person.name, 'person');
});

test('pool.type() works where catalogTypes is off, and with a schema', async () => {
  const plain = new Pool({ connectionString: server.url, max: 1 });
  const pair = await plain.type('app.pair');
  const text = 'select ($1::app.pair).b as v';
  const { rows } = await plain.query(text, [pair.value({ b: 2, a: 1 })]);
  assert.deepStrictEqual(rows, [{ v: 2 }]);
  await plain.end();
});

test('wrong values are refused before anything is sent', async () => {
  const person = await pool.type('person');
  const rangeType = await pool.type('int4range');
  const spans = await pool.type('int4multirange');
  const past = { name: null, home: null, age: null };
  const bad = /** @type {[any, any, RegExp][]} */ ([
    [
      person,
      { ...past, past: null, nmae: 1 },
      /^a value of public\.person has no attribute "nmae": it has name, home, past, age$/,
    ],
    [
      person,
      past,
      /^a value of public\.person lacks the attribute "past": give null/,
    ],
    [
      person,
      5,
      /public\.person must be an object, not a value of type number$/,
    ],
    [person, [1], /public\.person must be an object, not an array$/],
    [
      person,
      { ...past, past: {} },
      /public\.address\[\] must be an array, not/,
    ],
    [
      person,
      { ...past, past: [{ zip: 1 }] },
      /public\.address lacks the attribute "street"/,
    ],
    [
      rangeType,
      { lower: 1, bounds: '<>' },
      /must be \{lower, upper, bounds\}, where/,
    ],
    [rangeType, [1, 2], /must be \{lower, upper, bounds\}/],
    [
      spans,
      { lower: 1 },
      /must be an array of ranges, not a value of type object$/,
    ],
  ]);
  for (const [type, value, message] of bad) {
    assert.throws(() => type.value(value), {
      code: 'HF_PARAM_INVALID',
      message,
    });
  }
  const { rows } = await pool.query('select row(1, 2)::app.pair as v');
  rows[0].v.c = 3;
  const error = await failureOf(pool.query('select $1::app.pair', [rows[0].v]));
  assert.strictEqual(error.code, 'HF_PARAM_INVALID');
  assert.match(error.message, /app\.pair has no attribute "c": it has a, b$/);
});

test('type() of a client sees what its transaction has made', async () => {
  const client = await pool.connect();
  await client.query('begin');
  await client.query('create type fresh as (a int, b text)');
  const fresh = await client.type('fresh');
  const { rows } = await client.query('select ($1::fresh).*', [
    fresh.value({ a: 7, b: undefined }),
  ]);
  assert.deepStrictEqual(rows, [{ a: 7, b: null }]);
  assert.match(
    (await failureOf(pool.type('fresh'))).message,
    /no type "fresh"/,
  );
  await client.query('rollback');
  client.release();
  assert.strictEqual((await failureOf(client.type('x'))).code, 'HF_RELEASED');
});

test('type() of a Client needs its connection', async () => {
  const client = new Client(server.url);
  const early = await failureOf(client.type('int4range'));
  assert.match(early.message, /await connect\(\) before type\(\)/);
  await client.connect();
  await client.query('create temp table own (n int)');
  const own = await client.type('own');
  assert.strictEqual(own.value({ n: 1 })?.toPostgres(), '("1")');
  await client.end();
});

test('names with dots and brackets in them are found', async () => {
  await server.psql(
    'create schema "my.app"; create type "my.app".pair as (a int);' +
      'create type "odd[]" as (b int); create type "odd[][]" as enum (\'x\');',
  );
  const texts = [];
  for (const [name, value] of [
    ['my.app.pair', { a: 1 }],
    ['my.app.pair[]', [{ a: 1 }]],
    ['odd[]', { b: 2 }],
    ['odd[][]', [{ b: 2 }]],
  ]) {
    const type = await pool.type(name);
    texts.push(type.value(value)?.toPostgres());
  }
  const [one, two] = ['("1")', '("2")'];
  const arrayOf = (/** @type {string} */ text) =>
    `{"${text.replaceAll('"', '\\"')}"}`;
  assert.deepStrictEqual(texts, [one, arrayOf(one), two, arrayOf(two)]);
});

test('a type that does not exist is an error', async () => {
  for (const name of ['nothing', 'pair', '"person"']) {
    const error = await failureOf(pool.type(name));
    assert.strictEqual(error.code, 'HF_PARAM_INVALID');
    assert.match(error.message, /^there is no type ".+" in the search_path/);
  }
  assert.ok((await failureOf(pool.type())) instanceof TypeError);
  const ended = new Pool({ connectionString: server.url });
  await ended.end();
  assert.strictEqual((await failureOf(ended.type('x'))).code, 'HF_POOL_CLOSED');
});

test('random values come back as they were sent', async () => {
  for (let seed = 1; seed <= TREES; seed++) {
    const maker = new TreeMaker(seed, `sent${seed}`);
    const tree = maker.tree(1 + (seed % 4));
    await pool.query(
      [`create schema sent${seed}`, ...maker.statements].join(';'),
    );
    const made = Array.from({ length: VALUES }, () => tree.make());
    const rowMode = 'array';
    const first = await pool.query({
      text: `select ${made.map(({ sql }) => sql).join()}`,
      rowMode,
    });
    const places = made.map((_, i) => `$${i + 1}::${tree.name}`).join();
    const second = await pool.query({
      text: `select ${places}`,
      values: first.rows[0],
      rowMode,
    });
    assert.deepStrictEqual(second.rows, first.rows, `seed ${seed}`);
  }
});
