// SPDX-License-Identifier: MIT
'use strict';

// A prepared statement is its text, its types are today's, and what is kept of
// texts is bounded.

process.env.TZ = 'Asia/Tokyo'; // before the first Date

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const pg = require('pg');
const { Pool } = require('../..');
const { before, useServer } = require('../support/suite.js');

const TIMES_TO_NAME = 4;

const server = useServer({ settings: { timezone: 'UTC' } });
/** @type {any} */
let pool;
/** @type {any} another session, which nobody tells us about */
let other;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  other = new pg.Client(server.url);
  await other.connect();
});

after(async () => {
  await pool?.end();
  await other?.end();
});

// ---- the hash of 0.1 ---------------------------------------------------------

const MASK = (1n << 64n) - 1n;

/** @param {bigint} hash @param {bigint} word */
function mix(hash, word) {
  const product = ((hash ^ word) * 0x9e3779b97f4a7c15n) & MASK;
  return product ^ (product >> 32n);
}

/** @param {Buffer} text whole words @param {bigint} bytes of all of it */
function hashOf(text, bytes) {
  let hash = mix(0n, bytes + 1n);
  for (let at = 0; at < text.length; at += 8) {
    hash = mix(hash, text.readBigUInt64LE(at));
  }
  return hash;
}

/** Two texts that were one to 0.1. @param {string} a @param {string} b */
function colliding(a, b) {
  const length = (Math.ceil((Math.max(a.length, b.length) + 16) / 8) + 1) * 8;
  const start = (/** @type {string} */ text, /** @type {number} */ salt) =>
    Buffer.from(
      `${text}/*${String(salt).padEnd(length - text.length - 2, 'x')}`,
    );
  const first = start(a, 0);
  const bytes = BigInt(length + 8 + 8);
  const goal = hashOf(first, bytes);
  const free = Buffer.from('yyyyyyyy').readBigUInt64LE();
  for (let salt = 1; ; salt++) {
    const second = start(b, salt);
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(hashOf(second, bytes) ^ goal ^ free);
    if (word.every((byte) => byte > 0x2f && byte < 0x80)) {
      const end = Buffer.from('zzzzzz*/');
      return [
        Buffer.concat([first, Buffer.from('yyyyyyyy'), end]).toString(),
        Buffer.concat([second, word, end]).toString(),
      ];
    }
  }
}

test('texts whose hashes collide stay two statements', async () => {
  await pool.query('create table collided (a int)');
  const [read = '', write = ''] = colliding(
    'select 7 as a',
    'insert into collided values (1) returning a',
  );
  assert.equal(read.length, write.length);
  assert.equal(
    hashOf(Buffer.from(read), BigInt(read.length)),
    hashOf(Buffer.from(write), BigInt(write.length)),
  );
  for (let i = 0; i < 6; i++) {
    const { rows, command } = await pool.query(read);
    assert.deepEqual([command, rows], ['SELECT', [{ a: 7 }]]);
  }
  for (let i = 0; i < 6; i++) {
    const { rows, command } = await pool.query(write);
    assert.deepEqual([command, rows], ['INSERT', [{ a: 1 }]]);
    assert.deepEqual((await pool.query(read)).rows, [{ a: 7 }]);
  }
  const { rows } = await pool.query('select count(*)::int n from collided');
  assert.equal(rows[0].n, 6);
});

// ---- types of yesterday --------------------------------------------------------

/**
 * Inserts until the statement has a name, changes the column, inserts again.
 * @param {{from: string, to: string, using?: string, values: any[],
 *   next: any, by: any}} row
 */
async function changeColumn({ from, to, using, values, next, by }) {
  await pool.query('drop table if exists changed');
  await pool.query(`create table changed (id serial, v ${from})`);
  const text = 'insert into changed (v) values ($1)';
  for (const value of values) {
    await pool.query(text, [value]);
  }
  await by.query(
    `alter table changed alter v type ${to} using ${using ?? `v::${to}`}`,
  );
  await pool.query(text, [next]);
  const { rows } = await other.query(
    'select v::text as v from changed order by id desc limit 1',
  );
  return rows[0].v;
}

const repeated = (/** @type {any} */ value) =>
  Array.from({ length: TIMES_TO_NAME }, () => value);
const noon = new Date('2024-05-06T12:00:00Z');

async function dateStaysTheMoment(/** @type {any} */ by) {
  await other.query("set timezone to 'UTC'");
  const got = await changeColumn({
    from: 'timestamp',
    to: 'timestamptz',
    values: repeated(noon),
    next: noon,
    by,
  });
  assert.equal(got, '2024-05-06 12:00:00+00');
}

async function newTypesAreMet(/** @type {any} */ by) {
  const rows = [
    ['int', 'bigint', 1, '5000000000', '5000000000'],
    ['int', 'numeric', 1, '1.5', '1.5'],
    ['int', 'text', 1, 'word', 'word'],
    ['real', 'float8', 0.5, 0.1, '0.1'],
    [
      'date',
      'timestamp',
      '2024-01-01',
      '2024-01-01 10:00',
      '2024-01-01 10:00:00',
    ],
    ['uuid', 'text', '6f6e6c79-0000-4000-8000-000000000000', 'x', 'x'],
  ];
  for (const [from, to, first, next, right] of rows) {
    const got = await changeColumn({
      from: String(from),
      to: String(to),
      values: repeated(first),
      next,
      by,
    });
    assert.equal(got, right, `${from} to ${to}`);
  }
  const got = await changeColumn({
    from: 'text',
    to: 'bytea',
    using: "decode(v, 'hex')",
    values: repeated('ab'),
    next: String.raw`\x01ff`,
    by,
  });
  assert.equal(got, String.raw`\x01ff`);
}

test('a Date means the same moment after the pool altered its column', () =>
  dateStaysTheMoment(pool));

test('a Date means the same moment after others altered its column', () =>
  dateStaysTheMoment(other));

test('values of the new type are stored after the pool altered a column', () =>
  newTypesAreMet(pool));

test('values of the new type are stored after others altered a column', () =>
  newTypesAreMet(other));

test('a type that was dropped and made again is found', async () => {
  await pool.query(`create type mood as enum ('a');
    create table moods (m mood)`);
  const text = 'insert into moods values ($1)';
  for (let i = 0; i < TIMES_TO_NAME; i++) {
    await pool.query(text, ['a']);
  }
  await other.query(`drop table moods; drop type mood;
    create type mood as enum ('b'); create table moods (m mood)`);
  await pool.query(text, ['b']);
  const { rows } = await other.query('select m::text from moods');
  assert.deepEqual(rows, [{ m: 'b' }]);
});

test('a wrong value is still an error, once, and nothing is stored', async () => {
  await pool.query('create table wrong (v int)');
  const text = 'insert into wrong values ($1)';
  for (let i = 0; i < TIMES_TO_NAME; i++) {
    await pool.query(text, [1]);
  }
  await assert.rejects(pool.query(text, ['word']), {
    code: '22P02',
    retryable: false,
  });
  const { rows } = await other.query('select count(*)::int n from wrong');
  assert.equal(rows[0].n, TIMES_TO_NAME);
});

test('DISCARD ALL and DEALLOCATE ALL on a client harm no later statement', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  try {
    for (const text of ['discard all', 'deallocate all']) {
      for (let i = 0; i < TIMES_TO_NAME; i++) {
        await one.query('select $1::int as n', [i]);
      }
      const client = await one.connect();
      await client.query(text);
      client.release();
      const { rows } = await one.query({
        text: 'select $1::int as n',
        values: [9],
        retry: false,
      });
      assert.deepEqual(rows, [{ n: 9 }]);
    }
  } finally {
    await one.end();
  }
});

// ---- bytes --------------------------------------------------------------------

test('large texts are not remembered', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  const megabytes = () => {
    /** @type {any} */ (globalThis).gc?.();
    return process.memoryUsage().rss / 2 ** 20;
  };
  try {
    const run = async (
      /** @type {number} */ from,
      /** @type {number} */ to,
    ) => {
      for (let i = from; i < to; i++) {
        await one.query(`select ${i} /*${'x'.repeat(256 * 1024)}*/`);
      }
    };
    await run(0, 100); // buffers grow once
    const start = megabytes();
    await run(100, 1100);
    const grown = megabytes() - start;
    assert.ok(grown < 128, `${grown} MiB more after 1,000 texts of 256 KiB`);
  } finally {
    await one.end();
  }
});
