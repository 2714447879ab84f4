// SPDX-License-Identifier: MIT
// Libraries that set parsers of types: pgvector, as its README says. The
// extension is not needed: schema.sql has types of its names that are texts.

const assert = require('node:assert/strict');
const test = require('node:test');
const pg = require('pg');
const pgvector = require('pgvector/pg');
const { Pool, types } = require('pg-holdfast');

const DIRECT = process.env.TEST_DIRECT_URL;
const POOLED = process.env.TEST_POOLED_URL;
const SQL = 'select $1::vector as v, $2::sparsevec as s';
const VALUES = [pgvector.toSql([1, 2.5, -3]), '{1:1,3:2}/5'];

/** @param {any} pool */
async function read(pool) {
  const { rows } = await pool.query(SQL, VALUES);
  return { v: rows[0].v, s: rows[0].s?.toArray?.() ?? rows[0].s };
}

const EXPECTED = { v: [1, 2.5, -3], s: [1, 0, 2, 0, 0] };

test("pg's pool and ours give the same after registerTypes()", async () => {
  for (const Driver of [pg.Pool, Pool]) {
    const pool = new Driver({ connectionString: DIRECT, max: 3 });
    pool.on('connect', (client) => pgvector.registerTypes(client));
    // pg does not wait for what a listener does: the first call may be early.
    const client = await pool.connect();
    await client.query('select 1');
    client.release();
    assert.deepEqual(await read(pool), EXPECTED);
    await pool.end();
  }
});

test('with onConnect, on every connection of the pool', async () => {
  const onConnect = (client) => pgvector.registerTypes(client);
  const pool = new Pool({ connectionString: DIRECT, max: 3, onConnect });
  const all = await Promise.all(Array.from({ length: 20 }, () => read(pool)));
  for (const row of all) {
    assert.deepEqual(row, EXPECTED);
  }
  await pool.end();
});

test('on one client, and on a Client', async () => {
  const pool = new Pool({ connectionString: DIRECT });
  const client = await pool.connect();
  await pgvector.registerTypes(client);
  assert.deepEqual(await read(client), EXPECTED);
  client.release();
  const own = new pool.Client({ connectionString: DIRECT });
  await own.connect();
  await pgvector.registerTypes(own);
  assert.deepEqual(await read(own), EXPECTED);
  await own.end();
  await pool.end();
});

test('by name, which also works behind a transaction pooler', async () => {
  const parse = (text) => JSON.parse(text);
  for (const connectionString of [DIRECT, POOLED]) {
    types.setTypeParser('vector', parse);
    const pool = new Pool({ connectionString, catalogTypes: true });
    assert.deepEqual((await read(pool)).v, EXPECTED.v);
    const { rows } = await pool.query(`select array['[1]', '[2]']::vector[] v`);
    assert.deepEqual(rows[0].v, [[1], [2]]);
    await pool.end();
    types.setTypeParser('vector', undefined);
  }
});
