// SPDX-License-Identifier: MIT
'use strict';

// Bytes as parameters: what they are is up to the column, as with pg.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const pg = require('pg');
const { Pool } = require('../..');
const { before, useServer } = require('../support/suite.js');

const homeZone = process.env.TZ;
const server = useServer();
/** @type {any} */
let pool;
/** @type {any} */
let theirs;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 1 });
  theirs = new pg.Pool({ connectionString: server.url, max: 1 });
  theirs.on('error', () => {}); // its end() does not wait for its sockets
});

after(async () => {
  await pool?.end();
  await theirs?.end();
});

const hello = Buffer.from('hello');
const JSON_BYTES = Buffer.from('{"a": [1, "é"]}');

/** @type {Array<[string, any]>} */
const CASES = [
  ['text', hello],
  ['varchar(20)', Buffer.from('grüße')],
  ['text', Buffer.alloc(0)],
  ['json', JSON_BYTES],
  ['jsonb', Buffer.concat([Buffer.from([1]), JSON_BYTES])],
  ['jsonb', JSON_BYTES], // refused by both
  ['uuid', Buffer.from('a0eebc999c0b4ef8bb6d6bb9bd380a11', 'hex')],
  ['int4', Buffer.from([0, 0, 1, 2])],
  ['int2', Buffer.from([1, 2])],
  ['int8', Buffer.from([0, 0, 0, 0, 0, 0, 1, 2])],
  ['float8', Buffer.from([0x3f, 0xf8, 0, 0, 0, 0, 0, 0])],
  ['int4', Buffer.from([1])], // refused by both
  ['bytea', Buffer.from([0, 1, 0, 255, 39, 92])],
  ['bytea', new Uint16Array([1, 0, 515])],
  ['bytea', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ['bytea', new DataView(new ArrayBuffer(3))],
  ['bytea', { toPostgres: () => hello }],
  ['bytea', { toPostgres: (/** @type {any} */ prepare) => prepare(hello) }],
  ['bytea[]', [hello, null, Buffer.from([0])]],
  ['bytea', Buffer.alloc(3_000_000, 7)],
];

/** @param {any} on @param {string} type @param {any} value */
async function stored(on, type, value) {
  try {
    const { rows } = await on.query({
      text: `insert into bytes_${type.replaceAll(/\W/g, '_')} values ($1)
        returning v::text`,
      values: [value],
    });
    return rows[0].v;
  } catch (error) {
    return /** @type {any} */ (error).code;
  }
}

test('a Buffer means the same as with pg under every type', async () => {
  for (const type of new Set(CASES.map(([name]) => name))) {
    await pool.query(
      `create table bytes_${type.replaceAll(/\W/g, '_')} (v ${type})`,
    );
  }
  // Often enough to go by name as well.
  for (let round = 0; round < 4; round++) {
    for (const [type, value] of CASES) {
      const ours = await stored(pool, type, value);
      assert.equal(ours, await stored(theirs, type, value), type);
    }
  }
});

test('a Buffer into a text column stores its text', async () => {
  await pool.query('create table bodies (body text)');
  await pool.query('insert into bodies (body) values ($1)', [hello]);
  const { rows } = await pool.query('select body from bodies');
  assert.deepEqual(rows, [{ body: 'hello' }]);
});

test('a Buffer goes through a client, a name and the cache alike', async () => {
  const bytes = Buffer.from([0, 1, 255]);
  const client = await pool.connect();
  try {
    for (let i = 0; i < 4; i++) {
      const { rows } = await client.query({
        name: 'bytes',
        text: 'select $1::bytea as v, $2::text as t',
        values: [bytes, '\u0001x00'],
      });
      assert.deepEqual(rows, [{ v: bytes, t: '\u0001x00' }]);
    }
  } finally {
    client.release();
  }
  for (const last of [1, 2]) {
    const value = Buffer.from([0, last]);
    const { rows } = await pool.query({
      text: 'select $1::bytea as v',
      values: [value],
      cache: { ttlMillis: 10_000 },
    });
    assert.deepEqual(rows, [{ v: value }]);
  }
});

test('a Date with an offset of local mean time keeps its seconds', async () => {
  const dates = [
    ['America/Chicago', '1883-01-01T12:00:00Z'],
    ['Europe/Amsterdam', '1915-06-01T12:00:00.5Z'],
    ['Africa/Monrovia', '1971-06-01T12:00:00.001Z'],
    ['Asia/Tokyo', '0044-03-15T12:00:00Z'],
    ['America/Chicago', '2024-01-01T12:00:00Z'],
  ];
  try {
    for (const [zone, time] of dates) {
      process.env.TZ = zone;
      const date = new Date(String(time));
      const { rows } = await pool.query(
        `select extract(epoch from $1::timestamptz)::float8 as s,
          extract(epoch from ($2::timestamptz[])[1])::float8 as in_array`,
        [date, [date]],
      );
      const right = date.getTime() / 1000;
      assert.deepEqual(rows, [{ s: right, in_array: right }], zone);
    }
  } finally {
    if (homeZone === undefined) {
      delete process.env.TZ;
    } else {
      process.env.TZ = homeZone;
    }
  }
});
