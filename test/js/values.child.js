// SPDX-License-Identifier: MIT
'use strict';

// Reads every type from a real table with pg and with us, in the time zone of
// this process, and fails where anything differs. Run by values.test.js.

const assert = require('node:assert');

const pg = require('pg');

const { Pool } = require('../../lib/pool/pool.js');
const { LITERALS } = require('./types.literals.js');

const URL = process.env.URL_FOR_TEST;
const ZONE = process.env.TZ;

/**
 * Dates by their time (invalid ones too), intervals by what they hold.
 * @param {any} value
 * @returns {unknown}
 */
function comparable(value) {
  if (value instanceof Date) {
    return ['Date', value.getTime()];
  }
  if (Array.isArray(value)) {
    return value.map(comparable);
  }
  if (value !== null && typeof value?.toPostgres === 'function') {
    return [Object.entries(value), value.toPostgres(), value.toISO()];
  }
  return value;
}

/** @param {string} type */
function hasArrays(type) {
  return !type.endsWith('vector') || type === 'tsvector';
}

/**
 * @param {pg.Pool} theirs
 * @param {string} type
 * @param {string[]} literals
 * @param {number} number
 */
async function fill(theirs, type, literals, number) {
  const list = hasArrays(type) ? `, list ${type}[], nested ${type}[][]` : '';
  await theirs.query(`create table v${number} (n int, single ${type}${list})`);
  for (let i = 0; i <= literals.length; i++) {
    const literal = literals[i] ?? null;
    const lists = hasArrays(type)
      ? `, array[$2, null, $2]::${type}[], array[[$2], [$2]]::${type}[][]`
      : '';
    await theirs.query(
      `insert into v${number} select $1::int, $2::${type}${lists}`,
      [i, literal],
    );
  }
}

/**
 * @param {pg.Pool} theirs
 * @param {Pool} ours
 */
async function compareAll(theirs, ours) {
  let compared = 0;
  const types = Object.entries(LITERALS);
  for (const [number, [type, literals]] of types.entries()) {
    await fill(theirs, type, literals, number);
    const text = `select * from v${number} order by n`;
    const expected = await theirs.query({ text, rowMode: 'array' });
    const actual = await ours.query({ text, rowMode: 'array' });
    for (const [i, row] of expected.rows.entries()) {
      assert.deepStrictEqual(
        comparable(actual.rows[i]),
        comparable(row),
        `${type} ${literals[i]} in ${ZONE}`,
      );
      compared += row.length;
    }
    assert.strictEqual(actual.rows.length, expected.rows.length);
    await theirs.query(`drop table v${number}`);
  }
  return compared;
}

async function main() {
  const theirs = new pg.Pool({ connectionString: URL, max: 1 });
  theirs.on('error', () => {}); // its end() does not wait for the socket
  const ours = new Pool({ connectionString: URL, max: 1 });
  try {
    process.stdout.write(`${await compareAll(theirs, ours)}\n`);
  } finally {
    await Promise.all([theirs.end(), ours.end()]);
  }
}

main();
