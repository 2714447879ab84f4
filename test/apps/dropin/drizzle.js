// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { eq, sql } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/node-postgres');
const columns = require('drizzle-orm/pg-core');
const common = require('./common.js');

const { THING, Undo, asWithPg, countOf, onBoth, terminate } = common;

const mood = columns.pgEnum('mood', ['happy', 'sad']);
const bytea = columns.customType({ dataType: () => 'bytea' });
const things = columns.pgTable('things', {
  id: columns.serial().primaryKey(),
  name: columns.text().notNull(),
  big: columns.bigint({ mode: 'bigint' }).notNull(),
  price: columns.numeric().notNull(),
  ratio: columns.doublePrecision().notNull(),
  ready: columns.boolean().notNull(),
  day: columns.date().notNull(),
  moment: columns.timestamp({ withTimezone: true }).notNull(),
  notes: columns.jsonb().notNull(),
  numbers: columns.integer().array().notNull(),
  words: columns.text().array().notNull(),
  bytes: bytea().notNull(),
  mood: mood().notNull(),
});
const counters = columns.pgTable('counters', {
  id: columns.integer().primaryKey(),
  count: columns.integer().notNull(),
});
const STORED = { ...THING, big: BigInt(THING.big) };

asWithPg('Drizzle writes and reads every type', async (pool) => {
  const db = drizzle(pool, { schema: { things } });
  const [written] = await db.insert(things).values(STORED).returning();
  assert.deepEqual({ ...written, id: 0 }, { ...STORED, id: 0 });
  const read = await db.select().from(things).where(eq(things.id, written.id));
  assert.deepEqual(read, [written]);
  assert.deepEqual(await db.query.things.findMany(), [written]);
  const prepared = db
    .select()
    .from(things)
    .where(eq(things.name, sql.placeholder('name')))
    .prepare('by_name');
  assert.deepEqual(await prepared.execute({ name: THING.name }), [written]);
  const raw = await db.execute(sql`select * from things`);
  return [written, raw.rows, raw.rowCount];
});

onBoth('Drizzle rolls a transaction back', async (pool) => {
  const failed = drizzle(pool).transaction(async (tx) => {
    await tx.update(counters).set({ count: 7 });
    throw new Undo('on purpose');
  });
  await assert.rejects(failed, Undo);
  assert.equal(await countOf(pool), 0);
});

onBoth('Drizzle keeps to a savepoint', async (pool) => {
  await drizzle(pool).transaction(async (tx) => {
    await tx.update(counters).set({ count: 1 });
    const inner = tx.transaction(async (nested) => {
      await nested.update(counters).set({ count: 2 });
      nested.rollback();
    });
    await assert.rejects(inner);
  });
  assert.equal(await countOf(pool), 1);
});

onBoth('Drizzle runs transactions side by side', async (pool) => {
  const db = drizzle(pool);
  const add = () =>
    db.transaction(
      async (tx) => {
        await tx.select().from(counters);
        await tx.update(counters).set({ count: sql`${counters.count} + 1` });
      },
      { isolationLevel: 'read committed' },
    );
  await Promise.all(Array.from({ length: 40 }, add));
  assert.equal(await countOf(pool), 40);
});

onBoth('Drizzle survives a connection lost in a transaction', async (pool) => {
  const broken = drizzle(pool).transaction(async (tx) => {
    await tx.update(counters).set({ count: 9 });
    const { rows } = await tx.execute(sql`select pg_backend_pid() as pid`);
    await terminate(rows[0].pid);
    await tx.update(counters).set({ count: 10 });
  });
  await assert.rejects(broken);
  assert.equal(await countOf(pool), 0);
});
