// SPDX-License-Identifier: MIT
'use strict';

// Values through the whole way: table, server, engine, rows.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const types = require('../../lib/values/types.js');
const { before, useServer } = require('../support/suite.js');

const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Africa/Monrovia'];

const server = useServer();
/** @type {Pool} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 2 });
});

after(async () => {
  await pool?.end();
});

for (const zone of ZONES) {
  test(`every type and its arrays equal pg's in ${zone}`, async () => {
    await pool.query(`alter database postgres set timezone to '${zone}'`);
    const child = path.join(__dirname, 'values.child.js');
    const out = execFileSync(process.execPath, [child], {
      encoding: 'utf8',
      env: { ...process.env, TZ: zone, URL_FOR_TEST: server.url },
      timeout: 120000,
    });
    assert.ok(Number(out) > 500, out);
  });
}

test('parameters come back as they were', async () => {
  const date = new Date(-123456789);
  const values = [
    0,
    2147483647,
    1e300,
    Number.MIN_VALUE,
    Number.NaN,
    Infinity,
    -Infinity,
  ];
  const { rows } = await pool.query(
    `select $1::float8[] f, $2::timestamptz d, $3::text t, $4::bytea b,
      $5::text[] a, $6::jsonb j, $7::bool o, $8::int8 i`,
    [
      values,
      date,
      'ž漢😀\u0001',
      Buffer.from([0, 1, 254, 255]),
      ['', 'NULL', null, '{"x"}', '\\'],
      { deep: [1, { a: null }] },
      false,
      9007199254740993n,
    ],
  );
  assert.deepStrictEqual(rows[0].f, values);
  assert.deepStrictEqual(rows[0].d, date);
  assert.strictEqual(rows[0].t, 'ž漢😀\u0001');
  assert.deepStrictEqual(rows[0].b, Buffer.from([0, 1, 254, 255]));
  assert.deepStrictEqual(rows[0].a, ['', 'NULL', null, '{"x"}', '\\']);
  assert.deepStrictEqual(rows[0].j, { deep: [1, { a: null }] });
  assert.strictEqual(rows[0].o, false);
  assert.strictEqual(rows[0].i, '9007199254740993');
});

test('a parser set for the process is used instead of the engine', async () => {
  const read = async () =>
    (await pool.query('select 7 as a, true as b, 1.5::float8 as c')).rows[0];
  const builtin = types.getTypeParser(23);
  assert.deepStrictEqual(await read(), { a: 7, b: true, c: 1.5 });
  types.setTypeParser(23, (text) => `int ${text}`);
  try {
    assert.deepStrictEqual(await read(), { a: 'int 7', b: true, c: 1.5 });
  } finally {
    types.setTypeParser(23, builtin);
  }
  assert.deepStrictEqual(await read(), { a: 7, b: true, c: 1.5 });
});

test("a pool's own parsers are used", async () => {
  const own = types.createTypeOverrides();
  own.setTypeParser(20, BigInt);
  own.setTypeParser(1184, (text) => text);
  const custom = new Pool({ connectionString: server.url, types: own });
  const { rows } = await custom.query(
    `select 9007199254740993 as i, timestamptz '2020-01-01 00:00Z' as t`,
  );
  assert.strictEqual(rows[0].i, 9007199254740993n);
  assert.match(rows[0].t, /^20(19|20)-/);
  await custom.end();
});

test('text of every length and alphabet arrives whole', async () => {
  const texts = [];
  for (const [i, alphabet] of ['a', 'ž', '漢', '😀', 'až'].entries()) {
    for (const length of [0, 1, 12, 13, 1023, 1024, 1025, 70000]) {
      texts.push(`${alphabet.repeat(length)}${i}`);
    }
  }
  const { rows } = await pool.query(
    'select t from unnest($1::text[]) with ordinality u (t, n) order by n',
    [texts],
  );
  assert.deepStrictEqual(
    rows.map((/** @type {any} */ row) => row.t),
    texts,
  );
});

test('a retained cell does not retain its result', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    const kept = [];
    async function keep() {
      const { rows } = await pool.query(
        "select repeat('x', 20) || i as t from generate_series(1, 200) i");
      kept.push(rows[100].t);
    }
    function heap() {
      global.gc();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    }
    (async () => {
      await keep();
      const before = heap();
      for (let i = 0; i < 1000; i++) {
        await Promise.all(Array.from({ length: 10 }, keep));
      }
      console.log(heap() - before);
      await pool.end();
    })();`;
  const out = execFileSync(process.execPath, ['--expose-gc', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 120000,
  });
  assert.ok(Number(out) < 20e6, `${out.trim()} bytes for 10,000 cells`);
});
