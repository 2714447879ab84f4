// SPDX-License-Identifier: MIT
// Shared by the tests of all builders: a table with every usual type, a direct
// connection and one through PgBouncer in transaction mode, and pg's pool to
// compare results with.

const assert = require('node:assert/strict');
const test = require('node:test');
const pg = require('pg');
const { Pool } = require('pg-holdfast');

const PLACES = {
  'a direct connection': process.env.TEST_DIRECT_URL,
  'PgBouncer in transaction mode': process.env.TEST_POOLED_URL,
};
const CONNECTIONS = 4;

/** A row of the table `things`, as it is written. */
const THING = Object.freeze({
  name: 'naïve "quoted" 🐘',
  big: '9007199254740993',
  price: '12345.678900',
  ratio: 0.1,
  ready: true,
  day: '2024-02-29',
  moment: new Date('2026-03-29T00:59:59.123Z'),
  notes: { a: [1, null, { b: 'c' }] },
  numbers: [1, 2, 3],
  words: ['plain', 'with "quotes", commas', 'NULL'],
  bytes: Buffer.from([0, 1, 127, 128, 255]),
  mood: 'sad',
});

/**
 * @param {string} name a sentence
 * @param {(pool: any) => Promise<void>} fn
 * @param {object} [options] of the pool
 */
function onBoth(name, fn, options = {}) {
  for (const [place, connectionString] of Object.entries(PLACES)) {
    test(`${name}, on ${place}`, { timeout: 30_000 }, async () => {
      const settings = { connectionString, max: CONNECTIONS, ...options };
      const pool = new Pool(settings);
      try {
        await pool.query('truncate things, counters restart identity');
        await pool.query('insert into counters (id, count) values (1, 0)');
        await fn(pool);
      } finally {
        if (!pool.ending) {
          await pool.end();
        }
      }
    });
  }
}

/**
 * Runs `fn` on our pool and on pg's: the results must be the same.
 * @param {string} name a sentence
 * @param {(pool: any) => Promise<unknown>} fn
 */
function asWithPg(name, fn) {
  onBoth(name, async (pool) => {
    const ours = await fn(pool);
    await pool.query('truncate things restart identity');
    const theirs = new pg.Pool({
      connectionString: process.env.TEST_DIRECT_URL,
    });
    try {
      assert.deepEqual(ours, await fn(theirs));
    } finally {
      if (!theirs.ending) {
        await theirs.end();
      }
    }
  });
}

/**
 * Terminates the backend of a transaction, bypassing the pooler.
 * @param {string | number} pid of the backend
 */
async function terminate(pid) {
  const client = new pg.Client(process.env.TEST_DIRECT_URL);
  await client.connect();
  const { rows } = await client.query(
    'select pg_terminate_backend($1) as done',
    [pid],
  );
  await client.end();
  assert.equal(rows[0].done, true);
}

/** @param {any} pool @returns {Promise<number>} */
async function countOf(pool) {
  const { rows } = await pool.query('select count from counters where id = 1');
  return rows[0].count;
}

class Undo extends Error {}

module.exports = { THING, Undo, asWithPg, countOf, onBoth, terminate };
