// SPDX-License-Identifier: MIT
'use strict';

// The same calls through pg and through us: results, fields and errors.

const assert = require('node:assert');
const { after, test } = require('node:test');

const pg = require('pg');

const { Pool } = require('../../lib/pool/pool.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let ours;
/** @type {any} */
let theirs;

before(async () => {
  ours = new Pool({ connectionString: server.url, max: 1 });
  theirs = new pg.Pool({ connectionString: server.url, max: 1 });
  // Its end() does not wait for the socket: stopping the server may be heard.
  theirs.on('error', () => {});
  await theirs.query(`
    create table people (
      id int primary key,
      name varchar(20) not null,
      born date,
      score numeric(6, 2) check (score < 1000),
      unique (name)
    );
    insert into people values (1, 'Ann', '1990-05-06', 12.5),
      (2, 'Bob', null, null), (3, 'Žofie', '2000-02-29', 0);
    create type mood as enum ('sad', 'ok', 'happy');`);
});

after(async () => {
  await ours?.end();
  await theirs?.end();
});

const RESULT_KEYS = ['command', 'rowCount', 'oid', 'rows', 'rowAsArray'];
const FIELD_KEYS = [
  'name',
  'tableID',
  'columnID',
  'dataTypeID',
  'dataTypeSize',
  'dataTypeModifier',
  'format',
];
const ERROR_KEYS = [
  'name',
  'message',
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
];

/** Where the server noticed; that depends on the protocol's flavour. */
const PLACE_KEYS = ['file', 'line', 'routine'];

/**
 * @param {any} object
 * @param {string[]} keys
 */
function pick(object, keys) {
  return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

/** Temporary tables have another number for each of the two. */
const FIRST_USER_TABLE = 16384;

/** @param {any} field */
function comparableField(field) {
  const picked = pick(field, FIELD_KEYS);
  const { tableID } = picked;
  return { ...picked, tableID: Math.min(tableID, FIRST_USER_TABLE) };
}

/** @param {any} error */
function comparableError(error) {
  const picked = pick(error, ERROR_KEYS);
  // We may have given the statement a name of our own.
  const message = error.message.replace(/"hf[0-9a-f]+"/, '""');
  return { ...picked, message };
}

/** @param {any} result @returns {unknown} */
function comparable(result) {
  if (Array.isArray(result)) {
    return result.map(comparable);
  }
  return {
    ...pick(result, RESULT_KEYS),
    fields: result.fields.map(comparableField),
  };
}

/**
 * @param {any} queryable
 * @param {any[]} args
 */
async function outcomeOf(queryable, args) {
  try {
    return comparable(await queryable.query(...args));
  } catch (error) {
    return { error: comparableError(error) };
  }
}

/** @param {any[]} args */
async function compare(...args) {
  const expected = await outcomeOf(theirs, args);
  const actual = await outcomeOf(ours, args);
  assert.deepStrictEqual(actual, expected, JSON.stringify(args[0]));
}

/** Statements that change nothing, or the same for both. */
const STATEMENTS = [
  ['select * from people order by id'],
  ['select * from people where id = $1', [1]],
  ['select * from people where false'],
  ['select id, id, name as id from people order by 1'],
  ['select id as "__proto__", name as "constructor" from people order by 1'],
  ['select id as "2", name as "1", born as b from people order by id'],
  ['select 1, 2, 3'],
  ['select'],
  ['select from people'],
  [''],
  [';'],
  ['-- only a comment'],
  ["select 'x' as a; select 2 as b, 3 as c; select where false"],
  ['select 1 as a; ; select 2 as a;'],
  ['begin; select 1 as n; commit'],
  ["values (1, null), (2, 'x')"],
  ['table people'],
  ['show server_version'],
  ["set application_name to 'x'"],
  ['reset application_name'],
  ['explain (costs off) select * from people'],
  ['create temp table t (n int)'],
  ['insert into t values (1), (2)'],
  ['insert into t values (3) returning n, n * 2 as twice'],
  ['insert into t select 1 where false'],
  ['update t set n = n + 1'],
  ['update t set n = 0 where n = 77 returning *'],
  ['delete from t where n = 2'],
  ['create temp table u as select * from people'],
  ['truncate t'],
  ['drop table t, u'],
  ['do $$ begin null; end $$'],
  ['declare c cursor with hold for select * from people; fetch 2 from c'],
  ['move 1 from c'],
  ['close c'],
  ['prepare p as select 1'],
  ['execute p'],
  ['deallocate p'],
  ['vacuum people'],
  ["select 'happy'::mood as m, array['sad', 'ok']::mood[] as ms"],
  ["select row(1, 'a b')::text as r, people from people order by id"],
  ['select null as n, null::int as i, null::text[] as t'],
  ['select $1::int4 as a, $2::text as b', [null, undefined]],
  ['select $1::json as j, $2::jsonb as k', [{ a: [1] }, { b: null }]],
  [
    'select $1::int[] as a, $2::text[] as b',
    [
      [1, null],
      ['x"y', null],
    ],
  ],
  ['select $1::timestamptz as t', [new Date(1600000000123)]],
  ['select $1::bytea as b', [Buffer.from([0, 1, 255])]],
  ['select $1::bool as b, $2::float8 as f, $3::int8 as i', [true, 1.5, 7n]],
  [{ text: 'select 1 as a, 2 as a', rowMode: 'array' }],
  [{ text: 'select $1::int as a', values: [1] }],
  [{ text: 'select $1::int as a', values: [1], name: 'same' }],
  [{ text: 'select $1::int as a', values: [2], name: 'same' }],
];

const FAILURES = [
  ['select 1/0'],
  ['selec 1'],
  ['select nothing from people'],
  ['select * from nowhere'],
  ["insert into people values (1, 'Cid')"],
  ["insert into people values (9, 'Ann')"],
  ['insert into people values (9, null)'],
  ["insert into people values (9, 'Dan', null, 1000)"],
  ["insert into people values (9, 'a name that is far too long')"],
  ["select 'x'::int"],
  ['select $1::int', ['x']],
  ['select $1::int', [1, 2]],
  ["select '{'::json"],
  ["do $$ begin raise 'mine' using errcode = 'P0999', hint = 'h'; end $$"],
  ['do $$ begin perform 1/0; end $$'],
  ['select 1 as a; select 1/0; select 2'],
  [{ text: 'select 1/0', name: 'fails' }],
];

for (const args of STATEMENTS) {
  test(`same result: ${JSON.stringify(args[0])}`, () => compare(...args));
}

for (const args of FAILURES) {
  test(`same error: ${JSON.stringify(args[0])}`, () => compare(...args));
}

test("a client gives the same as pg's through a transaction", async () => {
  const steps = [
    ['begin'],
    ["insert into people values (4, 'Eve')"],
    ['savepoint a'],
    ["insert into people values (4, 'Eve')"],
    ['select 1'],
    ['rollback to savepoint a'],
    ['select count(*) from people'],
    ['rollback'],
    ['start transaction read only'],
    ['delete from people'],
    ['abort'],
  ];
  const run = async (/** @type {any} */ pool) => {
    const client = await pool.connect();
    const seen = [];
    for (const step of steps) {
      const outcome = /** @type {any} */ (await outcomeOf(client, step));
      for (const key of PLACE_KEYS) {
        delete outcome.error?.[key];
      }
      seen.push(outcome);
      // After an error pg knows the status only once the server is ready.
      if (outcome.error === undefined) {
        seen.push(client.getTransactionStatus());
      }
    }
    client.release();
    return seen;
  };
  assert.deepStrictEqual(await run(ours), await run(theirs));
});

test('rows are plain objects and plain arrays', async () => {
  const { rows } = await ours.query('select 1 as a');
  assert.strictEqual(Object.getPrototypeOf(rows[0]), Object.prototype);
  assert.ok(Array.isArray(rows));
});

test('types of a query get the same calls as with pg', async () => {
  const run = async (/** @type {any} */ pool) => {
    /** @type {unknown[]} */
    const calls = [];
    await pool.query({
      text: "select 1 as a, 'x' as b, null::int as c, now() is null as d",
      types: {
        getTypeParser: (
          /** @type {number} */ oid,
          /** @type {string} */ format,
        ) => {
          return (/** @type {string} */ text) => {
            calls.push([oid, format, text]);
            return text;
          };
        },
      },
    });
    return calls;
  };
  assert.deepStrictEqual(await run(ours), await run(theirs));
});

test('a result of many rows is the same', async () => {
  await compare(
    `select i, i % 7 = 0 as b, i / 3.0 as n, i::float8 / 3 as f,
       repeat('ž', i % 50) as t, now() - i * interval '1 h' < now() as x,
       timestamptz '2020-01-01 00:00:00.123Z' + i * interval '37 min' as at,
       case when i % 3 = 0 then null else i end as maybe
     from generate_series(1, 5000) i`,
  );
});

test('a row of very many columns is the same', async () => {
  const columns = Array.from({ length: 1600 }, (_, i) =>
    i % 5 === 0 ? `null as c${i}` : `${i} as c${i}`,
  );
  await compare(`select ${columns}`);
});
