// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { retryQuery } = require('../../lib/retry/retry.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 4 });
  await pool.query('create table kept (n int); create sequence kept_sequence');
});

after(async () => {
  await pool?.end();
});

/**
 * @param {any} [options]
 * @returns {Pool}
 */
function newPool(options) {
  return new Pool({ connectionString: server.url, ...options });
}

test('a statement with values gives rows, fields, command and count', async () => {
  const result = await pool.query('select $1::int + 1 as n, $2::text as t', [
    1,
    'x',
  ]);
  assert.deepStrictEqual(result.rows, [{ n: 2, t: 'x' }]);
  assert.strictEqual(result.command, 'SELECT');
  assert.strictEqual(result.rowCount, 1);
  assert.strictEqual(result.oid, null);
  assert.deepStrictEqual(
    result.fields.map((/** @type {any} */ field) => field.name),
    ['n', 't'],
  );
});

test('an object gives text, values, row mode and types', async () => {
  const result = await pool.query({
    text: 'select $1::int as n, $2::text as t',
    values: [7, 'x'],
    rowMode: 'array',
    types: {
      getTypeParser: () => (/** @type {string} */ text) => `<${text}>`,
    },
  });
  assert.deepStrictEqual(result.rows, [['<7>', '<x>']]);
  assert.strictEqual(result.rowAsArray, true);
});

test('the second argument wins over the values of the object', async () => {
  const config = { text: 'select $1::int as n', values: [1] };
  const result = await pool.query(config, [2]);
  assert.deepStrictEqual(result.rows, [{ n: 2 }]);
});

test('a name given by the caller may be used again and again', async () => {
  for (let i = 0; i < 5; i++) {
    const { rows } = await pool.query({
      name: 'given',
      text: 'select $1::int as n',
      values: [i],
    });
    assert.deepStrictEqual(rows, [{ n: i }]);
  }
});

test('unknown keys are ignored in the object of a query', async () => {
  const config = { text: 'select 1 as n', bindings: [1], method: 'select' };
  assert.deepStrictEqual((await pool.query(config)).rows, [{ n: 1 }]);
});

test('several statements give several results', async () => {
  const results = await pool.query('select 1 as a; select 2 as b, 3 as c');
  assert.deepStrictEqual(
    results.map((/** @type {any} */ result) => result.rows),
    [[{ a: 1 }], [{ b: 2, c: 3 }]],
  );
});

test('an empty statement gives an empty result', async () => {
  const result = await pool.query('');
  assert.strictEqual(result.command, null);
  assert.strictEqual(result.rowCount, null);
  assert.deepStrictEqual(result.rows, []);
});

test('values are taken at the call, whatever happens to them later', async () => {
  const list = [1, 2];
  const values = [list, { a: 1 }, Buffer.from('ab')];
  const promise = pool.query(
    'select $1::int[] a, $2::json j, $3::bytea b',
    values,
  );
  list.push(3);
  values[1] = { a: 2 };
  /** @type {Buffer} */ (values[2]).fill(0);
  const { rows } = await promise;
  assert.deepStrictEqual(rows, [
    { a: [1, 2], j: { a: 1 }, b: Buffer.from('ab') },
  ]);
});

test('a value that queries while it is encoded does not mix up fields', async () => {
  /** @type {Promise<any> | undefined} */
  let inner;
  const sneaky = {
    toPostgres() {
      inner = pool.query('select $1::text as t', ['inner']);
      return 'outer';
    },
  };
  const outer = await pool.query('select $1::text as t', [sneaky]);
  assert.deepStrictEqual(outer.rows, [{ t: 'outer' }]);
  assert.deepStrictEqual((await inner).rows, [{ t: 'inner' }]);
});

test('a text that begins with the mark for NULL is not NULL', async () => {
  const values = ['\u0001', '\u0001a', '', null, undefined];
  const marks = values.map((_, i) => `$${i + 1}::text as c${i}`);
  const { rows } = await pool.query(`select ${marks}`, values);
  assert.deepStrictEqual(Object.values(rows[0]), [
    '\u0001',
    '\u0001a',
    '',
    null,
    null,
  ]);
});

for (const [what, args, message] of /** @type {[string, any[], RegExp][]} */ ([
  ['a number', [7], /first argument/],
  ['nothing', [], /first argument/],
  ['null', [null], /first argument/],
  ['an object without text', [{}], /text/],
  ['values that are no array', ['select 1', 'x'], /values/],
  ['values that are a Map', ['select 1', new Map()], /values/],
  ['binary results', [{ text: 'select 1', binary: true }], /binary/],
  ['a name that is no string', [{ text: 'select 1', name: 7 }], /name/],
  ['a signal that is none', [{ text: 'select 1', signal: {} }], /signal/],
  ['a time that is none', [{ text: 'x', timeoutMillis: 'x' }], /timeoutMillis/],
  ['types without parsers', [{ text: 'x', types: {} }], /getTypeParser/],
])) {
  test(`query() with ${what} rejects with a TypeError that says so`, async () => {
    const error = await failureOf(pool.query(...args));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, message);
  });
}

test('a NUL character in the SQL is refused, it could end the text', async () => {
  const error = await failureOf(pool.query('select 1\0; drop table x'));
  assert.strictEqual(error.code, 'HF_PARAM_INVALID');
});

test('wrong arguments reach the callback, later', async () => {
  let called = false;
  const error = await new Promise((resolve) => {
    const returned = pool.query(
      /** @type {any} */ (7),
      (/** @type {any} */ e) => {
        called = true;
        resolve(e);
      },
    );
    assert.strictEqual(returned, undefined);
    assert.strictEqual(called, false);
  });
  assert.ok(error instanceof TypeError);
});

test('an unknown option of the pool throws at once and is named', () => {
  assert.throws(() => newPool({ maxx: 3 }), /maxx/);
});

test('callbacks get the result, with and without values', async () => {
  for (const args of [
    ['select 1 as n'],
    ['select $1::int as n', [1]],
    [{ text: 'select 1 as n' }],
  ]) {
    const rows = await new Promise((resolve, reject) => {
      const query = /** @type {any} */ (pool.query).bind(pool);
      query(...args, (/** @type {any} */ error, /** @type {any} */ result) =>
        error ? reject(error) : resolve(result.rows),
      );
    });
    assert.deepStrictEqual(rows, [{ n: 1 }]);
  }
});

test("a callback runs in its caller's async context", async () => {
  const storage = new AsyncLocalStorage();
  const seen = await new Promise((resolve) => {
    storage.run('mine', () => {
      pool.query('select 1', () => resolve(storage.getStore()));
    });
  });
  assert.strictEqual(seen, 'mine');
});

test('a callback that throws ends the process and no other call', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    process.on('uncaughtException', (e) => console.log('uncaught', e.message));
    pool.query('select 1', () => { throw new Error('mine'); });
    pool.query('select 2 as n').then(({ rows }) => {
      console.log(rows[0].n);
      return pool.end();
    });`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
  });
  assert.deepStrictEqual(out.trim().split('\n').sort(), ['2', 'uncaught mine']);
});

test('a parser that throws fails its own call only', async () => {
  const types = {
    getTypeParser: () => () => {
      throw new RangeError('my parser');
    },
  };
  const [bad, good] = await Promise.allSettled([
    pool.query({ text: 'select 1 as n', types }),
    pool.query('select 1 as n'),
  ]);
  assert.strictEqual(bad.status, 'rejected');
  assert.strictEqual(bad.reason.message, 'my parser');
  assert.strictEqual(good.status, 'fulfilled');
});

test("an error's stack leads to the caller's await", async () => {
  async function someCaller() {
    await pool.query('select 1/0');
  }
  const error = await failureOf(someCaller());
  assert.match(error.stack, /someCaller/);
  assert.match(error.stack, /division by zero/);
});

test('many calls at once are all answered, each with its own', async () => {
  const calls = Array.from({ length: 1000 }, (_, i) =>
    pool.query('select $1::int as n', [i]),
  );
  const results = await Promise.all(calls);
  assert.ok(results.every((result, i) => result.rows[0].n === i));
});

test('more row descriptions than are remembered do not get mixed up', async () => {
  const calls = Array.from({ length: 2500 }, (_, i) =>
    pool.query(`select ${i} as c${i}`),
  );
  const results = await Promise.all(calls);
  results.forEach((result, i) => {
    assert.deepStrictEqual(result.rows, [{ [`c${i}`]: i }]);
  });
});

test('a text of many megabytes goes through, with others around it', async () => {
  const big = 'x'.repeat(20_000_000);
  const [first, second, third] = await Promise.all([
    pool.query('select length($1::text) as n', ['abc']),
    pool.query('select length($1::text) as n', [big]),
    pool.query('select length($1::text) as n', ['de']),
  ]);
  assert.deepStrictEqual(
    [first, second, third].map((result) => result.rows[0].n),
    [3, 20_000_000, 2],
  );
});

test('reads before a failure do not keep a helper from repeating', async () => {
  let calls = 0;
  const value = await retryQuery(
    async () => {
      calls += 1;
      const { rows } = await pool.query('select count(*)::int as n from kept');
      if (calls === 1) {
        throw Object.assign(new Error('again'), { code: '40001' });
      }
      return rows[0].n;
    },
    { baseMillis: 1 },
  );
  assert.deepStrictEqual([calls, value], [2, 0]);
});

test('a write before a failure keeps a helper from repeating', async () => {
  for (const text of [
    'insert into kept values (1)',
    'with w as (insert into kept values (1) returning n) select * from w',
    "select setval('kept_sequence', 5)",
  ]) {
    let calls = 0;
    const error = await failureOf(
      retryQuery(async () => {
        calls += 1;
        await pool.query(text);
        throw Object.assign(new Error('again'), { code: '40001' });
      }),
    );
    assert.strictEqual(calls, 1, text);
    assert.strictEqual(error.retryable, false);
  }
});
