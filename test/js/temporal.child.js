// SPDX-License-Identifier: MIT
'use strict';

// Dates as Temporal, in a process that has it.

const assert = require('node:assert');

const { Pool } = require('../../lib/index.js');

const Temporal = /** @type {any} */ (globalThis).Temporal;

/**
 * @param {any} value
 * @returns {any}
 */
function shown(value) {
  return Array.isArray(value)
    ? value.map(shown)
    : [value?.constructor?.name, String(value)];
}

async function main() {
  const pool = new Pool({
    connectionString: process.env.URL_FOR_TEST,
    dates: 'temporal',
    max: 1,
  });
  const { rows } = await pool.query(`select '2020-02-03'::date as a,
    '0044-03-15 BC'::date as b, '12020-02-03'::date as c,
    '2020-02-03 04:05:06.123456'::timestamp as d,
    '2020-02-03 04:05:06.123456+05:30'::timestamptz as e,
    '{2020-02-03,null}'::date[] as f, 'infinity'::timestamptz as g,
    '04:05:06.7'::time as h, '0044-03-15 00:00:00 BC'::timestamp as i`);
  const [row] = rows;
  assert.deepStrictEqual(shown(row.a), ['PlainDate', '2020-02-03']);
  assert.deepStrictEqual(shown(row.b), ['PlainDate', '-000043-03-15']);
  assert.deepStrictEqual(shown(row.c), ['PlainDate', '+012020-02-03']);
  assert.deepStrictEqual(shown(row.d), [
    'PlainDateTime',
    '2020-02-03T04:05:06.123456',
  ]);
  assert.deepStrictEqual(shown(row.e), [
    'Instant',
    '2020-02-02T22:35:06.123456Z',
  ]);
  assert.deepStrictEqual(row.f.map(String), ['2020-02-03', 'null']);
  assert.strictEqual(row.g, Infinity);
  assert.deepStrictEqual(shown(row.h), ['PlainTime', '04:05:06.7']);
  const values = [row.a, row.b, row.c, row.d, row.e, row.h, row.i];
  const back = await pool.query(
    `select $1::date as a, $2::date as b, $3::date as c, $4::timestamp as d,
      $5::timestamptz as e, $6::time as h, $7::timestamp as i,
      $8::date[] as f, $9::timestamptz as z, $10::interval as p`,
    [
      ...values,
      [row.a, null],
      Temporal.ZonedDateTime.from('2020-02-03T04:05:06+01:00[Europe/Berlin]'),
      Temporal.Duration.from({ hours: 1 }),
    ],
  );
  const [got] = back.rows;
  for (const name of ['a', 'b', 'c', 'd', 'e', 'h', 'i']) {
    assert.deepStrictEqual(shown(got[name]), shown(row[name]), name);
  }
  assert.deepStrictEqual(shown(got.z), ['Instant', '2020-02-03T03:05:06Z']);
  assert.deepStrictEqual({ ...got.p }, { hours: 1 });
  const late = pool.query("select '294000-01-01'::date as a");
  await assert.rejects(late, { code: 'HF_RESULT_UNREADABLE' });
  await pool.end();
}

main().then(
  () => process.stdout.write('right\n'),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
