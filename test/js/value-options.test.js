// SPDX-License-Identifier: MIT
'use strict';

// The options int8, json and dates, and parsers by the name of a type.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { afterEach, test } = require('node:test');

const { pgConfig } = require('../../lib/fallback/config.js');
const { Pool, getPool, types } = require('../../lib/index.js');
const { resolveOptions } = require('../../lib/options/options.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any[]} */
const pools = [];

/** @param {any} [options] */
function poolOf(options) {
  const pool = new Pool({ connectionString: server.url, max: 2, ...options });
  pools.push(pool);
  return pool;
}

before(async () => {
  await server.psql(`create type mood as enum ('sad', 'ok');
    create domain id as int8;
    create type pair as (a int8, b jsonb);
    create schema app; create type app.mood as enum ('x');
    create type app.color as enum ('red');
    create type "Role" as enum ('USER')`);
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.ending || pool.end()));
});

const INT8 = `select 9007199254740991::int8 as a, '{1,null,-2}'::int8[] as b,
  count(*) as c, 1.5::numeric as d`;
const BIG = 'select 9007199254740993::int8 as a';

test('int8 is text, as in pg, unless said otherwise', async () => {
  const pool = poolOf();
  const expected = { a: '9007199254740991', b: ['1', null, '-2'], c: '1' };
  assert.deepStrictEqual((await pool.query(INT8)).rows, [
    { ...expected, d: '1.5' },
  ]);
  const given = await pool.query({ text: INT8, int8: 'string' });
  assert.deepStrictEqual(given.rows, [{ ...expected, d: '1.5' }]);
});

test('int8 as a number, of a pool and of a call', async () => {
  const expected = [{ a: 9007199254740991, b: [1, null, -2], c: 1, d: '1.5' }];
  const pool = poolOf({ int8: 'number' });
  assert.deepStrictEqual((await pool.query(INT8)).rows, expected);
  const call = { text: INT8, int8: /** @type {const} */ ('number') };
  assert.deepStrictEqual((await poolOf().query(call)).rows, expected);
  const client = await pool.connect();
  assert.deepStrictEqual((await client.query(INT8)).rows, expected);
  client.release();
});

test('an int8 that a number cannot hold is an error', async () => {
  const pool = poolOf({ int8: 'number' });
  for (const text of [BIG, "select '{1,-9007199254740993}'::int8[] as a"]) {
    const error = await failureOf(pool.query(text));
    assert.strictEqual(error.code, 'HF_RESULT_UNREADABLE');
    assert.strictEqual(error.outcome, 'ambiguous');
    assert.strictEqual(error.retryable, false);
    assert.match(
      error.message,
      /number cannot hold exactly: say int8: 'bigint'/,
    );
    assert.doesNotMatch(error.message, /9007199254740993/);
  }
});

test('int8 as a bigint, also within other types', async () => {
  const pool = poolOf({ int8: 'bigint', catalogTypes: true });
  assert.deepStrictEqual((await pool.query(BIG)).rows, [
    { a: 9007199254740993n },
  ]);
  const { rows } = await pool.query(`select row(5, '{}')::pair as p,
    array[7]::id[] as i, int8range(1, 3) as r`);
  assert.deepStrictEqual(rows, [
    {
      p: { a: 5n, b: {} },
      i: [7n],
      r: { lower: 1n, upper: 3n, bounds: '[)' },
    },
  ]);
  assert.deepStrictEqual(
    (await pool.query({ text: BIG, int8: 'string' })).rows,
    [{ a: '9007199254740993' }],
  );
});

test('a parser that is set for a connection comes before the option', async () => {
  const pool = poolOf({ int8: 'bigint' });
  const client = await pool.connect();
  client.setTypeParser(20, (text) => `own ${text}`);
  assert.strictEqual(
    (await client.query('select 1::int8 a')).rows[0].a,
    'own 1',
  );
  client.release();
});

test('json keeps integers that a number cannot hold', async () => {
  const text = `select '{"a": [12345678901234567890, 1, "12345678901234567890",
    -9007199254740993, 1.5, 9007199254740991], "b\\"1": {"__proto__": 1}}'::json
    as j, '{"{\\"x\\": 98765432109876543210}"}'::jsonb[] as k`;
  const plain = (await poolOf().query(text)).rows[0];
  assert.strictEqual(plain.j.a[0], Number('12345678901234567890'));
  const pool = poolOf({ json: 'bigint' });
  const { rows } = await pool.query(text);
  assert.deepStrictEqual(rows[0].j.a, [
    12345678901234567890n,
    1,
    '12345678901234567890',
    -9007199254740993n,
    1.5,
    9007199254740991,
  ]);
  assert.deepStrictEqual(Object.keys(rows[0].j), ['a', 'b"1']);
  assert.ok(Object.hasOwn(rows[0].j['b"1'], '__proto__'));
  assert.deepStrictEqual(rows[0].k, [{ x: 98765432109876543210n }]);
  const back = await pool.query('select $1::jsonb as j, $1::text as t', [
    { a: [1n, -12345678901234567890n], b: 'x' },
  ]);
  assert.strictEqual(
    back.rows[0].t,
    '{"a": [1, -12345678901234567890], "b": "x"}',
  );
  assert.deepStrictEqual(back.rows[0].j.a, [1, -12345678901234567890n]);
});

test('json as text', async () => {
  const text = `select '{"a":  1}'::json as j, '[1]'::jsonb as k,
    '{"{}"}'::json[] as l`;
  const { rows } = await poolOf({ json: 'text' }).query(text);
  assert.deepStrictEqual(rows, [{ j: '{"a":  1}', k: '[1]', l: ['{}'] }]);
});

const DATES = `select '2020-02-03'::date as a, '2020-02-03 04:05:06.789'::timestamp
  as b, '2020-02-03 04:05:06.789+00'::timestamptz as c, '{2020-02-03}'::date[] as d,
  'infinity'::date as e, '04:05'::time as f`;

test('dates as text, as the server writes them', async () => {
  const pool = poolOf({ dates: 'text', settings: { TimeZone: 'UTC' } });
  const { rows } = await pool.query(DATES);
  assert.deepStrictEqual(rows, [
    {
      a: '2020-02-03',
      b: '2020-02-03 04:05:06.789',
      c: '2020-02-03 04:05:06.789+00',
      d: ['2020-02-03'],
      e: 'infinity',
      f: '04:05:00',
    },
  ]);
  const call = await pool.query({
    text: "select '2020-02-03 04:05:06Z'::timestamptz as a",
    dates: 'date',
  });
  // A call's option is the nearest: it asks for what pg gives.
  assert.deepStrictEqual(call.rows[0].a, new Date('2020-02-03T04:05:06Z'));
});

/** How Node has Temporal here: by itself, by a flag, or not at all. */
const temporalFlag = [[], ['--harmony-temporal']].find((flags) => {
  const args = [...flags, '-p', 'typeof Temporal'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return stdout.trim() === 'object';
});

test(`dates as Temporal${temporalFlag ? '' : ' (this Node.js has no Temporal)'}`, {
  skip: temporalFlag === undefined,
}, () => {
  const child = path.join(__dirname, 'temporal.child.js');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [.../** @type {string[]} */ (temporalFlag), child],
    { encoding: 'utf8', env: { ...process.env, URL_FOR_TEST: server.url } },
  );
  assert.strictEqual(stdout.trim(), 'right', stderr);
});

test('Temporal is refused where Node does not have it', {
  skip: Reflect.has(globalThis, 'Temporal'),
}, async () => {
  const message =
    "dates: 'temporal' needs Temporal, which this version of Node.js does " +
    "not have: say 'date' or 'text'";
  assert.throws(() => poolOf({ dates: 'temporal' }), { message });
  const query = { text: 'select 1', dates: /** @type {const} */ ('temporal') };
  assert.strictEqual((await failureOf(poolOf().query(query))).message, message);
});

test('other words are refused before anything is sent', async () => {
  const cases = /** @type {const} */ ({
    int8: 'string, number, bigint',
    json: 'parse, bigint, text',
    dates: 'date, text, temporal',
  });
  for (const [name, words] of Object.entries(cases)) {
    const message = `${name} must be one of ${words}`;
    assert.throws(() => poolOf({ [name]: 'float' }), { message });
    assert.throws(() => poolOf({ [name]: 'toString' }), { message });
    const call = poolOf().query({ text: 'select 1', [name]: 1 });
    assert.strictEqual((await failureOf(call)).message, message);
  }
});

test('handles with other options do not mix their values', async () => {
  const connectionString = server.url;
  const query = {
    text: 'select 5::int8 as a, 6::int8 as b',
    readOnly: true,
    cache: { ttlMillis: 60000 },
  };
  const handles = /** @type {const} */ (['string', 'number', 'bigint']).map(
    (int8) => getPool({ connectionString, int8 }),
  );
  pools.push(...handles);
  assert.strictEqual(new Set(handles).size, 3);
  const expected = ['5', 5, 5n];
  for (let round = 0; round < 3; round++) {
    const results = await Promise.all(handles.map((pool) => pool.query(query)));
    const values = results.map(({ rows }) => rows[0].a);
    assert.deepStrictEqual(values, expected);
  }
  const again = getPool({ connectionString, int8: 'number' });
  assert.strictEqual(again, handles[1]);
});

test('calls that share a cached result have their own values', async () => {
  const pool = poolOf();
  const query = {
    text: "select 5::int8 as a, '2020-01-01Z'::timestamptz as t",
    readOnly: true,
    cache: { ttlMillis: 60000 },
  };
  const words = /** @type {const} */ (['string', 'number', 'bigint', 'string']);
  const results = await Promise.all(
    words.map((int8, i) =>
      pool.query({ ...query, int8, dates: i > 1 ? 'text' : 'date' }),
    ),
  );
  const rows = results.map((result) => result.rows[0]);
  assert.deepStrictEqual(
    rows.map(({ a }) => a),
    ['5', 5, 5n, '5'],
  );
  assert.deepStrictEqual(
    rows.map(({ t }) => typeof t),
    ['object', 'object', 'string', 'string'],
  );
});

test('a parser by the name of a type', async () => {
  const own = types.createTypeOverrides();
  own.setTypeParser('mood', (text) => text.toUpperCase());
  own.setTypeParser('Role', (text) => `role ${text}`);
  own.setTypeParser('app.color', (text) => `app ${text}`);
  own.setTypeParser('color', () => 'not visible');
  own.setTypeParser('int8', (text) => `int8 ${text}`);
  const text = `select 'sad'::mood as a, 'x'::app.mood as b, 'red'::app.color
    as c, 'USER'::"Role" as d, 1::int8 as e, '{sad}'::mood[] as f`;
  const one = { a: 'SAD', b: 'x', c: 'app red', d: 'role USER', e: 'int8 1' };
  const { rows } = await poolOf({ types: own }).query(text);
  assert.deepStrictEqual(rows, [{ ...one, f: '{sad}' }]);
  const parsed = await poolOf({ types: own, catalogTypes: true }).query(text);
  assert.deepStrictEqual(parsed.rows, [{ ...one, f: ['SAD'] }]);
  own.setTypeParser('mood[]', () => 'moods');
  const arrays = await poolOf({ types: own, catalogTypes: true }).query(text);
  assert.strictEqual(arrays.rows[0].f, 'moods');
});

test("a built-in type is found by SQL's name for it, its array by OID only", async () => {
  const own = types.createTypeOverrides();
  own.setTypeParser('integer', (text) => `int ${text}`);
  own.setTypeParser('Double Precision', (text) => `real ${text}`);
  const { rows } = await poolOf({ types: own }).query(
    'select 1 as a, 0.5::float8 as b',
  );
  assert.deepStrictEqual(rows, [{ a: 'int 1', b: 'real 0.5' }]);
  for (const name of ['_int4', 'int4[]', 'integer[]', 'pg_catalog._text']) {
    assert.throws(() => own.setTypeParser(name, String), {
      name: 'TypeError',
      message: /array of a built-in type: give its OID/,
    });
  }
  own.setTypeParser('_mood', () => 'moods');
  const moods = `select '{sad}'::mood[] as f`;
  const read = await poolOf({ types: own, catalogTypes: true }).query(moods);
  assert.deepStrictEqual(read.rows, [{ f: 'moods' }]);
});

test('a name without a schema means the type that the search_path finds', async () => {
  const own = types.createTypeOverrides();
  own.setTypeParser('mood', (text) => `found ${text}`);
  const text = `select 'sad'::public.mood as a, 'x'::app.mood as b`;
  const { rows } = await poolOf({ types: own, schema: 'app' }).query(text);
  assert.deepStrictEqual(rows, [{ a: 'sad', b: 'found x' }]);
});

test('a parser by name, of the process and of a client', async () => {
  const pool = poolOf();
  const text = "select 'sad'::mood as a";
  const client = await pool.connect();
  client.setTypeParser('mood', () => 'of the client');
  types.setTypeParser('mood', () => 'of the process');
  try {
    assert.deepStrictEqual((await client.query(text)).rows, [
      { a: 'of the client' },
    ]);
    assert.deepStrictEqual((await poolOf().query(text)).rows, [
      { a: 'of the process' },
    ]);
  } finally {
    types.setTypeParser('mood', /** @type {any} */ (undefined));
    client.release();
  }
  assert.deepStrictEqual((await poolOf().query(text)).rows, [{ a: 'sad' }]);
});

test('an empty name is refused', () => {
  assert.throws(
    () => types.setTypeParser('', String),
    /^TypeError: the name of a type must not be empty/,
  );
});

test("fallback: 'pg' has the options of a pool, but no catalogTypes", () => {
  const text = 'postgresql://user@localhost/database';
  const config = pgConfig(
    resolveOptions({ connectionString: text, int8: 'bigint' }),
  );
  const own = /** @type {any} */ (config.types);
  assert.strictEqual(own.getTypeParser(20, 'text')('5'), 5n);
  const asked = resolveOptions({ connectionString: text, catalogTypes: true });
  assert.throws(
    () => pgConfig(asked),
    /^TypeError: fallback: 'pg' cannot keep/,
  );
});
