// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { retryQuery } = require('../../lib/retry/retry.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  await pool.query('create table item (id int primary key, t text)');
  await pool.query("insert into item values (1, 'x'), (2, 'y')");
});

after(async () => {
  await pool?.end();
});

/**
 * @param {string} text
 * @param {any} values
 * @returns {Promise<any>}
 */
async function first(text, values) {
  const { rows } = await pool.query({ text, values });
  return rows[0];
}

test('values are given by name', async () => {
  const text = 'select id from item where id = :id and t = :t::text';
  assert.deepStrictEqual(await first(text, { id: 1, t: 'x' }), { id: 1 });
  assert.strictEqual(await first(text, { id: 1, t: 'y' }), undefined);
});

test('they may be the second argument', async () => {
  const { rows } = await pool.query('select :a::int as a', { a: 3 });
  assert.deepStrictEqual(rows, [{ a: 3 }]);
});

test('the same name twice is one parameter', async () => {
  const text = 'select :a::int + :a as twice, :b::text as b';
  assert.deepStrictEqual(await first(text, { b: 'x', a: 2 }), {
    twice: 4,
    b: 'x',
  });
});

test('the same text is the same prepared statement', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  for (let a = 0; a < 10; a++) {
    await one.query('select :a::int + :a + :b::int as n', { a, b: 1 });
  }
  const prepared = await one.query(
    'select statement, cardinality(parameter_types) as n ' +
      "from pg_prepared_statements where statement like '%::int as n'",
  );
  assert.deepStrictEqual(prepared.rows, [
    { statement: 'select $1::int + $1 + $2::int as n', n: 2 },
  ]);
  await one.end();
});

test('casts, slices, assignments, operators, literals and comments are none', async () => {
  const text = `
    select '12:30 :none'::text as literal, $$ :none $$ as dollars,
      (array[1, 2, 3])[1:2] as slice, (array[4, 5])[:i] as element,
      '{"a": 1}'::jsonb->:key as member, 'a'||:s::text as joined,
      make_interval(hours := :h)::text as named, -- :none
      1 as ":none" /* :none */`;
  assert.deepStrictEqual(await first(text, { i: 2, key: 'a', s: 'b', h: 1 }), {
    literal: '12:30 :none',
    dollars: ' :none ',
    slice: [1, 2],
    element: 5,
    member: 1,
    joined: 'ab',
    named: '01:00:00',
    ':none': 1,
  });
});

test('a name may follow a word directly', async () => {
  assert.deepStrictEqual(
    await first('select:a::int as a where true and:b::bool limit:n', {
      a: 1,
      b: true,
      n: 1,
    }),
    { a: 1 },
  );
});

test('what is not ASCII stays as it is', async () => {
  assert.deepStrictEqual(
    await first("select 'ä€😀' as \"ö\", :größe::text as s, 'ß' as t", {
      größe: 'ü😀',
    }),
    { ö: 'ä€😀', s: 'ü😀', t: 'ß' },
  );
});

test('a value cannot change the statement', async () => {
  const value = "'; drop table item; --";
  assert.deepStrictEqual(await first('select :v::text as v', { v: value }), {
    v: value,
  });
  assert.deepStrictEqual(
    await first('select :a::text as a, :b::text as b', { a: ':b', b: '$1' }),
    { a: ':b', b: '$1' },
  );
});

test('a name without a value is an error, and nothing is sent', async () => {
  const fresh = new Pool({ connectionString: server.url });
  for (const values of [{}, { id: undefined }, Object.create({ id: 1 })]) {
    const error = await failureOf(
      fresh.query({ text: 'select :id::int', values }),
    );
    assert.strictEqual(error.code, 'HF_VALUE_MISSING');
    assert.match(error.message, /values has no "id"/);
    assert.strictEqual(error.retryable, false);
  }
  for (const name of ['constructor', 'toString', '__proto__']) {
    const error = await failureOf(fresh.query(`select :${name}`, {}));
    assert.strictEqual(error.code, 'HF_VALUE_MISSING');
  }
  assert.strictEqual(fresh.totalCount, 0);
  await fresh.end();
});

test('a value without a name is an error that says where the name stands', async () => {
  const cases = [
    ['select 1', /the text has no :id/],
    ["select ':id'", /stands in a string literal/],
    ['select $$:id$$', /stands in a dollar-quoted string/],
    ['select 1 as ":id"', /stands in a quoted name/],
    ['select 1 -- :id', /stands in a comment/],
    ['select (array[1])[1:id]', /the text has no :id/],
  ];
  for (const [text, expected] of cases) {
    const error = await failureOf(pool.query({ text, values: { id: 1 } }));
    assert.strictEqual(error.code, 'HF_VALUE_UNUSED');
    assert.match(error.message, /** @type {RegExp} */ (expected));
  }
});

test('an undefined value without a name is none', async () => {
  assert.deepStrictEqual(await first('select 1 as n', { a: undefined }), {
    n: 1,
  });
});

test('numbers and names are not mixed', async () => {
  const error = await failureOf(
    pool.query('select $1::int, :a::int', { a: 1 }),
  );
  assert.strictEqual(error.code, 'HF_VALUE_MISSING');
  assert.match(error.message, /\$1 has no value/);
});

test('without values by name a text is sent as it is', async () => {
  const error = await failureOf(pool.query('select :a', [1]));
  assert.strictEqual(error.code, '42601');
});

test('a promise, a function and a symbol are no values', async () => {
  for (const a of [Promise.resolve(1), () => 1, Symbol('s')]) {
    const error = await failureOf(pool.query('select :a', { a }));
    assert.strictEqual(error.code, 'HF_PARAM_INVALID');
    assert.match(error.message, /the value of :a is a /);
  }
});

test('a text without an end is an error', async () => {
  const error = await failureOf(pool.query("select :a, 'x", { a: 1 }));
  assert.strictEqual(error.code, 'HF_PARAM_INVALID');
  assert.match(error.message, /without an end/);
});

test('other objects are no values by name', async () => {
  for (const values of [new Date(), new Map([['a', 1]]), 'a', 1]) {
    const error = await failureOf(
      pool.query({ text: 'select :a', values: /** @type {any} */ (values) }),
    );
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /must be an array, or an object/);
  }
});

test('they go with the options of any query', async () => {
  const text = 'select :n::int as n';
  const values = { n: 7 };
  for (const options of [
    { readOnly: true },
    { idempotent: true },
    { exactlyOnce: true },
    { retry: false },
    { cache: { ttlMillis: 1000 } },
    { rowMode: 'array' },
    { deadlineMillis: 5000 },
  ]) {
    const { rows } = await pool.query({ text, values, ...options });
    assert.deepStrictEqual(Object.values(rows[0]), [7]);
  }
  const { rows } = await retryQuery(() => pool.query({ text, values }));
  assert.deepStrictEqual(rows, [{ n: 7 }]);
});

test('cached answers are told apart by their values', async () => {
  const cache = { ttlMillis: 60_000 };
  for (const n of [1, 2, 1]) {
    const { rows } = await pool.query({
      text: 'select :n::int as n',
      values: { n },
      cache,
    });
    assert.deepStrictEqual(rows, [{ n }]);
  }
});

test('a prepared statement of a name takes them, again and without its text', async () => {
  const text = 'select :a::int + 1 as n';
  for (const given of [{ text }, { text }, {}]) {
    const { rows } = await pool.query(
      /** @type {any} */ ({ name: 'named', ...given, values: { a: 1 } }),
    );
    assert.deepStrictEqual(rows, [{ n: 2 }]);
  }
});

test('clients and transactions take them', async () => {
  const n = await pool.transaction(async (/** @type {any} */ client) => {
    const { rows } = await client.query('select :a::int as n', { a: 5 });
    return rows[0].n;
  });
  assert.strictEqual(n, 5);
});

test('as many texts as one likes can be used', async () => {
  for (let i = 0; i < 600; i++) {
    const { rows } = await pool.query(`select :a::int + ${i} as n`, { a: 1 });
    assert.deepStrictEqual(rows, [{ n: i + 1 }]);
  }
});
