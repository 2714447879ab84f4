// SPDX-License-Identifier: MIT
'use strict';

// The adapter for Prisma, without Prisma: scripts, several statements, and the
// types of raw arguments, on a real server.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Pool } = require('../..');
const { PrismaHoldfast } = require('../../lib/prisma/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;
/** @type {any} */
let adapter;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 3 });
  adapter = await new PrismaHoldfast(pool).connect();
});

after(async () => {
  await pool?.end();
});

/** @param {string} text */
async function one(text) {
  const { rows } = await pool.query({ text, rowMode: 'array' });
  return rows[0]?.[0];
}

/** @param {string} name */
const exists = (name) => one(`select to_regclass('${name}') is not null`);

test('a script creates an index concurrently among other statements', async () => {
  await adapter.executeScript(`
    create table indexed (a int); -- ;
    insert into indexed values (1), (2);
    create index concurrently indexed_a on indexed (a);
    comment on table indexed is 'a; b';
  `);
  assert.equal(await exists('indexed_a'), true);
  assert.equal(await one('select count(*)::int from indexed'), 2);
  assert.equal(
    await one("select obj_description('indexed'::regclass)"),
    'a; b',
  );
});

test('a script vacuums and creates a database', async () => {
  await adapter.executeScript(
    'create table vacuumed (a int); vacuum vacuumed; create database made;' +
      'drop database made; create table afterwards (a int)',
  );
  assert.equal(await exists('afterwards'), true);
});

test('a script adds a value to an enum and uses it', async () => {
  await adapter.executeScript(`
    create type mood as enum ('sad');
    create table moods (m mood);
  `);
  await adapter.executeScript(`
    create table before_mood (a int);
    alter type mood add value 'ok';
    insert into moods values ('ok');
    create table after_mood (a int);
  `);
  assert.equal(await one('select m::text from moods'), 'ok');
  assert.equal(await exists('before_mood'), true);
  assert.equal(await exists('after_mood'), true);
});

test('a script calls a procedure that commits', async () => {
  await adapter.executeScript(`
    create table committed (a int);
    create procedure commits() language plpgsql as $$
    begin
      insert into committed values (1); commit; insert into committed values (2);
    end $$;
  `);
  await adapter.executeScript(`
    insert into committed values (0);
    call commits();
    do $$ begin insert into committed values (3); commit; end $$;
    insert into committed values (4);
  `);
  assert.equal(await one('select count(*)::int from committed'), 5);
});

test('a script that needs no splitting stays one transaction', async () => {
  await assert.rejects(
    adapter.executeScript(
      'create table half (a int); insert into half values (1 / 0)',
    ),
  );
  assert.equal(await exists('half'), false);
  // Also when it could have been split elsewhere.
  await assert.rejects(
    adapter.executeScript(
      `create table half (a int); do $$ begin end $$;
       alter type mood add value 'fine'; select 1 / 0`,
    ),
  );
  assert.equal(await exists('half'), false);
});

test('a script says which of its statements are kept', async () => {
  await assert.rejects(
    adapter.executeScript(
      'create table kept (a int); vacuum kept; create table lost (a int); nonsense',
    ),
    (/** @type {any} */ error) => {
      const said = JSON.stringify([error.message, error.cause]);
      assert.match(said, /of 4 statements the first 2 are kept/);
      return true;
    },
  );
  assert.equal(await exists('kept'), true);
  assert.equal(await exists('lost'), false);
});

/** @param {string} sql @param {unknown[]} args @param {any[]} argTypes */
const raw = async (sql, args, argTypes) =>
  (await adapter.queryRaw({ sql, args, argTypes })).rows;

const scalar = (/** @type {string} */ scalarType) => ({
  scalarType,
  arity: 'scalar',
});

test('$executeRawUnsafe takes several statements', async () => {
  const sql =
    'create table several (a int); insert into several values (1), (2); update several set a = a + 1';
  assert.equal(await adapter.executeRaw({ sql, args: [], argTypes: [] }), 4);
  const rows = await raw('select 1; select a from several order by a', [], []);
  assert.deepEqual(rows, [[2], [3]]);
  const tx = await adapter.startTransaction();
  await tx.executeRaw({
    sql: 'insert into several values (7); delete from several where a = 7;',
    args: [],
    argTypes: [],
  });
  await tx.executeRaw({ sql: 'COMMIT', args: [], argTypes: [] });
  await tx.commit();
  assert.equal(await one('select count(*)::int from several'), 2);
});

test('raw arguments have a type where the statement gives them none', async () => {
  const date = '2024-05-06T12:00:00.000Z';
  assert.deepEqual(
    await raw("select length('abc') > $1", [1.1], [scalar('float')]),
    [[true]],
  );
  assert.deepEqual(
    await raw(
      "select ($1 + interval '1 day') = timestamptz '2024-05-07 12:00+00'",
      [date],
      [scalar('datetime')],
    ),
    [[true]],
  );
  assert.deepEqual(
    await raw(
      "select jsonb_build_object('a', $1, 'b', $2, 'c', $3)::text",
      [1, 'x', true],
      [scalar('int'), scalar('string'), scalar('boolean')],
    ),
    [['{"a": 1, "b": "x", "c": true}']],
  );
  assert.deepEqual(
    await raw(
      'select length($1)',
      [Buffer.from([0, 1, 255]).toString('base64')],
      [scalar('bytes')],
    ),
    [[3]],
  );
});

test('a raw fraction is not rounded into a column of integers', async () => {
  await pool.query('create table whole (a int)');
  await assert.rejects(
    adapter.executeRaw({
      sql: 'insert into whole values ($1)',
      args: [1.5],
      argTypes: [scalar('float')],
    }),
  );
  assert.equal(await one('select count(*)::int from whole'), 0);
});

test('raw arguments stay what their column makes of them', async () => {
  await pool.query(
    "create table places (n numeric, d date, ts timestamp); set timezone = 'Asia/Tokyo'",
  );
  const date = '2024-05-06T23:30:00.000Z';
  await adapter.executeRaw({
    sql: 'insert into places values ($1, $2, $3)',
    args: [0.1, date, date],
    argTypes: [scalar('float'), scalar('datetime'), scalar('datetime')],
  });
  assert.equal(
    await one("select n || ' ' || d || ' ' || ts from places"),
    '0.1 2024-05-06 2024-05-06 23:30:00',
  );
});

test('a read that our connection lost is not repeated by the extension', async () => {
  const { retryExtension } = require('../../lib/prisma/index.js');
  const { HoldfastError } = require('../../lib/index.js');
  const lost = Object.assign(
    new HoldfastError('the connection was lost', /** @type {any} */ ({})),
    { code: 'ECONNRESET', outcome: 'ambiguous', retryable: true, attempts: 1 },
  );
  const wrapped = Object.assign(new Error('P1017'), { cause: lost });
  let calls = 0;
  const extension = /** @type {any} */ (retryExtension());
  const running = extension.query.$allOperations({
    operation: '$queryRawUnsafe',
    args: ['select n from peek'],
    query: () => {
      calls += 1;
      return Promise.reject(wrapped);
    },
    __internalParams: {},
  });
  await assert.rejects(running, wrapped);
  assert.equal(calls, 1);
});
