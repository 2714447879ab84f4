// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { Kysely, PostgresDialect, sql } = require('kysely');
const Cursor = require('pg-cursor');
const common = require('./common.js');

const { THING, Undo, asWithPg, countOf, onBoth, terminate } = common;
const STORED = { ...THING, notes: JSON.stringify(THING.notes) };

/** @param {any} pool */
function open(pool) {
  return new Kysely({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
}

asWithPg('Kysely writes and reads every type', async (pool) => {
  const db = open(pool);
  const written = await db
    .insertInto('things')
    .values(STORED)
    .returningAll()
    .executeTakeFirstOrThrow();
  assert.equal(written.name, THING.name);
  const read = await db
    .selectFrom('things')
    .selectAll()
    .where('big', '=', THING.big)
    .execute();
  assert.deepEqual(read, [written]);
  const changed = await db
    .updateTable('things')
    .set({ ready: false })
    .where('id', '=', written.id)
    .executeTakeFirst();
  const gone = await db.deleteFrom('things').executeTakeFirst();
  return [written, changed, gone];
});

onBoth('Kysely rolls a transaction back', async (pool) => {
  const db = open(pool);
  const failed = db.transaction().execute(async (trx) => {
    await trx.updateTable('counters').set({ count: 7 }).execute();
    throw new Undo('on purpose');
  });
  await assert.rejects(failed, Undo);
  assert.equal(await countOf(pool), 0);
});

onBoth('Kysely keeps to a savepoint', async (pool) => {
  const trx = await open(pool).startTransaction().execute();
  await trx.updateTable('counters').set({ count: 1 }).execute();
  const before = await trx.savepoint('before').execute();
  await before.updateTable('counters').set({ count: 2 }).execute();
  await before.rollbackToSavepoint('before').execute();
  await trx.commit().execute();
  assert.equal(await countOf(pool), 1);
});

onBoth('Kysely runs transactions side by side', async (pool) => {
  const db = open(pool);
  const add = () =>
    db
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (trx) => {
        await trx.selectFrom('counters').selectAll().execute();
        await trx
          .updateTable('counters')
          .set({ count: sql`count + 1` })
          .execute();
      });
  await Promise.all(Array.from({ length: 40 }, add));
  assert.equal(await countOf(pool), 40);
});

onBoth('Kysely survives a connection lost in a transaction', async (pool) => {
  const db = open(pool);
  const broken = db.transaction().execute(async (trx) => {
    await trx.updateTable('counters').set({ count: 9 }).execute();
    const { rows } = await sql`select pg_backend_pid() as pid`.execute(trx);
    await terminate(rows[0].pid);
    await trx.updateTable('counters').set({ count: 10 }).execute();
  });
  await assert.rejects(broken);
  assert.equal(await countOf(pool), 0);
});

asWithPg('Kysely streams rows', async (pool) => {
  const db = open(pool);
  const numbers = sql`generate_series(1, 2500)`.as('n');
  const all = [];
  for await (const row of db.selectNoFrom(numbers).stream(100)) {
    all.push(row);
  }
  assert.equal(all.length, 2500);
  const first = [];
  for await (const row of db.selectNoFrom(numbers).stream(100)) {
    first.push(row);
    if (first.length === 150) {
      break;
    }
  }
  const divided = sql`10 / (5 - n)`.as('q');
  const failing = db.selectFrom(sql`generate_series(1, 9)`.as('n'));
  const read = async () => {
    for await (const { q } of failing.select(divided).stream(1)) {
      assert.ok(q >= 2);
    }
  };
  await assert.rejects(read(), { code: '22012' });
  return [all, first, await countOf(pool)];
});

onBoth('Kysely closes the pool', async (pool) => {
  const db = open(pool);
  await db.selectFrom('counters').selectAll().execute();
  await db.destroy();
  assert.equal(pool.ended, true);
});
