// SPDX-License-Identifier: MIT
// Texts, values and results at the edges.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { fails, useServer, withPool } = require('./fixture.js');

const REFUSED = {
  code: 'HF_PARAM_INVALID',
  outcome: 'permanent',
  retryable: false,
};

describe('at the edges of data', () => {
  const fixture = useServer();
  /** @param {(pool: any) => Promise<unknown>} fn */
  const pooled = (fn) => withPool(fixture.server.url, fn);

  test('a NUL is refused before anything is sent', () =>
    pooled(async (pool) => {
      await fails(pool.query('select 1 \0'), REFUSED);
      await fails(pool.query('select $1::text', ['a\0b']), REFUSED);
      await fails(pool.query('select $1::text[]', [['a\0b']]), REFUSED);
      await assert.rejects(pool.query({ name: 'a\0b', text: 'select 1' }));
      assert.equal(pool.stats().connectsStarted, 0);
    }));

  test('65,535 parameters are sent, and no more', () =>
    pooled(async (pool) => {
      const values = Array.from({ length: 65535 }, (_, n) => n);
      const text = `select ${values.length} = all (array[${values
        .map((n) => `$${n + 1}::int`)
        .join(',')}]) as all`;
      assert.deepEqual((await pool.query(text, values)).rows, [{ all: false }]);
      await fails(pool.query(text, [...values, 1]), REFUSED);
      await fails(pool.query(text, [...values, 1, 2]), REFUSED);
    }));

  /** @type {[string, any][]} */
  const copies = [
    ['at the beginning', 'copy t from stdin'],
    ['to standard output', 'copy t to stdout'],
    ['behind a comment', '/* a comment */ copy t from stdin'],
    ['behind another statement', 'select 1; copy t from stdin'],
    ['to standard output, behind another', 'select 1; copy t to stdout'],
    ['with values', { text: 'copy t from stdin', values: [] }],
  ];
  for (const [where, query] of copies) {
    test(`COPY ${where} is refused and the pool goes on`, () =>
      pooled(async (pool) => {
        await fails(pool.query(query), {
          code: 'HF_COPY_UNSUPPORTED',
          outcome: 'permanent',
        });
      }));
  }

  test('several statements in one text have several results', () =>
    pooled(async (pool) => {
      const results = await pool.query('select 1 as a; select 2 as b');
      assert.deepEqual(
        results.map((/** @type {any} */ { rows }) => rows),
        [[{ a: 1 }], [{ b: 2 }]],
      );
      await fails(pool.query('select 1; select $1::int', [1]), {
        code: '42601',
        outcome: 'permanent',
      });
    }));

  test('several statements in one text fail together', () =>
    pooled(async (pool) => {
      const text = 'insert into t values (9); select 1 / 0';
      await fails(pool.query(text), { code: '22012' });
      assert.equal(await fixture.rows(9), 0);
      assert.equal(pool.stats().retries, 0);
    }));

  test('a text without a statement has an empty result', () =>
    pooled(async (pool) => {
      for (const text of ['', ' ', ';', '-- a comment', '/* another */']) {
        const { rows, command, rowCount } = await pool.query(text);
        assert.deepEqual([rows, command, rowCount], [[], null, null], text);
      }
    }));

  test('column names are data', () =>
    pooled(async (pool) => {
      const text =
        'select 1 as "__proto__", 2 as constructor, 3 as twice, 4 as twice, ' +
        '5 as "a\'b\\c`{d}"';
      const { rows } = await pool.query(text);
      assert.deepEqual(Object.entries(rows[0]), [
        ['__proto__', 1],
        ['constructor', 2],
        ['twice', 4],
        ["a'b\\c`{d}", 5],
      ]);
      assert.equal(Object.getPrototypeOf({}).twice, undefined);
      const array = await pool.query({ text, rowMode: 'array' });
      assert.deepEqual(array.rows, [[1, 2, 3, 4, 5]]);
    }));

  test('1,600 columns are as good as one', () =>
    pooled(async (pool) => {
      const columns = Array.from({ length: 1600 }, (_, n) => `${n} as c${n}`);
      const { rows } = await pool.query(`select ${columns.join(', ')}`);
      assert.equal(Object.keys(rows[0]).length, 1600);
      assert.equal(rows[0].c1599, 1599);
    }));
});
