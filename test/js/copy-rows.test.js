// SPDX-License-Identifier: MIT
'use strict';

// copyFrom(table, columns, rows): values go as parameters do.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();

/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2, logger: false });
  await pool.query('create table t (a int, b text)');
});

after(() => pool?.end());

test.beforeEach(() => pool.query('truncate t'));

function* endless() {
  for (let i = 0; ; i++) {
    yield [i, 'x'.repeat(1000)];
  }
}

test('every kind of value is stored as INSERT would', async () => {
  const columns =
    'n int, t text, d timestamptz, b bytea, j jsonb, a text[], m int[][], ' +
    'f float8, o bool, big int8, z text';
  await pool.query(`create table copied (${columns})`);
  await pool.query(`create table inserted (${columns})`);
  const names = ['n', 't', 'd', 'b', 'j', 'a', 'm', 'f', 'o', 'big', 'z'];
  const rows = [
    [
      1,
      'tab\t line\n return\r back\\slash \\N \\. é 😀',
      new Date(Date.UTC(2024, 1, 29, 12, 0, 0, 5)),
      Buffer.from([0, 1, 92, 255]),
      { a: ['\t"\\'], b: null },
      ['a"b', '\\', 'NULL', null, 'x\ty'],
      [
        [1, 2],
        [3, 4],
      ],
      Number.NaN,
      true,
      2n ** 62n,
      null,
    ],
    [2, '', null, new Uint8Array(0), '[1]', [], [], -0.5, false, 0n, undefined],
    [3, '\\.', null, null, null, null, null, Infinity, null, null, '\u0001x'],
  ];
  assert.strictEqual(await pool.copyFrom('copied', names, rows), 3);
  for (const row of rows) {
    const places = names.map((_, i) => `$${i + 1}`);
    await pool.query(`insert into inserted values (${places})`, row);
  }
  const read = async (/** @type {string} */ table) =>
    (await pool.query(`select * from ${table} order by n`)).rows;
  assert.deepStrictEqual(await read('copied'), await read('inserted'));
});

test('rows by name, of generators, maps and asynchronous ones', async () => {
  const map = new Map([[1, 'x']]);
  assert.strictEqual(await pool.copyFrom('t', ['a', 'b'], map), 1);
  function* some() {
    yield { b: 'two', a: 2, other: 'ignored' };
    yield { a: 3 };
  }
  assert.strictEqual(await pool.copyFrom('public.t', ['a', 'b'], some()), 2);
  const none = await pool.copyFrom(['public', 't'], ['a'], []);
  assert.strictEqual(none, 0);
  async function* later() {
    for (let i = 4; i < 10_004; i++) {
      yield await [i, null];
    }
  }
  assert.strictEqual(await pool.copyFrom('t', ['a', 'b'], later()), 10_000);
  const { rows } = await pool.query('select * from t where a < 4 order by a');
  assert.deepStrictEqual(rows, [
    { a: 1, b: 'x' },
    { a: 2, b: 'two' },
    { a: 3, b: null },
  ]);
});

test('names are quoted, whatever is in them', async () => {
  await pool.query(
    'create schema "S.1"; create table "S.1"."t""; --" ("a b" int)',
  );
  const stored = await pool.copyFrom(['S.1', 't"; --'], ['a b'], [[1]]);
  assert.strictEqual(stored, 1);
  const error = await failureOf(pool.copyFrom('T', ['a'], [[1]]));
  assert.strictEqual(error.code, '42P01');
});

test('what cannot be a row names it, and nothing is stored', async () => {
  /** @type {[any, RegExp][]} */
  const wrong = [
    [[[1, 'x'], [2]], /row 2 has 1 values for 2 columns/],
    [[[1, 'x'], null], /row 2 is neither/],
    [[[1, 'x'], 'no'], /row 2 is neither/],
    [[[1, 'x\0']], /row 1, column b: .*NUL/],
    [[[1, Symbol('x')]], /row 1, column b: .*symbol/],
    [[[new Date(Number.NaN), 'x']], /row 1, column a: .*invalid Date/],
  ];
  for (const [rows, sentence] of wrong) {
    const error = await failureOf(pool.copyFrom('t', ['a', 'b'], rows));
    assert.match(error.message, sentence);
  }
  const server = await failureOf(
    pool.copyFrom(
      't',
      ['a', 'b'],
      [
        [1, 'x'],
        ['y', 'z'],
      ],
    ),
  );
  assert.strictEqual(server.code, '22P02');
  assert.match(server.where, /line 2, column a/);
  const mine = new Error('mine');
  function* failing() {
    yield [1, 'x'];
    throw mine;
  }
  assert.strictEqual(
    await failureOf(pool.copyFrom('t', ['a', 'b'], failing())),
    mine,
  );
  assert.strictEqual((await pool.query('select from t')).rowCount, 0);
  await eventually(() => pool.idleCount === pool.totalCount);
  assert.strictEqual(pool.stats().connectionsLost, 0);
});

test('wrong arguments reject', async () => {
  const copy = (/** @type {any[]} */ ...given) =>
    failureOf(/** @type {any} */ (pool).copyFrom(...given));
  for (const given of [
    ['t', 'a', []],
    ['t', [], []],
    ['', ['a'], []],
    ['a..b', ['a'], []],
    [5, ['a'], []],
    ['t', [5], []],
    ['t', ['a'], 5],
    ['t', ['a'], 'text'],
    ['t', ['a'], null],
    ['t', ['a'], [], 5],
  ]) {
    assert.ok((await copy(...given)) instanceof TypeError, String(given));
  }
});

test('an endless iteration ends with an abort, and with the server', async () => {
  const signal = AbortSignal.timeout(100);
  const error = await failureOf(
    pool.copyFrom('t', ['a', 'b'], endless(), { signal }),
  );
  assert.strictEqual(error.code, 'HF_ABORTED');
  const failure = failureOf(pool.copyFrom('t', ['a', 'b'], endless()));
  await eventually(async () => {
    const { rows } = await pool.query(
      'select pg_terminate_backend(pid) from pg_stat_activity ' +
        `where state = 'active' and query like 'COPY "t"%'`,
    );
    return rows.length > 0;
  });
  assert.strictEqual((await failure).outcome, 'rolled_back');
  assert.strictEqual((await pool.query('select from t')).rowCount, 0);
});

test('rows that never come keep nobody waiting', async () => {
  let left = 0;
  /** @type {any} */
  const silent = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        left += 1;
        return new Promise(() => {});
      },
    }),
  };
  const copy = (/** @type {string} */ table, /** @type {any} */ options) =>
    failureOf(pool.copyFrom(table, ['a'], silent, options));
  assert.strictEqual((await copy('nowhere', {})).code, '42P01');
  const signal = AbortSignal.timeout(20);
  assert.strictEqual((await copy('t', { signal })).code, 'HF_ABORTED');
  const wrong = {
    [Symbol.asyncIterator]: () => ({
      ...silent[Symbol.asyncIterator](),
      next: async () => ({ value: ['x'] }),
    }),
  };
  const refused = failureOf(pool.copyFrom('t', ['a'], wrong));
  assert.strictEqual((await refused).code, '22P02');
  const unsent = { ...wrong };
  unsent[Symbol.asyncIterator] = () => ({
    ...silent[Symbol.asyncIterator](),
    next: async () => ({ value: [() => {}] }),
  });
  const own = failureOf(pool.copyFrom('t', ['a'], unsent));
  assert.match((await own).message, /^row 1, column a/);
  assert.strictEqual(left, 4);
  await eventually(() => pool.idleCount === pool.totalCount);
});

test('rows that came to their end are not left as well', async () => {
  let left = 0;
  let count = 0;
  const rows = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: count === 3, value: [count++] }),
      return: () => {
        left += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  assert.strictEqual(await pool.copyFrom('t', ['a'], rows), 3);
  assert.strictEqual(left, 0);
});

test('inside a transaction', async () => {
  const count = await pool.transaction((client) =>
    client.copyFrom('t', ['a'], [[1], [2]]),
  );
  assert.strictEqual(count, 2);
});
