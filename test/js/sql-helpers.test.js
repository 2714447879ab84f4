// SPDX-License-Identifier: MIT
'use strict';

// Templates in templates, names, lists and rows.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { ATTACKS, refuses } = require('../support/sql.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;
/** @type {any} */
let sql;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  ({ sql } = pool);
  await pool.query('create table item (id int primary key, t text, n int)');
  await pool.query("insert into item values (1, 'x', 10), (2, 'y', 20)");
});

after(async () => {
  await pool?.end();
});
// ---- fragments --------------------------------------------------------------

test('a template in another is part of it, with its parameters renumbered', async () => {
  const where = sql.fragment`where n > ${5} and t = ${'y'}`;
  const inner = sql`select id from item ${where}`;
  const query = sql`select ${'a'}::text as a, id from (${inner}) as i where id < ${9}`;
  assert.strictEqual(
    query.text,
    'select $1::text as a, id from (select id from item where n > $2 and ' +
      't = $3) as i where id < $4',
  );
  assert.deepStrictEqual(query.values, ['a', 5, 'y', 9]);
  assert.deepStrictEqual((await query).rows, [{ a: 'a', id: 2 }]);
});

test('a fragment can be used again and again', async () => {
  const one = sql.fragment`${1}::int`;
  const { rows } =
    await sql`select ${one} + ${one} + ${sql.fragment`${one} * ${2}`} as n`;
  assert.deepStrictEqual(rows, [{ n: 4 }]);
});

test('an empty fragment leaves its place empty', async () => {
  const none = sql.fragment``;
  const { rowCount } = await sql`select * from item ${none}`;
  assert.strictEqual(rowCount, 2);
  assert.strictEqual(sql`a${none}b`.text, 'a b');
});

test('fragments do not run together with what is around them', async () => {
  const minus = sql.fragment`-3`;
  assert.strictEqual(sql`select 5 -${minus}`.text, 'select 5 - -3');
  assert.strictEqual(sql`'a'${sql.fragment`'b'`}`.text, "'a' 'b'");
  assert.strictEqual(sql`"a"${sql.identifier('b')}`.text, '"a" "b"');
  assert.strictEqual(sql`U&${sql.identifier('\\0041')}`.text, 'U& "\\0041"');
  const { rows } = await sql`select 5 -${minus} as n`;
  assert.deepStrictEqual(rows, [{ n: 8 }]);
});

test('a comment at the end of a fragment ends there', async () => {
  const commented = sql.fragment`true -- always`;
  const { rows } =
    await sql`select 1 as n where ${commented} and ${1}::int = 2`;
  assert.deepStrictEqual(rows, []);
});

test('a nested template does not run by itself', async () => {
  await pool.query('create table once (n int)');
  const insert = sql`insert into once values (${1}) returning n`;
  const { rows } = await sql`with i as (${insert}) select n from i`;
  assert.deepStrictEqual(rows, [{ n: 1 }]);
  const { rowCount } = await sql`select * from once`;
  assert.strictEqual(rowCount, 1);
});

// ---- identifiers --------------------------------------------------------------

test('identifiers are quoted', async () => {
  assert.strictEqual(sql`${sql.identifier('a')}`.text, '"a"');
  assert.strictEqual(sql`${sql.identifier('a', 'B c')}`.text, '"a"."B c"');
  assert.strictEqual(sql`${sql.identifier('a"b')}`.text, '"a""b"');
  const table = sql.identifier('public', 'item');
  const column = sql.identifier('t');
  const { rows } = await sql`select ${column} from ${table} where id = ${1}`;
  assert.deepStrictEqual(rows, [{ t: 'x' }]);
});

test('an identifier cannot change the statement', async () => {
  for (const attack of ATTACKS) {
    const { fields } = await sql`select 1 as ${sql.identifier(attack)}`;
    assert.strictEqual(fields[0].name, attack);
    const error = await failureOf(sql`select * from ${sql.identifier(attack)}`);
    assert.strictEqual(error.code, '42P01', attack);
  }
});

test('what is no identifier is refused', () => {
  refuses(() => sql.identifier(), /needs a name/);
  refuses(() => sql.identifier(''), /not empty/);
  refuses(() => sql.identifier('a\0b'), /NUL/);
  refuses(() => sql.identifier(['a', 'b']), /'schema', 'table'/);
  refuses(() => sql.identifier('a', undefined), /strings/);
});

// ---- lists, joins and rows ----------------------------------------------------

test('a list stands in parentheses', async () => {
  const query = sql`select id from item where id in ${sql.list([1, 2, 3])} order by id`;
  assert.strictEqual(
    query.text,
    'select id from item where id in ($1, $2, $3) order by id',
  );
  assert.deepStrictEqual((await query).rows, [{ id: 1 }, { id: 2 }]);
});

test('an empty list is an error, an empty array is a value', async () => {
  refuses(() => sql.list([]), /= any\(\$\{array\}\)/);
  refuses(() => sql.list('ab'), /needs an array/);
  refuses(
    () => sql.list([1, undefined]),
    /value 2 of sql.list\(\) is undefined/,
    'HF_PARAM_INVALID',
  );
  const { rowCount } = await sql`select * from item where id = any(${[]})`;
  assert.strictEqual(rowCount, 0);
  const all = await sql`select * from item where id <> all(${[]})`;
  assert.strictEqual(all.rowCount, 2);
});

test('fragments are joined by a comma, or by a fragment', async () => {
  const conditions = [sql.fragment`id > ${0}`, sql.fragment`n < ${15}`];
  const columns = ['id', 't'].map((name) => sql.identifier(name));
  const query = sql`
    select ${sql.join(columns)} from item
    where ${sql.join(conditions, sql.fragment` and `)}`;
  assert.match(query.text, /select "id", "t" from/);
  assert.match(query.text, /where id > \$1 and n < \$2$/);
  assert.deepStrictEqual((await query).rows, [{ id: 1, t: 'x' }]);
});

test('texts are not joined', () => {
  const part = sql.fragment`a`;
  refuses(() => sql.join(['a = 1']), /item 1 of sql.join\(\) is no fragment/);
  refuses(() => sql.join([part, 1]), /item 2 of sql.join\(\) is no fragment/);
  refuses(() => sql.join([part], ' and '), /separator .* must be a fragment/);
  refuses(() => sql.join([]), /at least one fragment/);
  refuses(() => sql.join('ab'), /at least one fragment/);
});

test('rows become VALUES', async () => {
  await pool.query('create table rows_in (a int, b text default $$d$$)');
  const byDefault = sql.fragment`default`;
  const rows = [
    [1, 'x'],
    [2, byDefault],
  ];
  const insert = sql`insert into rows_in (a, b) ${sql.values(rows)} returning *`;
  assert.strictEqual(
    insert.text,
    'insert into rows_in (a, b) values ($1, $2), ($3, default) returning *',
  );
  assert.deepStrictEqual((await insert).rows, [
    { a: 1, b: 'x' },
    { a: 2, b: 'd' },
  ]);
});

test('objects become VALUES by the columns that are named', async () => {
  const people = [
    { id: 11, t: 'a', admin: true },
    { admin: true, t: null, id: 12 },
  ];
  const insert = sql`insert into item ${sql.values(people, ['id', 't'])} returning id, t`;
  assert.strictEqual(
    insert.text,
    'insert into item ("id", "t") values ($1, $2), ($3, $4) returning id, t',
  );
  assert.deepStrictEqual((await insert).rows, [
    { id: 11, t: 'a' },
    { id: 12, t: null },
  ]);
  await sql`delete from item where id in ${sql.list([11, 12])}`;
});

test('rows that do not fit are refused', () => {
  refuses(() => sql.values([]), /at least one row/);
  refuses(() => sql.values([[]]), /row 1 of sql.values\(\)/);
  refuses(
    () => sql.values([[1], [1, 2]]),
    /row 2 .* has 2 values instead of 1/,
  );
  refuses(() => sql.values([{ a: 1 }]), /names of their columns/);
  refuses(() => sql.values([1], ['a']), /row 1 .* neither array nor object/);
  refuses(() => sql.values([[1]], []), /array of names/);
  refuses(() => sql.values([[1]], ['a', 'b']), /1 values instead of 2/);
  refuses(
    () => sql.values([{ a: 1 }, {}], ['a']),
    /"a" in row 2 of sql.values\(\) is undefined/,
    'HF_PARAM_INVALID',
  );
  refuses(
    () => sql.values([{}], ['constructor']),
    /is undefined/,
    'HF_PARAM_INVALID',
  );
});
