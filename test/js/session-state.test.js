// SPDX-License-Identifier: MIT
'use strict';

// What one user leaves in a session harms nobody else: the style of dates and
// intervals, the encoding, statements that were dropped.

const assert = require('node:assert');
const { afterEach, test } = require('node:test');

const { Pool, types } = require('../../lib/index.js');
const { useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any[]} */
const pools = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

/** @param {object} [options] @returns {any} */
function open(options) {
  const pool = new Pool({
    connectionString: server.url,
    max: 1,
    logger: false,
    ...options,
  });
  pools.push(pool);
  return pool;
}

const DATES = `select '2024-02-03'::date as day,
  '2024-02-03 04:05:06'::timestamp as time,
  '2024-02-03 04:05:06+00'::timestamptz as moment,
  array['2024-02-03'::date] as days`;

const STYLES = [
  'SQL, DMY',
  'SQL, MDY',
  'German',
  'Postgres, DMY',
  'Postgres, MDY',
];

for (const way of ['on a client', 'by query()', 'within a transaction']) {
  test(`a style of dates that was set ${way} is gone for the next user`, async () => {
    const pool = open();
    const { rows: expected } = await pool.query(DATES);
    for (const style of STYLES) {
      const set = `select set_config('datestyle', '${style}', false)`;
      if (way === 'by query()') {
        await pool.query(set);
      } else {
        const client = await pool.connect();
        await client.query(
          way === 'on a client' ? `set datestyle to '${style}'` : 'begin',
        );
        await client.query(set);
        if (way !== 'on a client') {
          await client.query('commit');
        }
        client.release();
      }
      assert.deepStrictEqual((await pool.query(DATES)).rows, expected, style);
    }
  });
}

test('a client that sets DateStyle keeps its connection, and the order', async () => {
  const pool = open();
  const pid = async (/** @type {any} */ on) =>
    (await on.query('select pg_backend_pid() as pid')).rows[0].pid;
  const before = await pid(pool);
  await pool.query("set datestyle to 'ISO, DMY'");
  const { rows } = await pool.query('show datestyle');
  assert.strictEqual(rows[0].DateStyle, 'ISO, DMY');
  await pool.query("set datestyle to 'German, DMY'");
  assert.strictEqual(
    (await pool.query('show datestyle')).rows[0].DateStyle,
    'ISO, DMY',
  );
  assert.strictEqual(await pid(pool), before);
});

test('intervals are read in each of their four styles', async () => {
  const pool = open();
  const values = [
    '0',
    '1 year 2 mons',
    '-1 year -2 mons',
    '3 days 04:05:06.789',
    '-3 days -04:05:06.789',
    '1 year 2 mons -3 days 04:05:06.000007',
    '-1 year -2 mons 3 days -04:05:06.5',
    '1 mon -00:00:00.000001',
    '100:00:00',
    '-00:00:00.5',
    '5 days',
    '-5 days',
    '1 day -00:00:01',
    '178000000 years',
    '10 years -11 mons',
    '00:00:59.999999',
    '12:00:00',
  ];
  const list = values.map((value) => `'${value}'::interval`).join(',');
  const read = async () => {
    const { rows } = await pool.query(`select unnest(array[${list}]) as one`);
    const { rows: whole } = await pool.query(`select array[${list}] as all`);
    return [...rows.map((/** @type {any} */ r) => r.one), whole[0].all];
  };
  const expected = await read();
  for (const style of [
    'postgres',
    'postgres_verbose',
    'sql_standard',
    'iso_8601',
  ]) {
    const client = await pool.connect();
    await client.query(`set intervalstyle to ${style}`);
    client.release();
    const { rows } = await pool.query('show intervalstyle');
    assert.strictEqual(rows[0].IntervalStyle, style);
    assert.deepStrictEqual(await read(), expected, style);
  }
});

test('a style that a role has is read rightly', async () => {
  await server.psql(`create role styled login password 'x';
    alter role styled set intervalstyle to sql_standard;
    alter role styled set datestyle to 'German, DMY'`);
  const pool = open({ user: 'styled', password: 'x' });
  const { rows } = await pool.query(
    `select interval '1 mon -2 days 3 hours' as span, ${DATES.slice(7)}`,
  );
  const plain = await open().query(
    `select interval '1 mon -2 days 3 hours' as span, ${DATES.slice(7)}`,
  );
  assert.deepStrictEqual(rows, plain.rows);
});

for (const text of ['discard all', 'deallocate all']) {
  test(`after ${text} named statements go on, on clients and without`, async () => {
    const pool = open({ retry: false });
    const named = { name: 'mine', text: 'select $1::int as n', values: [1] };
    const often = 'select 7 as often';
    for (let i = 0; i < 3; i++) {
      await pool.query(named);
      for (let k = 0; k < 4; k++) {
        await pool.query(often);
      }
      const client = await pool.connect();
      await client.query(named);
      await client.query(text);
      assert.deepStrictEqual((await client.query(named)).rows, [{ n: 1 }]);
      await client.query(
        `select 1; ${text === 'discard all' ? 'deallocate all' : text}`,
      );
      assert.deepStrictEqual((await client.query(named)).rows, [{ n: 1 }]);
      await client.query('begin');
      await client.query('deallocate all');
      assert.deepStrictEqual((await client.query(named)).rows, [{ n: 1 }]);
      await client.query('commit');
      client.release();
      await pool.query(text);
      assert.deepStrictEqual((await pool.query(named)).rows, [{ n: 1 }]);
      assert.deepStrictEqual((await pool.query(often)).rows, [{ often: 7 }]);
    }
    const { sqlStates } = pool.stats();
    assert.strictEqual(sqlStates['26000'], undefined);
  });
}

test('another client_encoding corrupts no text', async () => {
  const pool = open();
  const ask = async (/** @type {any} */ on) => {
    const { rows } = await on.query("select 'Grüße €'::text as text");
    return rows[0].text;
  };
  const client = await pool.connect();
  await client.query('set client_encoding to latin1');
  assert.strictEqual(await ask(client), 'Grüße €');
  await client.query('begin');
  await client.query("set client_encoding to 'SQL_ASCII'");
  assert.strictEqual(await ask(client), 'Grüße €');
  await client.query('commit');
  assert.strictEqual(await ask(client), 'Grüße €');
  client.release();
  assert.strictEqual(await ask(pool), 'Grüße €');
  await pool.query('set client_encoding to latin1');
  assert.strictEqual(await ask(pool), 'Grüße €');
  assert.deepStrictEqual(types.getTypeParser(25, 'text')('ü'), 'ü');
});
